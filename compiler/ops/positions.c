/* SPDX-License-Identifier: Apache-2.0 */
/* What depends on where an element stands: the place of the greatest, ones at a place, triangles, running sums, ranges. */
#include "aicc/abi.h"
#include "ops/families.h"

static Value *places(Builder *builder, const Type *type, uint32_t axis) {
  return build_iota(builder, ELEMENT_I64, type->rank, type->dims, axis);
}

static Value *is_nan(Builder *builder, Value *x) { return build_binary(builder, SCALAR_NE, x, x); }

/* The place of the greatest or least along an axis, which stays; of several the first or last. NaN is before all others. */
static Value *extreme_place(OperatorCall *call, Value *x, uint32_t axis, Scalar monoid, bool last) {
  Builder *builder = call->builder;
  Dim extent = x->type.dims[axis], one = dim_constant(builder->module->dims, 1);
  uint64_t axes = UINT64_C(1) << axis;
  if (!build_require_at_least(builder, extent, one, "there is no element along the axis")) return NULL;
  x = build_cast(builder, x, element_info(x->type.element)->compute);
  Value *hit = build_binary(builder, SCALAR_EQ, x, build_reduce(builder, monoid, x, axes, true));
  if (hit && element_is_float(x->type.element)) hit = build_binary(builder, SCALAR_OR, hit, is_nan(builder, x));
  Value *none = build_integer(builder, ELEMENT_I64, last ? -1 : INT64_MAX);
  Value *at = build_select(builder, hit, places(builder, &x->type, axis), none);
  return build_reduce(builder, last ? SCALAR_MAX : SCALAR_MIN, at, axes, true);
}

/* The tensor without an axis of extent 1. */
static Value *without_axis(Builder *builder, Value *x, uint32_t axis) {
  Dim dims[RANK_LIMIT];
  uint32_t rank = 0;
  if (!x) return NULL;
  for (uint32_t i = 0; i < x->type.rank; i++)
    if (i != axis) dims[rank++] = x->type.dims[i];
  return build_reshape(builder, x, rank, dims);
}

static bool expand_arg(OperatorCall *call, Value **results) {
  Value *x = call->inputs[0];
  const Attribute *last = call_attribute(call, "select_last_index");
  uint32_t axis;
  if (!call_axis(call, call_int(call, "axis"), x->type.rank, &axis)) return false;
  Value *at = extreme_place(call, x, axis, (Scalar)call->operator->variant, last && last->integer);
  results[0] = call_int(call, "keepdims") ? at : without_axis(call->builder, at, axis);
  return results[0] != NULL;
}

/* 1 at the first of the greatest along an axis, else 0. */
static Value *hardmax(OperatorCall *call, Value *x, uint32_t axis) {
  Builder *builder = call->builder;
  if (!x) return NULL;
  Value *hit = build_binary(builder, SCALAR_EQ, places(builder, &x->type, axis), extreme_place(call, x, axis, SCALAR_MAX, false));
  return build_cast(builder, hit, x->type.element);
}

/* Before opset 13 over all axes from `axis` on. */
static bool expand_hardmax(OperatorCall *call, Value **results) {
  Value *x = call->inputs[0];
  DimContext *context = call->builder->module->dims;
  uint32_t axis;
  if (!call_axis(call, call_int(call, "axis"), x->type.rank, &axis)) return false;
  if (call->opset >= 13) {
    results[0] = hardmax(call, x, axis);
    return results[0] != NULL;
  }
  Dim dims[2] = {dim_constant(context, 1), dim_constant(context, 1)};
  for (uint32_t i = 0; i < x->type.rank; i++) dims[i >= axis] = dim_multiply(context, dims[i >= axis], x->type.dims[i]);
  Value *flat = hardmax(call, build_reshape(call->builder, x, 2, dims), 1);
  results[0] = build_reshape(call->builder, flat, x->type.rank, x->type.dims);
  return results[0] != NULL;
}

/* A number that is an operand, of one element, as a scalar. Null after a report. */
static Value *scalar_input(OperatorCall *call, const char *name) {
  Value *value = call_input(call, name);
  return value ? build_reshape(call->builder, value, 0, NULL) : NULL;
}

