/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX models become modules of the tensor graph. */
#ifndef AICC_ONNX_IMPORT_H
#define AICC_ONNX_IMPORT_H
#include "ir/graph.h"

typedef struct OnnxImportOptions {
  const char *const *pin_names; /* symbolic dims that get a value: --dim NAME=VALUE */
  const int64_t *pin_values;
  size_t pin_count;
  /* Called for each file beside the model that tensors are in, with the path that leads there from the model's as it
     was given. May be null. */
  void (*data_file)(void *user, const char *path);
  void *data_file_user;
} OnnxImportOptions;

/* Reads the ONNX model at `path` into a module with one entry, "run" (owned by the caller). Reports every
   unsupported or invalid node and returns null. Constants refer to the model's files, which stay mapped until
   the process ends. `options` may be null. */
Module *onnx_import(Diagnostics *diagnostics, const char *path, const OnnxImportOptions *options);

/* As onnx_import, from memory that outlives the module. `name` stands for the path in messages; external data
   is refused. */
Module *onnx_import_memory(Diagnostics *diagnostics, const char *name, const uint8_t *bytes, size_t length,
                           const OnnxImportOptions *options);
#endif
