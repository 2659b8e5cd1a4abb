/* SPDX-License-Identifier: Apache-2.0 */
/* Padding: with a value as a view, with the tensor's own elements as a concatenation per axis. */
#include "ops/families.h"
#include <string.h>

typedef enum PadMode { PAD_CONSTANT, PAD_REFLECT, PAD_EDGE, PAD_WRAP } PadMode;

static bool pad_mode(const OperatorCall *call, PadMode *mode) {
  static const char *const names[] = {"constant", "reflect", "edge", "wrap"};
  for (int i = 0; i < 4; i++)
    if (strcmp(call_string(call, "mode"), names[i]) == 0) {
      *mode = (PadMode)i;
      return true;
    }
  return call_invalid(call, "mode '%s' is not defined", call_string(call, "mode"));
}

/* `extent` elements along one axis from `start` on, backwards with a step of -1. */
static Value *along(Builder *builder, Value *x, uint32_t axis, Dim start, int64_t step, Dim extent) {
  DimContext *context = builder->module->dims;
  Dim starts[RANK_LIMIT], extents[RANK_LIMIT];
  int64_t steps[RANK_LIMIT];
  for (uint32_t i = 0; i < x->type.rank; i++) {
    starts[i] = i == axis ? start : dim_constant(context, 0);
    extents[i] = i == axis ? extent : x->type.dims[i];
    steps[i] = i == axis ? step : 1;
  }
  return build_slice(builder, x, starts, steps, extents);
}

/* `count` copies of the element at `place`. */
static Value *repeated(Builder *builder, Value *x, uint32_t axis, Dim place, Dim count) {
  DimContext *context = builder->module->dims;
  Value *one = along(builder, x, axis, place, 1, dim_constant(context, 1));
  Dim dims[RANK_LIMIT];
  for (uint32_t i = 0; i < x->type.rank; i++) dims[i] = i == axis ? count : x->type.dims[i];
  return build_broadcast(builder, one, x->type.rank, dims);
}

/* Pads one axis by its own elements; a negative pad crops. */
static Value *pad_axis(OperatorCall *call, PadMode mode, Value *x, uint32_t axis, Dim low, Dim high) {
  Builder *builder = call->builder;
  DimContext *context = builder->module->dims;
  Dim zero = dim_constant(context, 0), one = dim_constant(context, 1);
  Dim before = dim_max(context, low, zero), after = dim_max(context, high, zero);
  Dim cut_before = dim_subtract(context, before, low), cut_after = dim_subtract(context, after, high);
  Dim extent = dim_subtract(context, x->type.dims[axis], dim_add(context, cut_before, cut_after));
  x = along(builder, x, axis, cut_before, 1, extent);
  if (!x) return NULL;
  Dim last = dim_subtract(context, extent, one), most = dim_max(context, before, after);
  /* There must be as much to reflect or repeat; of an edge there must be one where any pad is not 0. */
  Dim least = mode == PAD_REFLECT ? dim_add(context, most, dim_min(context, most, one))
              : mode == PAD_EDGE  ? dim_min(context, most, one)
                                  : most;
  if (!build_require_at_least(builder, extent, least, "an axis is too short for its padding")) return NULL;
  Value *parts[3];
  uint32_t count = 0;
  if (!dim_equals_constant(before, 0))
    parts[count++] = mode == PAD_EDGE      ? repeated(builder, x, axis, dim_constant(context, 0), before)
                     : mode == PAD_REFLECT ? along(builder, x, axis, before, -1, before)
                                           : along(builder, x, axis, dim_subtract(context, extent, before), 1, before);
  parts[count++] = x;
  if (!dim_equals_constant(after, 0))
    parts[count++] = mode == PAD_EDGE      ? repeated(builder, x, axis, last, after)
                     : mode == PAD_REFLECT ? along(builder, x, axis, dim_subtract(context, last, one), -1, after)
                                           : along(builder, x, axis, dim_constant(context, 0), 1, after);
  return build_concat(builder, parts, count, axis);
}

