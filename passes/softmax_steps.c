/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/softmax_steps.h"

Value *softmax_steps(Builder *builder, const Node *softmax, ElementType element) {
  Value *x = build_cast(builder, softmax->operands[0], element);
  uint64_t axes = UINT64_C(1) << node_int(softmax, "axis");
  Value *shifted = build_binary(builder, SCALAR_SUB, x, build_reduce(builder, SCALAR_MAX, x, axes, true));
  Value *powers = build_unary(builder, SCALAR_EXP, shifted);
  Value *sum = build_reduce(builder, SCALAR_ADD, powers, axes, true);
  Value *y = node_int(softmax, "log") ? build_binary(builder, SCALAR_SUB, shifted, build_unary(builder, SCALAR_LOG, sum))
                                      : build_binary(builder, SCALAR_DIV, powers, sum);
  return build_cast(builder, y, softmax->results[0]->type.element);
}

static void expand_region(Builder *builder, Region *region) {
  for (Node *node = region->first, *next; node; node = next) {
    next = node->next;
    for (uint32_t i = 0; i < node->region_count; i++) expand_region(builder, node->regions[i]);
    if (node->kind != PRIMITIVE_SOFTMAX) continue;
    builder->region = region;
    builder->position = node;
    builder->location = node->location;
    node->results[0]->replacement = softmax_steps(builder, node, node->results[0]->type.element);
    region_remove(region, node);
  }
}

void softmax_expand(Module *module, Region *region) {
  Builder builder = {.module = module};
  expand_region(&builder, region);
  region_apply_replacements(region);
}
