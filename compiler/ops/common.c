/* SPDX-License-Identifier: Apache-2.0 */
/* What several operator families share: axes and sliding windows. */
#include "ir/number.h"
#include "ops/families.h"
#include <string.h>

ElementType element_beside(ElementType element, double number) {
  uint8_t bytes[8];
  double held;
  if (number_store(element, number, bytes) && number_load(element, bytes, &held) && held == number) return element;
  return element_is_integer(element) ? ELEMENT_F64 : element_info(element)->compute;
}

bool call_axis(const OperatorCall *call, int64_t axis, uint32_t limit, uint32_t *result) {
  if (axis < -(int64_t)limit || axis >= (int64_t)limit)
    return call_invalid(call, "axis %lld lies outside [%lld, %lld)", (long long)axis, -(long long)limit,
                        (long long)limit);
  *result = (uint32_t)(axis < 0 ? axis + limit : axis);
  return true;
}

/* The numbers of a constant, of floats where they are whole; false where it is none. */
static bool constant_numbers(const Module *module, const Value *input, Dim *dims, size_t count) {
  const Blob *blob = value_constant(input);
  int64_t number;
  if (!blob) return false;
  for (size_t i = 0; i < count; i++) {
    if (!blob_whole_at(blob, (int64_t)i, &number)) return false;
    dims[i] = dim_constant(module->dims, number);
  }
  return true;
}

bool call_integers(const OperatorCall *call, const char *name, Dim **dims, size_t *count) {
  Module *module = call->builder->module;
  const Attribute *attribute = call_attribute(call, name);
  const Value *input = call_input(call, name);
  int64_t elements = 0;
  if (attribute) elements = (int64_t)attribute->count;
  if (input && !type_static_count(&input->type, &elements)) elements = -1;
  if (elements > OPERATOR_VARIADIC_LIMIT)
    return call_invalid(call, "'%s' has more than %d numbers", name, OPERATOR_VARIADIC_LIMIT);
  *count = (size_t)(elements < 0 ? 0 : elements);
  *dims = arena_array(module->arena, Dim, *count + 1);
  for (size_t i = 0; attribute && i < *count; i++) (*dims)[i] = dim_constant(module->dims, attribute->integers[i]);
  if (!input || constant_numbers(module, input, *dims, *count)) return true;
  if (elements >= 0 && elements <= TRACKED_ELEMENT_LIMIT && value_track(call->builder, input, *dims, count)) return true;
  const char *text = arena_format(module->arena, "the values of '%s' are not known at compile time", name);
  return report(module->diagnostics, &call->builder->location, MESSAGE_SHAPE_UNKNOWN, text);
}

bool call_dims(const OperatorCall *call, const char *name, Dim *dims, size_t *count) {
  Dim *all;
  if (!call_integers(call, name, &all, count)) return false;
  if (*count > RANK_LIMIT) return call_invalid(call, "'%s' has %zu numbers, more than %d axes are not supported", name, *count, RANK_LIMIT);
  if (*count) memcpy(dims, all, *count * sizeof *dims);
  return true;
}

/* The i-th number of a list attribute, or a default; every list must have `count` numbers. */
static bool list_number(const OperatorCall *call, const char *name, size_t count, size_t index, int64_t fallback,
                        int64_t least, int64_t *value) {
  const Attribute *attribute = call_attribute(call, name);
  *value = fallback;
  if (!attribute) return true;
  if (attribute->count != count)
    return call_invalid(call, "attribute '%s' has %zu numbers, %zu are needed", name, attribute->count, count);
  *value = attribute->integers[index];
  if (*value < least || *value > INT32_MAX)
    return call_invalid(call, "attribute '%s' has %lld, outside [%lld, 2147483647]", name, (long long)*value,
                        (long long)least);
  return true;
}

