/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors in files beside the model. A model is not trusted: what it names must be a regular file inside the
   model's folder or, where both are links into a cache, inside the folder of the real model. Each file is mapped
   once. */
#include "onnx_importer.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool path_error(Importer *importer, const Location *location, const char *name, const char *path,
                       const char *what) {
  return report(importer->diagnostics, location, MESSAGE_EXTERNAL_PATH, text_or_empty(name), path, what);
}

/* Why the words of the path are not accepted; null where they are. */
static const char *path_objection(const char *path) {
  if (path[0] == 0) return "is empty";
  if (path[0] == '/') return "is absolute";
  for (const char *at = path; at;) {
    if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == 0)) return "leads outside the model's folder";
    at = strchr(at, '/');
    if (at) at++;
  }
  return NULL;
}

/* Whether a resolved path lies in a resolved folder or below. */
static bool is_inside(const char *path, const char *folder) {
  size_t length = strlen(folder);
  return strncmp(path, folder, length) == 0 && (path[length] == '/' || (length && folder[length - 1] == '/'));
}

/* The path with all links followed, in the module's arena; null after reporting. */
static const char *path_resolve(Importer *importer, const Location *location, const char *name,
                                const char *path) {
  char *joined = arena_format(importer->scratch, "%s/%s", importer->directory, path);
  char *resolved = realpath(joined, NULL);
  if (!resolved) {
    path_error(importer, location, name, path,
               arena_format(importer->scratch, "cannot be read: %s", strerror(errno)));
    return NULL;
  }
  bool inside = is_inside(resolved, importer->directory) || is_inside(resolved, importer->real_directory);
  const char *copy = inside ? arena_copy_text(importer->module->arena, resolved, strlen(resolved)) : NULL;
  free(resolved);
  if (!inside) path_error(importer, location, name, path, "leads outside the model's folder");
  return copy;
}

static void tell_data_file(const Importer *importer, const char *path) {
  const OnnxImportOptions *options = importer->options;
  const char *slash = strrchr(importer->path, '/');
  int folder = slash ? (int)(slash + 1 - importer->path) : 0;
  if (options && options->data_file)
    options->data_file(options->data_file_user,
                       arena_format(importer->scratch, "%.*s%s", folder, importer->path, path));
}

static const ExternalFile *external_file(Importer *importer, const Location *location, const char *name,
                                         const char *path) {
  if (!importer->directory) {
    path_error(importer, location, name, path, "is refused: the model has no folder");
    return NULL;
  }
  const char *objection = path_objection(path);
  if (objection) {
    path_error(importer, location, name, path, objection);
    return NULL;
  }
  ExternalFile *known = name_table_find(&importer->external, path);
  if (known) return known;
  const char *resolved = path_resolve(importer, location, name, path);
  if (!resolved) return NULL;
  struct stat status;
  ExternalFile *external = arena_new(importer->module->arena, ExternalFile);
  external->path = resolved;
  if (stat(resolved, &status) == 0 && !S_ISREG(status.st_mode)) {
    path_error(importer, location, name, path, "is no regular file");
    return NULL;
  }
  if (!file_map(resolved, &external->file)) {
    path_error(importer, location, name, path,
               arena_format(importer->scratch, "cannot be read: %s", strerror(errno)));
    return NULL;
  }
  tell_data_file(importer, path);
  name_table_set(&importer->external, arena_copy_text(importer->scratch, path, strlen(path)), external);
  return external;
}

/* A number of decimal digits and nothing else. */
static bool parse_count(const char *text, uint64_t *value) {
  uint64_t result = 0;
  if (!*text) return false;
  for (; *text; text++) {
    if (*text < '0' || *text > '9') return false;
    if (__builtin_mul_overflow(result, 10u, &result)) return false;
    if (__builtin_add_overflow(result, (uint64_t)(*text - '0'), &result)) return false;
  }
  *value = result;
  return true;
}

bool external_data(Importer *importer, const Location *location, const Onnx__TensorProto *proto,
                   uint64_t byte_count, Blob *blob) {
  const char *path = NULL, *offset_text = NULL, *length_text = NULL;
  for (size_t i = 0; i < proto->n_external_data; i++) {
    const char *key = text_or_empty(proto->external_data[i]->key);
    const char **slot = strcmp(key, "location") == 0 ? &path
                        : strcmp(key, "offset") == 0 ? &offset_text
                        : strcmp(key, "length") == 0 ? &length_text
                                                     : NULL;
    if (!slot) continue;
    if (*slot) return tensor_error(importer, location, proto->name, "external %s is given twice", key);
    *slot = text_or_empty(proto->external_data[i]->value);
  }
  if (!path) return tensor_error(importer, location, proto->name, "external data without a location");
  if (proto->has_raw_data)
    return tensor_error(importer, location, proto->name, "has both external and own values");
  uint64_t offset = 0, length = byte_count;
  if (offset_text && !parse_count(offset_text, &offset))
    return tensor_error(importer, location, proto->name, "external offset '%s' is no byte count",
                        offset_text);
  if (length_text && !parse_count(length_text, &length))
    return tensor_error(importer, location, proto->name, "external length '%s' is no byte count",
                        length_text);
  if (length != byte_count)
    return tensor_error(importer, location, proto->name, "external length is %llu bytes, %llu are expected",
                        (unsigned long long)length, (unsigned long long)byte_count);
  const ExternalFile *external = external_file(importer, location, proto->name, path);
  if (!external) return false;
  if (offset > external->file.length || external->file.length - offset < length)
    return tensor_error(importer, location, proto->name,
                        "needs bytes %llu to %llu of '%s', which has only %zu", (unsigned long long)offset,
                        (unsigned long long)(offset + length), path, external->file.length);
  blob->bytes = external->file.bytes + offset;
  blob->file = external->path;
  blob->file_offset = offset;
  return true;
}
