/* SPDX-License-Identifier: Apache-2.0 */
/* From the bytes of a file to a module: scan, parse, check what concerns the whole model, import its graph.
 */
#include "base/hash.h"
#include "onnx_importer.h"
#include "wire_scan.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What inlining may take. Exporters that write functions call small ones very often, so this is generous. */
static const uint64_t inlined_base_bytes = 256u << 20, inlined_bytes_per_byte = 64;

/* The domains that have operators, so that a whole domain can be told from a single operator. */
static void collect_domains(Importer *importer) {
  const Operator *row;
  name_table_start(&importer->domains, importer->scratch, 8);
  name_table_set(&importer->domains, "", importer);
  for (size_t i = 0; (row = operator_at(i)) != NULL; i++)
    name_table_set(&importer->domains, domain_name(row->domain), importer);
}

/* What must hold before any node can be read. */
static bool check_model(Importer *importer, const Location *location) {
  const Onnx__ModelProto *model = importer->model;
  if (!model->graph) return report(importer->diagnostics, location, MESSAGE_NOT_ONNX, "it has no graph");
  if (model->ir_version < ONNX_IR_OLDEST || model->ir_version > ONNX_IR_NEWEST)
    return report(importer->diagnostics, location, MESSAGE_UNSUPPORTED_IR_VERSION,
                  (long long)model->ir_version, (int)ONNX_IR_NEWEST);
  return true;
}

static bool import_model(Importer *importer, const OnnxImportOptions *options) {
  Location location = {.file = importer->path};
  NameTable opsets;
  if (!check_model(importer, &location)) return false;
  for (size_t i = 0; options && i < options->pin_count; i++)
    dim_symbol_pin(importer->module->dims, options->pin_names[i], options->pin_values[i]);
  name_table_start(&importer->external, importer->scratch, 0);
  name_table_start(&importer->symbols, importer->scratch, 0);
  collect_domains(importer);
  opset_table_start(importer, &opsets, &location, importer->model->opset_import,
                    importer->model->n_opset_import);
  function_table_start(importer);
  return import_main_graph(importer, &opsets, options);
}

/* Scans and parses the bytes; null after reporting. The caller frees the model. */
static Onnx__ModelProto *parse_model(Importer *importer) {
  Location location = {.file = importer->path};
  Text reduced = {0};
  uint64_t structure_byte_count;
  Onnx__ModelProto *model = NULL;
  if (wire_scan(importer->diagnostics, &location, importer->bytes, importer->length, &reduced,
                &structure_byte_count)) {
    importer->inlined_byte_limit = inlined_base_bytes + inlined_bytes_per_byte * structure_byte_count;
    model = onnx__model_proto__unpack(NULL, reduced.length, (const uint8_t *)reduced.bytes);
    if (!model) report(importer->diagnostics, &location, MESSAGE_NOT_ONNX, "its messages cannot be read");
  }
  text_free(&reduced);
  return model;
}

static void release_external(Importer *importer) {
  for (size_t i = 0; i < importer->external.capacity; i++) {
    ExternalFile *external = importer->external.slots[i].value;
    if (external) file_unmap(&external->file);
  }
}

/* The folders, resolved, that tensors may be in besides the model. */
typedef struct Folders {
  char *given, *real;
} Folders;

static Module *import_bytes(Diagnostics *diagnostics, const char *path, const Folders *folders,
                            const uint8_t *bytes, size_t length, const OnnxImportOptions *options) {
  uint32_t errors_before = diagnostics_error_count(diagnostics);
  Importer importer = {.diagnostics = diagnostics,
                       .module = module_create(diagnostics, path),
                       .scratch = arena_create(),
                       .bytes = bytes,
                       .length = length,
                       .directory = folders->given,
                       .real_directory = folders->real,
                       .options = options};
  importer.path = arena_copy_text(importer.module->arena, path, strlen(path));
  importer.module->name = importer.path;
  Onnx__ModelProto *model = parse_model(&importer);
  importer.model = model;
  bool ok =
      model && import_model(&importer, options) && diagnostics_error_count(diagnostics) == errors_before;
  if (model) onnx__model_proto__free_unpacked(model, NULL);
  if (!ok) release_external(&importer);
  arena_destroy(importer.scratch);
  if (!ok) {
    module_destroy(importer.module);
    return NULL;
  }
  snprintf(importer.module->source_hash, sizeof importer.module->source_hash, "%016" PRIx64,
           hash_bytes(bytes, length, 0));
  return importer.module;
}

Module *onnx_import_memory(Diagnostics *diagnostics, const char *name, const uint8_t *bytes, size_t length,
                           const OnnxImportOptions *options) {
  return import_bytes(diagnostics, name, &(Folders){0}, bytes, length, options);
}

/* The folder of a file with all links followed; null with errno set. The caller frees it. */
static char *resolve_directory(const char *path) {
  Arena *arena = arena_create();
  const char *slash = strrchr(path, '/');
  const char *directory = ".";
  if (slash) directory = slash == path ? "/" : arena_copy_text(arena, path, (size_t)(slash - path));
  char *resolved = realpath(directory, NULL);
  arena_destroy(arena);
  return resolved;
}

/* False with errno set. A pipe has no real path. */
static bool folders_resolve(const char *path, Folders *folders) {
  char *real = realpath(path, NULL);
  *folders = (Folders){.real = resolve_directory(real ? real : path), .given = resolve_directory(path)};
  free(real);
  return folders->given && folders->real;
}

Module *onnx_import(Diagnostics *diagnostics, const char *path, const OnnxImportOptions *options) {
  Location location = {.file = path};
  MappedFile file;
  Folders folders;
  Module *module = NULL;
  if (folders_resolve(path, &folders) && file_map(path, &file)) {
    module = import_bytes(diagnostics, path, &folders, file.bytes, file.length, options);
    if (!module) file_unmap(&file);
  } else {
    report(diagnostics, &location, MESSAGE_CANNOT_READ, strerror(errno));
  }
  free(folders.given);
  free(folders.real);
  return module;
}
