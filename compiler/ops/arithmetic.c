/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic per element: sums, products, powers, remainders, bounds. */
#include "ops/families.h"

/* A chain of one scalar function, `variant`, over all inputs. */
static bool expand_chain(OperatorCall *call, Value **results) {
  Value *chain = call->inputs[0];
  for (uint32_t i = 1; i < call->input_count; i++)
    chain = build_binary(call->builder, (Scalar)call->operator->variant, chain, call->inputs[i]);
  results[0] = chain;
  return chain != NULL;
}

static bool expand_mean(OperatorCall *call, Value **results) {
  Value *sum;
  if (!expand_chain(call, &sum)) return false;
  ElementType element = sum->type.element, wide = element_beside(element, call->input_count);
  Value *count = build_number(call->builder, wide, call->input_count);
  Value *mean = build_binary(call->builder, SCALAR_DIV, build_cast(call->builder, sum, wide), count);
  results[0] = build_cast(call->builder, mean, element);
  return results[0] != NULL;
}

/* x^n for the exponents that need no logarithm. */
static Value *constant_power(Builder *builder, Value *x, double exponent) {
  Value *square = exponent == 2 || exponent == 3 ? build_binary(builder, SCALAR_MUL, x, x) : NULL;
  if (exponent == 1) return x;
  if (exponent == 2) return square;
  if (exponent == 3) return build_binary(builder, SCALAR_MUL, square, x);
  return exponent == -1 && element_is_float(x->type.element) ? build_unary(builder, SCALAR_RECIP, x) : NULL;
}

/* The result has the base's type. Mixed types meet in f64 where one of them is wide, else in f32. */
static bool expand_pow(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *base = call->inputs[0], *exponent = call->inputs[1];
  ElementType element = base->type.element;
  const Blob *constant = value_constant(exponent);
  double number;
  if (constant && constant->element_count == 1 && exponent->type.rank == 0 && blob_float_at(constant, 0, &number)) {
    results[0] = constant_power(builder, base, number);
    if (results[0]) return true;
  }
  if (element_is_integer(element) && element_is_integer(exponent->type.element)) {
    results[0] = build_binary(builder, SCALAR_IPOW, base, build_cast(builder, exponent, element));
    return results[0] != NULL;
  }
  ElementType wide = element_is_float(element) ? element : ELEMENT_F64;
  Value *power = build_binary(builder, SCALAR_POW, build_cast(builder, base, wide), build_cast(builder, exponent, wide));
  results[0] = build_cast(builder, power, element);
  return results[0] != NULL;
}

static bool expand_mod(OperatorCall *call, Value **results) {
  bool floats = element_is_float(call->inputs[0]->type.element), fmod = call_int(call, "fmod") != 0;
  if (floats && !fmod) return call_invalid(call, "Mod of floats needs fmod=1");
  Scalar scalar = floats ? SCALAR_FMOD : fmod ? SCALAR_REM : SCALAR_MOD;
  results[0] = build_binary(call->builder, scalar, call->inputs[0], call->inputs[1]);
  return results[0] != NULL;
}

/* Bounds as attributes (to opset 10) or as optional rank-0 inputs. */
static bool expand_clip(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *x = call->inputs[0];
  Value *low = call_input(call, "min"), *high = call_input(call, "max");
  if (call_attribute(call, "min")) low = build_number(builder, x->type.element, call_float(call, "min"));
  if (call_attribute(call, "max")) high = build_number(builder, x->type.element, call_float(call, "max"));
  Value *bounds[2] = {low, high};
  for (int i = 0; i < 2; i++) {
    if (!bounds[i]) continue;
    bounds[i] = build_reshape(builder, bounds[i], 0, NULL);
    if (!bounds[i]) return false;
  }
  if (bounds[0]) x = build_binary(builder, SCALAR_MAX, x, bounds[0]);
  if (bounds[1]) x = build_binary(builder, SCALAR_MIN, x, bounds[1]);
  results[0] = x;
  return x != NULL;
}

#define BINARY(name_, elements_, text_, doc_)                                                                \
  {.name = name_, .since = 1, .until = 6, .inputs = {INPUT("A", elements_), INPUT("B", elements_)},          \
   LEGACY_BROADCAST, .text = text_, .doc = doc_},                                                            \
  {.name = name_, .since = 7, .inputs = {INPUT("A", elements_), INPUT("B", elements_)}, .text = text_, .doc = doc_}
