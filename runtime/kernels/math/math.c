/* SPDX-License-Identifier: Apache-2.0 */
/* The math kernels: one template, compiled once for every element type and number of lanes. With gcc, or with
   AICC_MATH_SCALAR_ONLY, only the scalar forms are built (aicc's interpreter links those). AICC_MATH_VECTOR_BITS is
   the widest vector, for targets that do not pass wider ones by value. */
#include "math.h"
#include "coefficients_f32.inc.h"
#include "coefficients_f64.inc.h"
#include "payne_hanek.inc.h"

#if !defined(__clang__) && !defined(AICC_MATH_SCALAR_ONLY)
#define AICC_MATH_SCALAR_ONLY
#endif

#define AICC_MATH_BITS 32
#define AICC_MATH_LANES 1
#include "instance.inc.h"

#define AICC_MATH_BITS 64
#define AICC_MATH_LANES 1
#include "instance.inc.h"

#ifndef AICC_MATH_SCALAR_ONLY
#ifndef AICC_MATH_VECTOR_BITS
#define AICC_MATH_VECTOR_BITS 512
#endif

/* clang takes the lane-wise condition of ?: for a conversion of a vector to bool. */
#pragma clang diagnostic ignored "-Wconversion"

#define AICC_MATH_BITS 32
#define AICC_MATH_LANES 4
#include "instance.inc.h"

#define AICC_MATH_BITS 64
#define AICC_MATH_LANES 2
#include "instance.inc.h"

#if AICC_MATH_VECTOR_BITS >= 256
#define AICC_MATH_BITS 32
#define AICC_MATH_LANES 8
#include "instance.inc.h"

#define AICC_MATH_BITS 64
#define AICC_MATH_LANES 4
#include "instance.inc.h"
#endif

#if AICC_MATH_VECTOR_BITS >= 512
#define AICC_MATH_BITS 32
#define AICC_MATH_LANES 16
#include "instance.inc.h"

#define AICC_MATH_BITS 64
#define AICC_MATH_LANES 8
#include "instance.inc.h"
#endif
#endif
