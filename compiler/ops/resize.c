/* SPDX-License-Identifier: Apache-2.0 */
/* Resize and Upsample, one axis after the other: where each place of the result falls in the input (in f64), which
   elements lie around it and what they weigh, as tables over the result's axis; then sums of reads at indices. The tables
   of static axes are constants. */
#include "aicc/abi.h"
#include "ops/families.h"
#include <math.h>
#include <string.h>

enum { TAP_LIMIT = 64 };

typedef enum Interpolation { NEAREST, LINEAR, CUBIC } Interpolation;
typedef enum Coordinates {
  HALF_PIXEL,
  HALF_PIXEL_SYMMETRIC,
  PYTORCH_HALF_PIXEL,
  ALIGN_CORNERS,
  ASYMMETRIC,
  TF_HALF_PIXEL_FOR_NN,
  TF_CROP_AND_RESIZE
} Coordinates;
typedef enum Rounding { PREFER_FLOOR, PREFER_CEIL, FLOOR, CEIL, CEIL_WHERE_SMALLER } Rounding;

typedef struct ResizeAxis {
  bool resized;
  Dim input, output;
  Value *scale;       /* f64[] */
  Value *width;       /* f64[]: the result's, scale * input, which need not be whole */
  double least_scale; /* what the scale is at least, 1 where that is more */
  Value *start, *end; /* f64[], of the region that is cropped */
} ResizeAxis;

typedef struct Resize {
  OperatorCall *call;
  Builder *builder;
  Interpolation mode;
  Coordinates coordinates;
  Rounding rounding;
  bool antialias, exclude_outside;
  double cubic, extrapolation;
  ResizeAxis axes[RANK_LIMIT];
} Resize;

static Value *number(Resize *r, double value) { return build_number(r->builder, ELEMENT_F64, value); }
static Value *of_dim(Resize *r, Dim dim) {
  Value *value = build_reshape(r->builder, build_dims(r->builder, &dim, 1), 0, NULL);
  return build_cast(r->builder, value, ELEMENT_F64);
}
static Value *add(Resize *r, Value *a, Value *b) { return build_binary(r->builder, SCALAR_ADD, a, b); }
static Value *sub(Resize *r, Value *a, Value *b) { return build_binary(r->builder, SCALAR_SUB, a, b); }
static Value *mul(Resize *r, Value *a, Value *b) { return build_binary(r->builder, SCALAR_MUL, a, b); }
static Value *divide(Resize *r, Value *a, Value *b) { return build_binary(r->builder, SCALAR_DIV, a, b); }

/* --- Where the places of the result fall: ONNX, Resize, attribute coordinate_transformation_mode. --- */

/* (place + 0.5) / scale */
static Value *centre(Resize *r, Value *place, Value *scale) { return divide(r, add(r, place, number(r, 0.5)), scale); }

/* `many` where the width of the result is not 1, else `one`. */
static Value *unless_one(Resize *r, Value *width, Value *many, Value *one) {
  return build_select(r->builder, build_binary(r->builder, SCALAR_EQ, width, number(r, 1)), one, many);
}

/* f64[output] */
static Value *coordinate_of(Resize *r, const ResizeAxis *axis) {
  Value *input = of_dim(r, axis->input), *one = number(r, 1), *half = number(r, 0.5);
  Value *scale = axis->scale, *width = axis->width;
  Value *place = build_iota(r->builder, ELEMENT_F64, 1, &axis->output, 0);
  Value *last = sub(r, input, one), *span, *shift;
  switch (r->coordinates) {
  case HALF_PIXEL: return sub(r, centre(r, place, scale), half);
  case HALF_PIXEL_SYMMETRIC:
    shift = mul(r, mul(r, input, half), sub(r, one, divide(r, of_dim(r, axis->output), width)));
    return sub(r, add(r, shift, centre(r, place, scale)), half);
  case PYTORCH_HALF_PIXEL: return unless_one(r, width, sub(r, centre(r, place, scale), half), number(r, 0));
  case ALIGN_CORNERS: return unless_one(r, width, divide(r, mul(r, place, last), sub(r, width, one)), number(r, 0));
  case ASYMMETRIC: return divide(r, place, scale);
  case TF_HALF_PIXEL_FOR_NN: return centre(r, place, scale);
  case TF_CROP_AND_RESIZE:
    span = mul(r, sub(r, axis->end, axis->start), last);
    shift = mul(r, axis->start, last);
    return add(r, shift, unless_one(r, width, divide(r, mul(r, place, span), sub(r, width, one)), mul(r, span, half)));
  }
  return NULL;
}

