/* SPDX-License-Identifier: Apache-2.0 */
/* Data movement: everything but reshape and concat is a view with an equation. */
#include "base/text.h"
#include "ir/build.h"
#include "ir/build_internal.h"

const char *build_axis_name(uint32_t axis) {
  static const char *const names[RANK_LIMIT] = {"i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s",
                                                     "t", "u", "v", "w", "x", "y", "z", "a", "b", "c", "d",
                                                     "e", "f", "g", "h", "i1", "j1", "k1", "l1", "m1", "n1"};
  return names[axis];
}

Value *build_broadcast(Builder *builder, Value *a, uint32_t rank, const Dim *dims) {
  if (!a) return NULL;
  DimContext *context = builder->module->dims;
  const Type *type = &a->type;
  Type wanted = {.kind = VALUE_TENSOR, .element = type->element, .rank = rank, .dims = dims};
  if (type_same_dims(type, &wanted)) return a;
  EquationBuilder *equation = equation_start(builder);
  Dim zero = dim_constant(context, 0), one = dim_constant(context, 1);
  for (uint32_t i = 0; i < rank; i++) {
    uint32_t label = equation_label(equation, build_axis_name(i), dims[i]);
    equation_result_label(equation, label);
    if (i + type->rank < rank) continue;
    Dim own = type->dims[i + type->rank - rank];
    if (own == dims[i] || dim_equal(context, own, dims[i]) == TRUTH_YES) { /* by what a run requires, too */
      equation_operand_label(equation, 0, label);
    } else if (dim_equals_constant(own, 1)) {
      equation_operand(equation, 0, zero, 0, NULL, NULL);
    } else { /* 1 or the result's dim, known at run time only */
      Dim stride = dim_min(context, dim_subtract(context, own, one), one);
      equation_operand(equation, 0, zero, 1, &label, &stride);
    }
  }
  return build_view(equation, a, NULL);
}

Value *build_stretch(Builder *builder, Value *a, const Value *like, const char *what) {
  if (!a || !like) return NULL;
  const Type *from = &a->type, *to = &like->type;
  if (from->rank > to->rank) {
    build_error(builder, MESSAGE_SHAPE_MISMATCH, what);
    return NULL;
  }
  for (uint32_t i = 0; i < from->rank; i++)
    if (!build_require_stretches(builder, from->dims[i], to->dims[to->rank - from->rank + i], what)) return NULL;
  return build_broadcast(builder, a, to->rank, to->dims);
}

Value *build_transpose(Builder *builder, Value *a, const uint32_t *permutation) {
  if (!a) return NULL;
  uint32_t rank = a->type.rank, label_of_axis[RANK_LIMIT];
  bool identity = true;
  EquationBuilder *equation = equation_start(builder);
  for (uint32_t i = 0; i < rank; i++) {
    uint32_t label = equation_label(equation, build_axis_name(i), a->type.dims[permutation[i]]);
    label_of_axis[permutation[i]] = label;
    equation_result_label(equation, label);
    identity = identity && permutation[i] == i;
  }
  if (identity) return a;
  for (uint32_t i = 0; i < rank; i++) equation_operand_label(equation, 0, label_of_axis[i]);
  return build_view(equation, a, NULL);
}

Value *build_slice(Builder *builder, Value *a, const Dim *start, const int64_t *step, const Dim *extent) {
  if (!a) return NULL;
  EquationBuilder *equation = equation_start(builder);
  bool identity = true;
  for (uint32_t i = 0; i < a->type.rank; i++) {
    uint32_t label = equation_label(equation, build_axis_name(i), extent[i]);
    Dim coefficient = dim_constant(builder->module->dims, step[i]);
    equation_operand(equation, 0, start[i], 1, &label, &coefficient);
    equation_result_label(equation, label);
    identity = identity && step[i] == 1 && dim_equals_constant(start[i], 0) && extent[i] == a->type.dims[i];
  }
  return identity ? a : build_view(equation, a, NULL);
}

