/* SPDX-License-Identifier: Apache-2.0 */
/* Convolution as one contraction: x[n, C*g+c, s*p+d*k-q], w[O*g+o, c, k] -> [n, O*g+o, p]. */
#include "ops/families.h"

static const char *const output_names[SPATIAL_LIMIT] = {"p", "q", "r", "p3", "p4", "p5", "p6", "p7"};
static const char *const tap_names[SPATIAL_LIMIT] = {"i", "j", "k", "k3", "k4", "k5", "k6", "k7"};

typedef struct Convolution {
  Value *x, *w;
  Dim groups, group_inputs, group_outputs;
  Window window;
} Convolution;

/* Checks ranks, groups and channels. */
static bool read_convolution(OperatorCall *call, Convolution *conv) {
  DimContext *context = call->builder->module->dims;
  Value *x = conv->x = call->inputs[0], *w = conv->w = call->inputs[1];
  int64_t group = call_int(call, "group");
  Dim kernel[SPATIAL_LIMIT];
  if (x->type.rank < 3 || x->type.rank != w->type.rank || x->type.rank > SPATIAL_LIMIT + 2)
    return call_invalid(call, "X and W must have the same rank of at least 3, found %u and %u", x->type.rank,
                        w->type.rank);
  if (group < 1 || group > INT32_MAX) return call_invalid(call, "group is %lld", (long long)group);
  if (!build_require_multiple(call->builder, w->type.dims[0], group, "the groups do not divide the output channels"))
    return false;
  conv->groups = dim_constant(context, group);
  conv->group_outputs = dim_floor_divide(context, w->type.dims[0], conv->groups);
  conv->group_inputs = dim_plainer(w->type.dims[1], dim_floor_divide(context, x->type.dims[1], conv->groups));
  Dim channels = dim_multiply(context, conv->groups, w->type.dims[1]);
  if (!build_require_equal(call->builder, x->type.dims[1], channels,
                           "the input's channels are not group times the weights' second dim"))
    return false;
  const Attribute *shape = call_attribute(call, "kernel_shape");
  if (shape && shape->count != x->type.rank - 2)
    return call_invalid(call, "kernel_shape has %zu numbers, %u are needed", shape->count, x->type.rank - 2);
  for (uint32_t i = 0; i + 2 < x->type.rank; i++) {
    kernel[i] = w->type.dims[i + 2];
    if (!shape) continue;
    Dim given = dim_constant(context, shape->integers[i]);
    if (!build_require_equal(call->builder, kernel[i], given, "the weights' window is not kernel_shape")) return false;
    kernel[i] = given;
  }
  return call_window(call, x, kernel, &conv->window);
}

static Value *convolve(Builder *builder, const Convolution *conv) {
  DimContext *context = builder->module->dims;
  EquationBuilder *equation = equation_start(builder);
  const Window *window = &conv->window;
  bool grouped = !dim_equals_constant(conv->groups, 1);
  Dim zero = dim_constant(context, 0), one = dim_constant(context, 1);
  uint32_t batch = equation_label(equation, "n", conv->x->type.dims[0]);
  uint32_t input_pair[2], output_pair[2], group = grouped ? equation_label(equation, "g", conv->groups) : 0;
  uint32_t output = equation_label(equation, "o", conv->group_outputs);
  uint32_t channel = equation_label(equation, "c", conv->group_inputs);
  Dim input_coefficients[2] = {conv->group_inputs, one}, output_coefficients[2] = {conv->group_outputs, one};
  input_pair[0] = output_pair[0] = group;
  input_pair[1] = channel;
  output_pair[1] = output;
  uint32_t skip = !grouped; /* without groups only the second of each pair stands */
  equation_operand_label(equation, 0, batch);
  equation_operand(equation, 0, zero, 2 - skip, input_pair + skip, input_coefficients + skip);
  equation_operand(equation, 1, zero, 2 - skip, output_pair + skip, output_coefficients + skip);
  equation_operand_label(equation, 1, channel);
  equation_result_label(equation, batch);
  equation_result(equation, zero, 2 - skip, output_pair + skip, output_coefficients + skip,
                  dim_multiply(context, conv->groups, conv->group_outputs));
  for (uint32_t i = 0; i < window->axes; i++) {
    uint32_t pair[2] = {equation_label(equation, output_names[i], window->output[i]),
                        equation_label(equation, tap_names[i], window->kernel[i])};
    Dim coefficients[2] = {dim_constant(context, window->stride[i]), dim_constant(context, window->dilation[i])};
    equation_operand(equation, 0, dim_subtract(context, zero, window->low[i]), 2, pair, coefficients);
    equation_operand_label(equation, 1, pair[1]);
    equation_result_label(equation, pair[0]);
  }
  return build_contract(equation, conv->x, conv->w);
}

static bool expand_convolution(OperatorCall *call, Value **results) {
  Convolution conv;
  if (!read_convolution(call, &conv)) return false;
  Value *y = convolve(call->builder, &conv), *bias = call_input(call, "B");
  if (y && bias) {
    Dim dims[RANK_LIMIT];
    uint32_t rank = y->type.rank - 1;
    if (bias->type.rank != 1) return call_invalid(call, "the bias must have one axis, found %u", bias->type.rank);
    bias = build_with_dims(call->builder, bias, &y->type.dims[1], RANK_LIMIT, "the bias does not have one number per output channel");
    for (uint32_t i = 0; i < rank; i++) dims[i] = i ? dim_constant(call->builder->module->dims, 1) : y->type.dims[1];
    y = build_binary(call->builder, SCALAR_ADD, y, build_reshape(call->builder, bias, rank, dims));
  }
  results[0] = y;
  return y != NULL;
}

const Operator convolution_operators[] = {
    {.name = "Conv", .since = 1, .inputs = {INPUT("X", FLOAT), INPUT("W", FLOAT), OPTIONAL_INPUT("B", FLOAT)},
     .attributes = {STRING_ATTRIBUTE("auto_pad", "NOTSET"), INTS_ATTRIBUTE("dilations"), INT_ATTRIBUTE("group", 1),
                    INTS_ATTRIBUTE("kernel_shape"), INTS_ATTRIBUTE("pads"), INTS_ATTRIBUTE("strides")},
     .expand = expand_convolution,
     .doc = "Convolution over any number of spatial axes, with groups, strides, dilations, padding and bias."},
    {0}};
