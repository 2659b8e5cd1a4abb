/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that move elements and compute nothing: transposes, joins and cuts. Padding: pad.c. */
#include "ops/families.h"

static bool expand_transpose(OperatorCall *call, Value **results) {
  Value *x = call->inputs[0];
  const Attribute *given = call_attribute(call, "perm");
  uint32_t permutation[RANK_LIMIT], rank = x->type.rank;
  uint64_t seen = 0;
  if (given && given->count != rank) return call_invalid(call, "perm has %zu numbers for an input of rank %u", given->count, rank);
  for (uint32_t i = 0; i < rank; i++) {
    permutation[i] = rank - 1 - i;
    if (given && !call_axis(call, given->integers[i], rank, &permutation[i])) return false;
    if (seen >> permutation[i] & 1) return call_invalid(call, "perm has axis %u twice", permutation[i]);
    seen |= UINT64_C(1) << permutation[i];
  }
  results[0] = build_transpose(call->builder, x, permutation);
  return results[0] != NULL;
}

static bool expand_concat(OperatorCall *call, Value **results) {
  uint32_t axis, rank = call->inputs[0]->type.rank;
  for (uint32_t i = 0; i < call->input_count; i++) {
    if (!call->inputs[i]) return call_invalid(call, "input %u is absent", i);
    if (call->inputs[i]->type.rank != rank) return call_invalid(call, "the inputs differ in rank");
  }
  if (!call_axis(call, call_int(call, "axis"), rank, &axis)) return false;
  results[0] = build_concat(call->builder, call->inputs, call->input_count, axis);
  return results[0] != NULL;
}

/* A bound of a slice as a position from the axis's begin: negative ones count from its end. */
static Dim slice_bound(DimContext *context, Dim given, Dim extent, Dim least, Dim most) {
  Dim zero = dim_constant(context, 0), one = dim_constant(context, 1);
  int64_t number;
  DimRange range = dim_range(context, given);
  bool is_constant = dim_is_constant(given, &number);
  if (is_constant && number > INT32_MAX) return most; /* to the end, however it is written */
  if (is_constant && number < -(int64_t)INT32_MAX) return least;
  /* The last position of an axis is one also where the axis is empty: what is clamped is the same. */
  bool is_last = dim_equals_constant(dim_subtract(context, extent, given), 1);
  if (range.low < 0 && !is_last) { /* + extent where it is negative */
    Dim negative = dim_max(context, zero, dim_min(context, one, dim_subtract(context, zero, given)));
    given = dim_add(context, given, dim_multiply(context, extent, negative));
  }
  return dim_max(context, least, dim_min(context, given, most));
}

/* One axis of a slice: where it starts and how many elements it has. Backwards, the start is at the first element or
   behind it, and the end may lie before it (text of the specification since opset 13). */
static bool slice_axis(const OperatorCall *call, Dim extent, Dim from, Dim to, int64_t step, Dim *start, Dim *count) {
  DimContext *context = call->builder->module->dims;
  Dim zero = dim_constant(context, 0), one = dim_constant(context, 1), distance;
  if (step == 0 || step == INT64_MIN) return call_invalid(call, "a step of %lld is not possible", (long long)step);
  if (step > 0) {
    *start = slice_bound(context, from, extent, zero, extent);
    distance = dim_subtract(context, slice_bound(context, to, extent, zero, extent), *start);
  } else {
    Dim last = dim_subtract(context, extent, one), before = dim_constant(context, -1);
    *start = slice_bound(context, from, extent, dim_min(context, zero, last), last);
    distance = dim_subtract(context, *start, slice_bound(context, to, extent, before, last));
    step = -step;
  }
  *count = dim_max(context, zero, dim_ceil_divide(context, distance, dim_constant(context, step)));
  return true;
}

