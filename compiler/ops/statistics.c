/* SPDX-License-Identifier: Apache-2.0 */
/* Normalisations by what the input itself says of some of its axes: layer, RMS, instance and group normalisation and their
   relatives. Batch normalisation, by given statistics: normalization.c. The variance is the mean of the squared
   differences from the mean. */
#include "ops/families.h"

static Value *square(Builder *builder, Value *x) { return build_binary(builder, SCALAR_MUL, x, x); }

static Value *mean_over(Builder *builder, Value *x, uint64_t axes) {
  if (!x) return NULL;
  Value *count = elements_over(builder, x, axes, x->type.element);
  return build_binary(builder, SCALAR_DIV, build_reduce(builder, SCALAR_ADD, x, axes, true), count);
}

/* 1 / sqrt(x + epsilon) */
static Value *inverse_root(OperatorCall *call, Value *x) {
  if (!x) return NULL;
  Builder *builder = call->builder;
  Value *sum = build_binary(builder, SCALAR_ADD, x, build_number(builder, x->type.element, call_float(call, "epsilon")));
  return build_unary(builder, SCALAR_RECIP, build_unary(builder, SCALAR_SQRT, sum));
}

/* x less its mean over the axes, in units of its deviation. `mean` and `inverse` (may be null) receive the statistics. */
static Value *standardised(OperatorCall *call, Value *x, uint64_t axes, Value **mean, Value **inverse) {
  Builder *builder = call->builder;
  Value *middle = mean_over(builder, x, axes), *difference = build_binary(builder, SCALAR_SUB, x, middle);
  Value *factor = inverse_root(call, mean_over(builder, square(builder, difference), axes));
  if (mean) *mean = middle;
  if (inverse) *inverse = factor;
  return build_binary(builder, SCALAR_MUL, difference, factor);
}

/* The type that `stash_type` names, which statistics are computed in. */
static bool stash_element(const OperatorCall *call, ElementType *element) {
  int64_t number = call_int(call, "stash_type");
  *element = number == ELEMENT_F32 || number == ELEMENT_F64 || number == ELEMENT_F16 || number == ELEMENT_BF16 ? (ElementType)number : ELEMENT_UNDEFINED;
  return *element != ELEMENT_UNDEFINED || call_invalid(call, "stash_type %lld is no type of floats", (long long)number);
}

/* The axes from `axis` on, as a set. */
static bool axes_from(const OperatorCall *call, const Value *x, uint64_t *axes) {
  uint32_t axis;
  if (!call_axis(call, call_int(call, "axis"), x->type.rank, &axis)) return false;
  *axes = ((UINT64_C(1) << x->type.rank) - 1) & ~((UINT64_C(1) << axis) - 1);
  return true;
}

/* y * scale + shift, both broadcast to y; shift may be null. */
static Value *scaled(Builder *builder, Value *y, Value *scale, Value *shift) {
  Value *product = build_binary(builder, SCALAR_MUL, y, build_stretch(builder, scale, y, "the scale does not broadcast to the input"));
  return shift ? build_binary(builder, SCALAR_ADD, product, build_stretch(builder, shift, y, "the bias does not broadcast to the input")) : product;
}

static bool expand_layer_normalization(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *x = call->inputs[0], *mean = NULL, *inverse = NULL;
  ElementType stash;
  uint64_t axes;
  if (!stash_element(call, &stash) || !axes_from(call, x, &axes)) return false;
  Value *wide = build_cast(builder, x, element_info(stash)->compute);
  Value *y = build_cast(builder, standardised(call, wide, axes, &mean, &inverse), x->type.element);
  results[0] = scaled(builder, y, call->inputs[1], call_input(call, "B"));
  if (call->output_count > 1) results[1] = build_cast(builder, mean, stash);
  if (call->output_count > 2) results[2] = build_cast(builder, inverse, stash);
  return results[0] != NULL;
}

