/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/scalar.h"
#include <string.h>

enum { NONE = 0, MATH = 1 };

static const ScalarInfo scalar_table[SCALAR_COUNT] = {
#define SCALAR(constant, name, arity, operands, result, cost, math)                                          \
  {name, arity, OPERANDS_##operands, RESULT_##result, cost, math},
#include "ir/scalar.def"
#undef SCALAR
};

const ScalarInfo *scalar_info(Scalar scalar) { return &scalar_table[scalar]; }

Scalar scalar_find(const char *name) {
  for (unsigned i = 0; i < SCALAR_COUNT; i++)
    if (strcmp(scalar_table[i].name, name) == 0) return (Scalar)i;
  return SCALAR_COUNT;
}

bool scalar_accepts(Scalar scalar, ElementType element) {
  bool is_bool = element == ELEMENT_BOOL;
  if (!element_is_computed(element)) return false;
  switch (scalar_table[scalar].operands) {
  case OPERANDS_NUMERIC: return element_is_numeric(element);
  case OPERANDS_INTEGER: return element_is_integer(element);
  case OPERANDS_FLOAT: return element_is_float(element);
  case OPERANDS_BITS: return is_bool || element_is_integer(element);
  case OPERANDS_COMPARABLE: return is_bool || element_is_numeric(element);
  }
  return false;
}

bool scalar_is_monoid(Scalar scalar) {
  return scalar == SCALAR_ADD || scalar == SCALAR_MUL || scalar == SCALAR_MAX || scalar == SCALAR_MIN ||
         scalar == SCALAR_AND || scalar == SCALAR_OR;
}

static uint64_t float_bits(ElementType compute, double value) {
  uint64_t bits = 0;
  if (compute == ELEMENT_F32) {
    float narrow = (float)value;
    memcpy(&bits, &narrow, sizeof narrow);
  } else {
    memcpy(&bits, &value, sizeof value);
  }
  return bits;
}

uint64_t scalar_identity_bits(Scalar monoid, ElementType compute) {
  const ElementInfo *info = element_info(compute);
  const double infinity = __builtin_inf();
  uint64_t ones = info->class == CLASS_BOOL ? 1 : info->bits >= 64 ? UINT64_MAX : (UINT64_C(1) << info->bits) - 1;
  bool is_float = info->class == CLASS_FLOAT, is_signed = info->class == CLASS_INT;
  switch (monoid) {
  case SCALAR_MUL: return is_float ? float_bits(compute, 1) : 1;
  case SCALAR_MAX: return is_float ? float_bits(compute, -infinity) : is_signed ? (ones >> 1) + 1 : 0;
  case SCALAR_MIN: return is_float ? float_bits(compute, infinity) : is_signed ? ones >> 1 : ones;
  case SCALAR_AND: return ones;
  default: return 0;
  }
}