static bool expand_slice(OperatorCall *call, Value **results) {
  DimContext *context = call->builder->module->dims;
  Value *x = call->inputs[0];
  Dim starts[RANK_LIMIT], ends[RANK_LIMIT], axes[RANK_LIMIT], steps[RANK_LIMIT];
  size_t count, end_count, axis_count, step_count;
  if (!call_dims(call, "starts", starts, &count) || !call_dims(call, "ends", ends, &end_count) ||
      !call_dims(call, "axes", axes, &axis_count) || !call_dims(call, "steps", steps, &step_count))
    return false;
  if (end_count != count || (axis_count && axis_count != count) || (step_count && step_count != count))
    return call_invalid(call, "starts, ends, axes and steps differ in length");
  Dim start[RANK_LIMIT], extent[RANK_LIMIT];
  int64_t step[RANK_LIMIT];
  uint64_t seen = 0;
  for (uint32_t i = 0; i < x->type.rank; i++) {
    start[i] = dim_constant(context, 0);
    extent[i] = x->type.dims[i];
    step[i] = 1;
  }
  for (size_t k = 0; k < count; k++) {
    uint32_t axis = (uint32_t)k;
    int64_t number = (int64_t)k;
    if (axis_count && !dim_is_constant(axes[k], &number)) return call_invalid(call, "an axis depends on a symbolic dim");
    if (!call_axis(call, number, x->type.rank, &axis)) return false;
    if (seen >> axis & 1) return call_invalid(call, "axis %u is given twice", axis);
    seen |= UINT64_C(1) << axis;
    if (step_count && !dim_is_constant(steps[k], &step[axis])) return call_invalid(call, "a step depends on a symbolic dim");
    if (!slice_axis(call, x->type.dims[axis], starts[k], ends[k], step[axis], &start[axis], &extent[axis])) return false;
  }
  results[0] = build_slice(call->builder, x, start, step, extent);
  return results[0] != NULL;
}

/* The parts' extents: as given, or even ones of which the last may be smaller. */
static bool split_extents(OperatorCall *call, Dim extent, Dim **parts) {
  Builder *builder = call->builder;
  DimContext *context = builder->module->dims;
  size_t given;
  if (call_input(call, "split") && call_attribute(call, "split"))
    return call_invalid(call, "split is given as an attribute and as an input");
  if (!call_integers(call, "split", parts, &given)) return false;
  if (given && given != call->output_count)
    return call_invalid(call, "split has %zu numbers for %u outputs", given, call->output_count);
  Dim sum = dim_constant(context, 0);
  if (given) {
    for (size_t i = 0; i < given; i++) sum = dim_add(context, sum, (*parts)[i]);
    return build_require_equal(builder, extent, sum, "the parts do not add up to the axis");
  }
  const Attribute *number = call_attribute(call, "num_outputs");
  if (number && (uint64_t)number->integer != call->output_count)
    return call_invalid(call, "num_outputs is %lld, but there are %u outputs", (long long)number->integer, call->output_count);
  Dim count = dim_constant(context, call->output_count), part = dim_ceil_divide(context, extent, count);
  *parts = arena_array(builder->module->arena, Dim, call->output_count);
  if (!number) {
    if (!build_require_multiple(builder, extent, call->output_count, "the axis does not divide into even parts")) return false;
    part = dim_floor_divide(context, extent, count);
  }
  for (uint32_t i = 0; i < call->output_count; i++) {
    Dim rest = dim_subtract(context, extent, sum);
    (*parts)[i] = number ? dim_max(context, dim_constant(context, 0), dim_min(context, part, rest)) : part;
    sum = dim_add(context, sum, (*parts)[i]);
  }
  return true;
}

static bool expand_split(OperatorCall *call, Value **results) {
  DimContext *context = call->builder->module->dims;
  Value *x = call->inputs[0];
  uint32_t axis;
  Dim *parts, start[RANK_LIMIT], extent[RANK_LIMIT];
  int64_t step[RANK_LIMIT];
  if (!call_axis(call, call_int(call, "axis"), x->type.rank, &axis)) return false;
  if (!split_extents(call, x->type.dims[axis], &parts)) return false;
  for (uint32_t i = 0; i < x->type.rank; i++) {
    start[i] = dim_constant(context, 0);
    extent[i] = x->type.dims[i];
    step[i] = 1;
  }
  for (uint32_t k = 0; k < call->output_count; k++) {
    extent[axis] = parts[k];
    results[k] = build_slice(call->builder, x, start, step, extent);
    if (!results[k]) return false;
    start[axis] = dim_add(context, start[axis], parts[k]);
  }
  return true;
}

