/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax and its logarithm: before opset 13 over all axes from `axis` on, since then along one axis. */
#include "ops/families.h"

static bool expand_softmax(OperatorCall *call, Value **results) {
  results[0] = NULL;
  Value *x = call->inputs[0];
  uint32_t axis;
  if (!call_axis(call, call_int(call, "axis"), x->type.rank ? x->type.rank : 1, &axis)) return false;
  if (x->type.rank == 0) return call_invalid(call, "softmax needs at least one axis");
  results[0] = build_softmax(call->builder, x, axis, call->operator->variant != 0);
  return results[0] != NULL;
}

static bool expand_flattening_softmax(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  DimContext *context = builder->module->dims;
  Value *x = call->inputs[0];
  uint32_t axis;
  if (x->type.rank == 0) return call_invalid(call, "softmax needs at least one axis");
  if (!call_axis(call, call_int(call, "axis"), x->type.rank, &axis)) return false;
  Dim dims[2] = {dim_constant(context, 1), dim_constant(context, 1)};
  for (uint32_t i = 0; i < x->type.rank; i++) dims[i >= axis] = dim_multiply(context, dims[i >= axis], x->type.dims[i]);
  Value *flat = build_softmax(builder, build_reshape(builder, x, 2, dims), 1, call->operator->variant != 0);
  results[0] = build_reshape(builder, flat, x->type.rank, x->type.dims);
  return results[0] != NULL;
}

#define SOFTMAX(name_, variant_, doc_)                                                                       \
  {.name = name_, .since = 1, .until = 12, .inputs = {INPUT("input", FLOAT)},                                \
   .attributes = {INT_ATTRIBUTE("axis", 1)}, .expand = expand_flattening_softmax, .variant = variant_, .doc = doc_}, \
  {.name = name_, .since = 13, .inputs = {INPUT("input", FLOAT)}, .attributes = {INT_ATTRIBUTE("axis", -1)}, \
   .expand = expand_softmax, .variant = variant_, .doc = doc_}

const Operator softmax_operators[] = {
    SOFTMAX("Softmax", 0, "exp(x - max) divided by its sum."),
    SOFTMAX("LogSoftmax", 1, "x - max - log(sum(exp(x - max)))."),
    {0}};
