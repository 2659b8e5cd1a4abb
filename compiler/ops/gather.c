/* SPDX-License-Identifier: Apache-2.0 */
/* Reads at integers: Gather, GatherElements, GatherND. Indices that are known when aicc runs and are evenly spaced
   become views; the others are looked at when they are used: outside of its axis an index makes the run return
   AICC_E_INDEX. */
#include "aicc/abi.h"
#include "ops/families.h"

/* Axis without elements: there is nothing that an index could mean. */
static bool require_elements(OperatorCall *call, const Value *indices, Dim extent) {
  Builder *builder = call->builder;
  DimContext *context = builder->module->dims;
  Dim zero = dim_constant(context, 0), one = dim_constant(context, 1);
  if (dim_less_equal(context, one, extent) == TRUTH_YES) return true;
  Dim lacking = dim_max(context, zero, dim_subtract(context, one, extent));
  Dim faults = dim_multiply(context, type_count(context, &indices->type), lacking);
  if (!dim_is_valid(faults)) return report(builder->module->diagnostics, &builder->location, MESSAGE_SHAPE_OVERFLOW);
  Value *count = build_reshape(builder, build_dims(builder, &faults, 1), 0, NULL);
  Value *none = build_binary(builder, SCALAR_EQ, count, build_integer(builder, ELEMENT_I64, 0));
  return build_require(builder, none, AICC_E_INDEX);
}

/* Indices as gather takes them: those below 0 count from the end of their axis. */
static Value *from_begin(OperatorCall *call, Value *indices, Dim extent) {
  Builder *builder = call->builder;
  Value *wide = build_cast(builder, indices, ELEMENT_I64);
  Value *length = build_reshape(builder, build_dims(builder, &extent, 1), 0, NULL);
  Value *negative = build_binary(builder, SCALAR_LT, wide, build_integer(builder, ELEMENT_I64, 0));
  return build_select(builder, negative, build_binary(builder, SCALAR_ADD, wide, length), wide);
}

/* Known indices first, first + step, ...; of at least one. */
typedef struct EvenIndices {
  Dim first, least, most;
  int64_t step;
} EvenIndices;

static bool find_even(OperatorCall *call, const Value *indices, Dim extent, EvenIndices *even) {
  DimContext *context = call->builder->module->dims;
  Dim dims[TRACKED_ELEMENT_LIMIT];
  size_t count;
  int64_t first, last, step = 0;
  uint32_t rank = call->inputs[0]->type.rank;
  if (rank - 1 + indices->type.rank > RANK_LIMIT || !value_track_surely(indices, dims, &count) || !count) return false;
  bool negative = dim_range(context, dims[0]).high < 0;
  if (!negative && dim_range(context, dims[0]).low < 0) return false;
  if (count > 1) {
    if (!dim_is_constant(dims[0], &first) || !dim_is_constant(dims[1], &last)) return false;
    if (__builtin_sub_overflow(last, first, &step)) return false;
    for (size_t i = 1; i < count; i++) {
      int64_t number, distance;
      if (!dim_is_constant(dims[i], &number) || (number < 0) != negative) return false;
      if (__builtin_sub_overflow(number, last, &distance) || (i > 1 && distance != step)) return false;
      last = number;
    }
  }
  even->first = negative ? dim_add(context, dims[0], extent) : dims[0];
  even->step = step;
  Dim end = negative ? dim_add(context, dims[count - 1], extent) : dims[count - 1];
  even->least = step < 0 ? end : even->first;
  even->most = step < 0 ? even->first : end;
  return true;
}

/* Labels for the axes of a tensor from `from` on, all in the result. */
static void result_axes(EquationBuilder *equation, const Type *type, uint32_t from, uint32_t to, uint32_t first_name,
                        uint32_t *labels) {
  for (uint32_t i = from; i < to; i++) {
    labels[i] = equation_label(equation, build_axis_name((first_name + i - from) % RANK_LIMIT), type->dims[i]);
    equation_result_label(equation, labels[i]);
  }
}

/* first + step * the flat number of the point of the indices' axes, whose dims are constants then. */
static void even_subscript(EquationBuilder *equation, OperatorCall *call, const Value *indices, const uint32_t *labels,
                           const EvenIndices *even) {
  DimContext *context = call->builder->module->dims;
  Dim coefficients[RANK_LIMIT], stride = dim_constant(context, even->step);
  for (uint32_t i = indices->type.rank; i-- > 0;) {
    coefficients[i] = stride;
    stride = dim_multiply(context, stride, indices->type.dims[i]);
  }
  equation_operand(equation, 0, even->first, indices->type.rank, labels, coefficients);
}