static bool expand_rms_normalization(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *x = call->inputs[0];
  ElementType stash;
  uint64_t axes;
  if (!stash_element(call, &stash) || !axes_from(call, x, &axes)) return false;
  Value *wide = build_cast(builder, x, element_info(stash)->compute);
  Value *factor = inverse_root(call, mean_over(builder, square(builder, wide), axes));
  Value *y = build_cast(builder, build_binary(builder, SCALAR_MUL, wide, factor), x->type.element);
  results[0] = scaled(builder, y, call->inputs[1], NULL);
  return results[0] != NULL;
}

/* The axes behind batch and channels. */
static uint64_t spatial_axes(uint32_t rank) { return ((UINT64_C(1) << rank) - 1) & ~UINT64_C(3); }

/* One number per element of axis 1, as it broadcasts to a tensor of that rank. */
static Value *along_channels(OperatorCall *call, Value *numbers, Dim channels, uint32_t rank, const char *what) {
  Builder *builder = call->builder;
  Dim dims[RANK_LIMIT], one = dim_constant(builder->module->dims, 1);
  if (numbers->type.rank != 1) {
    call_invalid(call, "%s", what);
    return NULL;
  }
  if (!build_require_equal(builder, numbers->type.dims[0], channels, what)) return NULL;
  for (uint32_t i = 1; i < rank; i++) dims[i - 1] = i == 1 ? numbers->type.dims[0] : one;
  return build_reshape(builder, numbers, rank - 1, dims);
}

static bool expand_instance_normalization(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *x = call->inputs[0];
  const char *what = "there is not one number per channel";
  uint32_t rank = x->type.rank;
  ElementType wide = element_info(x->type.element)->compute;
  if (rank < 3) return call_invalid(call, "the input needs an axis behind batch and channels");
  Value *scale = along_channels(call, call->inputs[1], x->type.dims[1], rank, what);
  Value *shift = along_channels(call, call->inputs[2], x->type.dims[1], rank, what);
  if (!scale || !shift) return false;
  Value *y = standardised(call, build_cast(builder, x, wide), spatial_axes(rank), NULL, NULL);
  y = scaled(builder, y, build_cast(builder, scale, wide), build_cast(builder, shift, wide));
  results[0] = build_cast(builder, y, x->type.element);
  return results[0] != NULL;
}

/* Channels are cut into groups, each normalised as one. Before opset 21 there is a scale per group (variant 1). */
static bool expand_group_normalization(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  DimContext *context = builder->module->dims;
  Value *x = call->inputs[0], *scale = call->inputs[1], *shift = call->inputs[2];
  int64_t groups = call_int(call, "num_groups");
  bool per_group = call->operator->variant == 1;
  uint32_t rank = x->type.rank;
  ElementType stash = element_info(x->type.element)->compute;
  Dim dims[RANK_LIMIT];
  if (!per_group && !stash_element(call, &stash)) return false;
  if (rank < 2 || rank >= RANK_LIMIT || groups < 1) return call_invalid(call, "an input of rank %u has no %lld groups of channels", rank, (long long)groups);
  if (!build_require_multiple(builder, x->type.dims[1], groups, "the channels are no multiple of the groups")) return false;
  dims[0] = x->type.dims[0];
  dims[1] = dim_constant(context, groups);
  dims[2] = dim_floor_divide(context, x->type.dims[1], dims[1]);
  for (uint32_t i = 2; i < rank; i++) dims[i + 1] = x->type.dims[i];
  stash = element_info(stash)->compute;
  const char *what = per_group ? "there is not one number per group" : "there is not one number per channel";
  scale = along_channels(call, scale, per_group ? dims[1] : x->type.dims[1], per_group ? rank + 1 : rank, what);
  shift = along_channels(call, shift, per_group ? dims[1] : x->type.dims[1], per_group ? rank + 1 : rank, what);
  if (!scale || !shift) return false;
  Value *y = build_reshape(builder, build_cast(builder, x, stash), rank + 1, dims);
  y = standardised(call, y, spatial_axes(rank + 1), NULL, NULL);
  if (!per_group) y = build_reshape(builder, y, rank, x->type.dims);
  y = scaled(builder, y, build_cast(builder, scale, stash), build_cast(builder, shift, stash));
  if (per_group) y = build_reshape(builder, y, rank, x->type.dims);
  results[0] = build_cast(builder, y, x->type.element);
  return results[0] != NULL;
}