/* --- The elements around a place. --- */

/* The integer below a coordinate, or the one before where it is whole; the rest lies in (0, 1]. */
static Value *left_of(Resize *r, Value *at) { return sub(r, build_unary(r->builder, SCALAR_CEIL, at), number(r, 1)); }

static Value *nearest_of(Resize *r, const ResizeAxis *axis, Value *at) {
  Value *half = number(r, 0.5), *smaller;
  switch (r->rounding) {
  case PREFER_FLOOR: return build_unary(r->builder, SCALAR_CEIL, sub(r, at, half));
  case PREFER_CEIL: return build_unary(r->builder, SCALAR_FLOOR, add(r, at, half));
  case FLOOR: return build_unary(r->builder, SCALAR_FLOOR, at);
  case CEIL: return build_unary(r->builder, SCALAR_CEIL, at);
  case CEIL_WHERE_SMALLER:
    smaller = build_binary(r->builder, SCALAR_LT, axis->scale, number(r, 1));
    return build_select(r->builder, smaller, build_unary(r->builder, SCALAR_CEIL, at), build_unary(r->builder, SCALAR_FLOOR, at));
  }
  return NULL;
}

/* max(0, 1 - |distance|) */
static Value *linear_weight(Resize *r, Value *distance) {
  Value *weight = sub(r, number(r, 1), build_unary(r->builder, SCALAR_ABS, distance));
  return build_binary(r->builder, SCALAR_MAX, weight, number(r, 0));
}

/* Keys' cubic convolution: (a+2)|d|^3 - (a+3)|d|^2 + 1 below 1, a|d|^3 - 5a|d|^2 + 8a|d| - 4a below 2. */
static Value *cubic_weight(Resize *r, Value *distance) {
  Builder *builder = r->builder;
  double a = r->cubic;
  Value *d = build_unary(builder, SCALAR_ABS, distance), *square = mul(r, d, d);
  Value *near = add(r, mul(r, sub(r, mul(r, number(r, a + 2), d), number(r, a + 3)), square), number(r, 1));
  Value *far = mul(r, number(r, a), sub(r, mul(r, add(r, mul(r, sub(r, d, number(r, 5)), d), number(r, 8)), d), number(r, 4)));
  Value *outer = build_select(builder, build_binary(builder, SCALAR_LT, d, number(r, 2)), far, number(r, 0));
  return build_select(builder, build_binary(builder, SCALAR_LE, d, number(r, 1)), near, outer);
}

/* How many elements of the input one of the result is made of, half of them on its left. */
static uint32_t tap_count(const Resize *r, const ResizeAxis *axis) {
  double reach = r->mode == CUBIC ? 2 : 1;
  if (r->mode == NEAREST) return 1;
  if (r->antialias && axis->least_scale < 1) reach = ceil(reach / axis->least_scale);
  return reach > TAP_LIMIT / 2 ? 0 : 2 * (uint32_t)reach;
}

typedef struct Taps {
  uint32_t count;
  Value *indices[TAP_LIMIT]; /* i64[output], within the axis */
  Value *weights[TAP_LIMIT]; /* f64[output]; of the nearest: null */
  Value *outside;            /* bool[output]: the place lies outside of the input; null: it never counts */
} Taps;

/* At the edges the outermost element stands for those that there are not. */
static Value *clamped(Resize *r, const ResizeAxis *axis, Value *at) {
  Builder *builder = r->builder;
  Value *last = build_binary(builder, SCALAR_SUB, build_cast(builder, of_dim(r, axis->input), ELEMENT_I64), build_integer(builder, ELEMENT_I64, 1));
  Value *index = build_binary(builder, SCALAR_MIN, build_cast(builder, at, ELEMENT_I64), last);
  return build_binary(builder, SCALAR_MAX, index, build_integer(builder, ELEMENT_I64, 0));
}

static Value *is_outside(Resize *r, const ResizeAxis *axis, Value *at) {
  Value *below = build_binary(r->builder, SCALAR_LT, at, number(r, 0));
  Value *above = build_binary(r->builder, SCALAR_GT, at, sub(r, of_dim(r, axis->input), number(r, 1)));
  return build_binary(r->builder, SCALAR_OR, below, above);
}