#define CHAIN(name_, scalar_, elements_, doc_)                                                               \
  {.name = name_, .since = 1, .inputs = {INPUT("data_0", elements_)}, .variadic = true,                      \
   .expand = expand_chain, .variant = SCALAR_##scalar_, .doc = doc_}
#define UNARY(name_, elements_, text_, doc_)                                                                 \
  {.name = name_, .since = 1, .inputs = {INPUT("X", elements_)}, .text = text_, .doc = doc_}

const Operator arithmetic_operators[] = {
    BINARY("Add", NUMERIC, "A + B", "A + B with broadcasting; integers wrap."),
    BINARY("Sub", NUMERIC, "A - B", "A - B with broadcasting; integers wrap."),
    BINARY("Mul", NUMERIC, "A * B", "A * B with broadcasting; integers wrap."),
    BINARY("Div", NUMERIC, "A / B",
           "A / B with broadcasting; integers truncate, an integer divided by 0 gives 0."),
    {.name = "Pow", .since = 1, .until = 6, LEGACY_BROADCAST, .expand = expand_pow,
     .inputs = {{.name = "X", .elements = ELEMENTS_NUMERIC, .type_variable = 'T'},
                {.name = "Y", .elements = ELEMENTS_NUMERIC, .type_variable = 'U'}},
     .doc = "X to the power Y; the result has X's type."},
    {.name = "Pow", .since = 7, .expand = expand_pow,
     .inputs = {{.name = "X", .elements = ELEMENTS_NUMERIC, .type_variable = 'T'},
                {.name = "Y", .elements = ELEMENTS_NUMERIC, .type_variable = 'U'}},
     .doc = "X to the power Y; the result has X's type."},
    {.name = "Mod", .since = 10, .inputs = {INPUT("A", NUMERIC), INPUT("B", NUMERIC)},
     .attributes = {INT_ATTRIBUTE("fmod", 0)}, .expand = expand_mod,
     .doc = "The remainder: with the divisor's sign, or C's fmod. An integer remainder by 0 is 0."},
    CHAIN("Sum", ADD, NUMERIC, "The sum of all inputs, with broadcasting."),
    {.name = "Mean", .since = 1, .inputs = {INPUT("data_0", FLOAT)}, .variadic = true, .expand = expand_mean,
     .variant = SCALAR_ADD, .doc = "The mean of all inputs, with broadcasting."},
    CHAIN("Max", MAX, NUMERIC, "The greatest of all inputs, with broadcasting; NaN propagates."),
    CHAIN("Min", MIN, NUMERIC, "The least of all inputs, with broadcasting; NaN propagates."),
    UNARY("Abs", NUMERIC, "abs(X)", "The absolute value; the least integer stays."),
    UNARY("Neg", SIGNED, "-X", "-X; the least integer stays."),
    {.name = "Sign", .since = 9, .inputs = {INPUT("input", NUMERIC)}, .text = "sign(input)",
     .doc = "-1, 0 or 1; NaN stays NaN."},
    UNARY("Reciprocal", FLOAT, "recip(X)", "1 / X."),
    UNARY("Floor", FLOAT, "floor(X)", "The greatest integer not above X."),
    UNARY("Ceil", FLOAT, "ceil(X)", "The least integer not below X."),
    {.name = "Round", .since = 11, .inputs = {INPUT("X", FLOAT)}, .text = "round(X)",
     .doc = "The nearest integer, halves to even."},
    {.name = "Clip", .since = 1, .until = 10, .inputs = {INPUT("input", FLOAT)},
     .attributes = {{.name = "min", .kind = ATTRIBUTE_FLOAT, .number = -0x1.fffffep127},
                    {.name = "max", .kind = ATTRIBUTE_FLOAT, .number = 0x1.fffffep127}},
     .expand = expand_clip, .doc = "Bounds its input; NaN passes."},
    {.name = "Clip", .since = 11,
     .inputs = {INPUT("input", NUMERIC), OPTIONAL_INPUT("min", NUMERIC), OPTIONAL_INPUT("max", NUMERIC)},
     .expand = expand_clip, .doc = "Bounds its input; NaN passes, and a lower bound above the upper gives the upper."},
    {0}};
