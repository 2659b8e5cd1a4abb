/* SPDX-License-Identifier: Apache-2.0 */
/* See reference.h. Compiled by gcc, for libquadmath. */
#include "reference.h"
#include <math.h>
#include <quadmath.h>

#define PLAIN(name)                                                                                          \
  double ref32_##name(double x, double y) {                                                                  \
    (void)y;                                                                                                 \
    return name(x);                                                                                          \
  }                                                                                                          \
  long double ref64_##name(long double x, long double y) {                                                   \
    (void)y;                                                                                                 \
    return name##l(x);                                                                                       \
  }
PLAIN(exp)
PLAIN(expm1)
PLAIN(log)
PLAIN(log1p)
PLAIN(sin)
PLAIN(cos)
PLAIN(tan)
PLAIN(asin)
PLAIN(acos)
PLAIN(atan)
PLAIN(sinh)
PLAIN(cosh)
PLAIN(tanh)
PLAIN(asinh)
PLAIN(acosh)
PLAIN(atanh)
PLAIN(erf)
PLAIN(erfc)

double ref32_pow(double x, double y) {
  return pow(x, y);
}
/* The long double form is wrong for infinite x and huge y; infinities need no precision. */
long double ref64_pow(long double x, long double y) {
  return isinf(x) || isinf(y) ? (long double)pow((double)x, (double)y) : powl(x, y);
}
double ref32_fmod(double x, double y) {
  return fmod(x, y);
}
long double ref64_fmod(long double x, long double y) {
  return fmodl(x, y);
}

/* Functions of one argument by a formula: f64 is enough for f32 (it loses less than 8 of its 29 further bits), 113 bits
   serve f64. */
#define FORMULA(name, plain, quad)                                                                           \
  double ref32_##name(double x, double y) {                                                                  \
    (void)y;                                                                                                 \
    return plain;                                                                                            \
  }                                                                                                          \
  long double ref64_##name(long double argument, long double y) {                                            \
    (void)y;                                                                                                 \
    __float128 x = argument;                                                                                 \
    return (long double)(quad);                                                                              \
  }
FORMULA(recip, 1 / x, 1 / x)
FORMULA(rsqrt, 1 / sqrt(x), 1 / sqrtq(x))
FORMULA(sigmoid, 1 / (1 + exp(-x)), 1 / (1 + expq(-x)))
FORMULA(softplus, x > 50 ? x : log1p(exp(x)), x > 200 ? x : log1pq(expq(x)))
/* At -inf these three take their limit. */
FORMULA(gelu, isinf(x) ? (x > 0 ? x : -0.0) : x *erfc(-x *M_SQRT1_2) / 2,
        isinfq(x) ? (x > 0 ? x : -0.0Q) : x *erfcq(-x *M_SQRT1_2q) / 2)
FORMULA(gelu_tanh,
        isinf(x) ? (x > 0 ? x : -0.0) : x / (1 + exp(-2 * sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))),
        isinfq(x) ? (x > 0 ? x : -0.0Q) : x / (1 + expq(-2 * sqrtq(2 / M_PIq) * (x + 0.044715Q * x * x * x))))
FORMULA(mish, isinf(x) ? (x > 0 ? x : -0.0) : x *tanh(log1p(exp(x > 60 ? 60 : x))),
        isinfq(x) ? (x > 0 ? x : -0.0Q) : x *tanhq(log1pq(expq(x > 100 ? 100 : x))))