/* The number of places, where the operand is known, or else what the declared result has there, which the run checks. */
static bool read_depth(OperatorCall *call, Value *depth, uint32_t axis, Dim *result) {
  Builder *builder = call->builder;
  const Type *declared = &call->declared[0];
  size_t count;
  if (!build_require_at_least(builder, type_count(builder->module->dims, &depth->type), dim_constant(builder->module->dims, 1), "depth has no element"))
    return false;
  int64_t number;
  const Blob *blob = value_constant(depth);
  if (blob && blob->element_count == 1 && blob_integer_at(blob, 0, &number)) {
    *result = dim_constant(builder->module->dims, number);
    return build_require_at_least(builder, *result, dim_constant(builder->module->dims, 0), "depth is negative");
  }
  Dim tracked[TRACKED_ELEMENT_LIMIT];
  if (value_track(builder, depth, tracked, &count) && count == 1) {
    *result = tracked[0];
    return build_require_at_least(builder, *result, dim_constant(builder->module->dims, 0), "depth is negative");
  }
  if (declared->element == ELEMENT_UNDEFINED || axis >= declared->rank || !dim_is_valid(declared->dims[axis]))
    return report(builder->module->diagnostics, &builder->location, MESSAGE_SHAPE_UNKNOWN,
                  "depth is not known at compile time, and no shape of the result is declared");
  *result = declared->dims[axis];
  Value *wanted = build_reshape(builder, build_dims(builder, result, 1), 0, NULL);
  Value *given = build_cast(builder, build_reshape(builder, depth, 0, NULL), ELEMENT_I64);
  Value *valid = build_binary(builder, SCALAR_EQ, given, wanted);
  return valid && build_require(builder, valid, AICC_E_VALUE);
}

/* Element `at` of a vector, as a scalar. */
static Value *element_at(Builder *builder, Value *list, int64_t at) {
  EquationBuilder *equation = equation_start(builder);
  equation_operand(equation, 0, dim_constant(builder->module->dims, at), 0, NULL, NULL);
  return build_view(equation, list, NULL);
}

static bool expand_one_hot(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  DimContext *context = builder->module->dims;
  Value *indices = call->inputs[0], *values = call->inputs[2];
  uint32_t axis, rank = indices->type.rank;
  Dim depth, dims[RANK_LIMIT], own[RANK_LIMIT], two = dim_constant(context, 2);
  if (rank == RANK_LIMIT) return call_invalid(call, "the result has more than %d axes", RANK_LIMIT);
  if (!call_axis(call, call_int(call, "axis"), rank + 1, &axis) || !read_depth(call, call->inputs[1], axis, &depth)) return false;
  if (values->type.rank != 1) return call_invalid(call, "values must be the value of 0 and that of 1");
  if (!build_require_equal(builder, values->type.dims[0], two, "values must be the value of 0 and that of 1")) return false;
  for (uint32_t i = 0; i <= rank; i++) {
    dims[i] = i == axis ? depth : indices->type.dims[i - (i > axis)];
    own[i] = i == axis ? dim_constant(context, 1) : dims[i];
  }
  Value *wide = build_reshape(builder, build_cast(builder, indices, ELEMENT_I64), rank + 1, own);
  Value *length = build_reshape(builder, build_dims(builder, &depth, 1), 0, NULL);
  Value *negative = build_binary(builder, SCALAR_LT, wide, build_integer(builder, ELEMENT_I64, 0));
  Value *from_end = build_select(builder, negative, build_binary(builder, SCALAR_ADD, wide, length), wide);
  Value *at = call->opset < 11 ? wide : from_end;
  Type type = {.kind = VALUE_TENSOR, .element = ELEMENT_I64, .rank = rank + 1, .dims = dims};
  Value *hit = build_binary(builder, SCALAR_EQ, places(builder, &type, axis), at);
  results[0] = build_select(builder, hit, element_at(builder, values, 1), element_at(builder, values, 0));
  return results[0] != NULL;
}

/* Column less row, over the last two axes. */
static Value *diagonals(Builder *builder, const Type *type) {
  return build_binary(builder, SCALAR_SUB, places(builder, type, type->rank - 1), places(builder, type, type->rank - 2));
}

