/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the passes: a graph that parses stays one that verifies after each of them, and what it lowers to verifies
   through the passes over programs. */
#include "base/text.h"
#include "passes/lower.h"
#include "passes/passes.h"
#include "passes/schedule.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ELEMENT_LIMIT = 1 << 14 }; /* of a tensor: constants are folded by the interpreter */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void collect(void *user, const char *text) {
  text_add(user, text);
  text_add(user, "\n");
}

static bool is_small(const Region *region) {
  int64_t count;
  for (const Node *node = region->first; node; node = node->next) {
    for (uint32_t i = 0; i < node->result_count; i++)
      if (type_static_count(&node->results[i]->type, &count) && count > ELEMENT_LIMIT) return false;
    for (uint32_t i = 0; node->equation && i < node->equation->label_count; i++)
      if (!dim_is_constant(node->equation->labels[i].extent, &count) || count > ELEMENT_LIMIT) return false;
    for (uint32_t i = 0; i < node->region_count; i++)
      if (!is_small(node->regions[i])) return false;
  }
  return true;
}

static void require(bool holds, const char *pass, const Text *messages) {
  if (holds) return;
  fprintf(stderr, "%s:\n%s\n", pass, text_string(messages));
  abort();
}

static void run_passes(Module *module, const Text *messages) {
#define GRAPH_PASS(function, name, doc)                                                                      \
  if (!function(module)) return;                                                                             \
  require(module_verify(module, name), name, messages);
#define PROGRAM_PASS(function, name, doc)
#include "passes/passes.def"
#undef GRAPH_PASS
#undef PROGRAM_PASS
  for (size_t i = 0; i < module->entry_count; i++) {
    Lowering *lowering = lower_group(module, module->entries[i]);
    Program *program = lowering ? lower_emit(lowering) : NULL;
    if (!program) continue; /* with a message: more axes than a kernel has, a mode that no kernel reads */
    require(program_verify(program, "lower"), "lower", messages);
#define GRAPH_PASS(function, name, doc)
#define PROGRAM_PASS(function, name, doc)                                                                    \
  function(program);                                                                                         \
  require(program_verify(program, name), name, messages);
#include "passes/passes.def"
#undef GRAPH_PASS
#undef PROGRAM_PASS
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Text messages = {0};
  Diagnostics *diagnostics = diagnostics_create(collect, &messages);
  Module *module = module_parse(diagnostics, "fuzz", (const char *)data, size, "/nonexistent");
  bool small = module != NULL;
  for (size_t i = 0; small && i < module->entry_count; i++) small = is_small(module->entries[i]->body);
  if (small) run_passes(module, &messages);
  module_destroy(module);
  diagnostics_destroy(diagnostics);
  text_free(&messages);
  return 0;
}
