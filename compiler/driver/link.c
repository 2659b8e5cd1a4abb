/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/link.h"
#include "base/file.h"
#include "base/text.h"
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { ARGUMENT_LIMIT = 32 };

/* Splits the command at spaces and appends the fixed arguments. Returns the count, 0 where there are too many. */
static size_t build_arguments(char *command, char **arguments, char *output, char *object) {
  static char shared[] = "-shared", nostdlib[] = "-nostdlib", to[] = "-o";
  size_t count = 0;
  for (char *word = strtok(command, " "); word; word = strtok(NULL, " ")) {
    if (count + 6 >= ARGUMENT_LIMIT) return 0;
    arguments[count++] = word;
  }
  if (!count) return 0;
  arguments[count++] = shared;
  arguments[count++] = nostdlib;
  arguments[count++] = to;
  arguments[count++] = output;
  arguments[count++] = object;
  arguments[count] = NULL;
  return count;
}

static bool run_linker(Diagnostics *diagnostics, const char *linker, const char *foreign, char *output, char *object) {
  Text command = {0};
  char *arguments[ARGUMENT_LIMIT];
  text_add(&command, linker);
  pid_t child;
  int status = 0;
  bool ok = command.length && build_arguments(command.bytes, arguments, output, object) > 0;
  if (!ok) {
    report(diagnostics, NULL, MESSAGE_LINKER, "the linker command is empty or too long");
  } else {
    int error = posix_spawnp(&child, arguments[0], NULL, NULL, arguments, environ);
    while (!error && waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    ok = !error && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!ok) {
      Text text = {0};
      text_format(&text, "'%s' failed%s%s", linker, error ? ": " : "", error ? strerror(error) : "");
      if (foreign) text_format(&text, "; --linker=COMMAND names one that links for %s", foreign);
      report(diagnostics, NULL, MESSAGE_LINKER, text_string(&text));
      text_free(&text);
    }
  }
  text_free(&command);
  return ok;
}

bool link_shared(Diagnostics *diagnostics, const char *linker, const char *foreign, const char *output,
                 const void *object, size_t length) {
  const char *base = getenv("TMPDIR");
  Text folder = {0}, input = {0}, linked = {0};
  MappedFile file;
  text_format(&folder, "%s/aicc-XXXXXX", base && *base ? base : "/tmp");
  bool ok = mkdtemp(folder.bytes) != NULL;
  if (!ok) {
    report(diagnostics, NULL, MESSAGE_CANNOT_WRITE, text_string(&folder), strerror(errno));
    text_free(&folder);
    return false;
  }
  text_format(&input, "%s/model.o", text_string(&folder));
  text_format(&linked, "%s/model.so", text_string(&folder));
  if (!file_write(text_string(&input), object, length))
    ok = report(diagnostics, NULL, MESSAGE_CANNOT_WRITE, text_string(&input), strerror(errno));
  ok = ok && run_linker(diagnostics, linker, foreign, linked.bytes, input.bytes);
  if (ok) {
    ok = file_map(text_string(&linked), &file);
    if (ok) {
      ok = file_write(output, file.bytes, file.length);
      int error = errno;
      file_unmap(&file);
      errno = error;
    }
    if (!ok) report(diagnostics, NULL, MESSAGE_CANNOT_WRITE, output, strerror(errno));
  }
  unlink(text_string(&input));
  unlink(text_string(&linked));
  rmdir(text_string(&folder));
  text_free(&folder);
  text_free(&input);
  text_free(&linked);
  return ok;
}