static bool find_taps(Resize *r, const ResizeAxis *axis, Taps *taps) {
  Value *at = coordinate_of(r, axis), *sum = NULL;
  *taps = (Taps){.count = tap_count(r, axis)};
  if (!taps->count) return call_invalid(r->call, "antialiasing by a factor of %g takes more than %d elements", axis->least_scale, TAP_LIMIT);
  if (r->coordinates == TF_CROP_AND_RESIZE) taps->outside = is_outside(r, axis, at);
  if (r->mode == NEAREST) {
    taps->indices[0] = clamped(r, axis, nearest_of(r, axis, at));
    return taps->indices[0] != NULL;
  }
  Value *left = left_of(r, at), *rest = sub(r, at, left);
  bool shrinks = r->antialias && axis->least_scale < 1, normalise = r->exclude_outside || shrinks;
  Value *shrink = shrinks ? build_binary(r->builder, SCALAR_MIN, axis->scale, number(r, 1)) : number(r, 1);
  for (uint32_t k = 0; k < taps->count; k++) {
    double offset = (double)k - (double)(taps->count / 2 - 1);
    Value *place = add(r, left, number(r, offset)), *distance = mul(r, sub(r, number(r, offset), rest), shrink);
    Value *weight = r->mode == CUBIC ? cubic_weight(r, distance) : linear_weight(r, distance);
    if (r->exclude_outside) weight = build_select(r->builder, is_outside(r, axis, place), number(r, 0), weight);
    taps->indices[k] = clamped(r, axis, place);
    taps->weights[k] = weight;
    sum = sum ? add(r, sum, weight) : weight;
  }
  for (uint32_t k = 0; normalise && k < taps->count; k++) taps->weights[k] = divide(r, taps->weights[k], sum);
  return sum && taps->indices[taps->count - 1];
}

/* --- The result. --- */

/* A table over the axis, as it broadcasts to a tensor of that rank. */
static Value *along_axis(Resize *r, Value *table, uint32_t axis, uint32_t rank, ElementType element) {
  Dim dims[RANK_LIMIT], one = dim_constant(r->builder->module->dims, 1);
  if (!table) return NULL;
  for (uint32_t i = axis; i < rank; i++) dims[i - axis] = i == axis ? table->type.dims[0] : one;
  return build_reshape(r->builder, build_cast(r->builder, table, element), rank - axis, dims);
}

static Value *resize_axis(Resize *r, Value *x, uint32_t axis, const Taps *taps) {
  Value *sum = NULL;
  for (uint32_t k = 0; k < taps->count; k++) {
    Value *read = call_gather(r->call, x, taps->indices[k], axis);
    if (!taps->weights[k]) return read;
    Value *part = mul(r, read, along_axis(r, taps->weights[k], axis, x->type.rank, x->type.element));
    sum = sum ? add(r, sum, part) : part;
  }
  return sum;
}

static Value *resize_tensor(Resize *r, Value *x) {
  Taps taps[RANK_LIMIT];
  ElementType element = x->type.element, wide = element_is_float(element) ? element_info(element)->compute : ELEMENT_F32;
  if (r->mode != NEAREST) x = build_cast(r->builder, x, wide);
  for (uint32_t i = 0; x && i < x->type.rank; i++) {
    if (!r->axes[i].resized) continue;
    if (!find_taps(r, &r->axes[i], &taps[i])) return NULL;
    x = resize_axis(r, x, i, &taps[i]);
  }
  for (uint32_t i = 0; x && i < x->type.rank && r->coordinates == TF_CROP_AND_RESIZE; i++) {
    if (!r->axes[i].resized) continue;
    Value *outside = along_axis(r, taps[i].outside, i, x->type.rank, ELEMENT_BOOL);
    x = build_select(r->builder, outside, build_number(r->builder, x->type.element, r->extrapolation), x);
  }
  return build_cast(r->builder, x, element);
}

/* --- What the node says. --- */

static bool choose(const OperatorCall *call, const char *name, const char *const *words, int count, int *chosen) {
  const char *given = call_string(call, name);
  for (*chosen = 0; *chosen < count; ++*chosen)
    if (strcmp(given, words[*chosen]) == 0) return true;
  return call_invalid(call, "%s '%s' is not defined", name, given);
}

