/* SPDX-License-Identifier: Apache-2.0 */
/* Constants and changes of shape. */
#include "aicc/abi.h"
#include "ops/families.h"
#include <string.h>

static bool expand_identity(OperatorCall *call, Value **results) {
  results[0] = call->inputs[0];
  return true;
}

static Value *float_list(Builder *builder, const double *numbers, size_t count, uint32_t rank) {
  Arena *arena = builder->module->arena;
  float *values = arena_array(arena, float, count);
  for (size_t i = 0; i < count; i++) values[i] = (float)numbers[i];
  Dim dim = dim_constant(builder->module->dims, (int64_t)count);
  return build_blob(builder, blob_dense(arena, ELEMENT_F32, (int64_t)count, values),
                    type_tensor(arena, ELEMENT_F32, rank, &dim));
}

static bool expand_constant(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  const Attribute *given = NULL;
  for (uint32_t i = 0; i < 12 && call->operator->attributes[i].name; i++) {
    if (call->attributes[i].kind == ATTRIBUTE_NONE) continue;
    if (given) return call_invalid(call, "more than one value is given");
    given = &call->attributes[i];
  }
  if (!given) return call_invalid(call, "no value is given");
  switch (given->kind) {
  case ATTRIBUTE_BLOB: results[0] = build_blob(builder, given->blob, given->type); break;
  case ATTRIBUTE_INT: results[0] = build_integer(builder, ELEMENT_I64, given->integer); break;
  case ATTRIBUTE_INTS: results[0] = build_i64s(builder, given->integers, given->count); break;
  case ATTRIBUTE_FLOAT: results[0] = float_list(builder, &given->number, 1, 0); break;
  case ATTRIBUTE_FLOATS: results[0] = float_list(builder, given->numbers, given->count, 1); break;
  default: return call_invalid(call, "attribute '%s' is not supported", given->name);
  }
  return results[0] != NULL;
}

static bool expand_flatten(OperatorCall *call, Value **results) {
  DimContext *context = call->builder->module->dims;
  Value *x = call->inputs[0];
  uint32_t axis;
  int64_t given = call_int(call, "axis"), rank = x->type.rank;
  if (given < -rank || given > rank) return call_invalid(call, "axis %lld is outside the rank", (long long)given);
  axis = (uint32_t)(given < 0 ? given + rank : given);
  Dim dims[2] = {dim_constant(context, 1), dim_constant(context, 1)};
  for (uint32_t i = 0; i < x->type.rank; i++) dims[i >= axis] = dim_multiply(context, dims[i >= axis], x->type.dims[i]);
  results[0] = build_reshape(call->builder, x, 2, dims);
  return results[0] != NULL;
}

/* Resolves 0 (keep; with allowzero a true 0) and -1 (whatever remains) in the wanted dims. Dims that are kept take no part
   in what remains, so that a batch of 0 is no riddle. */
static bool resolve_shape(OperatorCall *call, const Value *x, Dim *dims, size_t count) {
  DimContext *context = call->builder->module->dims;
  bool allow_zero = call_int(call, "allowzero") != 0, have_zero = false;
  size_t unknown = count;
  Dim known = dim_constant(context, 1), total = known;
  uint64_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    if (dim_equals_constant(dims[i], -1)) {
      if (unknown != count) return call_invalid(call, "more than one dim is -1");
      unknown = i;
      continue;
    }
    if (dim_equals_constant(dims[i], 0)) {
      have_zero = true;
      if (!allow_zero) {
        if (i >= x->type.rank) return call_invalid(call, "dim %zu is 0, but the input has no such axis", i);
        dims[i] = x->type.dims[i];
      }
    }
    if (dim_range(context, dims[i]).high < 0) return call_invalid(call, "dim %zu is negative", i);
    if (i < x->type.rank && dims[i] == x->type.dims[i])
      kept |= UINT64_C(1) << i;
    else
      known = dim_multiply(context, known, dims[i]);
  }
  for (uint32_t i = 0; i < x->type.rank; i++)
    if (!(kept >> i & 1)) total = dim_multiply(context, total, x->type.dims[i]);
  if (unknown == count) return true;
  if (allow_zero && have_zero) return call_invalid(call, "-1 together with a zero dim is ambiguous");
  /* That it divides, build_reshape sees to. */
  Dim exact = dim_floor_divide(context, total, known);
  Dim divisor = dim_max(context, known, dim_constant(context, 1));
  dims[unknown] = dim_is_valid(exact) ? exact : dim_floor_divide(context, total, divisor);
  if (!dim_is_valid(dims[unknown])) return call_invalid(call, "the dim given as -1 cannot be computed");
  return true;
}

