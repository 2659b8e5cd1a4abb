/* SPDX-License-Identifier: Apache-2.0 */
/* The Reduce family: axes as an attribute, as a constant input, or as an input known at run time only. */
#include "aicc/abi.h"
#include "ops/families.h"

enum { RUN_TIME_RANK_LIMIT = 8 };

typedef enum Reduction { SUM, MEAN, MAX, MIN, PRODUCT, L1, L2, LOG_SUM, LOG_SUM_EXP, SUM_SQUARE } Reduction;

static Value *sum_over(Builder *builder, Value *x, uint64_t axes, bool keep) {
  return build_reduce(builder, SCALAR_ADD, x, axes, keep);
}

/* m + log(sum(exp(x - m))), m the maximum; an infinite maximum is left out of the difference. */
static Value *log_sum_exp(Builder *builder, Value *x, uint64_t axes, bool keep) {
  ElementType element = x->type.element;
  Value *most = build_reduce(builder, SCALAR_MAX, x, axes, true);
  if (!most) return NULL;
  Value *infinite = build_binary(builder, SCALAR_EQ, build_unary(builder, SCALAR_ABS, most),
                                 build_number(builder, element, __builtin_inf()));
  Value *shift = build_select(builder, infinite, build_number(builder, element, 0), most);
  Value *powers = build_unary(builder, SCALAR_EXP, build_binary(builder, SCALAR_SUB, x, shift));
  Value *logarithm = build_unary(builder, SCALAR_LOG, sum_over(builder, powers, axes, true));
  Value *result = build_binary(builder, SCALAR_ADD, logarithm, shift);
  if (!result || keep) return result;
  Dim dims[RANK_LIMIT];
  uint32_t rank = 0;
  for (uint32_t i = 0; i < x->type.rank; i++)
    if (!(axes >> i & 1)) dims[rank++] = x->type.dims[i];
  return build_reshape(builder, result, rank, dims);
}

static Value *reduce_compute(Builder *builder, Reduction reduction, Value *x, uint64_t axes, bool keep) {
  ElementType element = x->type.element;
  switch (reduction) {
  case SUM: return sum_over(builder, x, axes, keep);
  case MEAN:
    return build_binary(builder, SCALAR_DIV, sum_over(builder, x, axes, keep),
                        elements_over(builder, x, axes, element));
  case MAX: return build_reduce(builder, element == ELEMENT_BOOL ? SCALAR_OR : SCALAR_MAX, x, axes, keep);
  case MIN: return build_reduce(builder, element == ELEMENT_BOOL ? SCALAR_AND : SCALAR_MIN, x, axes, keep);
  case PRODUCT: return build_reduce(builder, SCALAR_MUL, x, axes, keep);
  case L1: return sum_over(builder, build_unary(builder, SCALAR_ABS, x), axes, keep);
  case SUM_SQUARE: return sum_over(builder, build_binary(builder, SCALAR_MUL, x, x), axes, keep);
  case L2:
    return build_unary(builder, SCALAR_SQRT,
                       sum_over(builder, build_binary(builder, SCALAR_MUL, x, x), axes, keep));
  case LOG_SUM: return build_unary(builder, SCALAR_LOG, sum_over(builder, x, axes, keep));
  case LOG_SUM_EXP: return log_sum_exp(builder, x, axes, keep);
  }
  return NULL;
}

/* Computed in the compute type, except for the exact reductions; roots and logarithms of integers in f64. */
static Value *reduce_over(OperatorCall *call, Value *x, uint64_t axes, bool keep) {
  Reduction reduction = (Reduction)call->operator->variant;
  ElementType element = x->type.element, wide = element;
  bool exact = reduction == MAX || reduction == MIN;
  bool transcendental = reduction == L2 || reduction == LOG_SUM || reduction == LOG_SUM_EXP;
  if (element_is_float(element) && !exact) wide = element_info(element)->compute;
  if (element_is_integer(element) && transcendental) wide = ELEMENT_F64;
  Value *result = reduce_compute(call->builder, reduction, build_cast(call->builder, x, wide), axes, keep);
  return build_cast(call->builder, result, element);
}

