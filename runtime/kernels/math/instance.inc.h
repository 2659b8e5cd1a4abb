/* SPDX-License-Identifier: Apache-2.0 */
/* One instance of the template: AICC_MATH_BITS (32, 64) and AICC_MATH_LANES name the lane type. The words
   that the template is written in (Real, Int, K, FN, ...) are defined here and taken back at the end. Rules
   of the template: no branch on lanes but "any lane", conditions joined by & and |, no conversion of a float
   to an integer out of range, no product inside an error-free sum (see pair.inc.h). */

#define AICC_JOIN_(a, b, c, d, e) a##b##c##d##e
#define AICC_JOIN(a, b, c, d, e) AICC_JOIN_(a, b, c, d, e)
#define FN(name) AICC_JOIN(aicc_math_, name##_f, AICC_MATH_BITS, x, AICC_MATH_LANES)
#define CONVERSION(name) AICC_JOIN(aicc_math_, name, _x, AICC_MATH_LANES, )
#define LOCAL(name) AICC_JOIN(name, _f, AICC_MATH_BITS, x, AICC_MATH_LANES)
#define POLY(name) AICC_JOIN(AICC_POLY_, name, _, AICC_MATH_BITS, )
#define HELPER static inline __attribute__((always_inline, unused))

#if AICC_MATH_BITS == 32
#define RealLane float
#define IntLane int32_t
#define UIntLane uint32_t
#define MANTISSA_BITS 23
#define EXPONENT_BIAS 127
#define PICK(f32, f64) (f32)
#else
#define RealLane double
#define IntLane int64_t
#define UIntLane uint64_t
#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1023
#define PICK(f32, f64) (f64)
#endif

#if AICC_MATH_LANES == 1
typedef RealLane LOCAL(real);
typedef IntLane LOCAL(sint);
typedef UIntLane LOCAL(uint);
typedef double LOCAL(wide);
typedef int64_t LOCAL(wide_int);
typedef uint64_t LOCAL(wide_uint);
typedef uint16_t LOCAL(half);
#define CONVERT(x, type) ((type)(x))
#define GET_LANE(v, lane) (v)
#define SET_LANE(v, lane, value) ((v) = (value))
#define MAX_LANE(v) (v)
#define ANY(condition) (condition)
#else
typedef RealLane LOCAL(real) __attribute__((ext_vector_type(AICC_MATH_LANES)));
typedef IntLane LOCAL(sint) __attribute__((ext_vector_type(AICC_MATH_LANES)));
typedef UIntLane LOCAL(uint) __attribute__((ext_vector_type(AICC_MATH_LANES)));
typedef double LOCAL(wide) __attribute__((ext_vector_type(AICC_MATH_LANES)));
typedef int64_t LOCAL(wide_int) __attribute__((ext_vector_type(AICC_MATH_LANES)));
typedef uint64_t LOCAL(wide_uint) __attribute__((ext_vector_type(AICC_MATH_LANES)));
typedef uint16_t LOCAL(half) __attribute__((ext_vector_type(AICC_MATH_LANES)));
#define CONVERT(x, type) __builtin_convertvector(x, type)
#define GET_LANE(v, lane) ((v)[lane])
#define SET_LANE(v, lane, value) ((v)[lane] = (value))
#define MAX_LANE(v) __builtin_reduce_max(v)
#define ANY(condition) (__builtin_reduce_or(condition) != 0)
#endif

#define Real LOCAL(real)
#define Int LOCAL(sint)
#define UInt LOCAL(uint)
#define Wide LOCAL(wide)
#define WideInt LOCAL(wide_int)
#define WideUInt LOCAL(wide_uint)
#define Half LOCAL(half)
#define K(constant) ((Real)((RealLane)(constant)))
#define KI(constant) ((Int)((IntLane)(constant)))
#define KU(constant) ((UInt)((UIntLane)(constant)))
#define KW(constant) ((Wide)((double)(constant)))
#define KWI(constant) ((WideInt)((int64_t)(constant)))
#define KWU(constant) ((WideUInt)((uint64_t)(constant)))
#define INFINITE K(__builtin_inf())
#define NOT_A_NUMBER K(__builtin_nan(""))

#define AICC_DECLARE(name, arity) Real FN(name) AICC_MATH_PARAMETERS_##arity(Real);
AICC_MATH_FUNCTIONS(AICC_DECLARE)
#undef AICC_DECLARE

#include "bits.inc.h"
#include "pair.inc.h"

#include "exp_log.inc.h"

#include "activation.inc.h"
#include "error_function.inc.h"
#include "hyperbolic.inc.h"
#include "inverse_trigonometric.inc.h"
#include "power.inc.h"
#include "remainder.inc.h"
#include "trigonometric.inc.h"

#if AICC_MATH_BITS == 32
#include "convert_f32.inc.h"
#else
#include "convert_f64.inc.h"
#endif

#undef FN
#undef CONVERSION
#undef LOCAL
#undef POLY
#undef HELPER
#undef RealLane
#undef IntLane
#undef UIntLane
#undef MANTISSA_BITS
#undef EXPONENT_BIAS
#undef PICK
#undef CONVERT
#undef GET_LANE
#undef SET_LANE
#undef MAX_LANE
#undef ANY
#undef Real
#undef Int
#undef UInt
#undef Wide
#undef WideInt
#undef WideUInt
#undef Half
#undef Pair
#undef K
#undef KI
#undef KU
#undef KW
#undef KWI
#undef KWU
#undef INFINITE
#undef NOT_A_NUMBER
#undef AICC_JOIN
#undef AICC_JOIN_
#undef AICC_MATH_BITS
#undef AICC_MATH_LANES
