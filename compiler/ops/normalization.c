/* SPDX-License-Identifier: Apache-2.0 */
/* Batch normalisation. */
#include "ops/families.h"

/* One number per channel beside a tensor [n, c, ...]; what has one per activation, [c, ...], is so already. A vector is a
   batch of one channel. */
static Value *per_channel(Builder *builder, Value *a, const Value *x) {
  Dim dims[RANK_LIMIT];
  if (!a || a->type.rank > 1) return a;
  if (x->type.rank == 1) return build_reshape(builder, a, 0, NULL);
  for (uint32_t i = 1; i < x->type.rank; i++) dims[i - 1] = i == 1 ? a->type.dims[0] : dim_constant(builder->module->dims, 1);
  return build_reshape(builder, a, x->type.rank - 1, dims);
}

/* The mean over all axes but the channels', as one number per channel. */
static Value *channel_mean(Builder *builder, Value *x) {
  DimContext *context = builder->module->dims;
  uint32_t channels = x->type.rank == 1 ? RANK_LIMIT : 1; /* the axis that stays */
  uint64_t axes = (UINT64_MAX >> (64 - x->type.rank)) & ~(UINT64_C(1) << channels);
  Dim count = dim_constant(context, 1);
  for (uint32_t i = 0; i < x->type.rank; i++)
    if (i != channels) count = dim_multiply(context, count, x->type.dims[i]);
  Value *size = build_cast(builder, build_reshape(builder, build_dims(builder, &count, 1), 0, NULL), x->type.element);
  Value *mean = build_binary(builder, SCALAR_DIV, build_reduce(builder, SCALAR_ADD, x, axes, false), size);
  Dim one = dim_constant(context, 1);
  return x->type.rank == 1 ? build_reshape(builder, mean, 1, &one) : mean;
}

/* old * momentum + current * (1 - momentum), in the old one's type. */
static Value *running(Builder *builder, Value *old, Value *current, double momentum) {
  ElementType element = current->type.element;
  Value *kept = build_binary(builder, SCALAR_MUL, build_cast(builder, old, element), build_number(builder, element, momentum));
  Value *added = build_binary(builder, SCALAR_MUL, current, build_number(builder, element, 1 - momentum));
  return build_cast(builder, build_binary(builder, SCALAR_ADD, kept, added), old->type.element);
}

/* Whether an input has one number per channel or, where `spatial` is 0, one per activation. Before opset 7 that
   attribute said how statistics are computed, but they had one number per channel all the same. */
static bool check_parameter(const OperatorCall *call, uint32_t index, const Type *x) {
  const Type *type = &call->inputs[index]->type;
  const Attribute *spatial = call_attribute(call, "spatial");
  bool per_activation = spatial && spatial->integer == 0;
  bool fits = type->rank == x->rank - 1 || (type->rank == 1 && call->opset < 7);
  if (!per_activation) fits = type->rank == 1;
  if (!fits) return call_invalid(call, "input %u must have one number per %s", index, per_activation ? "activation" : "channel");
  Dim one = dim_constant(call->builder->module->dims, 1);
  for (uint32_t i = 0; i < type->rank; i++)
    if (!build_require_equal(call->builder, type->dims[i], i + 1 < x->rank ? x->dims[i + 1] : one,
                             per_activation ? "there is not one number per activation" : "there is not one number per channel"))
      return false;
  return true;
}

