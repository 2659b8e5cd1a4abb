/* SPDX-License-Identifier: Apache-2.0 */
/* Activation functions. */
#include "aicc/abi.h"
#include "ops/families.h"
#include <string.h>

static bool expand_gelu(OperatorCall *call, Value **results) {
  const char *approximate = call_string(call, "approximate");
  bool tanh_form = strcmp(approximate, "tanh") == 0;
  if (!tanh_form && strcmp(approximate, "none") != 0)
    return call_invalid(call, "approximate must be none or tanh, found '%s'", approximate);
  results[0] = build_unary(call->builder, tanh_form ? SCALAR_GELU_TANH : SCALAR_GELU, call->inputs[0]);
  return results[0] != NULL;
}

/* Before opset 7 a slope of rank 1 holds one number per channel (axis 1). */
static bool expand_prelu(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *x = call->inputs[0], *slope = call->inputs[1];
  int64_t count;
  bool per_channel = call->opset < 7 && slope->type.rank == 1 && x->type.rank > 2 &&
                     !(type_static_count(&slope->type, &count) && count == 1);
  if (per_channel) {
    Dim dims[RANK_LIMIT];
    uint32_t rank = x->type.rank - 1;
    for (uint32_t i = 0; i < rank; i++) dims[i] = i ? dim_constant(builder->module->dims, 1) : slope->type.dims[0];
    slope = build_reshape(builder, slope, rank, dims);
  }
  slope = build_stretch(builder, slope, x, "the slope does not broadcast to X");
  Value *zero = build_number(builder, x->type.element, 0);
  Value *scaled = build_binary(builder, SCALAR_MUL, slope, x);
  results[0] = build_select(builder, build_binary(builder, SCALAR_LT, x, zero), scaled, x);
  return results[0] != NULL;
}

#define ACTIVATION(name_, since_, text_, doc_, ...)                                                          \
  {.name = name_, .since = since_, .inputs = {INPUT("X", FLOAT)}, .attributes = {__VA_ARGS__}, .text = text_, .doc = doc_}
#define PLAIN(name_, since_, elements_, text_, doc_)                                                         \
  {.name = name_, .since = since_, .inputs = {INPUT("X", elements_)}, .text = text_, .doc = doc_}

/* Whether a number that is an operand is a constant 0, or false. */
static bool is_zero(const Value *value) {
  const Blob *blob = value ? value_constant(value) : NULL;
  double number;
  return blob && blob->element_count == 1 && blob_float_at(blob, 0, &number) && number == 0;
}

/* What a run must show before dropout may do nothing: that it is no training, or that nothing is dropped. */
static bool require_inference(OperatorCall *call) {
  Builder *builder = call->builder;
  Value *ratio = call_input(call, "ratio"), *training = call_input(call, "training_mode");
  const Attribute *is_test = call_attribute(call, "is_test"), *given = call_attribute(call, "ratio");
  const char *refusal = "training, which drops elements at random, is not supported";
  if (is_test) return is_test->integer != 0 || (given && given->number == 0) || call_invalid(call, "%s", refusal);
  if (!training || is_zero(training) || is_zero(ratio)) return true;
  if (value_constant(training) && (!ratio || value_constant(ratio))) return call_invalid(call, "%s", refusal);
  Value *idle = build_unary(builder, SCALAR_NOT, build_reshape(builder, training, 0, NULL));
  if (ratio) {
    Value *number = build_reshape(builder, ratio, 0, NULL);
    idle = build_binary(builder, SCALAR_OR, idle, build_binary(builder, SCALAR_EQ, number, build_number(builder, ratio->type.element, 0)));
  }
  return idle && build_require(builder, idle, AICC_E_VALUE);
}

/* The input as it is; the mask of what is kept says all, in bool or before opset 10 in the input's type. */
static bool expand_dropout(OperatorCall *call, Value **results) {
  Value *x = call->inputs[0];
  ElementType mask = call->opset < 10 ? x->type.element : ELEMENT_BOOL;
  if (!require_inference(call)) return false;
  results[0] = x;
  if (call->output_count > 1) results[1] = build_splat(call->builder, mask, 1, x->type.rank, x->type.dims);
  return call->output_count < 2 || results[1];
}

#define DROPOUT(since_, until_, ...)                                                                         \
  {.name = "Dropout", .since = since_, .until = until_, .inputs = {INPUT("data", FLOAT)}, .output_count = 2, \
   .attributes = {__VA_ARGS__}, .expand = expand_dropout, .doc = "Its input: nothing is dropped outside of training."}