static uint64_t all_axes(uint32_t rank) { return rank ? UINT64_MAX >> (64 - rank) : 0; }

/* The shape of a reduction over `axes` against the declared one. */
static bool matches(const Type *x, uint64_t axes, bool keep, const Type *declared) {
  uint32_t at = 0;
  for (uint32_t i = 0; i < x->rank; i++) {
    bool reduced = axes >> i & 1;
    if (reduced && !keep) continue;
    if (at >= declared->rank) return false;
    if (reduced ? !dim_equals_constant(declared->dims[at], 1) : declared->dims[at] != x->dims[i]) return false;
    at++;
  }
  return at == declared->rank;
}

/* The axes' values as a bit mask, computed at run time; an axis outside the rank sets the top bit. */
static Value *run_time_mask(Builder *builder, Value *axes, uint32_t rank) {
  Value *least = build_integer(builder, ELEMENT_I64, -(int64_t)rank), *zero = build_integer(builder, ELEMENT_I64, 0);
  Value *limit = build_integer(builder, ELEMENT_I64, rank), *one = build_integer(builder, ELEMENT_I64, 1);
  Value *negative = build_binary(builder, SCALAR_LT, axes, zero);
  Value *axis = build_select(builder, negative, build_binary(builder, SCALAR_ADD, axes, limit), axes);
  Value *inside = build_binary(builder, SCALAR_AND, build_binary(builder, SCALAR_GE, axes, least),
                               build_binary(builder, SCALAR_LT, axes, limit));
  Value *shift = build_select(builder, inside, axis, build_integer(builder, ELEMENT_I64, 62));
  Value *bits = build_binary(builder, SCALAR_SHL, one, build_cast(builder, shift, ELEMENT_I64));
  Value *unsigned_bits = build_bitcast(builder, bits, ELEMENT_U64);
  return unsigned_bits ? build_reduce(builder, SCALAR_OR, unsigned_bits, 1, false) : NULL;
}

/* The declared result's shape decides which sets of axes are possible; the run-time values choose among them. */
static bool expand_run_time_axes(OperatorCall *call, Value *x, Value *axes, bool keep, bool noop, Value **results) {
  Builder *builder = call->builder;
  const Type *declared = &call->declared[0];
  uint32_t rank = x->type.rank;
  if (declared->element == ELEMENT_UNDEFINED || rank > RUN_TIME_RANK_LIMIT)
    return report(builder->module->diagnostics, &builder->location, MESSAGE_SHAPE_UNKNOWN,
                  "the axes are known at run time only, so the result's shape must be declared");
  Value *mask = run_time_mask(builder, axes, rank);
  Value *chosen = NULL, *valid = NULL;
  for (uint64_t set = 0; set <= all_axes(rank); set++) {
    uint64_t reduced = set == 0 && !noop ? all_axes(rank) : set; /* no axes at all mean every axis */
    if (!matches(&x->type, reduced, keep, declared)) continue;
    Value *is_set = build_binary(builder, SCALAR_EQ, mask, build_integer(builder, ELEMENT_U64, (int64_t)set));
    bool copy = set == 0 && noop;
    Value *result = copy ? x : reduce_over(call, x, reduced, keep);
    chosen = chosen ? build_select(builder, is_set, result, chosen) : result;
    valid = valid ? build_binary(builder, SCALAR_OR, valid, is_set) : is_set;
    if (!chosen || !valid) return false;
  }
  if (!chosen) return call_invalid(call, "no set of axes gives the declared shape");
  if (!build_require(builder, valid, AICC_E_VALUE)) return false;
  results[0] = chosen;
  return true;
}