static bool expand_trilu(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *x = call->inputs[0], *k = scalar_input(call, "k");
  if (x->type.rank < 2) return call_invalid(call, "the input is no matrix");
  if (call_input(call, "k") && !k) return false;
  if (!k) k = build_integer(builder, ELEMENT_I64, 0);
  Value *kept = build_binary(builder, call_int(call, "upper") ? SCALAR_GE : SCALAR_LE, diagonals(builder, &x->type), k);
  results[0] = build_select(builder, kept, x, build_number(builder, x->type.element, 0));
  return results[0] != NULL;
}

static bool expand_eye_like(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *x = call->inputs[0];
  const Attribute *type = call_attribute(call, "dtype");
  if (type && (type->integer < 1 || type->integer >= ELEMENT_COUNT))
    return call_invalid(call, "dtype %lld is no element type", (long long)type->integer);
  ElementType element = type ? (ElementType)type->integer : x->type.element;
  if (!element_is_computed(element)) return report(builder->module->diagnostics, &builder->location, MESSAGE_TYPE_UNSUPPORTED, element_info(element)->onnx_name);
  if (x->type.rank != 2) return call_invalid(call, "the input is no matrix");
  Value *hit = build_binary(builder, SCALAR_EQ, diagonals(builder, &x->type), build_integer(builder, ELEMENT_I64, call_int(call, "k")));
  results[0] = build_cast(builder, hit, element);
  return results[0] != NULL;
}

/* y[i] is the sum over k >= 0 of x[i - k], what lies outside left out; from behind x[i + k]; exclusive without k = 0. */
static Value *running_sum(OperatorCall *call, Value *x, uint32_t axis) {
  DimContext *context = call->builder->module->dims;
  EquationBuilder *equation = equation_start(call->builder);
  bool reverse = call_int(call, "reverse") != 0, exclusive = call_int(call, "exclusive") != 0;
  int64_t direction = reverse ? 1 : -1;
  for (uint32_t i = 0; i < x->type.rank; i++) {
    uint32_t label = equation_label(equation, build_axis_name(i), x->type.dims[i]);
    equation_result_label(equation, label);
    if (i != axis) {
      equation_operand_label(equation, 0, label);
      continue;
    }
    uint32_t pair[2] = {label, equation_label(equation, "back", x->type.dims[i])};
    Dim coefficients[2] = {dim_constant(context, 1), dim_constant(context, direction)};
    equation_operand(equation, 0, dim_constant(context, exclusive ? direction : 0), 2, pair, coefficients);
  }
  return build_reduction(equation, SCALAR_ADD, x);
}

/* An axis that only the run knows: the sums along every axis, and the run chooses. */
static bool sum_along_any(OperatorCall *call, Value *x, Value *axis, Value **results) {
  enum { RUN_TIME_RANK_LIMIT = 8 };
  Builder *builder = call->builder;
  Value *chosen = NULL, *valid = NULL;
  if (!x->type.rank || x->type.rank > RUN_TIME_RANK_LIMIT)
    return call_invalid(call, "an axis that is known at run time only needs 1 to %d axes", RUN_TIME_RANK_LIMIT);
  Value *given = build_cast(builder, build_reshape(builder, axis, 0, NULL), ELEMENT_I64);
  for (uint32_t i = 0; i < x->type.rank; i++) {
    Value *front = build_binary(builder, SCALAR_EQ, given, build_integer(builder, ELEMENT_I64, i));
    Value *back = build_binary(builder, SCALAR_EQ, given, build_integer(builder, ELEMENT_I64, (int64_t)i - x->type.rank));
    Value *hit = build_binary(builder, SCALAR_OR, front, back), *sum = running_sum(call, x, i);
    chosen = chosen ? build_select(builder, hit, sum, chosen) : sum;
    valid = valid ? build_binary(builder, SCALAR_OR, valid, hit) : hit;
  }
  results[0] = chosen;
  return chosen && valid && build_require(builder, valid, AICC_E_VALUE);
}

