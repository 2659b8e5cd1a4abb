/* SPDX-License-Identifier: Apache-2.0 */
/* References of higher precision for the math kernels: f64 for f32, the 64-bit mantissas of x87 for f64, and
   113 bits where a formula of ours would lose some of those. */
#ifndef AICC_TESTS_MATH_REFERENCE_H
#define AICC_TESTS_MATH_REFERENCE_H

typedef double (*Reference32)(double x, double y);
typedef long double (*Reference64)(long double x, long double y);

#define AICC_REFERENCE(name, arity)                                                                          \
  double ref32_##name(double x, double y);                                                                   \
  long double ref64_##name(long double x, long double y);
#include "math/math.h"
AICC_MATH_FUNCTIONS(AICC_REFERENCE)
#undef AICC_REFERENCE
#endif
