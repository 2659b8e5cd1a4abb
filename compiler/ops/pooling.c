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
                        equation_label(equation, tap_names[i], dim_constant(context, window->kernel[i]))};
    Dim coefficients[2] = {dim_constant(context, window->stride[i]), dim_constant(context, window->dilation[i])};
    Dim offset = dim_subtract(context, dim_constant(context, 0), window->low[i]);
    equation_operand(equation, 0, offset, 2, pair, coefficients);
    equation_result_label(equation, pair[0]);
  }
  return build_reduction(equation, monoid, x);
}

static bool expand_max_pool(OperatorCall *call, Value **results) {
  Value *x = call->inputs[0];
  const Attribute *shape = call_attribute(call, "kernel_shape");
  Window window;
  if (call->output_count > 1 && call->output_wanted[1]) return call_invalid(call, "output Indices is not supported");
  if (x->type.rank < 3 || x->type.rank > SPATIAL_LIMIT + 2 || shape->count != x->type.rank - 2)
    return call_invalid(call, "kernel_shape has %zu numbers for an input of rank %u", shape->count, x->type.rank);
  if (!call_window(call, x, shape->integers, &window)) return false;
  results[0] = pool(call->builder, SCALAR_MAX, x, &window);
  return results[0] != NULL;
}

const Operator pooling_operators[] = {
    {.name = "MaxPool", .since = 1, .inputs = {INPUT("X", NUMERIC)}, .output_count = 2,
     .attributes = {STRING_ATTRIBUTE("auto_pad", "NOTSET"), INT_ATTRIBUTE("ceil_mode", 0), INTS_ATTRIBUTE("dilations"),
                    REQUIRED_ATTRIBUTE("kernel_shape", INTS), INTS_ATTRIBUTE("pads"),
                    INT_ATTRIBUTE("storage_order", 0), INTS_ATTRIBUTE("strides")},
     .expand = expand_max_pool, .doc = "The greatest of each window; padding never wins, NaN propagates."},
    {0}};
