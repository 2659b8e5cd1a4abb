/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/passes.h"

static bool is_needed(const Node *node) {
  if (node->kind == PRIMITIVE_REQUIRE) return true;
  for (uint32_t i = 0; i < node->result_count; i++)
    if (node->results[i]->use_count) return true;
  return false;
}

static void sweep(Region *region) {
  for (Node *node = region->last, *previous; node; node = previous) {
    previous = node->previous;
    if (is_needed(node)) continue;
    for (uint32_t i = 0; i < node->operand_count; i++)
      if (node->operands[i]) node->operands[i]->use_count--;
    region_remove(region, node);
  }
}

bool pass_dead_code(Module *module) {
  for (size_t i = 0; i < module->entry_count; i++) {
    region_count_uses(module->entries[i]->body);
    sweep(module->entries[i]->body);
  }
  return true;
}