/* The tensor with the axes of the indices in place of one of its own. With `even` null they are read. */
static Value *read_axis(OperatorCall *call, Value *x, Value *indices, uint32_t axis, const EvenIndices *even) {
  uint32_t labels[RANK_LIMIT], places[RANK_LIMIT], rank = x->type.rank, count = indices->type.rank;
  EquationBuilder *equation = equation_start(call->builder);
  result_axes(equation, &x->type, 0, axis, 0, labels);
  result_axes(equation, &indices->type, 0, count, axis, places);
  result_axes(equation, &x->type, axis + 1, rank, axis + count, labels);
  for (uint32_t i = 0; i < axis; i++) equation_operand_label(equation, 0, labels[i]);
  if (even)
    even_subscript(equation, call, indices, places, even);
  else
    equation_operand_label(equation, 0, equation_index(equation, "at", x->type.dims[axis], 1));
  for (uint32_t i = axis + 1; i < rank; i++) equation_operand_label(equation, 0, labels[i]);
  for (uint32_t i = 0; !even && i < count; i++) equation_operand_label(equation, 1, places[i]);
  return even ? build_view(equation, x, NULL) : build_gather(equation, x, &indices, 1);
}

Value *call_gather(OperatorCall *call, Value *x, Value *indices, uint32_t axis) {
  if (!x || !indices) return NULL;
  if (axis >= x->type.rank) {
    call_invalid(call, "a scalar has no elements to choose from");
    return NULL;
  }
  if (x->type.rank - 1 + indices->type.rank > RANK_LIMIT) {
    call_invalid(call, "the result has more than %d axes", RANK_LIMIT);
    return NULL;
  }
  return require_elements(call, indices, x->type.dims[axis]) ? read_axis(call, x, indices, axis, NULL) : NULL;
}

static bool expand_gather(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  DimContext *context = builder->module->dims;
  Value *x = call->inputs[0], *indices = call->inputs[1];
  const char *what = "an index lies outside of its axis";
  uint32_t axis;
  EvenIndices even;
  if (!call_axis(call, call_int(call, "axis"), x->type.rank, &axis)) return false;
  Dim extent = x->type.dims[axis];
  if (find_even(call, indices, extent, &even)) {
    if (!build_require_at_least(builder, even.least, dim_constant(context, 0), what) ||
        !build_require_at_least(builder, extent, dim_add(context, even.most, dim_constant(context, 1)), what))
      return false;
    results[0] = read_axis(call, x, indices, axis, &even);
  } else {
    results[0] = call_gather(call, x, from_begin(call, indices, extent), axis);
  }
  return results[0] != NULL;
}

/* The result is as the indices; along the other axes they may be shorter than the tensor. */
static bool expand_gather_elements(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *x = call->inputs[0], *indices = call->inputs[1];
  uint32_t axis, labels[RANK_LIMIT];
  if (!call_axis(call, call_int(call, "axis"), x->type.rank, &axis)) return false;
  if (indices->type.rank != x->type.rank) return call_invalid(call, "data and indices differ in rank");
  for (uint32_t i = 0; i < x->type.rank; i++)
    if (i != axis && !build_require_at_least(builder, x->type.dims[i], indices->type.dims[i], "the indices have more elements than the data"))
      return false;
  if (!require_elements(call, indices, x->type.dims[axis])) return false;
  Value *from = from_begin(call, indices, x->type.dims[axis]);
  EquationBuilder *equation = equation_start(builder);
  result_axes(equation, &indices->type, 0, indices->type.rank, 0, labels);
  for (uint32_t i = 0; i < x->type.rank; i++)
    equation_operand_label(equation, 0, i == axis ? equation_index(equation, "at", x->type.dims[i], 1) : labels[i]);
  for (uint32_t i = 0; i < x->type.rank; i++) equation_operand_label(equation, 1, labels[i]);
  results[0] = build_gather(equation, x, &from, 1);
  return results[0] != NULL;
}

/* One number of every index: along the last axis of the indices, the axis gone. */
static Value *component(OperatorCall *call, Value *indices, uint32_t number) {
  Builder *builder = call->builder;
  uint32_t rank = indices->type.rank - 1, labels[RANK_LIMIT];
  EquationBuilder *equation = equation_start(builder);
  result_axes(equation, &indices->type, 0, rank, 0, labels);
  for (uint32_t i = 0; i < rank; i++) equation_operand_label(equation, 0, labels[i]);
  equation_operand(equation, 0, dim_constant(builder->module->dims, number), 0, NULL, NULL);
  return build_view(equation, indices, NULL);
}