/* (x - mean) / (deviation + 1e-9), over batch and places by default. */
static bool expand_mean_variance(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *x = call->inputs[0];
  const Attribute *given = call_attribute(call, "axes");
  static const int64_t usual[] = {0, 2, 3};
  uint64_t axes = 0;
  for (size_t i = 0; i < (given ? given->count : 3); i++) {
    uint32_t axis;
    if (!call_axis(call, given ? given->integers[i] : usual[i], x->type.rank, &axis)) return false;
    axes |= UINT64_C(1) << axis;
  }
  Value *wide = build_cast(builder, x, element_info(x->type.element)->compute);
  Value *difference = build_binary(builder, SCALAR_SUB, wide, mean_over(builder, wide, axes));
  Value *deviation = build_unary(builder, SCALAR_SQRT, mean_over(builder, square(builder, difference), axes));
  deviation = build_binary(builder, SCALAR_ADD, deviation, build_number(builder, wide->type.element, 1e-9));
  results[0] = build_cast(builder, build_binary(builder, SCALAR_DIV, difference, deviation), x->type.element);
  return results[0] != NULL;
}

/* x by its norm along an axis; where that is 0, so is x. */
static bool expand_lp_normalization(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *x = call->inputs[0];
  int64_t p = call_int(call, "p");
  uint32_t axis;
  if (p != 1 && p != 2) return call_invalid(call, "p is %lld, 1 or 2 is needed", (long long)p);
  if (!call_axis(call, call_int(call, "axis"), x->type.rank, &axis)) return false;
  Value *wide = build_cast(builder, x, element_info(x->type.element)->compute);
  Value *powers = p == 1 ? build_unary(builder, SCALAR_ABS, wide) : square(builder, wide);
  Value *norm = build_reduce(builder, SCALAR_ADD, powers, UINT64_C(1) << axis, true);
  if (p == 2) norm = build_unary(builder, SCALAR_SQRT, norm);
  Value *none = build_binary(builder, SCALAR_EQ, norm, build_number(builder, wide->type.element, 0));
  Value *divisor = build_select(builder, none, build_number(builder, wide->type.element, 1), norm);
  results[0] = build_cast(builder, build_binary(builder, SCALAR_DIV, wide, divisor), x->type.element);
  return results[0] != NULL;
}

/* Sums over the `size` channels around each, floor((size-1)/2) of them before it. */
static Value *sum_around(OperatorCall *call, Value *x, int64_t size) {
  DimContext *context = call->builder->module->dims;
  EquationBuilder *equation = equation_start(call->builder);
  if (!x) return NULL;
  for (uint32_t i = 0; i < x->type.rank; i++) {
    uint32_t pair[2] = {equation_label(equation, build_axis_name(i), x->type.dims[i]), 0};
    if (i == 1) {
      pair[1] = equation_label(equation, "taps", dim_constant(context, size));
      equation_operand(equation, 0, dim_constant(context, -((size - 1) / 2)), 2, pair, NULL);
    } else {
      equation_operand_label(equation, 0, pair[0]);
    }
    equation_result_label(equation, pair[0]);
  }
  return build_reduction(equation, SCALAR_ADD, x);
}

/* x / (bias + alpha / size * sum of squares)^beta */
static bool expand_lrn(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *x = call->inputs[0];
  int64_t size = call_int(call, "size");
  if (size < 1 || size > INT32_MAX) return call_invalid(call, "size is %lld, which is not positive", (long long)size);
  if (x->type.rank < 2) return call_invalid(call, "the input has no axis of channels");
  Value *wide = build_cast(builder, x, element_info(x->type.element)->compute);
  ElementType element = wide->type.element;
  Value *sum = sum_around(call, square(builder, wide), size);
  Value *part = build_binary(builder, SCALAR_MUL, sum, build_number(builder, element, call_float(call, "alpha") / (double)size));
  Value *base = build_binary(builder, SCALAR_ADD, part, build_number(builder, element, call_float(call, "bias")));
  Value *power = build_binary(builder, SCALAR_POW, base, build_number(builder, element, call_float(call, "beta")));
  results[0] = build_cast(builder, build_binary(builder, SCALAR_DIV, wide, power), x->type.element);
  return results[0] != NULL;
}

