/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/passes.h"

/* A check stays, wherever it is nested. */
static bool has_effect(const Node *node) {
  if (node->kind == PRIMITIVE_REQUIRE || node->kind == PRIMITIVE_REQUIRE_DIMS) return true;
  for (uint32_t i = 0; i < node->region_count; i++)
    for (const Node *inner = node->regions[i]->first; inner; inner = inner->next)
      if (has_effect(inner)) return true;
  return false;
}

static bool is_needed(const Node *node) {
  if (has_effect(node)) return true;
  for (uint32_t i = 0; i < node->result_count; i++)
    if (node->results[i]->use_count) return true;
  return false;
}

/* Takes back the uses by a node and by all within its regions. */
static void drop_uses(const Node *node) {
  for (uint32_t i = 0; i < node->operand_count; i++)
    if (node->operands[i]) node->operands[i]->use_count--;
  for (uint32_t i = 0; i < node->region_count; i++) {
    const Region *region = node->regions[i];
    for (const Node *inner = region->first; inner; inner = inner->next) drop_uses(inner);
    for (uint32_t k = 0; k < region->result_count; k++) region->results[k]->use_count--;
  }
}

/* Backwards: what a node or its regions use is looked at after them. */
static void sweep(Region *region) {
  for (Node *node = region->last, *previous; node; node = previous) {
    previous = node->previous;
    if (is_needed(node)) {
      for (uint32_t i = 0; i < node->region_count; i++) sweep(node->regions[i]);
      continue;
    }
    drop_uses(node);
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
