/* SPDX-License-Identifier: Apache-2.0 */
/* Padding that a contraction or reduction reads becomes the bounds of its subscripts: contract(pad(x)[p+i],
   w[i]) is contract(x[p+i-1], w[i]), since points outside do not take part. It holds where what the pad fills
   with would not have counted: 0 in a contraction, the neutral element in a reduction. */
#include "passes/passes.h"
#include "passes/rewrite.h"
#include <string.h>

/* The blob of the pad's fill, null where it is not known; a fill of one element may be reshaped to rank 0. */
static const Blob *fill_blob(const Value *fill) {
  const Node *node = fill->producer;
  const Blob *blob = value_constant(node && node->kind == PRIMITIVE_RESHAPE ? node->operands[0] : fill);
  return blob && blob->element_count == 1 ? blob : NULL;
}

/* Taking part with this fill is as not taking part. */
static bool fill_is_neutral(const Rewriter *rewriter, const Value *fill, Scalar monoid, ElementType element) {
  const ElementInfo *info = element_info(element);
  if (info->bits < 8 || info->bits > 64 || !scalar_is_monoid(monoid)) return false;
  uint64_t bits = scalar_identity_bits(monoid, info->compute), filled = 0;
  const Blob *blob = fill ? fill_blob(fill) : NULL;
  if (fill && !blob) return false;
  if (info->class == CLASS_FLOAT) { /* both zeros are neutral: no sum starts at -0 */
    double neutral, number = 0;
    const Blob *identity = blob_splat(rewriter->module->arena, info->compute, 1, &bits);
    return blob_float_at(identity, 0, &neutral) && (!blob || blob_float_at(blob, 0, &number)) &&
           number == neutral;
  }
  if (info->class != CLASS_INT && info->class != CLASS_UINT && info->class != CLASS_BOOL) return false;
  if (blob) blob_read(blob, &filled);
  return info->compute == element && filled == bits;
}

/* The view has all of its operand, each axis shifted by what was added before it. */
static bool is_pad(const Rewriter *rewriter, const Node *view) {
  const Equation *equation = view->equation;
  DimContext *context = rewriter->module->dims;
  const Access *access = &equation->operands[0], *result = &equation->result;
  if (access->rank != result->rank || equation->label_count != result->rank) return false;
  for (uint32_t i = 0; i < result->rank; i++) {
    const Subscript *subscript = &access->subscripts[i];
    uint32_t label;
    if (!subscript_is_plain(&result->subscripts[i], &label) || subscript->term_count != 1 ||
        subscript->terms[0].label != label || !dim_equals_constant(subscript->terms[0].coefficient, 1))
      return false;
    Dim dim = view->results[0]->type.dims[i];
    Dim end = dim_subtract(context, view->operands[0]->type.dims[i], subscript->offset);
    if (dim_equal(context, equation->labels[label].extent, dim) != TRUTH_YES ||
        dim_less_equal(context, subscript->offset, dim_constant(context, 0)) != TRUTH_YES ||
        dim_less_equal(context, end, dim) != TRUTH_YES)
      return false;
  }
  return true;
}

/* Reads operand k without the pad that it is; false where it is none, or does not vanish. */
static bool fold_operand(const Rewriter *rewriter, Node *node, uint32_t k) {
  const Value *padded = node->operands[k];
  const Node *view = padded->producer;
  if (!view || view->kind != PRIMITIVE_VIEW || rewrite_is_constant(rewriter, padded) || !is_pad(rewriter, view)) return false;
  Scalar monoid = node->kind == PRIMITIVE_REDUCE ? node_monoid(node) : SCALAR_ADD;
  const Value *fill = view->operand_count > 1 ? view->operands[1] : NULL;
  if (!fill_is_neutral(rewriter, fill, monoid, padded->type.element)) return false;
  Arena *arena = rewriter->module->arena;
  const Access *shifts = &view->equation->operands[0];
  Equation *equation = arena_copy(arena, node->equation, sizeof *equation);
  Access *operands = arena_copy(arena, equation->operands, equation->operand_count * sizeof *operands);
  Subscript *subscripts = arena_copy(arena, operands[k].subscripts, operands[k].rank * sizeof *subscripts);
  for (uint32_t i = 0; i < operands[k].rank; i++) {
    subscripts[i].offset = dim_add(rewriter->module->dims, subscripts[i].offset, shifts->subscripts[i].offset);
    if (!dim_is_valid(subscripts[i].offset)) return false;
  }
  operands[k].subscripts = subscripts;
  equation->operands = operands;
  node->equation = equation;
  node->operands[k] = view->operands[0];
  return true;
}

static Value *fold_pads(Rewriter *rewriter, Node *node) {
  for (uint32_t k = 0; node_reduces(node) && k < node->operand_count; k++)
    if (fold_operand(rewriter, node, k)) rewriter->changed = true;
  return NULL;
}

/* Pads of constants stay: they are constants, and cost nothing when the object runs. */
bool pass_fold_pads(Module *module) {
  static const RewriteRule rules[] = {fold_pads};
  return rewrite_module(module, rules, sizeof rules / sizeof *rules);
}
