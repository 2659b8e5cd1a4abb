/* SPDX-License-Identifier: Apache-2.0 */
/* A contraction times a factor per output channel, as batch normalisation leaves it, becomes a contraction
   with scaled weights: mul(contract(x, W), s) is contract(x, mul(W, s)), and mul(add(c, b), s) is add(mul(c,
   s), mul(b, s)). What is constant in that folds later. */
#include "ir/build.h"
#include "passes/constant_values.h"
#include "passes/passes.h"

typedef struct Scaling {
  Builder builder;
  const bool *constant;
  uint32_t value_count; /* when the pass began: what came later is not asked about */
} Scaling;

static bool is_constant(const Scaling *s, const Value *value) {
  return value->id < s->value_count && s->constant[value->id];
}

/* The axis of the result that a factor varies along, -1 where it is one number; false where it varies
 * otherwise. */
static bool factor_axis(const Value *factor, int32_t *axis) {
  *axis = -1;
  if (factor->type.rank == 0) return true;
  const Node *view = value_view(factor);
  if (!view) return false;
  const Equation *equation = view->equation;
  for (uint32_t i = 0; i < equation->result.rank; i++) {
    uint32_t label;
    if (!subscript_is_plain(&equation->result.subscripts[i], &label)) return false;
    if (!access_uses_label(&equation->operands[0], label)) continue;
    if (*axis >= 0) return false;
    *axis = (int32_t)i;
  }
  return true;
}

/* The weights' axis that makes the result's axis: the same subscript. -1 where there is none. */
static int32_t weights_axis(const Equation *equation, uint32_t weights, uint32_t axis) {
  for (uint32_t i = 0; i < equation->operands[weights].rank; i++)
    if (subscript_equal(&equation->operands[weights].subscripts[i], &equation->result.subscripts[axis]))
      return (int32_t)i;
  return -1;
}

/* The factor as a tensor of the weights' dims, varying along their axis. */
static Value *factor_for_weights(Scaling *s, const Value *factor, int32_t axis, const Value *weights,
                                 int32_t own) {
  if (axis < 0) return (Value *)(uintptr_t)factor;
  const Node *view = factor->producer;
  const Access *access = &view->equation->operands[0];
  EquationBuilder *equation = equation_start(&s->builder);
  uint32_t along = 0;
  for (uint32_t i = 0; i < weights->type.rank; i++) {
    uint32_t label = equation_label(equation, build_axis_name(i), weights->type.dims[i]);
    equation_result_label(equation, label);
    if ((int32_t)i == own) along = label;
  }
  for (uint32_t i = 0; i < access->rank; i++) {
    const Subscript *subscript = &access->subscripts[i];
    Dim coefficient = subscript->term_count ? subscript->terms[0].coefficient : NULL;
    equation_operand(equation, 0, subscript->offset, subscript->term_count, &along, &coefficient);
  }
  return build_view(equation, view->operands[0], NULL);
}

/* contract * factor with scaled weights; null where it does not fit. */
static Value *scale_contraction(Scaling *s, Value *contraction, const Value *factor) {
  const Node *node = contraction->producer;
  int32_t axis, own = -1;
  if (!node || node->kind != PRIMITIVE_CONTRACT || contraction->use_count != 1 ||
      !element_is_float(contraction->type.element) || !factor_axis(factor, &axis))
    return NULL;
  uint32_t weights = is_constant(s, node->operands[1]);
  Value *scaled = node->operands[weights];
  if (!is_constant(s, scaled)) return NULL;
  if (axis >= 0 && (own = weights_axis(node->equation, weights, (uint32_t)axis)) < 0) return NULL;
  Value *operands[2] = {node->operands[0], node->operands[1]};
  operands[weights] =
      build_binary(&s->builder, SCALAR_MUL, scaled, factor_for_weights(s, factor, axis, scaled, own));
  if (!operands[weights]) return NULL;
  Node *copy = node_copy(s->builder.module, node, operands);
  region_insert_before(s->builder.region, s->builder.position, copy);
  return node_add_result(s->builder.module, copy, contraction->type, contraction->name);
}

/* What a product of `value` and a constant factor becomes; null where nothing is gained. */
static Value *scale(Scaling *s, Value *value, Value *factor) {
  Value *product = scale_contraction(s, value, factor);
  const Node *sum = value->producer;
  if (product || !sum || sum->kind != PRIMITIVE_MAP || sum->scalar != SCALAR_ADD || value->use_count != 1)
    return product;
  for (uint32_t i = 0; i < 2; i++) {
    if (!is_constant(s, sum->operands[1 - i]) || !type_same_dims(&sum->operands[i]->type, &value->type))
      continue;
    product = scale_contraction(s, sum->operands[i], factor);
    if (!product) continue;
    Value *shift = build_binary(&s->builder, SCALAR_MUL, sum->operands[1 - i], factor);
    return build_binary(&s->builder, SCALAR_ADD, product, shift);
  }
  return NULL;
}

static void scale_region(Scaling *s, Region *region) {
  for (Node *node = region->first; node; node = node->next) {
    for (uint32_t i = 0; i < node->region_count; i++) scale_region(s, node->regions[i]);
    if (node->kind != PRIMITIVE_MAP || node->scalar != SCALAR_MUL) continue;
    s->builder.region = region;
    s->builder.position = node;
    s->builder.location = node->location;
    Value *better = NULL;
    for (uint32_t i = 0; i < 2 && !better; i++)
      if (is_constant(s, node->operands[1 - i]) &&
          type_same_dims(&node->operands[i]->type, &node->results[0]->type))
        better = scale(s, node->operands[i], node->operands[1 - i]);
    if (better) node->results[0]->replacement = better;
  }
}

bool pass_fold_scales(Module *module) {
  Scaling s = {
      .builder = {.module = module}, .constant = constant_values(module), .value_count = module->value_count};
  for (size_t i = 0; i < module->entry_count; i++) {
    region_count_uses(module->entries[i]->body);
    scale_region(&s, module->entries[i]->body);
    region_apply_replacements(module->entries[i]->body);
  }
  return pass_dead_code(module);
}
