/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling as windowed reduction: reduce x[n, c, s*p+d*k-q] -> [n, c, p]. */
#include "ops/families.h"

static const char *const output_names[SPATIAL_LIMIT] = {"p", "q", "r", "p3", "p4", "p5", "p6", "p7"};
static const char *const tap_names[SPATIAL_LIMIT] = {"i", "j", "k", "k3", "k4", "k5", "k6", "k7"};

static Value *pool(Builder *builder, Scalar monoid, Value *x, const Window *window) {
  DimContext *context = builder->module->dims;
  EquationBuilder *equation = equation_start(builder);
  uint32_t batch = equation_label(equation, "n", x->type.dims[0]);
  uint32_t channel = equation_label(equation, "c", x->type.dims[1]);
  equation_operand_label(equation, 0, batch);
  equation_operand_label(equation, 0, channel);
  equation_result_label(equation, batch);
  equation_result_label(equation, channel);
  for (uint32_t i = 0; i < window->axes; i++) {
    uint32_t pair[2] = {equation_label(equation, output_names[i], window->output[i]),
                        equation_label(equation, tap_names[i], window->kernel[i])};
    Dim coefficients[2] = {dim_constant(context, window->stride[i]), dim_constant(context, window->dilation[i])};
    Dim offset = dim_subtract(context, dim_constant(context, 0), window->low[i]);
    equation_operand(equation, 0, offset, 2, pair, coefficients);
    equation_result_label(equation, pair[0]);
  }
  return build_reduction(equation, monoid, x);
}

static bool read_window(OperatorCall *call, const Value *x, Window *window) {
  const Attribute *shape = call_attribute(call, "kernel_shape");
  if (x->type.rank < 3 || x->type.rank > SPATIAL_LIMIT + 2 || shape->count != x->type.rank - 2)
    return call_invalid(call, "kernel_shape has %zu numbers for an input of rank %u", shape->count, x->type.rank);
  Dim kernel[SPATIAL_LIMIT];
  for (size_t i = 0; i < shape->count; i++) kernel[i] = dim_constant(call->builder->module->dims, shape->integers[i]);
  return call_window(call, x, kernel, window);
}

/* The dims of all points of all windows: batch, channel, places, taps. */
static Type window_points(const Value *x, const Window *window, Dim *dims) {
  dims[0] = x->type.dims[0];
  dims[1] = x->type.dims[1];
  for (uint32_t i = 0; i < window->axes; i++) {
    dims[2 + i] = window->output[i];
    dims[2 + window->axes + i] = window->kernel[i];
  }
  return (Type){.kind = VALUE_TENSOR, .element = ELEMENT_I64, .rank = 2 + 2 * window->axes, .dims = dims};
}

/* A tensor at the points: at the elements that the windows see, or where it has one number per window, that. */
static Value *at_points(Builder *builder, Value *x, const Window *window, const Type *points, bool per_window, Value *fill) {
  DimContext *context = builder->module->dims;
  EquationBuilder *equation = equation_start(builder);
  uint32_t labels[RANK_LIMIT];
  for (uint32_t i = 0; i < points->rank; i++) {
    labels[i] = equation_label(equation, build_axis_name(i), points->dims[i]);
    equation_result_label(equation, labels[i]);
  }
  for (uint32_t i = 0; i < 2 + window->axes; i++) {
    if (i < 2 || per_window) {
      equation_operand_label(equation, 0, labels[i]);
      continue;
    }
    uint32_t pair[2] = {labels[i], labels[i + window->axes]};
    Dim coefficients[2] = {dim_constant(context, window->stride[i - 2]), dim_constant(context, window->dilation[i - 2])};
    equation_operand(equation, 0, dim_subtract(context, dim_constant(context, 0), window->low[i - 2]), 2, pair, coefficients);
  }
  return build_view(equation, x, fill);
}

