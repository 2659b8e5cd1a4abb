/* SPDX-License-Identifier: Apache-2.0 */
/* Scalar functions over one integer type, included once per type with: TYPE, UNSIGNED (its unsigned partner),
   BITS, IS_SIGNED, LEAST (the least value), NAME(function). Arithmetic goes through uint64_t, where it wraps.
 */

static TYPE NAME(wrap)(uint64_t value) {
  return (TYPE)(UNSIGNED)value;
}

static TYPE NAME(divide)(TYPE a, TYPE b) {
  if (b == 0) return 0;
  if (IS_SIGNED && b == (TYPE)-1) return NAME(wrap)(0 - (uint64_t)a);
  return (TYPE)(a / b);
}

static TYPE NAME(remainder)(TYPE a, TYPE b) {
  if (b == 0 || (IS_SIGNED && b == (TYPE)-1)) return 0;
  return (TYPE)(a % b);
}

static TYPE NAME(modulo)(TYPE a, TYPE b) {
  TYPE rest = NAME(remainder)(a, b);
  bool other_sign = IS_SIGNED && rest != 0 && (rest < 1) != (b < 1);
  return other_sign ? (TYPE)(rest + b) : rest;
}

static TYPE NAME(shift_left)(TYPE a, TYPE b) {
  return (UNSIGNED)b >= BITS ? (TYPE)0 : NAME(wrap)((uint64_t)a << (UNSIGNED)b);
}

static TYPE NAME(shift_right)(TYPE a, TYPE b) {
  if ((UNSIGNED)b >= BITS) return 0;
  return (TYPE)(a >> (UNSIGNED)b);
}

static TYPE NAME(power)(TYPE base, TYPE exponent) {
  if (IS_SIGNED && exponent < (TYPE)1 && exponent != 0) {
    if (base == 1) return 1;
    if (base == (TYPE)-1) return exponent & 1 ? base : (TYPE)1;
    return 0;
  }
  uint64_t result = 1, square = (uint64_t)base;
  for (uint64_t rest = (uint64_t)exponent; rest; rest >>= 1, square *= square)
    if (rest & 1) result *= square;
  return NAME(wrap)(result);
}

#define BINARY(name, result_type, expression)                                                                \
  static void NAME(name)(size_t count, const void *const *operands, void *out) {                             \
    const TYPE *left = operands[0], *right = operands[1];                                                    \
    result_type *result = out;                                                                               \
    for (size_t k = 0; k < count; k++) {                                                                     \
      TYPE a = left[k], b = right[k];                                                                        \
      result[k] = expression;                                                                                \
    }                                                                                                        \
  }
#define UNARY(name, expression)                                                                              \
  static void NAME(name)(size_t count, const void *const *operands, void *out) {                             \
    const TYPE *operand = operands[0];                                                                       \
    TYPE *result = out;                                                                                      \
    for (size_t k = 0; k < count; k++) {                                                                     \
      TYPE a = operand[k];                                                                                   \
      result[k] = expression;                                                                                \
    }                                                                                                        \
  }

BINARY(strip_add, TYPE, NAME(wrap)((uint64_t)a + (uint64_t)b))
BINARY(strip_sub, TYPE, NAME(wrap)((uint64_t)a - (uint64_t)b))
BINARY(strip_mul, TYPE, NAME(wrap)((uint64_t)a *(uint64_t)b))
BINARY(strip_div, TYPE, NAME(divide)(a, b))
BINARY(strip_mod, TYPE, NAME(modulo)(a, b))
BINARY(strip_rem, TYPE, NAME(remainder)(a, b))
BINARY(strip_ipow, TYPE, NAME(power)(a, b))
BINARY(strip_min, TYPE, b < a ? b : a)
BINARY(strip_max, TYPE, b > a ? b : a)
BINARY(strip_and, TYPE, (TYPE)(a &b))
BINARY(strip_or, TYPE, (TYPE)(a | b))
BINARY(strip_xor, TYPE, (TYPE)(a ^ b))
BINARY(strip_shl, TYPE, NAME(shift_left)(a, b))
BINARY(strip_shr, TYPE, NAME(shift_right)(a, b))
BINARY(strip_eq, uint8_t, a == b)
BINARY(strip_ne, uint8_t, a != b)
BINARY(strip_lt, uint8_t, a < b)
BINARY(strip_le, uint8_t, a <= b)
BINARY(strip_gt, uint8_t, a > b)
BINARY(strip_ge, uint8_t, a >= b)
UNARY(strip_neg, NAME(wrap)(0 - (uint64_t)a))
UNARY(strip_abs, IS_SIGNED &&a < 1 ? NAME(wrap)(0 - (uint64_t)a) : a)
UNARY(strip_sign, a == 0 ? (TYPE)0 : IS_SIGNED && a < 1 ? (TYPE)-1 : (TYPE)1)
UNARY(strip_not, (TYPE)~a)
#undef BINARY
#undef UNARY

static const StripFunction NAME(functions)[SCALAR_COUNT] = {
    [SCALAR_ADD] = NAME(strip_add), [SCALAR_SUB] = NAME(strip_sub),   [SCALAR_MUL] = NAME(strip_mul),
    [SCALAR_DIV] = NAME(strip_div), [SCALAR_MOD] = NAME(strip_mod),   [SCALAR_REM] = NAME(strip_rem),
    [SCALAR_MIN] = NAME(strip_min), [SCALAR_IPOW] = NAME(strip_ipow), [SCALAR_MAX] = NAME(strip_max),
    [SCALAR_NEG] = NAME(strip_neg), [SCALAR_ABS] = NAME(strip_abs),   [SCALAR_SIGN] = NAME(strip_sign),
    [SCALAR_AND] = NAME(strip_and), [SCALAR_OR] = NAME(strip_or),     [SCALAR_XOR] = NAME(strip_xor),
    [SCALAR_NOT] = NAME(strip_not), [SCALAR_SHL] = NAME(strip_shl),   [SCALAR_SHR] = NAME(strip_shr),
    [SCALAR_EQ] = NAME(strip_eq),   [SCALAR_NE] = NAME(strip_ne),     [SCALAR_LT] = NAME(strip_lt),
    [SCALAR_LE] = NAME(strip_le),   [SCALAR_GT] = NAME(strip_gt),     [SCALAR_GE] = NAME(strip_ge),
};
#undef TYPE
#undef UNSIGNED
#undef BITS
#undef IS_SIGNED
#undef NAME