const Operator activation_operators[] = {
    DROPOUT(1, 5, FLOAT_ATTRIBUTE("ratio", 0.5), INT_ATTRIBUTE("is_test", 0), INTS_ATTRIBUTE("consumed_inputs")),
    DROPOUT(6, 6, FLOAT_ATTRIBUTE("ratio", 0.5), INT_ATTRIBUTE("is_test", 0)),
    DROPOUT(7, 11, FLOAT_ATTRIBUTE("ratio", 0.5)),
    {.name = "Dropout", .since = 12, .output_count = 2,
     .inputs = {INPUT("data", FLOAT), {.name = "ratio", .elements = ELEMENTS_FLOAT, .optional = true},
                {.name = "training_mode", .elements = ELEMENTS_BOOL, .optional = true}},
     .attributes = {{.name = "seed", .kind = ATTRIBUTE_INT, .no_default = true}}, .expand = expand_dropout,
     .doc = "Its input: nothing is dropped outside of training."},
    PLAIN("Relu", 1, NUMERIC, "max(X, 0)", "max(X, 0); NaN passes."),
    PLAIN("Sigmoid", 1, FLOAT, "sigmoid(X)", "1 / (1 + exp(-X))."),
    PLAIN("Tanh", 1, FLOAT, "tanh(X)", "The hyperbolic tangent."),
    PLAIN("Softplus", 1, FLOAT, "softplus(X)", "log(1 + exp(X))."),
    PLAIN("Softsign", 1, FLOAT, "X / (1 + abs(X))", "X / (1 + |X|)."),
    PLAIN("Mish", 18, FLOAT, "mish(X)", "X * tanh(softplus(X))."),
    PLAIN("HardSwish", 14, FLOAT, "X * max(0, min(1, X * 0.16666666666666666 + 0.5))", "X * HardSigmoid(X)."),
    ACTIVATION("LeakyRelu", 1, "select(X < 0, alpha * X, X)", "X, scaled where it is negative.",
               FLOAT_ATTRIBUTE("alpha", 0.01)),
    ACTIVATION("Elu", 1, "select(X < 0, alpha * expm1(X), X)", "Exponential linear unit.", FLOAT_ATTRIBUTE("alpha", 1)),
    ACTIVATION("Celu", 12, "max(X, 0) + min(0, alpha * expm1(X / alpha))", "Continuously differentiable Elu.",
               FLOAT_ATTRIBUTE("alpha", 1)),
    {.name = "Selu", .since = 1, .until = 5, .inputs = {INPUT("X", FLOAT)},
     .attributes = {FLOAT_ATTRIBUTE("alpha", 1.6732), FLOAT_ATTRIBUTE("gamma", 1.0507)},
     .text = "gamma * select(X <= 0, alpha * expm1(X), X)", .doc = "Scaled Elu."},
    ACTIVATION("Selu", 6, "gamma * select(X <= 0, alpha * expm1(X), X)", "Scaled Elu.",
               FLOAT_ATTRIBUTE("alpha", 1.67326319217681884765625), FLOAT_ATTRIBUTE("gamma", 1.05070102214813232421875)),
    ACTIVATION("HardSigmoid", 1, "max(0, min(1, alpha * X + beta))", "A sigmoid of line segments.",
               FLOAT_ATTRIBUTE("alpha", 0.2), FLOAT_ATTRIBUTE("beta", 0.5)),
    ACTIVATION("ThresholdedRelu", 10, "select(X > alpha, X, 0)", "X where it is above alpha, else 0.",
               FLOAT_ATTRIBUTE("alpha", 1)),
    {.name = "Shrink", .since = 9, .inputs = {INPUT("input", NUMERIC)},
     .attributes = {FLOAT_ATTRIBUTE("lambd", 0.5), FLOAT_ATTRIBUTE("bias", 0)},
     .text = "select(input < -lambd, input + bias, select(input > lambd, input - bias, 0))",
     .doc = "Moves values towards 0 by the bias, and to 0 within the threshold."},
    {.name = "Gelu", .since = 20, .inputs = {INPUT("X", FLOAT)},
     .attributes = {STRING_ATTRIBUTE("approximate", "none")}, .expand = expand_gelu,
     .doc = "X * Phi(X), Phi the normal distribution; or its tanh approximation."},
    ACTIVATION("Swish", 24, "X * sigmoid(alpha * X)", "X * sigmoid(alpha * X).", FLOAT_ATTRIBUTE("alpha", 1)),
    {.name = "SwiGLU", .since = 28, .inputs = {INPUT("A", FLOAT), INPUT("B", FLOAT)},
     .attributes = {FLOAT_ATTRIBUTE("alpha", 1)}, .text = "A * sigmoid(alpha * A) * B", .doc = "Swish of A, times B."},
    {.name = "PRelu", .since = 1, .inputs = {INPUT("X", NUMERIC), INPUT("slope", NUMERIC)}, .expand = expand_prelu,
     .doc = "X, scaled by the slope where it is negative; the slope broadcasts to X."},
    {0}};