/* Where in the input the point of a window lies: its number in row-major order, or with the spatial axes exchanged. */
static Value *point_numbers(Builder *builder, const Value *x, const Window *window, const Type *points, bool columns_first) {
  DimContext *context = builder->module->dims;
  Value *sum = NULL;
  Dim stride = dim_constant(context, 1);
  for (uint32_t k = 2 + window->axes; k-- > 0;) {
    uint32_t axis = k < 2 || !columns_first ? k : 1 + window->axes - (k - 2);
    Value *at = build_iota(builder, ELEMENT_I64, points->rank, points->dims, axis);
    if (axis >= 2) {
      uint32_t i = axis - 2;
      Value *tap = build_iota(builder, ELEMENT_I64, points->rank, points->dims, axis + window->axes);
      Value *low = build_reshape(builder, build_dims(builder, &window->low[i], 1), 0, NULL);
      at = build_binary(builder, SCALAR_MUL, at, build_integer(builder, ELEMENT_I64, window->stride[i]));
      tap = build_binary(builder, SCALAR_MUL, tap, build_integer(builder, ELEMENT_I64, window->dilation[i]));
      at = build_binary(builder, SCALAR_SUB, build_binary(builder, SCALAR_ADD, at, tap), low);
    }
    Value *step = build_reshape(builder, build_dims(builder, &stride, 1), 0, NULL);
    Value *part = build_binary(builder, SCALAR_MUL, at, step);
    sum = sum ? build_binary(builder, SCALAR_ADD, sum, part) : part;
    stride = dim_multiply(context, stride, x->type.dims[axis]);
  }
  return sum;
}

/* The place of the greatest of each window, the first of several; NaN is before all others. Padding is none. */
static Value *greatest_places(OperatorCall *call, Value *x, Value *greatest, const Window *window) {
  Builder *builder = call->builder;
  Dim dims[RANK_LIMIT];
  if (2 + 2 * window->axes > RANK_LIMIT || !greatest) return NULL;
  Type points = window_points(x, window, dims);
  ElementType wide = element_info(x->type.element)->compute;
  Value *seen = build_cast(builder, at_points(builder, x, window, &points, false, NULL), wide);
  Value *most = build_cast(builder, at_points(builder, greatest, window, &points, true, NULL), wide);
  Value *ones = build_splat(builder, ELEMENT_U8, 1, x->type.rank, x->type.dims);
  Value *inside = build_cast(builder, at_points(builder, ones, window, &points, false, NULL), ELEMENT_BOOL);
  Value *hit = build_binary(builder, SCALAR_EQ, seen, most);
  if (hit && element_is_float(wide)) hit = build_binary(builder, SCALAR_OR, hit, build_binary(builder, SCALAR_NE, seen, seen));
  Value *number = point_numbers(builder, x, window, &points, call_int(call, "storage_order") != 0);
  Value *at = build_select(builder, build_binary(builder, SCALAR_AND, hit, inside), number, build_integer(builder, ELEMENT_I64, INT64_MAX));
  uint64_t taps = ((UINT64_C(1) << window->axes) - 1) << (2 + window->axes);
  return build_reduce(builder, SCALAR_MIN, at, taps, false);
}

static bool expand_max_pool(OperatorCall *call, Value **results) {
  Value *x = call->inputs[0];
  Window window;
  bool places = call->output_count > 1 && call->output_wanted[1];
  if (!read_window(call, x, &window)) return false;
  results[0] = pool(call->builder, SCALAR_MAX, x, &window);
  if (places) results[1] = greatest_places(call, x, results[0], &window);
  return results[0] != NULL && (!places || results[1]);
}

/* How many points each window has: the same windows over ones, which folds to a table. Padding counts where
   `with_padding` is set, but not what a ceiling adds behind it. */