#define EPSILON FLOAT_ATTRIBUTE("epsilon", 1e-5)
#define STASH_TYPE INT_ATTRIBUTE("stash_type", 1)
#define AFFINE(bias_) INPUT("scale", FLOAT), INPUT(bias_, FLOAT)
#define INSTANCE_DOC "Normalises each channel of each batch element by its own mean and variance."
#define GROUP_DOC "Normalises groups of channels of each batch element by their own mean and variance."

const Operator statistics_operators[] = {
    {.name = "LayerNormalization", .since = 17, .inputs = {INPUT("X", FLOAT), INPUT("Scale", FLOAT), OPTIONAL_INPUT("B", FLOAT)},
     .output_count = 3, .attributes = {INT_ATTRIBUTE("axis", -1), EPSILON, STASH_TYPE}, .expand = expand_layer_normalization,
     .doc = "Normalises by mean and variance over the axes from `axis` on, then scales and shifts."},
    {.name = "RMSNormalization", .since = 23, .inputs = {INPUT("X", FLOAT), INPUT("scale", FLOAT)},
     .attributes = {INT_ATTRIBUTE("axis", -1), EPSILON, STASH_TYPE}, .expand = expand_rms_normalization,
     .doc = "Divides by the root of the mean square over the axes from `axis` on, then scales."},
    {.name = "InstanceNormalization", .since = 1, .until = 5, .inputs = {INPUT("input", FLOAT), AFFINE("B")},
     .attributes = {EPSILON, INTS_ATTRIBUTE("consumed_inputs")}, .expand = expand_instance_normalization, .doc = INSTANCE_DOC},
    {.name = "InstanceNormalization", .since = 6, .inputs = {INPUT("input", FLOAT), AFFINE("B")}, .attributes = {EPSILON},
     .expand = expand_instance_normalization, .doc = INSTANCE_DOC},
    {.name = "GroupNormalization", .since = 18, .until = 20, .inputs = {INPUT("X", FLOAT), AFFINE("bias")}, .variant = 1,
     .attributes = {EPSILON, REQUIRED_ATTRIBUTE("num_groups", INT)}, .expand = expand_group_normalization, .doc = GROUP_DOC},
    {.name = "GroupNormalization", .since = 21, .inputs = {INPUT("X", FLOAT), AFFINE("bias")},
     .attributes = {EPSILON, REQUIRED_ATTRIBUTE("num_groups", INT), STASH_TYPE}, .expand = expand_group_normalization, .doc = GROUP_DOC},
    {.name = "MeanVarianceNormalization", .since = 9, .inputs = {INPUT("X", FLOAT)}, .attributes = {INTS_ATTRIBUTE("axes")},
     .expand = expand_mean_variance, .doc = "Subtracts the mean over the axes and divides by the deviation."},
    {.name = "LpNormalization", .since = 1, .inputs = {INPUT("input", FLOAT)},
     .attributes = {INT_ATTRIBUTE("axis", -1), INT_ATTRIBUTE("p", 2)}, .expand = expand_lp_normalization,
     .doc = "Divides by the L1 or L2 norm along an axis."},
    {.name = "LRN", .since = 1, .inputs = {INPUT("X", FLOAT)},
     .attributes = {FLOAT_ATTRIBUTE("alpha", 0.0001), FLOAT_ATTRIBUTE("beta", 0.75), FLOAT_ATTRIBUTE("bias", 1), REQUIRED_ATTRIBUTE("size", INT)},
     .expand = expand_lrn, .doc = "Divides by a power of the mean square of the channels around each."},
    {0}};
