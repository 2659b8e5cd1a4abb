/* SPDX-License-Identifier: Apache-2.0 */
/* Scalar functions over one float type, included once per type with: TYPE, SUFFIX of libm's names, MATH(name)
   of runtime/kernels/math, NAME(function). */

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

BINARY(strip_add, TYPE, a + b)
BINARY(strip_sub, TYPE, a - b)
BINARY(strip_mul, TYPE, a *b)
BINARY(strip_div, TYPE, a / b)
BINARY(strip_min, TYPE, isnan(a) || (!isnan(b) && a < b) ? a : b)
BINARY(strip_max, TYPE, isnan(a) || (!isnan(b) && a > b) ? a : b)
BINARY(strip_eq, uint8_t, a == b)
BINARY(strip_ne, uint8_t, a != b)
BINARY(strip_lt, uint8_t, a < b)
BINARY(strip_le, uint8_t, a <= b)
BINARY(strip_gt, uint8_t, a > b)
BINARY(strip_ge, uint8_t, a >= b)
UNARY(strip_neg, -a)
UNARY(strip_abs, LIBM(fabs)(a))
UNARY(strip_sign, a > 0 ? (TYPE)1 : a < 0 ? (TYPE)-1 : a)
UNARY(strip_floor, LIBM(floor)(a))
UNARY(strip_ceil, LIBM(ceil)(a))
UNARY(strip_trunc, LIBM(trunc)(a))
UNARY(strip_round, LIBM(nearbyint)(a))
UNARY(strip_round_f16, (TYPE)number_round(ELEMENT_F16, (double)a))
UNARY(strip_round_bf16, (TYPE)number_round(ELEMENT_BF16, (double)a))
UNARY(strip_sqrt, LIBM(sqrt)(a))
UNARY(strip_reciprocal, (TYPE)1 / a)

#define STRIP_MATH_1(name) UNARY(math_##name, MATH(name)(a))
#define STRIP_MATH_2(name) BINARY(math_##name, TYPE, MATH(name)(a, b))
#define STRIP_MATH(name, arity) STRIP_MATH_##arity(name)
AICC_MATH_FUNCTIONS(STRIP_MATH)
#undef STRIP_MATH
#undef STRIP_MATH_1
#undef STRIP_MATH_2
#undef BINARY
#undef UNARY

static const StripFunction NAME(functions)[SCALAR_COUNT] = {
    [SCALAR_ADD] = NAME(strip_add),
    [SCALAR_SUB] = NAME(strip_sub),
    [SCALAR_MUL] = NAME(strip_mul),
    [SCALAR_DIV] = NAME(strip_div),
    [SCALAR_MIN] = NAME(strip_min),
    [SCALAR_MAX] = NAME(strip_max),
    [SCALAR_NEG] = NAME(strip_neg),
    [SCALAR_ABS] = NAME(strip_abs),
    [SCALAR_SIGN] = NAME(strip_sign),
    [SCALAR_EQ] = NAME(strip_eq),
    [SCALAR_NE] = NAME(strip_ne),
    [SCALAR_LT] = NAME(strip_lt),
    [SCALAR_LE] = NAME(strip_le),
    [SCALAR_GT] = NAME(strip_gt),
    [SCALAR_GE] = NAME(strip_ge),
    [SCALAR_FLOOR] = NAME(strip_floor),
    [SCALAR_CEIL] = NAME(strip_ceil),
    [SCALAR_TRUNC] = NAME(strip_trunc),
    [SCALAR_ROUND] = NAME(strip_round),
    [SCALAR_ROUND_F16] = NAME(strip_round_f16),
    [SCALAR_ROUND_BF16] = NAME(strip_round_bf16),
    [SCALAR_SQRT] = NAME(strip_sqrt),
    [SCALAR_RECIP] = NAME(strip_reciprocal),
};

/* Rows with a function of runtime/kernels/math are found by their name there. */
static StripFunction NAME(function)(Scalar scalar) {
  static const struct {
    const char *name;
    StripFunction function;
  } rows[] = {
#define STRIP_MATH(name, arity) {#name, NAME(math_##name)},
      AICC_MATH_FUNCTIONS(STRIP_MATH)
#undef STRIP_MATH
  };
  if (!scalar_info(scalar)->math) return NAME(functions)[scalar];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (strcmp(rows[i].name, scalar_info(scalar)->name) == 0) return rows[i].function;
  return NULL;
}
#undef TYPE
#undef LIBM
#undef MATH
#undef NAME