static bool read_mode(Resize *r) {
  static const char *const modes[] = {"nearest", "linear", "cubic", "bilinear"};
  int mode;
  if (!choose(r->call, "mode", modes, r->call->opset < 11 ? 4 : 3, &mode)) return false;
  r->mode = mode == 3 ? LINEAR : (Interpolation)mode; /* "bilinear" before Upsample 7 */
  return true;
}

static bool read_attributes(Resize *r) {
  static const char *const coordinates[] = {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
                                            "tf_half_pixel_for_nn", "tf_crop_and_resize"};
  static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
  int given;
  if (!choose(r->call, "coordinate_transformation_mode", coordinates, 7, &given)) return false;
  r->coordinates = (Coordinates)given;
  if (!choose(r->call, "nearest_mode", roundings, 4, &given)) return false;
  r->rounding = (Rounding)given;
  const Attribute *antialias = call_attribute(r->call, "antialias");
  r->antialias = antialias && antialias->integer != 0;
  r->exclude_outside = call_int(r->call, "exclude_outside") != 0;
  r->cubic = call_float(r->call, "cubic_coeff_a");
  r->extrapolation = call_float(r->call, "extrapolation_value");
  return true;
}

/* The axes that scales, sizes and roi speak of, in their order. */
static bool read_axes(Resize *r, uint32_t rank, uint32_t *axes, uint32_t *count) {
  const Attribute *given = call_attribute(r->call, "axes");
  *count = given ? (uint32_t)given->count : rank;
  if (given && given->count > rank) return call_invalid(r->call, "there are more axes than the input has");
  uint64_t seen = 0;
  for (uint32_t i = 0; i < *count; i++) {
    axes[i] = i;
    if (given && !call_axis(r->call, given->integers[i], rank, &axes[i])) return false;
    if (seen >> axes[i] & 1) return call_invalid(r->call, "axis %u is listed twice", axes[i]);
    seen |= UINT64_C(1) << axes[i];
  }
  return true;
}

/* floor(input * scale), of a scale that is a binary fraction, as every float is. */
static Dim scaled_dim(DimContext *context, Dim input, double scale) {
  int64_t constant, divisor = 1;
  if (dim_is_constant(input, &constant)) return dim_constant(context, (int64_t)floor((double)constant * scale));
  while (scale != floor(scale) && divisor < INT64_C(1) << 40) {
    scale *= 2;
    divisor *= 2;
  }
  if (scale != floor(scale) || scale >= 0x1p62) return dim_invalid(context);
  return dim_floor_divide(context, dim_multiply(context, input, dim_constant(context, (int64_t)scale)), dim_constant(context, divisor));
}

static bool set_scale(Resize *r, ResizeAxis *axis, double scale) {
  if (!(scale > 0) || scale > 0x1p31) return call_invalid(r->call, "a scale is %g, which is not positive", scale);
  axis->scale = number(r, scale);
  axis->width = mul(r, axis->scale, of_dim(r, axis->input));
  axis->least_scale = fmin(scale, 1);
  axis->output = scaled_dim(r->builder->module->dims, axis->input, scale);
  axis->resized = scale != 1 || r->coordinates == TF_CROP_AND_RESIZE;
  return dim_is_valid(axis->output) || report(r->builder->module->diagnostics, &r->builder->location, MESSAGE_SHAPE_OVERFLOW);
}

/* What stands in for a scale that is not known: result over input, which it is at least. */
static bool set_least_scale(Resize *r, ResizeAxis *axis) {
  int64_t input, output;
  bool fixed = dim_is_constant(axis->input, &input) && dim_is_constant(axis->output, &output) && input > 0;
  if (!fixed && r->antialias) return call_invalid(r->call, "antialiasing to symbolic sizes is not supported");
  axis->least_scale = fixed ? fmin((double)output / (double)input, 1) : 1;
  return true;
}

static bool set_size(Resize *r, ResizeAxis *axis, Dim size) {
  axis->output = size;
  axis->width = of_dim(r, size);
  axis->scale = divide(r, axis->width, of_dim(r, axis->input));
  axis->resized = size != axis->input || r->coordinates == TF_CROP_AND_RESIZE;
  return set_least_scale(r, axis);
}

/* Element `at` of a list, f64[]. */
static Value *element(Resize *r, Value *list, uint32_t at) {
  EquationBuilder *equation = equation_start(r->builder);
  equation_operand(equation, 0, dim_constant(r->builder->module->dims, at), 0, NULL, NULL);
  return build_cast(r->builder, build_view(equation, list, NULL), ELEMENT_F64);
}

