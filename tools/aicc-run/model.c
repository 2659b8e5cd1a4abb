/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles (where needed) and loads a model. The compiler runs as a program of its own, so what is run is
   what a user's build would link. */
#include "model.h"
#include "process.h"
#include "tensor.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_COMPILER_ARGUMENTS = 256, MESSAGE_BYTES = 4096 };

static aicc_library *load(const char *path, const Options *options) {
  char message[MESSAGE_BYTES];
  aicc_library *library = aicc_library_open(path, options->name, options->linker, message, sizeof message);
  if (!library) report("%s", message);
  return library;
}

/* The compiler: $AICC, or aicc in the folder of this program. */
static bool find_compiler(char path[AICC_PATH_CAPACITY]) {
  const char *given = getenv("AICC");
  if (given && *given) return snprintf(path, AICC_PATH_CAPACITY, "%s", given) < AICC_PATH_CAPACITY;
  static const char name[] = "aicc";
  ssize_t length = readlink("/proc/self/exe", path, AICC_PATH_CAPACITY - sizeof name);
  if (length < 0) return report("cannot find aicc: %s; set AICC to its path", strerror(errno));
  path[length] = '\0';
  char *slash = strrchr(path, '/');
  strcpy(slash ? slash + 1 : path, name);
  if (access(path, X_OK) == 0) return true;
  return report("cannot find the compiler: no %s; set AICC to its path", path);
}

/* Runs `aicc MODEL -o OBJECT [--name NAME] [options after --]`. */
static bool compile(char *compiler, const char *object, const Options *options) {
  char output_option[] = "-o", name_option[] = "--name";
  char *copies[] = {strdup(options->model_path), strdup(object), strdup(options->name ? options->name : "")};
  char *arguments[MAX_COMPILER_ARGUMENTS + 8];
  size_t count = 0;
  bool ok = copies[0] && copies[1] && copies[2];
  if (ok) {
    arguments[count++] = compiler;
    arguments[count++] = copies[0];
    arguments[count++] = output_option;
    arguments[count++] = copies[1];
    if (options->name) {
      arguments[count++] = name_option;
      arguments[count++] = copies[2];
    }
    char *const *extra = options->compiler_arguments;
    for (size_t i = 0; extra && extra[i] && i < MAX_COMPILER_ARGUMENTS; ++i) arguments[count++] = extra[i];
    arguments[count] = NULL;
    int status = aicc_process_run(arguments, NULL);
    ok = status == 0;
    if (status < 0)
      report("%s cannot be run: %s", compiler, strerror(errno));
    else if (!ok)
      report("%s could not be compiled (aicc: exit status %d)", options->model_path, status);
  }
  for (size_t i = 0; i < sizeof copies / sizeof *copies; ++i) free(copies[i]);
  return ok;
}

static bool has_suffix(const char *text, const char *suffix) {
  size_t length = strlen(text), suffix_length = strlen(suffix);
  return length >= suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

aicc_library *model_open(const Options *options) {
  char compiler[AICC_PATH_CAPACITY], folder[AICC_PATH_CAPACITY], object[AICC_PATH_CAPACITY];
  if (has_suffix(options->model_path, ".o") || has_suffix(options->model_path, ".so"))
    return load(options->model_path, options);
  if (access(options->model_path, R_OK) != 0) {
    report("%s: %s", options->model_path, strerror(errno));
    return NULL;
  }
  if (!find_compiler(compiler)) return NULL;
  if (!aicc_temporary_folder_create(folder)) {
    report("no temporary folder can be made: %s", strerror(errno));
    return NULL;
  }
  int length = snprintf(object, sizeof object, "%s/model.o", folder);
  aicc_library *library = NULL;
  if (length > 0 && length < (int)sizeof object && compile(compiler, object, options))
    library = load(object, options);
  aicc_temporary_folder_remove(folder);
  return library;
}

const aicc_entry *model_find_entry(const aicc_model *model, const Options *options) {
  const char *wanted = options->entry ? options->entry : "run";
  for (uint32_t i = 0; i < model->entry_count; ++i)
    if (strcmp(model->entries[i].name, wanted) == 0) return &model->entries[i];
  if (!options->entry && model->entry_count == 1) return &model->entries[0];
  report("the model has no entry point `%s`; it has:", wanted);
  for (uint32_t i = 0; i < model->entry_count; ++i) fprintf(stderr, "  %s\n", model->entries[i].name);
  return NULL;
}
