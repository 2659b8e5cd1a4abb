/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the parser, verifier and printer of the tensor graph: whatever parses must print so that it reads
   back and prints alike. */
#include "base/text.h"
#include "ir/graph.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void collect(void *user, const char *text) {
  Text *messages = user;
  text_add(messages, text);
  text_add(messages, "\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Text messages = {0}, first = {0}, second = {0};
  Diagnostics *diagnostics = diagnostics_create(collect, &messages);
  Module *module = module_parse(diagnostics, "fuzz", (const char *)data, size, "/nonexistent");
  if ((module == NULL) != (diagnostics_error_count(diagnostics) > 0)) abort(); /* a failure has its message */
  if (module) {
    module_print(&first, module);
    Module *again = module_parse(diagnostics, "printed", first.bytes, first.length, "/nonexistent");
    if (again) module_print(&second, again);
    if (!again || strcmp(text_string(&first), text_string(&second)) != 0) {
      fprintf(stderr, "%s\nfirst:\n%s\nsecond:\n%s\n", text_string(&messages), text_string(&first),
              text_string(&second));
      abort();
    }
    module_destroy(again);
  }
  module_destroy(module);
  diagnostics_destroy(diagnostics);
  text_free(&messages);
  text_free(&first);
  text_free(&second);
  return 0;
}