typedef enum SizeRule { BY_SCALES, BY_SIZES, NOT_LARGER, NOT_SMALLER } SizeRule;

/* Scales or sizes that the run brings: the declared result gives the dims, and the run checks that they give those. */
static bool read_at_run_time(Resize *r, Value *given, SizeRule rule, const uint32_t *axes, uint32_t count) {
  Builder *builder = r->builder;
  const Type *declared = &r->call->declared[0];
  Dim inputs[RANK_LIMIT], outputs[RANK_LIMIT];
  uint32_t rank = r->call->inputs[0]->type.rank;
  bool is_declared = declared->element != ELEMENT_UNDEFINED && declared->rank == rank;
  for (uint32_t i = 0; is_declared && i < rank; i++) is_declared = dim_is_valid(declared->dims[i]);
  if (!is_declared)
    return report(builder->module->diagnostics, &builder->location, MESSAGE_SHAPE_UNKNOWN,
                  "scales or sizes are not known at compile time, and no shape of the result is declared");
  for (uint32_t i = 0; i < count; i++) {
    inputs[i] = r->axes[axes[i]].input;
    outputs[i] = declared->dims[axes[i]];
  }
  Value *wide = build_cast(builder, given, ELEMENT_F64), *from = build_cast(builder, build_dims(builder, inputs, count), ELEMENT_F64);
  Value *common = rule <= BY_SIZES ? NULL : build_reduce(builder, rule == NOT_LARGER ? SCALAR_MIN : SCALAR_MAX, divide(r, wide, from), 1, false);
  Value *made = rule == BY_SIZES    ? wide
                : rule == BY_SCALES ? build_unary(builder, SCALAR_FLOOR, mul(r, wide, from))
                                    : build_unary(builder, SCALAR_FLOOR, add(r, mul(r, from, common), number(r, 0.5)));
  Value *to = build_cast(builder, build_dims(builder, outputs, count), ELEMENT_F64);
  Value *valid = build_binary(builder, SCALAR_EQ, made, to);
  if (!valid || !build_require(builder, build_reduce(builder, SCALAR_AND, valid, 1, false), AICC_E_VALUE)) return false;
  for (uint32_t i = 0; i < count; i++) {
    ResizeAxis *axis = &r->axes[axes[i]];
    if (!set_size(r, axis, outputs[i])) return false;
    if (rule == BY_SIZES) continue;
    axis->scale = common ? common : element(r, given, i);
    axis->width = mul(r, axis->scale, of_dim(r, axis->input));
    axis->resized = true;
  }
  return true;
}

static bool read_scales(Resize *r, Value *scales, const uint32_t *axes, uint32_t count) {
  const Blob *blob = value_constant(scales);
  Dim tracked[TRACKED_ELEMENT_LIMIT];
  size_t known = 0;
  int64_t elements, whole;
  if (!type_static_count(&scales->type, &elements) || elements != count || scales->type.rank != 1)
    return call_invalid(r->call, "there is not one scale per axis");
  if (!blob && !value_track(r->builder, scales, tracked, &known)) return read_at_run_time(r, scales, BY_SCALES, axes, count);
  for (uint32_t i = 0; i < count; i++) {
    double scale = 0;
    if (blob ? !blob_float_at(blob, i, &scale) : !dim_is_constant(tracked[i], &whole))
      return call_invalid(r->call, "a scale depends on a symbolic dim");
    if (!set_scale(r, &r->axes[axes[i]], blob ? scale : (double)whole)) return false;
  }
  return true;
}

/* One scale for all axes: the least or greatest of those that the sizes make. */
static bool keep_aspect(Resize *r, const Dim *sizes, const uint32_t *axes, uint32_t count, SizeRule rule) {
  double kept = rule == NOT_SMALLER ? 0 : INFINITY;
  int64_t input, output;
  for (uint32_t i = 0; i < count; i++) {
    if (!dim_is_constant(r->axes[axes[i]].input, &input) || !dim_is_constant(sizes[i], &output) || !input)
      return call_invalid(r->call, "keeping the aspect ratio of symbolic dims is not supported");
    double scale = (double)output / (double)input;
    kept = rule == NOT_SMALLER ? fmax(kept, scale) : fmin(kept, scale);
  }
  for (uint32_t i = 0; i < count; i++) {
    ResizeAxis *axis = &r->axes[axes[i]];
    if (!set_scale(r, axis, kept)) return false;
    dim_is_constant(axis->input, &input);
    axis->output = dim_constant(r->builder->module->dims, (int64_t)floor(kept * (double)input + 0.5));
    axis->resized = axis->resized || axis->output != axis->input;
  }
  return true;
}