static bool expand_cumulative_sum(OperatorCall *call, Value **results) {
  Value *x = call->inputs[0], *given = call->inputs[1];
  const Blob *blob = value_constant(given);
  Dim tracked[TRACKED_ELEMENT_LIMIT];
  size_t count = 1;
  int64_t number;
  uint32_t axis;
  bool known = blob ? blob->element_count == 1 && blob_integer_at(blob, 0, &number)
                    : value_track(call->builder, given, tracked, &count) && count == 1 && dim_is_constant(tracked[0], &number);
  if (!known) return sum_along_any(call, x, given, results);
  if (!call_axis(call, number, x->type.rank, &axis)) return false;
  results[0] = running_sum(call, x, axis);
  return results[0] != NULL;
}

/* max(0, ceil((limit - start) / delta)) as a dim; false where the operands do not say it. */
static bool range_length(OperatorCall *call, Dim *length) {
  DimContext *context = call->builder->module->dims;
  Dim dims[3][TRACKED_ELEMENT_LIMIT], zero = dim_constant(context, 0);
  double numbers[3];
  size_t count;
  bool all = true;
  for (uint32_t i = 0; i < 3; i++) {
    const Blob *blob = value_constant(call->inputs[i]);
    all = all && blob && blob->element_count == 1 && blob_float_at(blob, 0, &numbers[i]);
  }
  if (all && element_is_float(call->inputs[0]->type.element)) {
    double exact = __builtin_ceil((numbers[1] - numbers[0]) / numbers[2]);
    *length = dim_constant(context, exact > 0 && exact < 0x1p62 ? (int64_t)exact : 0);
    return true;
  }
  for (uint32_t i = 0; i < 3; i++)
    if (!value_track(call->builder, call->inputs[i], dims[i], &count) || count != 1) return false;
  bool down = dim_range(context, dims[2][0]).high < 0;
  if (!down && dim_range(context, dims[2][0]).low < 1) return false;
  Dim step = down ? dim_subtract(context, zero, dims[2][0]) : dims[2][0];
  Dim way = down ? dim_subtract(context, dims[0][0], dims[1][0]) : dim_subtract(context, dims[1][0], dims[0][0]);
  *length = dim_max(context, zero, dim_ceil_divide(context, way, step));
  return dim_is_valid(*length);
}

/* The same number at run time: of integers the quotient rounded to 0, and one more where something is left. */
static Value *run_time_length(Builder *builder, Value *start, Value *limit, Value *delta) {
  ElementType element = element_is_float(start->type.element) ? ELEMENT_F64 : ELEMENT_I64;
  Value *step = build_cast(builder, delta, element), *zero = build_number(builder, element, 0);
  Value *way = build_binary(builder, SCALAR_SUB, build_cast(builder, limit, element), build_cast(builder, start, element));
  Value *whole = build_binary(builder, SCALAR_DIV, way, step);
  if (element == ELEMENT_F64) return build_cast(builder, build_binary(builder, SCALAR_MAX, build_unary(builder, SCALAR_CEIL, whole), zero), ELEMENT_I64);
  Value *rest = build_binary(builder, SCALAR_SUB, way, build_binary(builder, SCALAR_MUL, whole, step));
  Value *forward = build_binary(builder, SCALAR_GT, build_binary(builder, SCALAR_MUL, build_unary(builder, SCALAR_SIGN, rest), build_unary(builder, SCALAR_SIGN, step)), zero);
  return build_binary(builder, SCALAR_MAX, build_binary(builder, SCALAR_ADD, whole, build_cast(builder, forward, element)), zero);
}

static bool expand_range(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *start = scalar_input(call, "start"), *limit = scalar_input(call, "limit"), *delta = scalar_input(call, "delta");
  const Type *declared = &call->declared[0];
  Dim length;
  if (!start || !limit || !delta) return false;
  ElementType element = start->type.element;
  if (!range_length(call, &length)) {
    if (declared->element == ELEMENT_UNDEFINED || declared->rank != 1 || !dim_is_valid(declared->dims[0]))
      return report(builder->module->diagnostics, &builder->location, MESSAGE_SHAPE_UNKNOWN,
                    "the length of the range is not known at compile time, and no shape of the result is declared");
    length = declared->dims[0];
    Value *wanted = build_reshape(builder, build_dims(builder, &length, 1), 0, NULL);
    Value *valid = build_binary(builder, SCALAR_EQ, run_time_length(builder, start, limit, delta), wanted);
    if (!valid || !build_require(builder, valid, AICC_E_VALUE)) return false;
  }
  Value *steps = build_binary(builder, SCALAR_MUL, build_iota(builder, element, 1, &length, 0), delta);
  results[0] = build_binary(builder, SCALAR_ADD, steps, start);
  return results[0] != NULL;
}