static bool expand_gather_nd(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  DimContext *context = builder->module->dims;
  Value *x = call->inputs[0], *indices = call->inputs[1], *from[RANK_LIMIT];
  uint32_t rank = x->type.rank, outer = indices->type.rank - 1, labels[RANK_LIMIT], places[RANK_LIMIT];
  const Attribute *given = call_attribute(call, "batch_dims");
  int64_t batch = given ? given->integer : 0, count;
  if (!rank || !indices->type.rank) return call_invalid(call, "data and indices need an axis");
  if (batch < 0 || batch >= rank || batch > outer)
    return call_invalid(call, "batch_dims is %lld for data of rank %u and indices of rank %u", (long long)batch, rank, outer + 1);
  if (!dim_is_constant(indices->type.dims[outer], &count)) { /* then the declared rank of the result says it */
    if (call->declared[0].element == ELEMENT_UNDEFINED)
      return report(builder->module->diagnostics, &builder->location, MESSAGE_SHAPE_UNKNOWN,
                    "neither the last dim of the indices nor the rank of the result is known at compile time");
    count = (int64_t)outer + rank - batch - call->declared[0].rank;
  }
  if (count < 1 || count > rank - batch)
    return call_invalid(call, "the last dim of the indices is %lld, outside [1, %lld]", (long long)count, (long long)(rank - batch));
  if (!build_require_equal(builder, indices->type.dims[outer], dim_constant(context, count), "the indices have another length than the result's rank says"))
    return false;
  uint32_t first = (uint32_t)batch, behind = first + (uint32_t)count;
  if (outer + rank - behind > RANK_LIMIT) return call_invalid(call, "the result has more than %d axes", RANK_LIMIT);
  for (uint32_t i = 0; i < first; i++)
    if (!build_require_equal(builder, indices->type.dims[i], x->type.dims[i], "batch dims of data and indices differ")) return false;
  for (uint32_t k = first; k < behind; k++) {
    Value *one = component(call, indices, k - first);
    if (!one || !require_elements(call, one, x->type.dims[k])) return false;
    from[k - first] = from_begin(call, one, x->type.dims[k]);
  }
  EquationBuilder *equation = equation_start(builder);
  result_axes(equation, &indices->type, 0, outer, 0, places);
  result_axes(equation, &x->type, behind, rank, outer, labels);
  for (uint32_t i = 0; i < first; i++) equation_operand_label(equation, 0, places[i]);
  for (uint32_t k = first; k < behind; k++) {
    equation_operand_label(equation, 0, equation_index(equation, "at", x->type.dims[k], k - first + 1));
    for (uint32_t i = 0; i < outer; i++) equation_operand_label(equation, k - first + 1, places[i]);
  }
  for (uint32_t i = behind; i < rank; i++) equation_operand_label(equation, 0, labels[i]);
  results[0] = build_gather(equation, x, from, behind - first);
  return results[0] != NULL;
}

#define INDICES {.name = "indices", .elements = ELEMENTS_INDEX}
#define GATHER_DOC "The slices of data along an axis at given indices."
#define GATHER_ELEMENTS_DOC "The elements of data that indices of the result's shape choose along an axis."
#define GATHER_ND_DOC "The slices of data at tuples of indices, behind axes that both share."

const Operator gather_operators[] = {
    {.name = "Gather", .since = 1, .inputs = {INPUT("data", ANY), INDICES}, .attributes = {INT_ATTRIBUTE("axis", 0)},
     .expand = expand_gather, .doc = GATHER_DOC},
    {.name = "GatherElements", .since = 11, .inputs = {INPUT("data", ANY), INDICES}, .attributes = {INT_ATTRIBUTE("axis", 0)},
     .expand = expand_gather_elements, .doc = GATHER_ELEMENTS_DOC},
    {.name = "GatherND", .since = 11, .until = 11, .inputs = {INPUT("data", ANY), INDICES}, .expand = expand_gather_nd,
     .doc = GATHER_ND_DOC},
    {.name = "GatherND", .since = 12, .inputs = {INPUT("data", ANY), INDICES}, .attributes = {INT_ATTRIBUTE("batch_dims", 0)},
     .expand = expand_gather_nd, .doc = GATHER_ND_DOC},
    {0}};