static Value *window_sizes(Builder *builder, const Value *x, const Window *window, bool with_padding) {
  DimContext *context = builder->module->dims;
  Window own = *window;
  Dim dims[SPATIAL_LIMIT + 2];
  int64_t product = 1;
  bool alike = true;
  dims[0] = dims[1] = dim_constant(context, 1);
  for (uint32_t i = 0; i < window->axes; i++) {
    int64_t taps = 1;
    dim_is_constant(window->kernel[i], &taps); /* an attribute */
    Dim padded = dim_add(context, window->input[i], dim_add(context, window->low[i], window->high[i]));
    dims[i + 2] = with_padding ? padded : window->input[i];
    if (with_padding) own.low[i] = dim_constant(context, 0);
    Dim last = dim_add(context, dim_multiply(context, dim_subtract(context, window->output[i], dims[1]), dim_constant(context, window->stride[i])),
                       dim_constant(context, window->dilation[i] * (taps - 1)));
    Dim inside = dim_subtract(context, dim_add(context, dims[i + 2], own.low[i]), dims[1]);
    alike = alike && dim_equals_constant(own.low[i], 0) && dim_less_equal(context, last, inside) == TRUTH_YES;
    product *= taps;
  }
  ElementType element = element_info(x->type.element)->compute;
  if (alike) return build_number(builder, element, (double)product);
  return pool(builder, SCALAR_ADD, build_splat(builder, element, 1, window->axes + 2, dims), &own);
}

/* Computed in the compute type: sums of 16-bit floats do not round in between. */
static bool expand_average_pool(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *x = call->inputs[0];
  Window window;
  if (!read_window(call, x, &window)) return false;
  Value *wide = build_cast(builder, x, element_info(x->type.element)->compute);
  Value *sizes = window_sizes(builder, x, &window, call_int(call, "count_include_pad") != 0);
  Value *mean = build_binary(builder, SCALAR_DIV, pool(builder, SCALAR_ADD, wide, &window), sizes);
  results[0] = build_cast(builder, mean, x->type.element);
  return results[0] != NULL;
}

/* |x|^p, and its inverse; 1 and 2 without powers. */
static Value *power(Builder *builder, Value *x, double p) {
  if (p == 2) return build_binary(builder, SCALAR_MUL, x, x);
  Value *magnitude = build_unary(builder, SCALAR_ABS, x);
  if (p == 1 || !magnitude) return magnitude;
  return build_binary(builder, SCALAR_POW, magnitude, build_number(builder, magnitude->type.element, p));
}

static Value *root(Builder *builder, Value *x, double p) {
  if (p == 1 || !x) return x;
  if (p == 2) return build_unary(builder, SCALAR_SQRT, x);
  return build_binary(builder, SCALAR_POW, x, build_number(builder, x->type.element, 1 / p));
}

static double norm_order(const OperatorCall *call) {
  const Attribute *p = call_attribute(call, "p");
  return p->kind == ATTRIBUTE_FLOAT ? p->number : (double)p->integer;
}

static bool expand_lp_pool(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *x = call->inputs[0];
  Window window;
  if (!read_window(call, x, &window)) return false;
  double p = norm_order(call);
  if (!(p > 0)) return call_invalid(call, "p must be positive");
  Value *wide = build_cast(builder, x, element_info(x->type.element)->compute);
  Value *sum = pool(builder, SCALAR_ADD, power(builder, wide, p), &window);
  results[0] = build_cast(builder, root(builder, sum, p), x->type.element);
  return results[0] != NULL;
}

typedef enum GlobalPool { GLOBAL_AVERAGE, GLOBAL_MAX, GLOBAL_LP } GlobalPool;

static bool expand_global_pool(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  DimContext *context = builder->module->dims;
  Value *x = call->inputs[0];
  GlobalPool kind = (GlobalPool)call->operator->variant;
  if (x->type.rank < 3) return call_invalid(call, "the input needs a spatial axis, its rank is %u", x->type.rank);
  uint64_t axes = (UINT64_MAX >> (64 - x->type.rank)) & ~UINT64_C(3);
  Value *wide = build_cast(builder, x, element_info(x->type.element)->compute), *result = NULL;
  if (kind == GLOBAL_MAX) result = build_reduce(builder, SCALAR_MAX, wide, axes, true);
  if (kind == GLOBAL_AVERAGE) {
    Dim count = dim_constant(context, 1);
    for (uint32_t i = 2; i < x->type.rank; i++) count = dim_multiply(context, count, x->type.dims[i]);
    Value *size = build_cast(builder, build_reshape(builder, build_dims(builder, &count, 1), 0, NULL), wide->type.element);
    result = build_binary(builder, SCALAR_DIV, build_reduce(builder, SCALAR_ADD, wide, axes, true), size);
  }
  if (kind == GLOBAL_LP) {
    double p = norm_order(call);
    if (!(p > 0)) return call_invalid(call, "p must be positive");
    result = root(builder, build_reduce(builder, SCALAR_ADD, power(builder, wide, p), axes, true), p);
  }
  results[0] = build_cast(builder, result, x->type.element);
  return results[0] != NULL;
}

