/* SPDX-License-Identifier: Apache-2.0 */
/* Mathematical functions of one operand. */
#include "ops/families.h"

#define FUNCTION(name_, since_, text_, doc_)                                                                 \
  {.name = name_, .since = since_, .inputs = {INPUT("input", FLOAT)}, .text = text_, .doc = doc_}

const Operator math_operators[] = {
    FUNCTION("Exp", 1, "exp(input)", "e to the power of the input."),
    FUNCTION("Log", 1, "log(input)", "The natural logarithm."),
    FUNCTION("Sqrt", 1, "sqrt(input)", "The square root; NaN below 0."),
    FUNCTION("Erf", 9, "erf(input)", "The error function."),
    FUNCTION("Sin", 7, "sin(input)", "The sine, exact reduction over the whole range."),
    FUNCTION("Cos", 7, "cos(input)", "The cosine, exact reduction over the whole range."),
    FUNCTION("Tan", 7, "tan(input)", "The tangent, exact reduction over the whole range."),
    FUNCTION("Asin", 7, "asin(input)", "The inverse sine."),
    FUNCTION("Acos", 7, "acos(input)", "The inverse cosine."),
    FUNCTION("Atan", 7, "atan(input)", "The inverse tangent."),
    FUNCTION("Sinh", 9, "sinh(input)", "The hyperbolic sine."),
    FUNCTION("Cosh", 9, "cosh(input)", "The hyperbolic cosine."),
    FUNCTION("Asinh", 9, "asinh(input)", "The inverse hyperbolic sine."),
    FUNCTION("Acosh", 9, "acosh(input)", "The inverse hyperbolic cosine."),
    FUNCTION("Atanh", 9, "atanh(input)", "The inverse hyperbolic tangent."),
    {0}};
