/* SPDX-License-Identifier: Apache-2.0 */
/* The scalar functions over f32 and f64. Elementary functions are those of runtime/kernels/math, the same
   sources that generated code carries. The build compiles this without contraction. */
#include "ir/number.h"
#include "loop/interpret_internal.h"
#include "math/math.h"
#include <math.h>
#include <string.h>

#define TYPE float
#define LIBM(name) name##f
#define MATH(name) aicc_math_##name##_f32x1
#define NAME(function) f32_##function
#include "loop/interpret_float.inc.h"

#define TYPE double
#define LIBM(name) name
#define MATH(name) aicc_math_##name##_f64x1
#define NAME(function) f64_##function
#include "loop/interpret_float.inc.h"

StripFunction strip_float_function(Scalar scalar, ElementType operand) {
  if (operand == ELEMENT_F32) return f32_function(scalar);
  return operand == ELEMENT_F64 ? f64_function(scalar) : NULL;
}