#define POOL_ATTRIBUTES                                                                                      \
  STRING_ATTRIBUTE("auto_pad", "NOTSET"), REQUIRED_ATTRIBUTE("kernel_shape", INTS), INTS_ATTRIBUTE("pads"),  \
      INTS_ATTRIBUTE("strides")

const Operator pooling_operators[] = {
    {.name = "AveragePool", .since = 1, .until = 6, .inputs = {INPUT("X", FLOAT)}, .attributes = {POOL_ATTRIBUTES},
     .expand = expand_average_pool, .doc = "The mean of each window, without padding."},
    {.name = "AveragePool", .since = 7, .inputs = {INPUT("X", FLOAT)},
     .attributes = {POOL_ATTRIBUTES, INT_ATTRIBUTE("ceil_mode", 0), INT_ATTRIBUTE("count_include_pad", 0),
                    INTS_ATTRIBUTE("dilations")},
     .expand = expand_average_pool,
     .doc = "The mean of each window, without padding or (count_include_pad) with it as zeros."},
    {.name = "LpPool", .since = 1, .until = 1, .inputs = {INPUT("X", FLOAT)},
     .attributes = {POOL_ATTRIBUTES, FLOAT_ATTRIBUTE("p", 2)}, .expand = expand_lp_pool, .doc = "The p-norm of each window."},
    {.name = "LpPool", .since = 2, .inputs = {INPUT("X", FLOAT)},
     .attributes = {POOL_ATTRIBUTES, INT_ATTRIBUTE("p", 2), INT_ATTRIBUTE("ceil_mode", 0), INTS_ATTRIBUTE("dilations")},
     .expand = expand_lp_pool, .doc = "The p-norm of each window."},
    {.name = "GlobalAveragePool", .since = 1, .inputs = {INPUT("X", FLOAT)}, .expand = expand_global_pool,
     .variant = GLOBAL_AVERAGE, .doc = "The mean of each channel."},
    {.name = "GlobalMaxPool", .since = 1, .inputs = {INPUT("X", FLOAT)}, .expand = expand_global_pool,
     .variant = GLOBAL_MAX, .doc = "The greatest of each channel; NaN propagates."},
    {.name = "GlobalLpPool", .since = 1, .until = 1, .inputs = {INPUT("X", FLOAT)}, .attributes = {FLOAT_ATTRIBUTE("p", 2)},
     .expand = expand_global_pool, .variant = GLOBAL_LP, .doc = "The p-norm of each channel."},
    {.name = "GlobalLpPool", .since = 2, .inputs = {INPUT("X", FLOAT)}, .attributes = {INT_ATTRIBUTE("p", 2)},
     .expand = expand_global_pool, .variant = GLOBAL_LP, .doc = "The p-norm of each channel."},
    {.name = "MaxPool", .since = 1, .inputs = {INPUT("X", NUMERIC)}, .output_count = 2,
     .attributes = {STRING_ATTRIBUTE("auto_pad", "NOTSET"), INT_ATTRIBUTE("ceil_mode", 0), INTS_ATTRIBUTE("dilations"),
                    REQUIRED_ATTRIBUTE("kernel_shape", INTS), INTS_ATTRIBUTE("pads"),
                    INT_ATTRIBUTE("storage_order", 0), INTS_ATTRIBUTE("strides")},
     .expand = expand_max_pool, .doc = "The greatest of each window; padding never wins, NaN propagates."},
    {0}};
