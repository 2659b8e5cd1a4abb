/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/constant_values.h"

static void mark_region(const Region *region, bool *constant) {
  for (const Node *node = region->first; node; node = node->next) {
    bool all = node->region_count == 0;
    for (uint32_t i = 0; i < node->operand_count; i++)
      all = all && node->operands[i] && constant[node->operands[i]->id];
    for (uint32_t i = 0; i < node->result_count; i++) constant[node->results[i]->id] = all;
    for (uint32_t i = 0; i < node->region_count; i++) mark_region(node->regions[i], constant);
  }
}

const bool *constant_values(Module *module) {
  bool *constant = arena_array(module->arena, bool, module->value_count);
  for (size_t i = 0; i < module->entry_count; i++) mark_region(module->entries[i]->body, constant);
  return constant;
}
