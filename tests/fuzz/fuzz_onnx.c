/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer target: any bytes are either a model or an error. A model must verify. */
#include "onnx_import.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void count_message(void *user, const char *text) {
  (void)text;
  ++*(size_t *)user;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  size_t messages = 0;
  Diagnostics *diagnostics = diagnostics_create(count_message, &messages);
  Module *module = onnx_import_memory(diagnostics, "fuzz.onnx", bytes, length, NULL);
  if (module && !module_verify(module, NULL)) abort();
  if (!module && messages == 0) abort(); /* a failure must have said why */
  if (module) module_destroy(module);
  diagnostics_destroy(diagnostics);
  return 0;
}