/* The shape operand is known at run time only: the declared result gives the dims, the values are checked. */
static bool expand_run_time_reshape(OperatorCall *call, Value *x, Value *shape, Value **results) {
  Builder *builder = call->builder;
  const Type *declared = &call->declared[0];
  Dim limit = dim_constant(builder->module->dims, declared->rank);
  bool is_declared = declared->element != ELEMENT_UNDEFINED && shape->type.rank == 1 && shape->type.dims[0] == limit;
  for (uint32_t i = 0; is_declared && i < declared->rank; i++) is_declared = dim_is_valid(declared->dims[i]);
  if (!is_declared)
    return report(builder->module->diagnostics, &builder->location, MESSAGE_SHAPE_UNKNOWN,
                  "the shape operand is not known at compile time, and no result shape of its length is declared");
  results[0] = build_reshape(builder, x, declared->rank, declared->dims);
  if (!results[0] || !declared->rank) return results[0] != NULL;
  Value *wanted = build_dims(builder, declared->dims, declared->rank);
  Value *valid = build_binary(builder, SCALAR_EQ, shape, wanted);
  Value *inferred = build_binary(builder, SCALAR_EQ, shape, build_integer(builder, ELEMENT_I64, -1));
  valid = build_binary(builder, SCALAR_OR, valid, inferred);
  if (call_int(call, "allowzero") == 0) { /* 0 keeps the input's dim */
    Dim kept[RANK_LIMIT];
    for (uint32_t i = 0; i < declared->rank; i++)
      kept[i] = i < x->type.rank ? x->type.dims[i] : dim_constant(builder->module->dims, -1);
    Value *keeps = build_binary(builder, SCALAR_EQ, build_dims(builder, kept, declared->rank), wanted);
    Value *zero = build_binary(builder, SCALAR_EQ, shape, build_integer(builder, ELEMENT_I64, 0));
    valid = build_binary(builder, SCALAR_OR, valid, build_binary(builder, SCALAR_AND, zero, keeps));
  }
  return valid && build_require(builder, build_reduce(builder, SCALAR_AND, valid, 1, false), AICC_E_VALUE);
}

static bool expand_reshape(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *x = call->inputs[0];
  Value *shape = call_input(call, "shape");
  const Attribute *attribute = call_attribute(call, "shape");
  Dim dims[TRACKED_ELEMENT_LIMIT];
  size_t count = 0;
  if (attribute) {
    if (attribute->count > RANK_LIMIT) return call_invalid(call, "more than %d dims", RANK_LIMIT);
    for (; count < attribute->count; count++) dims[count] = dim_constant(builder->module->dims, attribute->integers[count]);
  } else if (shape->type.rank != 1 || !value_track(builder, shape, dims, &count)) {
    return expand_run_time_reshape(call, x, shape, results);
  }
  if (count > RANK_LIMIT) return call_invalid(call, "more than %d dims", RANK_LIMIT);
  if (!resolve_shape(call, x, dims, count)) return false;
  results[0] = build_reshape(builder, x, (uint32_t)count, dims);
  return results[0] != NULL;
}

/* The axes that the call names, as a set over `rank` axes. */
static bool read_axes(OperatorCall *call, uint32_t rank, uint64_t *set, bool *given) {
  Dim axes[RANK_LIMIT];
  size_t count;
  *set = 0;
  if (!call_dims(call, "axes", axes, &count)) return false;
  *given = call_input(call, "axes") != NULL || call_attribute(call, "axes") != NULL;
  for (size_t i = 0; i < count; i++) {
    int64_t number;
    uint32_t axis;
    if (!dim_is_constant(axes[i], &number)) return call_invalid(call, "an axis depends on a symbolic dim");
    if (!call_axis(call, number, rank, &axis)) return false;
    if (*set >> axis & 1) return call_invalid(call, "axis %u is given twice", axis);
    *set |= UINT64_C(1) << axis;
  }
  return true;
}