static bool read_sizes(Resize *r, Value *sizes, const uint32_t *axes, uint32_t count) {
  static const char *const policies[] = {"stretch", "not_larger", "not_smaller"};
  Dim *dims, zero = dim_constant(r->builder->module->dims, 0);
  size_t given;
  int64_t elements;
  int policy = 0;
  if (call_attribute(r->call, "keep_aspect_ratio_policy") && !choose(r->call, "keep_aspect_ratio_policy", policies, 3, &policy)) return false;
  SizeRule rule = (SizeRule)(BY_SIZES + policy);
  if (!type_static_count(&sizes->type, &elements) || elements != count || sizes->type.rank != 1)
    return call_invalid(r->call, "there is not one size per axis");
  if (!value_constant(sizes) && !sizes->tracked) return read_at_run_time(r, sizes, rule, axes, count);
  if (!call_integers(r->call, "sizes", &dims, &given)) return false;
  for (uint32_t i = 0; i < count; i++)
    if (!build_require_at_least(r->builder, dims[i], zero, "a size is negative")) return false;
  if (policy) return keep_aspect(r, dims, axes, count, rule);
  for (uint32_t i = 0; i < count; i++)
    if (!set_size(r, &r->axes[axes[i]], dims[i])) return false;
  return true;
}

static bool read_roi(Resize *r, const uint32_t *axes, uint32_t count) {
  Value *roi = call_input(r->call, "roi");
  if (r->coordinates != TF_CROP_AND_RESIZE) return true;
  if (!roi || roi->type.rank != 1) return call_invalid(r->call, "tf_crop_and_resize needs a roi");
  if (!build_require_equal(r->builder, roi->type.dims[0], dim_constant(r->builder->module->dims, 2 * (int64_t)count),
                           "roi does not have a start and an end per axis"))
    return false;
  for (uint32_t i = 0; i < count; i++) {
    r->axes[axes[i]].start = element(r, roi, i);
    r->axes[axes[i]].end = element(r, roi, count + i);
  }
  return true;
}

static void resize_start(Resize *r, OperatorCall *call, const Value *x) {
  *r = (Resize){.call = call, .builder = call->builder, .coordinates = ASYMMETRIC, .rounding = FLOOR, .cubic = -0.75};
  for (uint32_t i = 0; i < x->type.rank; i++) r->axes[i] = (ResizeAxis){.input = x->type.dims[i], .output = x->type.dims[i], .least_scale = 1};
}

/* An input that may stand for nothing: absent, or of no elements. */
static Value *given_input(const OperatorCall *call, const char *name) {
  Value *value = call_input(call, name);
  return value && value->type.rank == 1 && dim_equals_constant(value->type.dims[0], 0) ? NULL : value;
}

static bool expand_resize(OperatorCall *call, Value **results) {
  Value *x = call->inputs[0], *scales = given_input(call, "scales"), *sizes = given_input(call, "sizes");
  Resize *r = arena_new(call->builder->module->arena, Resize);
  uint32_t axes[RANK_LIMIT], count;
  resize_start(r, call, x);
  if (!read_mode(r) || !read_attributes(r) || !read_axes(r, x->type.rank, axes, &count)) return false;
  if (!scales == !sizes) return call_invalid(call, "it needs either scales or sizes");
  if (!(scales ? read_scales(r, scales, axes, count) : read_sizes(r, sizes, axes, count)) || !read_roi(r, axes, count)) return false;
  results[0] = resize_tensor(r, x);
  return results[0] != NULL;
}