/* Both ways: an entry of 1 keeps the input's dim. */
static bool expand_expand(OperatorCall *call, Value **results) {
  Value *x = call->inputs[0];
  Dim shape[RANK_LIMIT], dims[RANK_LIMIT];
  size_t count;
  uint32_t rank;
  if (!call_dims(call, "shape", shape, &count)) return false;
  for (size_t i = 0; i < count; i++)
    if (dim_range(call->builder->module->dims, shape[i]).high < 0) return call_invalid(call, "dim %zu is negative", i);
  Type wanted = {.kind = VALUE_TENSOR, .element = x->type.element, .rank = (uint32_t)count, .dims = shape};
  const Type *types[2] = {&x->type, &wanted};
  if (!build_broadcast_dims(call->builder, types, 2, dims, &rank)) return false;
  results[0] = build_broadcast(call->builder, x, rank, dims);
  return results[0] != NULL;
}

/* [d0, d1] as [1, d0, 1, d1], broadcast to [r0, d0, r1, d1] and joined again. */
static bool tile(OperatorCall *call, const Dim *repeats, Value **results) {
  DimContext *context = call->builder->module->dims;
  Value *x = call->inputs[0];
  uint32_t rank = x->type.rank;
  Dim apart[RANK_LIMIT], repeated[RANK_LIMIT], joined[RANK_LIMIT];
  if (2 * rank > RANK_LIMIT) return call_invalid(call, "more than %d axes are not supported", RANK_LIMIT / 2);
  for (uint32_t i = 0; i < rank; i++) {
    if (dim_range(context, repeats[i]).high < 0) return call_invalid(call, "repeat %u is negative", i);
    apart[2 * i] = dim_constant(context, 1);
    repeated[2 * i] = repeats[i];
    apart[2 * i + 1] = repeated[2 * i + 1] = x->type.dims[i];
    joined[i] = dim_multiply(context, repeats[i], x->type.dims[i]);
  }
  Value *split = build_reshape(call->builder, x, 2 * rank, apart);
  results[0] = build_reshape(call->builder, build_broadcast(call->builder, split, 2 * rank, repeated), rank, joined);
  return results[0] != NULL;
}

static bool expand_tile(OperatorCall *call, Value **results) {
  uint32_t rank = call->inputs[0]->type.rank;
  Dim repeats[RANK_LIMIT];
  size_t count;
  if (!call_dims(call, "repeats", repeats, &count)) return false;
  if (count != rank) return call_invalid(call, "repeats has %zu numbers for an input of rank %u", count, rank);
  return tile(call, repeats, results);
}

/* Opset 1: a number of tiles along one axis. */
static bool expand_tile_along_axis(OperatorCall *call, Value **results) {
  uint32_t rank = call->inputs[0]->type.rank, axis;
  Dim tiles[RANK_LIMIT], axes[RANK_LIMIT], repeats[RANK_LIMIT];
  size_t tile_count, axis_count;
  int64_t number;
  if (!call_dims(call, "tiles", tiles, &tile_count) || !call_dims(call, "axis", axes, &axis_count)) return false;
  if (tile_count != 1 || axis_count != 1) return call_invalid(call, "tiles and axis are one number each");
  if (!dim_is_constant(axes[0], &number)) return call_invalid(call, "the axis depends on a symbolic dim");
  if (!call_axis(call, number, rank, &axis)) return false;
  for (uint32_t i = 0; i < rank; i++) repeats[i] = i == axis ? tiles[0] : dim_constant(call->builder->module->dims, 1);
  return tile(call, repeats, results);
}

#define I64_INPUT(name_) {.name = name_, .elements = ELEMENTS_I64}
/* Whole numbers in any type: opset 1 declares lengths and axes in the data's, which has floats only. */
#define WHOLE_INPUT(name_, optional_) {.name = name_, .elements = ELEMENTS_NUMERIC, .optional = optional_}
#define INDEX_INPUT(name_, optional_) {.name = name_, .elements = ELEMENTS_INTEGER, .type_variable = 'I', .optional = optional_}