static bool expand_squeeze(OperatorCall *call, Value **results) {
  Value *x = call->inputs[0];
  uint64_t set;
  bool given;
  Dim dims[RANK_LIMIT];
  uint32_t rank = 0;
  if (!read_axes(call, x->type.rank, &set, &given)) return false;
  for (uint32_t i = 0; i < x->type.rank; i++) {
    bool unit = dim_equals_constant(x->type.dims[i], 1);
    bool kept = given ? !(set >> i & 1) : !unit;
    if (kept) dims[rank++] = x->type.dims[i];
    Dim one = dim_constant(call->builder->module->dims, 1);
    if (!kept && !build_require_equal(call->builder, x->type.dims[i], one, "an axis that is squeezed is not of extent 1"))
      return false;
  }
  results[0] = build_reshape(call->builder, x, rank, dims);
  return results[0] != NULL;
}

static bool expand_unsqueeze(OperatorCall *call, Value **results) {
  Value *x = call->inputs[0];
  uint64_t set;
  bool given;
  Dim axes[RANK_LIMIT], dims[RANK_LIMIT];
  size_t count;
  if (!call_dims(call, "axes", axes, &count)) return false;
  uint32_t rank = x->type.rank + (uint32_t)count, at = 0;
  if (rank > RANK_LIMIT) return call_invalid(call, "more than %d axes", RANK_LIMIT);
  if (!read_axes(call, rank, &set, &given)) return false;
  for (uint32_t i = 0; i < rank; i++)
    dims[i] = set >> i & 1 ? dim_constant(call->builder->module->dims, 1) : x->type.dims[at++];
  results[0] = build_reshape(call->builder, x, rank, dims);
  return results[0] != NULL;
}

static bool expand_shape(OperatorCall *call, Value **results) {
  const Type *type = &call->inputs[0]->type;
  int64_t rank = type->rank, from = call_int(call, "start"), to = rank;
  const Attribute *end = call_attribute(call, "end");
  if (end) to = end->integer;
  if (from < 0) from += rank;
  if (to < 0) to += rank;
  from = from < 0 ? 0 : from > rank ? rank : from;
  to = to > rank ? rank : to < from ? from : to;
  results[0] = build_dims(call->builder, type->dims + from, (size_t)(to - from));
  return results[0] != NULL;
}

static bool expand_size(OperatorCall *call, Value **results) {
  Dim count = type_count(call->builder->module->dims, &call->inputs[0]->type);
  if (!dim_is_valid(count)) return call_invalid(call, "the number of elements overflows");
  results[0] = build_reshape(call->builder, build_dims(call->builder, &count, 1), 0, NULL);
  return results[0] != NULL;
}

static bool expand_constant_of_shape(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  const Attribute *value = call_attribute(call, "value");
  Dim dims[RANK_LIMIT];
  size_t count;
  if (!call_dims(call, "input", dims, &count)) return false;
  if (value && value->blob->element_count != 1) return call_invalid(call, "value has more than one element");
  Value *one = value ? build_blob(builder, value->blob, type_scalar(value->type.element)) : build_number(builder, ELEMENT_F32, 0);
  for (size_t i = 0; i < count; i++)
    if (dim_range(builder->module->dims, dims[i]).high < 0) return call_invalid(call, "dim %zu is negative", i);
  results[0] = build_broadcast(builder, one, (uint32_t)count, dims);
  return results[0] != NULL;
}

#define NAMED_AXES(optional_) {.name = "axes", .elements = ELEMENTS_I64, .optional = optional_}