#define ARG_NUMBERS(name_, monoid_, doc_)                                                                    \
  {.name = name_, .since = 1, .until = 11, .inputs = {INPUT("data", NUMERIC)},                               \
   .attributes = {INT_ATTRIBUTE("axis", 0), INT_ATTRIBUTE("keepdims", 1)}, .expand = expand_arg, .variant = monoid_, .doc = doc_}, \
  {.name = name_, .since = 12, .inputs = {INPUT("data", NUMERIC)},                                           \
   .attributes = {INT_ATTRIBUTE("axis", 0), INT_ATTRIBUTE("keepdims", 1), INT_ATTRIBUTE("select_last_index", 0)}, \
   .expand = expand_arg, .variant = monoid_, .doc = doc_}
#define ONE_HOT(since_, until_)                                                                       \
  {.name = "OneHot", .since = since_, .until = until_,                                                       \
   .inputs = {{.name = "indices", .elements = ELEMENTS_NUMERIC}, {.name = "depth", .elements = ELEMENTS_NUMERIC}, INPUT("values", ARITHMETIC)}, \
   .attributes = {INT_ATTRIBUTE("axis", -1)}, .expand = expand_one_hot,                                   \
   .doc = "The second of the values where an index stands along a new axis, else the first."}

const Operator position_operators[] = {
    ARG_NUMBERS("ArgMax", SCALAR_MAX, "The place of the greatest element along an axis."),
    ARG_NUMBERS("ArgMin", SCALAR_MIN, "The place of the least element along an axis."),
    {.name = "Hardmax", .since = 1, .until = 12, .inputs = {INPUT("input", FLOAT)}, .attributes = {INT_ATTRIBUTE("axis", 1)},
     .expand = expand_hardmax, .doc = "1 at the first of the greatest elements of the axes from `axis` on, else 0."},
    {.name = "Hardmax", .since = 13, .inputs = {INPUT("input", FLOAT)}, .attributes = {INT_ATTRIBUTE("axis", -1)},
     .expand = expand_hardmax, .doc = "1 at the first of the greatest elements along an axis, else 0."},
    ONE_HOT(9, 10),
    ONE_HOT(11, 0),
    {.name = "Trilu", .since = 14, .inputs = {INPUT("input", ARITHMETIC), {.name = "k", .elements = ELEMENTS_I64, .optional = true}},
     .attributes = {INT_ATTRIBUTE("upper", 1)}, .expand = expand_trilu, .doc = "The upper or lower triangle of matrices; the rest is 0."},
    {.name = "EyeLike", .since = 9, .inputs = {INPUT("input", ARITHMETIC)},
     .attributes = {{.name = "dtype", .kind = ATTRIBUTE_INT, .no_default = true}, INT_ATTRIBUTE("k", 0)}, .expand = expand_eye_like,
     .doc = "A matrix of the input's dims with ones on a diagonal, else 0."},
    {.name = "CumSum", .since = 11, .inputs = {INPUT("x", NUMERIC), {.name = "axis", .elements = ELEMENTS_INDEX}},
     .attributes = {INT_ATTRIBUTE("exclusive", 0), INT_ATTRIBUTE("reverse", 0)}, .expand = expand_cumulative_sum,
     .doc = "Sums of all elements up to each along an axis."},
    {.name = "Range", .since = 11, .inputs = {INPUT("start", NUMERIC), INPUT("limit", NUMERIC), INPUT("delta", NUMERIC)},
     .expand = expand_range, .doc = "start, start + delta, and so on, below the limit."},
    {0}};
