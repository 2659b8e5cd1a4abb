/* SPDX-License-Identifier: Apache-2.0 */
/* The gate between the verified graph and lowering: what a graph may say and lowering does not take is
   reported here, each node once, before anything is lowered. What lowering learns to take leaves this file.
 */
#include "passes/lower_internal.h"

/* The first of the values whose elements have no address of their own; null where there is none. */
static const Value *below_a_byte(Value *const *values, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (values[i] && !element_is_addressable(values[i]->type.element)) return values[i];
  return NULL;
}

/* Elements below a byte cannot be moved. */
static bool check_elements(const Module *module, const Region *region, Location location) {
  const Value *found = below_a_byte(region->results, region->result_count);
  bool all = !found || report(module->diagnostics, &location, MESSAGE_TYPE_UNSUPPORTED,
                              element_info(found->type.element)->onnx_name);
  for (const Node *node = region->first; node; node = node->next) {
    found = below_a_byte(node->operands, node->operand_count);
    if (!found && node->kind != PRIMITIVE_CONSTANT) found = below_a_byte(node->results, node->result_count);
    if (found)
      all = report(module->diagnostics, &node->location, MESSAGE_TYPE_UNSUPPORTED,
                   element_info(found->type.element)->onnx_name);
    for (uint32_t i = 0; i < node->region_count; i++)
      all = check_elements(module, node->regions[i], node->location) && all;
  }
  return all;
}

bool lower_check(const Module *module, const Entry *entry) {
  return check_elements(module, entry->body, (Location){.file = module->name});
}