/* The pads of every axis. */
static bool read_pads(OperatorCall *call, uint32_t rank, Dim *low, Dim *high) {
  DimContext *context = call->builder->module->dims;
  Dim *pads, axes[RANK_LIMIT];
  size_t count, axis_count;
  if (!call_integers(call, call->operator->variant ? "paddings" : "pads", &pads, &count) ||
      !call_dims(call, "axes", axes, &axis_count))
    return false;
  size_t padded = call_input(call, "axes") ? axis_count : rank;
  if (count != 2 * padded) return call_invalid(call, "there are %zu pads, %zu are needed", count, 2 * padded);
  for (uint32_t i = 0; i < rank; i++) low[i] = high[i] = dim_constant(context, 0);
  for (size_t k = 0; k < padded; k++) {
    uint32_t axis = (uint32_t)k;
    int64_t number = (int64_t)k;
    if (axis_count && !dim_is_constant(axes[k], &number)) return call_invalid(call, "an axis depends on a symbolic dim");
    if (!call_axis(call, number, rank, &axis)) return false;
    low[axis] = pads[k];
    high[axis] = pads[k + padded];
  }
  return true;
}

static Value *fill_value(OperatorCall *call, const Value *x) {
  Builder *builder = call->builder;
  Value *given = call_input(call, "constant_value");
  const Attribute *number = call_attribute(call, "value");
  if (given) return build_reshape(builder, given, 0, NULL);
  return build_number(builder, x->type.element, number ? number->number : 0);
}

static bool expand_pad(OperatorCall *call, Value **results) {
  Value *x = call->inputs[0];
  Dim low[RANK_LIMIT], high[RANK_LIMIT];
  PadMode mode = PAD_CONSTANT;
  if (!pad_mode(call, &mode) || !read_pads(call, x->type.rank, low, high)) return false;
  if (mode == PAD_CONSTANT) {
    Value *fill = fill_value(call, x);
    results[0] = fill ? build_pad(call->builder, x, low, high, fill) : NULL;
    return results[0] != NULL;
  }
  for (uint32_t i = 0; i < call->inputs[0]->type.rank && x; i++) {
    if (!dim_equals_constant(low[i], 0) || !dim_equals_constant(high[i], 0)) x = pad_axis(call, mode, x, i, low[i], high[i]);
  }
  results[0] = x;
  return x != NULL;
}

#define PAD_INPUTS                                                                                           \
  INPUT("data", ARITHMETIC), {.name = "pads", .elements = ELEMENTS_I64}, OPTIONAL_INPUT("constant_value", ARITHMETIC)

const Operator pad_operators[] = {
    {.name = "Pad", .since = 1, .until = 1, .inputs = {INPUT("data", FLOAT)},
     .attributes = {REQUIRED_ATTRIBUTE("paddings", INTS), STRING_ATTRIBUTE("mode", "constant"), FLOAT_ATTRIBUTE("value", 0)},
     .expand = expand_pad, .variant = 1, .doc = "More elements around: a value, or the tensor's own."},
    {.name = "Pad", .since = 2, .until = 10, .inputs = {INPUT("data", FLOAT)},
     .attributes = {REQUIRED_ATTRIBUTE("pads", INTS), STRING_ATTRIBUTE("mode", "constant"), FLOAT_ATTRIBUTE("value", 0)},
     .expand = expand_pad, .doc = "More elements around: a value, or the tensor's own."},
    {.name = "Pad", .since = 11, .until = 17, .inputs = {PAD_INPUTS}, .attributes = {STRING_ATTRIBUTE("mode", "constant")},
     .expand = expand_pad, .doc = "More elements around: a value, or the tensor's own; negative pads crop."},
    {.name = "Pad", .since = 18,
     .inputs = {PAD_INPUTS, {.name = "axes", .elements = ELEMENTS_INTEGER, .optional = true}},
     .attributes = {STRING_ATTRIBUTE("mode", "constant")}, .expand = expand_pad,
     .doc = "More elements around: a value, or the tensor's own; negative pads crop."},
    {0}};
