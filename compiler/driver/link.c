/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/link.h"
#include "base/temporary.h"
#include "base/text.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { ARGUMENT_LIMIT = 32 };

/* Whether the command is a linker itself, such as ld or aarch64-linux-gnu-ld.bfd, and not a compiler's driver. */
static bool is_bare_linker(const char *command) {
  static const char *const names[] = {"ld", "ld.bfd", "ld.gold", "ld.lld", "lld", "mold", "ld.mold"};
  const char *slash = strrchr(command, '/'), *base = slash ? slash + 1 : command;
  const char *dash = strrchr(base, '-');
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(base, names[i]) == 0 || (dash && strcmp(dash + 1, names[i]) == 0)) return true;
  return false;
}

/* Splits the command at spaces and appends the fixed arguments; an undefined symbol is an error. Returns the count, 0
   where there are too many. */
static size_t build_arguments(char *command, char **arguments, char *output, char *object) {
  static char shared[] = "-shared", nostdlib[] = "-nostdlib", defs[] = "-zdefs", wrapped[] = "-Wl,-z,defs", to[] = "-o";
  size_t count = 0;
  for (char *word = strtok(command, " "); word; word = strtok(NULL, " ")) {
    if (count + 7 >= ARGUMENT_LIMIT) return 0;
    arguments[count++] = word;
  }
  if (!count) return 0;
  arguments[count++] = shared;
  arguments[count++] = nostdlib;
  arguments[count++] = is_bare_linker(arguments[0]) ? defs : wrapped;
  arguments[count++] = to;
  arguments[count++] = output;
  arguments[count++] = object;
  arguments[count] = NULL;
  return count;
}

static bool linker_failed(Diagnostics *diagnostics, const char *linker, const char *foreign, const char *why) {
  Text text = {0};
  text_format(&text, "'%s' failed%s%s", linker, why ? ": " : "", why ? why : "");
  if (foreign) text_format(&text, "; --linker=COMMAND names one that links for %s", foreign);
  report(diagnostics, NULL, MESSAGE_LINKER, text_string(&text));
  text_free(&text);
  return false;
}

static bool run_linker(Diagnostics *diagnostics, const char *linker, const char *foreign, char *output, char *object) {
  Text command = {0};
  char *arguments[ARGUMENT_LIMIT];
  int status = 0;
  text_add(&command, linker);
  bool ok = command.length && build_arguments(command.bytes, arguments, output, object) > 0;
  if (!ok) {
    report(diagnostics, NULL, MESSAGE_LINKER, "the linker command is empty or too long");
  } else {
    int error = temporary_run(arguments, &status);
    ok = !error && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!ok) linker_failed(diagnostics, linker, foreign, error ? strerror(error) : NULL);
  }
  text_free(&command);
  return ok;
}

/* The folder and both files in it exist or are expected. */
static bool link_in(Diagnostics *diagnostics, const char *linker, const char *foreign, char *input, char *linked,
                    const void *object, size_t length, MappedFile *library) {
  if (!file_write(input, object, length))
    return report(diagnostics, NULL, MESSAGE_CANNOT_WRITE, input, strerror(errno));
  if (!run_linker(diagnostics, linker, foreign, linked, input)) return false;
  if (!file_map(linked, library)) return linker_failed(diagnostics, linker, foreign, "it wrote no library");
  if (library->length) return true;
  file_unmap(library);
  return linker_failed(diagnostics, linker, foreign, "it wrote an empty library");
}

bool link_shared(Diagnostics *diagnostics, const char *linker, const char *foreign, const void *object, size_t length,
                 MappedFile *library) {
  const char *base = getenv("TMPDIR");
  Text folder = {0}, input = {0}, linked = {0};
  text_format(&folder, "%s/aicc-XXXXXX", base && *base ? base : "/tmp");
  if (!temporary_folder(folder.bytes)) {
    report(diagnostics, NULL, MESSAGE_CANNOT_WRITE, text_string(&folder), strerror(errno));
    text_free(&folder);
    return false;
  }
  text_format(&input, "%s/model.o", text_string(&folder));
  text_format(&linked, "%s/model.so", text_string(&folder));
  temporary_expect(input.bytes);
  temporary_expect(linked.bytes);
  bool ok = link_in(diagnostics, linker, foreign, input.bytes, linked.bytes, object, length, library);
  temporary_remove(input.bytes);
  temporary_remove(linked.bytes);
  temporary_remove(folder.bytes);
  text_free(&folder);
  text_free(&input);
  text_free(&linked);
  return ok;
}