/* Axes as constants: false where they are not (`*found` false) or invalid (reported). */
static bool constant_axes(OperatorCall *call, const Value *x, uint64_t *axes, bool *given, bool *found) {
  const Attribute *attribute = call_attribute(call, "axes");
  const Value *input = call_input(call, "axes");
  Dim tracked[TRACKED_ELEMENT_LIMIT];
  size_t count = 0;
  *axes = 0;
  *found = true;
  *given = attribute != NULL || input != NULL;
  if (input && !value_track(call->builder, input, tracked, &count)) {
    *found = false;
    return true;
  }
  if (attribute) count = attribute->count;
  for (size_t i = 0; i < count; i++) {
    int64_t axis = 0;
    uint32_t position;
    if (attribute)
      axis = attribute->integers[i];
    else if (!dim_is_constant(tracked[i], &axis))
      return call_invalid(call, "an axis depends on a symbolic dim");
    if (!call_axis(call, axis, x->type.rank, &position)) return false;
    *axes |= UINT64_C(1) << position;
  }
  if (count == 0) *given = false;
  return true;
}

static bool expand_reduce(OperatorCall *call, Value **results) {
  Value *x = call->inputs[0];
  bool keep = call_int(call, "keepdims") != 0, noop = call_int(call, "noop_with_empty_axes") != 0, given, found;
  uint64_t axes;
  if (!constant_axes(call, x, &axes, &given, &found)) return false;
  if (!found) return expand_run_time_axes(call, x, call_input(call, "axes"), keep, noop, results);
  if (!given && noop) { /* no axes: the operation per element, without a reduction over anything */
    results[0] = reduce_over(call, x, 0, true);
    return results[0] != NULL;
  }
  results[0] = reduce_over(call, x, given ? axes : all_axes(x->type.rank), keep);
  return results[0] != NULL;
}

#define REDUCE(name_, variant_, input_since_, elements_, newest_, doc_)                                      \
  {.name = name_, .since = 1, .until = input_since_ - 1, .inputs = {INPUT("data", elements_)},               \
   .attributes = {INTS_ATTRIBUTE("axes"), INT_ATTRIBUTE("keepdims", 1)}, .expand = expand_reduce,            \
   .variant = variant_, .doc = doc_},                                                                        \
  {.name = name_, .since = input_since_,                                                                     \
   .inputs = {INPUT("data", newest_), {.name = "axes", .elements = ELEMENTS_I64, .optional = true}},         \
   .attributes = {INT_ATTRIBUTE("keepdims", 1), INT_ATTRIBUTE("noop_with_empty_axes", 0)},                   \
   .expand = expand_reduce, .variant = variant_, .doc = doc_}

const Operator reduce_operators[] = {
    REDUCE("ReduceSum", SUM, 13, NUMERIC, NUMERIC, "The sum over the axes; 0 over none."),
    REDUCE("ReduceMean", MEAN, 18, NUMERIC, NUMERIC, "The mean over the axes; integers truncate."),
    REDUCE("ReduceMax", MAX, 18, NUMERIC, ARITHMETIC, "The greatest over the axes; NaN propagates."),
    REDUCE("ReduceMin", MIN, 18, NUMERIC, ARITHMETIC, "The least over the axes; NaN propagates."),
    REDUCE("ReduceProd", PRODUCT, 18, NUMERIC, NUMERIC, "The product over the axes; 1 over none."),
    REDUCE("ReduceL1", L1, 18, NUMERIC, NUMERIC, "The sum of absolute values over the axes."),
    REDUCE("ReduceL2", L2, 18, NUMERIC, NUMERIC, "The root of the sum of squares over the axes."),
    REDUCE("ReduceLogSum", LOG_SUM, 18, NUMERIC, NUMERIC, "The logarithm of the sum over the axes."),
    REDUCE("ReduceLogSumExp", LOG_SUM_EXP, 18, NUMERIC, NUMERIC,
           "The logarithm of the sum of exponentials over the axes, without overflow."),
    REDUCE("ReduceSumSquare", SUM_SQUARE, 18, NUMERIC, NUMERIC, "The sum of squares over the axes."),
    {0}};
