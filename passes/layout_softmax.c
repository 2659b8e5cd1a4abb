/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax over an axis that is not adjacent in memory. One kernel has one number per row for its maximum and
   its sum, and would gather the elements of a row; in steps, each reduces or maps whole vectors of rows. */
#include "passes/layout_internal.h"
#include "passes/softmax_steps.h"

static bool is_adjacent(const Type *type, uint32_t axis) {
  for (uint32_t i = axis + 1; i < type->rank; i++)
    if (!dim_equals_constant(type->dims[i], 1)) return false;
  return true;
}

Value *layout_softmax_steps(Layout *layout, const Node *node) {
  const Type *type = &node->results[0]->type;
  if (is_adjacent(type, (uint32_t)node_int(node, "axis"))) return NULL;
  return softmax_steps(&layout->builder, node, element_info(type->element)->compute);
}
