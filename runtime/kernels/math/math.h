/* SPDX-License-Identifier: Apache-2.0 */
/* The elementary functions of aicc: the one list of them and the prototypes of their scalar forms.
   The bitcode has the same functions over vectors too, named by type and lanes (see README.md). */
#ifndef AICC_KERNELS_MATH_H
#define AICC_KERNELS_MATH_H
#include <stdint.h>

/* The one list: X(name, arity). aicc_math_NAME_TxL exists for f32 with L = 1, 4, 8, 16 and f64 with
   L = 1, 2, 4, 8. Error bounds stand in README.md and are held by tests/math. */
#define AICC_MATH_FUNCTIONS(X)                                                                               \
  X(exp, 1)                                                                                                  \
  X(expm1, 1)                                                                                                \
  X(log, 1)                                                                                                  \
  X(log1p, 1)                                                                                                \
  X(sin, 1)                                                                                                  \
  X(cos, 1)                                                                                                  \
  X(tan, 1)                                                                                                  \
  X(asin, 1)                                                                                                 \
  X(acos, 1)                                                                                                 \
  X(atan, 1)                                                                                                 \
  X(sinh, 1)                                                                                                 \
  X(cosh, 1)                                                                                                 \
  X(tanh, 1)                                                                                                 \
  X(asinh, 1)                                                                                                \
  X(acosh, 1)                                                                                                \
  X(atanh, 1)                                                                                                \
  X(erf, 1)                                                                                                  \
  X(erfc, 1)                                                                                                 \
  X(sigmoid, 1)                                                                                              \
  X(softplus, 1)                                                                                             \
  X(gelu, 1)                                                                                                 \
  X(gelu_tanh, 1)                                                                                            \
  X(mish, 1)                                                                                                 \
  X(rsqrt, 1)                                                                                                \
  X(recip, 1)                                                                                                \
  X(pow, 2)                                                                                                  \
  X(fmod, 2)

/* Prototype of one function over one type; arity picks the parameter list. */
#define AICC_MATH_PARAMETERS_1(type) (type x)
#define AICC_MATH_PARAMETERS_2(type) (type x, type y)

#define AICC_MATH_PROTOTYPES(name, arity)                                                                    \
  float aicc_math_##name##_f32x1 AICC_MATH_PARAMETERS_##arity(float);                                        \
  double aicc_math_##name##_f64x1 AICC_MATH_PARAMETERS_##arity(double);
AICC_MATH_FUNCTIONS(AICC_MATH_PROTOTYPES)
#undef AICC_MATH_PROTOTYPES

/* Conversions of the 16-bit formats, held in uint16_t. Narrowing rounds to nearest, ties to even, with
   overflow to infinity; a NaN stays a NaN and becomes quiet. f64 to f16 rounds once. */
float aicc_math_f16_to_f32_x1(uint16_t x);
uint16_t aicc_math_f32_to_f16_x1(float x);
float aicc_math_bf16_to_f32_x1(uint16_t x);
uint16_t aicc_math_f32_to_bf16_x1(float x);
uint16_t aicc_math_f64_to_f16_x1(double x);
#endif
