/* SPDX-License-Identifier: Apache-2.0 */
/* Logic, bits, comparisons and selection. */
#include "ops/families.h"
#include <string.h>

static bool expand_bit_shift(OperatorCall *call, Value **results) {
  const char *direction = call_string(call, "direction");
  bool left = strcmp(direction, "LEFT") == 0;
  if (!left && strcmp(direction, "RIGHT") != 0)
    return call_invalid(call, "direction must be LEFT or RIGHT, found '%s'", direction);
  results[0] = build_binary(call->builder, left ? SCALAR_SHL : SCALAR_SHR, call->inputs[0], call->inputs[1]);
  return results[0] != NULL;
}

static bool expand_is_inf(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *x = call->inputs[0];
  ElementType element = x->type.element;
  const double infinity = __builtin_inf();
  bool negative = call_int(call, "detect_negative") != 0, positive = call_int(call, "detect_positive") != 0;
  Value *below = build_binary(builder, SCALAR_EQ, x, build_number(builder, element, -infinity));
  Value *above = build_binary(builder, SCALAR_EQ, x, build_number(builder, element, infinity));
  if (negative && positive)
    results[0] = build_binary(builder, SCALAR_OR, below, above);
  else if (negative || positive)
    results[0] = negative ? below : above;
  else
    results[0] = build_splat(builder, ELEMENT_BOOL, 0, x->type.rank, x->type.dims);
  return results[0] != NULL;
}

#define BINARY(name_, elements_, text_, doc_)                                                                \
  {.name = name_, .since = 1, .until = 6, .inputs = {INPUT("A", elements_), INPUT("B", elements_)},          \
   LEGACY_BROADCAST, .text = text_, .doc = doc_},                                                            \
  {.name = name_, .since = 7, .inputs = {INPUT("A", elements_), INPUT("B", elements_)}, .text = text_, .doc = doc_}
#define NEWER(name_, since_, elements_, text_, doc_)                                                         \
  {.name = name_, .since = since_, .inputs = {INPUT("A", elements_), INPUT("B", elements_)}, .text = text_, .doc = doc_}

const Operator logic_operators[] = {
    BINARY("And", BOOL, "A & B", "A and B."),
    BINARY("Or", BOOL, "A | B", "A or B."),
    BINARY("Xor", BOOL, "xor(A, B)", "Either A or B."),
    {.name = "Not", .since = 1, .inputs = {INPUT("X", BOOL)}, .text = "not(X)", .doc = "Not X."},
    NEWER("BitwiseAnd", 18, INTEGER, "A & B", "Bits set in both."),
    NEWER("BitwiseOr", 18, INTEGER, "A | B", "Bits set in either."),
    NEWER("BitwiseXor", 18, INTEGER, "xor(A, B)", "Bits set in one of both."),
    {.name = "BitwiseNot", .since = 18, .inputs = {INPUT("X", INTEGER)}, .text = "not(X)", .doc = "All bits inverted."},
    {.name = "BitShift", .since = 11, .inputs = {INPUT("X", INTEGER), INPUT("Y", INTEGER)},
     .attributes = {REQUIRED_ATTRIBUTE("direction", STRING)}, .expand = expand_bit_shift,
     .doc = "X shifted by Y bits LEFT or RIGHT; a shift by the width or more gives 0."},
    BINARY("Equal", ARITHMETIC, "A == B", "True where A equals B; NaN equals nothing."),
    BINARY("Less", NUMERIC, "A < B", "True where A is less than B."),
    BINARY("Greater", NUMERIC, "A > B", "True where A is greater than B."),
    NEWER("LessOrEqual", 12, NUMERIC, "A <= B", "True where A is not above B; false for NaN."),
    NEWER("GreaterOrEqual", 12, NUMERIC, "A >= B", "True where A is not below B; false for NaN."),
    {.name = "Where", .since = 9,
     .inputs = {{.name = "condition", .elements = ELEMENTS_BOOL}, INPUT("X", ARITHMETIC), INPUT("Y", ARITHMETIC)},
     .text = "select(condition, X, Y)", .doc = "X where the condition holds, else Y."},
    {.name = "IsNaN", .since = 9, .inputs = {INPUT("X", FLOAT)}, .text = "X != X", .doc = "True where X is NaN."},
    {.name = "IsInf", .since = 10, .inputs = {INPUT("X", FLOAT)},
     .attributes = {INT_ATTRIBUTE("detect_negative", 1), INT_ATTRIBUTE("detect_positive", 1)},
     .expand = expand_is_inf, .doc = "True where X is an infinity of a wanted sign."},
    {0}};