const Operator movement_operators[] = {
    {.name = "Transpose", .since = 1, .inputs = {INPUT("data", ANY)}, .attributes = {INTS_ATTRIBUTE("perm")},
     .expand = expand_transpose, .doc = "The axes in another order; reversed where none is given."},
    {.name = "Concat", .since = 1, .until = 3, .inputs = {INPUT("inputs", ANY)}, .variadic = true,
     .attributes = {INT_ATTRIBUTE("axis", 1)}, .expand = expand_concat, .doc = "The inputs joined along an axis."},
    {.name = "Concat", .since = 4, .inputs = {INPUT("inputs", ANY)}, .variadic = true,
     .attributes = {REQUIRED_ATTRIBUTE("axis", INT)}, .expand = expand_concat, .doc = "The inputs joined along an axis."},
    {.name = "Slice", .since = 1, .until = 9, .inputs = {INPUT("data", ANY)},
     .attributes = {REQUIRED_ATTRIBUTE("starts", INTS), REQUIRED_ATTRIBUTE("ends", INTS), INTS_ATTRIBUTE("axes")},
     .expand = expand_slice, .doc = "A range of each axis; bounds are known when aicc runs, up to symbols."},
    {.name = "Slice", .since = 10,
     .inputs = {INPUT("data", ANY), INDEX_INPUT("starts", false), INDEX_INPUT("ends", false), INDEX_INPUT("axes", true),
                INDEX_INPUT("steps", true)},
     .expand = expand_slice, .doc = "A range of each axis, with steps; bounds are known when aicc runs, up to symbols."},
    {.name = "Split", .since = 1, .until = 1, .inputs = {INPUT("input", ANY), WHOLE_INPUT("split", true)}, .output_count = OPERATOR_VARIADIC_LIMIT,
     .attributes = {REQUIRED_ATTRIBUTE("axis", INT), INTS_ATTRIBUTE("split")}, .expand = expand_split,
     .doc = "Parts along an axis, as given (by the attribute or the input) or even; the axis has no default."},
    {.name = "Split", .since = 2, .until = 12, .inputs = {INPUT("input", ANY)}, .output_count = OPERATOR_VARIADIC_LIMIT,
     .attributes = {INT_ATTRIBUTE("axis", 0), INTS_ATTRIBUTE("split")}, .expand = expand_split,
     .doc = "Parts along an axis, as given or even."},
    {.name = "Split", .since = 13, .until = 17, .output_count = OPERATOR_VARIADIC_LIMIT,
     .inputs = {INPUT("input", ANY), {.name = "split", .elements = ELEMENTS_I64, .optional = true}},
     .attributes = {INT_ATTRIBUTE("axis", 0)}, .expand = expand_split, .doc = "Parts along an axis, as given or even."},
    {.name = "Split", .since = 18, .output_count = OPERATOR_VARIADIC_LIMIT,
     .inputs = {INPUT("input", ANY), {.name = "split", .elements = ELEMENTS_I64, .optional = true}},
     .attributes = {INT_ATTRIBUTE("axis", 0), {.name = "num_outputs", .kind = ATTRIBUTE_INT, .no_default = true}},
     .expand = expand_split, .doc = "Parts along an axis, as given or even; the last may be smaller."},
    {.name = "Expand", .since = 8, .inputs = {INPUT("input", ANY), I64_INPUT("shape")}, .expand = expand_expand,
     .doc = "The input broadcast; an entry of 1 keeps its dim."},
    {.name = "Tile", .since = 1, .until = 5,
     .inputs = {INPUT("input", ANY), WHOLE_INPUT("tiles", false), WHOLE_INPUT("axis", false)},
     .expand = expand_tile_along_axis, .doc = "The input repeated along one axis."},
    {.name = "Tile", .since = 6, .inputs = {INPUT("input", ANY), I64_INPUT("repeats")}, .expand = expand_tile,
     .doc = "The input repeated along each axis."},
    {0}};
