/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax over an axis that is not adjacent in memory. One kernel has one number per row for its maximum and
   its sum, and would gather the elements of a row; in steps, each reduces or maps whole vectors of rows. */
#include "passes/layout_internal.h"

static bool is_adjacent(const Type *type, uint32_t axis) {
  for (uint32_t i = axis + 1; i < type->rank; i++)
    if (!dim_equals_constant(type->dims[i], 1)) return false;
  return true;
}

Value *layout_softmax_steps(Layout *layout, const Node *node) {
  Builder *builder = &layout->builder;
  Value *x = node->operands[0];
  const Type *type = &x->type;
  uint32_t axis = (uint32_t)node_int(node, "axis");
  uint64_t axes = (uint64_t)1 << axis;
  if (is_adjacent(type, axis)) return NULL;
  Value *wide = build_cast(builder, x, element_info(type->element)->compute);
  Value *shifted =
      build_binary(builder, SCALAR_SUB, wide, build_reduce(builder, SCALAR_MAX, wide, axes, true));
  Value *e = build_unary(builder, SCALAR_EXP, shifted);
  Value *sum = build_reduce(builder, SCALAR_ADD, e, axes, true);
  Value *y = node_int(node, "log")
                 ? build_binary(builder, SCALAR_SUB, shifted, build_unary(builder, SCALAR_LOG, sum))
                 : build_binary(builder, SCALAR_DIV, e, sum);
  return build_cast(builder, y, type->element);
}