Value *build_pad(Builder *builder, Value *a, const Dim *low, const Dim *high, Value *fill) {
  if (!a) return NULL;
  DimContext *context = builder->module->dims;
  EquationBuilder *equation = equation_start(builder);
  bool identity = true;
  for (uint32_t i = 0; i < a->type.rank; i++) {
    Dim extent = dim_add(context, a->type.dims[i], dim_add(context, low[i], high[i]));
    uint32_t label = equation_label(equation, build_axis_name(i), extent);
    equation_operand(equation, 0, dim_subtract(context, dim_constant(context, 0), low[i]), 1, &label, NULL);
    equation_result_label(equation, label);
    identity = identity && dim_equals_constant(low[i], 0) && dim_equals_constant(high[i], 0);
  }
  return identity ? a : build_view(equation, a, fill);
}

Value *build_reshape(Builder *builder, Value *a, uint32_t rank, const Dim *dims) {
  if (!a) return NULL;
  DimContext *context = builder->module->dims;
  Type type = type_tensor(builder->module->arena, a->type.element, rank, dims);
  if (type_same_dims(&a->type, &type)) return a;
  Dim before = type_count(context, &a->type), after = type_count(context, &type);
  if (dim_equal(context, before, after) == TRUTH_NO) {
    Text text = {0};
    text_add(&text, "cannot reshape ");
    type_print_onnx(&text, &a->type);
    text_add(&text, " to ");
    type_print_onnx(&text, &type);
    build_error(builder, MESSAGE_SHAPE_MISMATCH, text_string(&text));
    text_free(&text);
    return NULL;
  }
  if (!build_require_equal(builder, before, after, "the number of elements changes")) return NULL;
  Node *node = build_node(builder, PRIMITIVE_RESHAPE, &a, 1);
  return build_result(builder, node, type);
}

Value *build_concat(Builder *builder, Value *const *operands, uint32_t count, uint32_t axis) {
  DimContext *context = builder->module->dims;
  for (uint32_t i = 0; i < count; i++)
    if (!operands[i]) return NULL;
  if (count == 1) return operands[0];
  const Type *first = &operands[0]->type;
  const char *differ = "operands differ in another axis than the one they join along";
  Dim dims[RANK_LIMIT];
  for (uint32_t i = 0; i < first->rank; i++) dims[i] = first->dims[i];
  for (uint32_t k = 1; k < count; k++) {
    const Type *type = &operands[k]->type;
    if (type->rank != first->rank || type->element != first->element) {
      build_error(builder, MESSAGE_SHAPE_MISMATCH, "operands differ in rank or element type");
      return NULL;
    }
    for (uint32_t i = 0; i < first->rank; i++)
      dims[i] = i == axis ? dim_add(context, dims[i], type->dims[i]) : dim_plainer(dims[i], type->dims[i]);
  }
  Value **alike = arena_array(builder->module->arena, Value *, count);
  for (uint32_t k = 0; k < count; k++) {
    alike[k] = build_with_dims(builder, operands[k], dims, axis, differ);
    if (!alike[k]) return NULL;
  }
  Node *node = build_node(builder, PRIMITIVE_CONCAT, alike, count);
  Attribute attribute = {.name = "axis", .kind = ATTRIBUTE_INT, .integer = axis};
  build_attributes(builder, node, &attribute, 1);
  return build_result(builder, node, type_tensor(builder->module->arena, first->element, first->rank, dims));
}

Value *build_reduce(Builder *builder, Scalar monoid, Value *a, uint64_t axes, bool keep_axes) {
  if (!a) return NULL;
  DimContext *context = builder->module->dims;
  EquationBuilder *equation = equation_start(builder);
  Dim zero = dim_constant(context, 0), one = dim_constant(context, 1);
  for (uint32_t i = 0; i < a->type.rank; i++) {
    uint32_t label = equation_label(equation, build_axis_name(i), a->type.dims[i]);
    equation_operand_label(equation, 0, label);
    if (!(axes >> i & 1))
      equation_result_label(equation, label);
    else if (keep_axes)
      equation_result(equation, zero, 0, NULL, NULL, one);
  }
  return build_reduction(equation, monoid, a);
}
