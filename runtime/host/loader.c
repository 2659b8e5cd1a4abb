/* SPDX-License-Identifier: Apache-2.0 */
/* Loads compiled models: links a relocatable object into a shared one when it has to, then dlopen. */
#include "aicc/loader.h"
#include "elf_symbols.h"
#include "process.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct aicc_library {
  void *handle;
  const aicc_model *model;
};

enum { MAX_LINKER_WORDS = 64, DETAIL_BYTES = 1024 };

typedef struct Message {
  char *text;
  size_t byte_count;
} Message;

/* Writes the message and returns false, for the caller to pass on. */
__attribute__((format(printf, 2, 3))) static bool fail(Message message, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (message.byte_count > 0) vsnprintf(message.text, message.byte_count, format, arguments);
  va_end(arguments);
  return false;
}

/* The path with a slash in it: without one dlopen would search the system's folders, and a linker could take
   a leading dash for an option. */
static bool explicit_path(const char *path, char out[AICC_PATH_CAPACITY]) {
  int length = snprintf(out, AICC_PATH_CAPACITY, "%s%s", path[0] == '/' ? "" : "./", path);
  return length >= 0 && length < AICC_PATH_CAPACITY;
}

/* The first line of a file that says something, without its end; empty when there is none. */
static void read_first_line(const char *path, char line[DETAIL_BYTES]) {
  line[0] = '\0';
  FILE *file = fopen(path, "r");
  if (!file) return;
  while (line[strspn(line, " \t\n")] == '\0' && fgets(line, DETAIL_BYTES, file)) {
  }
  fclose(file);
  line[strcspn(line, "\n")] = '\0';
}

static bool link_object(const char *object, const char *linker, const char *folder, const char *output,
                        Message message) {
  char command[AICC_PATH_CAPACITY], errors[AICC_PATH_CAPACITY], detail[DETAIL_BYTES], *rest = NULL;
  char *arguments[MAX_LINKER_WORDS + 6];
  size_t count = 0;
  if (!linker) linker = "cc";
  if (strlen(linker) >= sizeof command) return fail(message, "the linker command is too long");
  strcpy(command, linker);
  for (char *word = strtok_r(command, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
    if (count == MAX_LINKER_WORDS) return fail(message, "the linker command has too many words");
    arguments[count++] = word;
  }
  if (count == 0) return fail(message, "the linker command is empty");
  char shared[] = "-shared", no_library[] = "-nostdlib", out_option[] = "-o";
  char output_copy[AICC_PATH_CAPACITY], object_copy[AICC_PATH_CAPACITY];
  snprintf(output_copy, sizeof output_copy, "%s", output);
  snprintf(object_copy, sizeof object_copy, "%s", object);
  arguments[count++] = shared;
  arguments[count++] = no_library;
  arguments[count++] = out_option;
  arguments[count++] = output_copy;
  arguments[count++] = object_copy;
  arguments[count] = NULL;
  int length = snprintf(errors, sizeof errors, "%s/errors", folder);
  if (length < 0 || length >= (int)sizeof errors)
    return fail(message, "the temporary folder's path is too long");
  int status = aicc_process_run(arguments, errors);
  if (status == 0) return true;
  if (status < 0)
    return fail(message, "%s: linking needs `%s`, which cannot be run: %s", object, linker, strerror(errno));
  read_first_line(errors, detail);
  return fail(message, "%s: `%s` could not link it (exit status %d)%s%s", object, linker, status,
              *detail ? ": " : "", detail);
}

/* dlsym of a function, without the cast that C does not define. */
static const aicc_model *(*find_function(void *handle, const char *name))(void) {
  const aicc_model *(*function)(void) = NULL;
  void *address = dlsym(handle, name);
  _Static_assert(sizeof function == sizeof address, "POSIX: a function's address fits a data pointer");
  memcpy(&function, &address, sizeof function);
  return function;
}

static bool load_shared(aicc_library *library, const char *path, const char *shown_path, const char *symbol,
                        Message message) {
  library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library->handle) return fail(message, "%s: %s", shown_path, dlerror());
  const aicc_model *(*get_model)(void) = find_function(library->handle, symbol);
  if (!get_model) return fail(message, "%s: the object has no function %s", shown_path, symbol);
  library->model = get_model();
  if (!library->model) return fail(message, "%s: %s gives no model", shown_path, symbol);
  if (library->model->abi != 1)
    return fail(message, "%s: the model has binary interface %u, this program knows 1", shown_path,
                (unsigned)library->model->abi);
  return true;
}

static bool load_relocatable(aicc_library *library, const char *path, const char *linker, const char *symbol,
                             Message message) {
  char folder[AICC_PATH_CAPACITY], output[AICC_PATH_CAPACITY];
  if (!aicc_temporary_folder_create(folder))
    return fail(message, "no temporary folder can be made to link %s in: %s", path, strerror(errno));
  int length = snprintf(output, sizeof output, "%s/model.so", folder);
  bool ok = length > 0 && length < (int)sizeof output && link_object(path, linker, folder, output, message) &&
            load_shared(library, output, path, symbol, message);
  aicc_temporary_folder_remove(folder);
  return ok;
}

/* The name of the function to call: NAME_model, or the one that the file has. */
static bool choose_symbol(const char *path, const ElfFile *file, const char *model_name, char *symbol,
                          size_t symbol_bytes, Message message) {
  char detail[DETAIL_BYTES];
  const char *found = NULL;
  if (!model_name && !aicc_elf_find_model(file, &found, detail, sizeof detail))
    return fail(message, "%s: %s", path, detail);
  int length = model_name ? snprintf(symbol, symbol_bytes, "%s_model", model_name)
                          : snprintf(symbol, symbol_bytes, "%s", found);
  if (length < 0 || (size_t)length >= symbol_bytes)
    return fail(message, "%s: the model's name is too long", path);
  return true;
}

aicc_library *aicc_library_open(const char *path, const char *model_name, const char *linker,
                                char *message_text, size_t message_bytes) {
  Message message = {message_text, message_bytes};
  char full_path[AICC_PATH_CAPACITY], symbol[DETAIL_BYTES], detail[DETAIL_BYTES];
  if (!path || !explicit_path(path, full_path)) {
    fail(message, "the model's path is missing or too long");
    return NULL;
  }
  ElfFile file;
  if (!aicc_elf_open(full_path, &file, detail, sizeof detail)) {
    fail(message, "%s: %s", path, detail);
    return NULL;
  }
  aicc_library *library = calloc(1, sizeof *library);
  bool ok = library ? choose_symbol(path, &file, model_name, symbol, sizeof symbol, message)
                    : fail(message, "%s: out of memory", path);
  if (ok)
    ok = file.is_relocatable ? load_relocatable(library, full_path, linker, symbol, message)
                             : load_shared(library, full_path, path, symbol, message);
  aicc_elf_close(&file);
  if (ok) return library;
  aicc_library_close(library);
  return NULL;
}

const aicc_model *aicc_library_model(const aicc_library *library) {
  return library->model;
}

void aicc_library_close(aicc_library *library) {
  if (!library) return;
  if (library->handle) dlclose(library->handle);
  free(library);
}