bool call_auto_pad(const OperatorCall *call, AutoPad *mode) {
  static const char *const names[] = {"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
  const char *given = call_string(call, "auto_pad");
  for (int i = 0; i < 4; i++)
    if (strcmp(given, names[i]) == 0) {
      *mode = (AutoPad)i;
      return true;
    }
  return call_invalid(call, "auto_pad '%s' is not defined", given);
}

/* One spatial axis: padding and output extent. */
static bool window_axis(const OperatorCall *call, Window *window, uint32_t i, AutoPad mode) {
  DimContext *context = call->builder->module->dims;
  uint32_t axes = window->axes;
  int64_t low, high;
  if (!list_number(call, "strides", axes, i, 1, 1, &window->stride[i]) ||
      !list_number(call, "dilations", axes, i, 1, 1, &window->dilation[i]) ||
      !list_number(call, "pads", 2 * (size_t)axes, i, 0, 0, &low) ||
      !list_number(call, "pads", 2 * (size_t)axes, i + axes, 0, 0, &high))
    return false;
  Dim stride = dim_constant(context, window->stride[i]), one = dim_constant(context, 1);
  Dim reach = dim_multiply(context, dim_subtract(context, window->kernel[i], one), dim_constant(context, window->dilation[i]));
  Dim input = window->input[i];
  reach = dim_add(context, reach, one);
  if (mode == PAD_SAME_UPPER || mode == PAD_SAME_LOWER) {
    Dim output = dim_ceil_divide(context, input, stride);
    Dim needed = dim_add(context, dim_multiply(context, dim_subtract(context, output, one), stride), reach);
    Dim total = dim_max(context, dim_subtract(context, needed, input), dim_constant(context, 0));
    Dim two = dim_constant(context, 2);
    window->output[i] = output;
    window->low[i] = mode == PAD_SAME_UPPER ? dim_floor_divide(context, total, two) : dim_ceil_divide(context, total, two);
    window->high[i] = dim_subtract(context, total, window->low[i]);
    return true;
  }
  if (mode == PAD_VALID) low = high = 0;
  window->low[i] = dim_constant(context, low);
  window->high[i] = dim_constant(context, high);
  Dim padded = dim_add(context, input, dim_constant(context, low + high));
  Dim room = dim_subtract(context, padded, reach);
  if (!build_require_at_least(call->builder, padded, reach, "the window, with dilation, is larger than the padded input"))
    return false;
  bool ceiling = call_int(call, "ceil_mode") != 0;
  Dim steps = ceiling ? dim_ceil_divide(context, room, stride) : dim_floor_divide(context, room, stride);
  window->output[i] = dim_add(context, steps, one);
  if (ceiling) { /* a window that would start in the padding after the input is dropped */
    Dim last = dim_subtract(context, dim_add(context, input, window->low[i]), one);
    window->output[i] = dim_min(context, window->output[i],
                                dim_add(context, dim_floor_divide(context, last, stride), one));
  }
  return true;
}

bool call_window(const OperatorCall *call, const Value *input, const Dim *kernel, Window *window) {
  AutoPad mode = PAD_GIVEN;
  window->axes = input->type.rank - 2;
  if (!call_auto_pad(call, &mode)) return false;
  for (uint32_t i = 0; i < window->axes; i++) {
    Dim one = dim_constant(call->builder->module->dims, 1);
    if (dim_range(call->builder->module->dims, kernel[i]).high > INT32_MAX) return call_invalid(call, "a window is too large");
    if (!build_require_at_least(call->builder, kernel[i], one, "a window has no extent")) return false;
    window->kernel[i] = kernel[i];
    window->input[i] = input->type.dims[i + 2];
    if (!window_axis(call, window, i, mode)) return false;
  }
  return true;
}

Value *elements_over(Builder *builder, const Value *x, uint64_t axes, ElementType element) {
  DimContext *context = builder->module->dims;
  Dim count = dim_constant(context, 1);
  int64_t constant;
  for (uint32_t i = 0; i < x->type.rank; i++)
    if (axes >> i & 1) count = dim_multiply(context, count, x->type.dims[i]);
  if (dim_is_constant(count, &constant)) return build_integer(builder, element, constant);
  return build_cast(builder, build_reshape(builder, build_dims(builder, &count, 1), 0, NULL), element);
}