/* x * s + t with s = scale / sqrt(var + epsilon) and t = B - mean * s, which fold where the statistics are constants. */
static bool expand_batch_normalization(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *x = call->inputs[0];
  ElementType element = element_info(x->type.element)->compute;
  bool training = call_int(call, "training_mode") != 0;
  const Attribute *is_test = call_attribute(call, "is_test");
  if (is_test && is_test->integer == 0) /* of Y alone it says both: that this is training, and that it is not */
    return call_invalid(call, "training (is_test=0, the default) is not supported before opset 14");
  if (x->type.rank < 1) return call_invalid(call, "the input needs an axis");
  for (uint32_t i = 1; i < 5; i++)
    if (!check_parameter(call, i, &x->type)) return false;
  for (uint32_t i = 1; !training && i < call->output_count; i++)
    if (call->output_wanted[i]) return call_invalid(call, "output %u exists in training only", i);
  Value *wide = build_cast(builder, x, element), *mean = build_cast(builder, call->inputs[3], element);
  Value *variance = build_cast(builder, call->inputs[4], element);
  if (training) {
    mean = channel_mean(builder, wide);
    Value *difference = build_binary(builder, SCALAR_SUB, wide, per_channel(builder, mean, x));
    variance = channel_mean(builder, build_binary(builder, SCALAR_MUL, difference, difference));
    if (!mean || !variance) return false;
    double momentum = call_float(call, "momentum");
    if (call->output_count > 1) results[1] = running(builder, call->inputs[3], mean, momentum);
    if (call->output_count > 2) results[2] = running(builder, call->inputs[4], variance, momentum);
  }
  Value *sum = build_binary(builder, SCALAR_ADD, variance, build_number(builder, element, call_float(call, "epsilon")));
  Value *scale = build_binary(builder, SCALAR_DIV, build_cast(builder, call->inputs[1], element), build_unary(builder, SCALAR_SQRT, sum));
  Value *shift = build_binary(builder, SCALAR_SUB, build_cast(builder, call->inputs[2], element),
                              build_binary(builder, SCALAR_MUL, mean, scale));
  Value *scaled = build_binary(builder, SCALAR_MUL, wide, per_channel(builder, scale, x));
  results[0] = build_cast(builder, build_binary(builder, SCALAR_ADD, scaled, per_channel(builder, shift, x)), x->type.element);
  return results[0] != NULL;
}

#define BATCH_INPUTS(variable_)                                                                              \
  {.name = "scale", .elements = ELEMENTS_FLOAT, .type_variable = variable_},                                 \
      {.name = "B", .elements = ELEMENTS_FLOAT, .type_variable = variable_}
#define STATISTICS                                                                                           \
  {.name = "input_mean", .elements = ELEMENTS_FLOAT, .type_variable = 'U'},                                  \
      {.name = "input_var", .elements = ELEMENTS_FLOAT, .type_variable = 'U'}

const Operator normalization_operators[] = {
    {.name = "BatchNormalization", .since = 1, .until = 6, .inputs = {INPUT("X", FLOAT), BATCH_INPUTS('T'), STATISTICS},
     .output_count = 5,
     .attributes = {FLOAT_ATTRIBUTE("epsilon", 1e-5), FLOAT_ATTRIBUTE("momentum", 0.9), INT_ATTRIBUTE("spatial", 1),
                    INT_ATTRIBUTE("is_test", 0)},
     .expand = expand_batch_normalization,
     .doc = "Normalises each channel or (spatial=0) each activation by given statistics; is_test must be 1."},
    {.name = "BatchNormalization", .since = 7, .until = 8, .inputs = {INPUT("X", FLOAT), BATCH_INPUTS('T'), STATISTICS},
     .output_count = 5,
     .attributes = {FLOAT_ATTRIBUTE("epsilon", 1e-5), FLOAT_ATTRIBUTE("momentum", 0.9), INT_ATTRIBUTE("spatial", 1)},
     .expand = expand_batch_normalization,
     .doc = "Normalises each channel or (spatial=0) each activation by given statistics."},
    {.name = "BatchNormalization", .since = 9, .until = 13, .inputs = {INPUT("X", FLOAT), BATCH_INPUTS('T'), STATISTICS},
     .output_count = 5, .attributes = {FLOAT_ATTRIBUTE("epsilon", 1e-5), FLOAT_ATTRIBUTE("momentum", 0.9)},
     .expand = expand_batch_normalization, .doc = "Normalises each channel by given statistics."},
    {.name = "BatchNormalization", .since = 14, .inputs = {INPUT("X", FLOAT), BATCH_INPUTS('V'), STATISTICS}, .output_count = 3,
     .attributes = {FLOAT_ATTRIBUTE("epsilon", 1e-5), FLOAT_ATTRIBUTE("momentum", 0.9), INT_ATTRIBUTE("training_mode", 0)},
     .expand = expand_batch_normalization,
     .doc = "Normalises each channel by given statistics, or in training mode by its own, and tracks them."},
    {0}};
