/* SPDX-License-Identifier: Apache-2.0 */
/* A contraction times a factor per output channel, as batch normalisation leaves it, becomes a contraction
   with scaled weights: mul(contract(x, W), s) is contract(x, mul(W, s)), and mul(add(c, b), s) is add(mul(c,
   s), mul(b, s)). What is constant in that folds later. */
#include "passes/passes.h"
#include "passes/rewrite.h"

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
static Value *factor_for_weights(Rewriter *rewriter, const Value *factor, int32_t axis, const Value *weights,
                                 int32_t own) {
  if (axis < 0) return (Value *)(uintptr_t)factor;
  const Node *view = factor->producer;
  const Access *access = &view->equation->operands[0];
  EquationBuilder *equation = equation_start(&rewriter->builder);
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
static Value *scale_contraction(Rewriter *rewriter, Value *contraction, const Value *factor) {
  const Node *node = contraction->producer;
  int32_t axis, own = -1;
  if (!node || node->kind != PRIMITIVE_CONTRACT || contraction->use_count != 1 ||
      !element_is_float(contraction->type.element) || !factor_axis(factor, &axis))
    return NULL;
  uint32_t weights = rewrite_is_constant(rewriter, node->operands[1]);
  Value *scaled = node->operands[weights];
  if (!rewrite_is_constant(rewriter, scaled)) return NULL;
  if (axis >= 0 && (own = weights_axis(node->equation, weights, (uint32_t)axis)) < 0) return NULL;
  Value *operands[2] = {node->operands[0], node->operands[1]};
  operands[weights] =
      build_binary(&rewriter->builder, SCALAR_MUL, scaled, factor_for_weights(rewriter, factor, axis, scaled, own));
  if (!operands[weights]) return NULL;
  Node *copy = node_copy(rewriter->module, node, operands);
  region_insert_before(rewriter->builder.region, rewriter->builder.position, copy);
  return node_add_result(rewriter->module, copy, contraction->type, contraction->name);
}

/* What a product of `value` and a constant factor becomes; null where nothing is gained. */
static Value *scale(Rewriter *rewriter, Value *value, Value *factor) {
  Value *product = scale_contraction(rewriter, value, factor);
  const Node *sum = value->producer;
  if (product || !sum || sum->kind != PRIMITIVE_MAP || sum->scalar != SCALAR_ADD || value->use_count != 1)
    return product;
  for (uint32_t i = 0; i < 2; i++) {
    if (!rewrite_is_constant(rewriter, sum->operands[1 - i]) || !type_same_dims(&sum->operands[i]->type, &value->type))
      continue;
    product = scale_contraction(rewriter, sum->operands[i], factor);
    if (!product) continue;
    Value *shift = build_binary(&rewriter->builder, SCALAR_MUL, sum->operands[1 - i], factor);
    return build_binary(&rewriter->builder, SCALAR_ADD, product, shift);
  }
  return NULL;
}

static Value *scale_product(Rewriter *rewriter, Node *node) {
  Value *better = NULL;
  if (node->kind != PRIMITIVE_MAP || node->scalar != SCALAR_MUL) return NULL;
  for (uint32_t i = 0; i < 2 && !better; i++)
    if (rewrite_is_constant(rewriter, node->operands[1 - i]) && type_same_dims(&node->operands[i]->type, &node->results[0]->type))
      better = scale(rewriter, node->operands[i], node->operands[1 - i]);
  return better;
}

bool pass_fold_scales(Module *module) {
  static const RewriteRule rules[] = {scale_product};
  return rewrite_module(module, rules, sizeof rules / sizeof *rules);
}