/* Resize 10 and Upsample: asymmetric, and the nearest is the one before, or behind where the result is smaller. */
static bool expand_upsample(OperatorCall *call, Value **results) {
  Value *x = call->inputs[0];
  Resize *r = arena_new(call->builder->module->arena, Resize);
  const Attribute *scales = call_attribute(call, "scales");
  uint32_t axes[RANK_LIMIT], rank = x->type.rank;
  resize_start(r, call, x);
  r->rounding = CEIL_WHERE_SMALLER;
  if (!read_mode(r)) return false;
  if (r->mode == CUBIC) return call_invalid(call, "mode 'cubic' is not defined before opset 11");
  for (uint32_t i = 0; i < rank; i++) axes[i] = i;
  if (call->operator->variant) {
    if (rank != 4) return call_invalid(call, "the input must have 4 axes");
    if (!set_scale(r, &r->axes[2], call_float(call, "height_scale")) || !set_scale(r, &r->axes[3], call_float(call, "width_scale"))) return false;
  } else if (scales) {
    if (scales->count != rank) return call_invalid(call, "there is not one scale per axis");
    for (uint32_t i = 0; i < rank; i++)
      if (!set_scale(r, &r->axes[i], scales->numbers[i])) return false;
  } else if (!read_scales(r, call->inputs[1], axes, rank)) {
    return false;
  }
  results[0] = resize_tensor(r, x);
  return results[0] != NULL;
}

#define SCALES {.name = "scales", .elements = ELEMENTS_FLOAT}
#define RESIZE_INPUTS(scales_)                                                                               \
  INPUT("X", ARITHMETIC), {.name = "roi", .elements = ELEMENTS_FLOAT, .optional = true},                     \
      {.name = "scales", .elements = ELEMENTS_FLOAT, .optional = scales_},                                   \
      {.name = "sizes", .elements = ELEMENTS_I64, .optional = true}
#define RESIZE_ATTRIBUTES                                                                                    \
  STRING_ATTRIBUTE("mode", "nearest"), STRING_ATTRIBUTE("coordinate_transformation_mode", "half_pixel"),     \
      STRING_ATTRIBUTE("nearest_mode", "round_prefer_floor"), INT_ATTRIBUTE("exclude_outside", 0),           \
      FLOAT_ATTRIBUTE("cubic_coeff_a", -0.75), FLOAT_ATTRIBUTE("extrapolation_value", 0)
#define RESIZE_DOC "Makes axes longer or shorter, by scales or to sizes, from the elements around each place."
#define UPSAMPLE_DOC "Makes axes longer or shorter by scales; the first places of input and result are the same."

const Operator resize_operators[] = {
    {.name = "Upsample", .since = 1, .until = 6, .inputs = {INPUT("X", ARITHMETIC)}, .variant = 1,
     .attributes = {REQUIRED_ATTRIBUTE("height_scale", FLOAT), REQUIRED_ATTRIBUTE("width_scale", FLOAT), STRING_ATTRIBUTE("mode", "nearest")},
     .expand = expand_upsample, .doc = UPSAMPLE_DOC},
    {.name = "Upsample", .since = 7, .until = 8, .inputs = {INPUT("X", ARITHMETIC)},
     .attributes = {REQUIRED_ATTRIBUTE("scales", FLOATS), STRING_ATTRIBUTE("mode", "nearest")}, .expand = expand_upsample,
     .doc = UPSAMPLE_DOC},
    {.name = "Upsample", .since = 9, .until = 9, .inputs = {INPUT("X", ARITHMETIC), SCALES},
     .attributes = {STRING_ATTRIBUTE("mode", "nearest")}, .expand = expand_upsample, .doc = UPSAMPLE_DOC},
    {.name = "Resize", .since = 10, .until = 10, .inputs = {INPUT("X", ARITHMETIC), SCALES},
     .attributes = {STRING_ATTRIBUTE("mode", "nearest")}, .expand = expand_upsample, .doc = UPSAMPLE_DOC},
    {.name = "Resize", .since = 11, .until = 12, .inputs = {RESIZE_INPUTS(false)}, .attributes = {RESIZE_ATTRIBUTES},
     .expand = expand_resize, .doc = RESIZE_DOC},
    {.name = "Resize", .since = 13, .until = 17, .inputs = {RESIZE_INPUTS(true)}, .attributes = {RESIZE_ATTRIBUTES},
     .expand = expand_resize, .doc = RESIZE_DOC},
    {.name = "Resize", .since = 18, .inputs = {RESIZE_INPUTS(true)},
     .attributes = {RESIZE_ATTRIBUTES, INTS_ATTRIBUTE("axes"), INT_ATTRIBUTE("antialias", 0),
                    STRING_ATTRIBUTE("keep_aspect_ratio_policy", "stretch")},
     .expand = expand_resize, .doc = RESIZE_DOC},
    {0}};