const Operator shape_operators[] = {
    {.name = "Squeeze", .since = 1, .until = 12, .inputs = {INPUT("data", ANY)}, .attributes = {INTS_ATTRIBUTE("axes")},
     .expand = expand_squeeze, .doc = "Without axes of extent 1: those named, or all."},
    {.name = "Squeeze", .since = 13, .inputs = {INPUT("data", ANY), NAMED_AXES(true)}, .expand = expand_squeeze,
     .doc = "Without axes of extent 1: those named, or all."},
    {.name = "Unsqueeze", .since = 1, .until = 12, .inputs = {INPUT("data", ANY)},
     .attributes = {REQUIRED_ATTRIBUTE("axes", INTS)}, .expand = expand_unsqueeze, .doc = "With new axes of extent 1."},
    {.name = "Unsqueeze", .since = 13, .inputs = {INPUT("data", ANY), NAMED_AXES(false)},
     .expand = expand_unsqueeze, .doc = "With new axes of extent 1."},
    {.name = "Shape", .since = 1, .until = 14, .inputs = {INPUT("data", EVERY)}, .expand = expand_shape, .doc = "The dims."},
    {.name = "Shape", .since = 15, .inputs = {INPUT("data", EVERY)}, .expand = expand_shape,
     .attributes = {INT_ATTRIBUTE("start", 0), {.name = "end", .kind = ATTRIBUTE_INT, .no_default = true}},
     .doc = "The dims, or a range of them."},
    {.name = "Size", .since = 1, .inputs = {INPUT("data", EVERY)}, .expand = expand_size, .doc = "The number of elements."},
    {.name = "ConstantOfShape", .since = 9, .inputs = {{.name = "input", .elements = ELEMENTS_I64}},
     .attributes = {{.name = "value", .kind = ATTRIBUTE_BLOB}}, .expand = expand_constant_of_shape,
     .doc = "One value everywhere."},
    {.name = "Identity", .since = 1, .inputs = {INPUT("input", EVERY)}, .expand = expand_identity, .doc = "Its input."},
    {.name = "Constant", .since = 1, .expand = expand_constant,
     .attributes = {{.name = "value", .kind = ATTRIBUTE_BLOB}},
     .until = 10, .doc = "A tensor given in the model."},
    {.name = "Constant", .since = 11, .until = 11, .expand = expand_constant,
     .attributes = {{.name = "value", .kind = ATTRIBUTE_BLOB}, {.name = "sparse_value", .kind = ATTRIBUTE_BLOB}},
     .doc = "A tensor given in the model."},
    {.name = "Constant", .since = 12, .expand = expand_constant,
     .attributes = {{.name = "value", .kind = ATTRIBUTE_BLOB},
                    {.name = "sparse_value", .kind = ATTRIBUTE_BLOB},
                    {.name = "value_float", .kind = ATTRIBUTE_FLOAT, .no_default = true},
                    {.name = "value_floats", .kind = ATTRIBUTE_FLOATS},
                    {.name = "value_int", .kind = ATTRIBUTE_INT, .no_default = true},
                    {.name = "value_ints", .kind = ATTRIBUTE_INTS},
                    {.name = "value_string", .kind = ATTRIBUTE_STRING},
                    {.name = "value_strings", .kind = ATTRIBUTE_STRINGS}},
     .doc = "A tensor given in the model."},
    {.name = "Flatten", .since = 1, .inputs = {INPUT("input", ANY)}, .attributes = {INT_ATTRIBUTE("axis", 1)},
     .expand = expand_flatten, .doc = "A matrix: the dims before the axis, and those from it on."},
    {.name = "Reshape", .since = 1, .until = 4, .inputs = {INPUT("data", ANY)}, .attributes = {REQUIRED_ATTRIBUTE("shape", INTS)},
     .expand = expand_reshape, .doc = "The same elements in other dims; 0 keeps a dim, -1 takes what remains."},
    {.name = "Reshape", .since = 5,
     .inputs = {INPUT("data", ANY), {.name = "shape", .elements = ELEMENTS_I64}},
     .attributes = {INT_ATTRIBUTE("allowzero", 0)}, .expand = expand_reshape,
     .doc = "The same elements in other dims; 0 keeps a dim, -1 takes what remains."},
    {0}};
