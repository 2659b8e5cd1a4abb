/* SPDX-License-Identifier: Apache-2.0 */
/* Template part: bit casts, signs, powers of two and rounding, by integer operations on the lanes. */

HELPER Int LOCAL(to_bits)(Real x) {
  union {
    Real real;
    Int bits;
  } cast = {.real = x};
  return cast.bits;
}

HELPER Real LOCAL(from_bits)(Int x) {
  union {
    Int bits;
    Real real;
  } cast = {.bits = x};
  return cast.real;
}

HELPER WideInt LOCAL(wide_to_bits)(Wide x) {
  union {
    Wide real;
    WideInt bits;
  } cast = {.real = x};
  return cast.bits;
}

HELPER Wide LOCAL(wide_from_bits)(WideInt x) {
  union {
    WideInt bits;
    Wide real;
  } cast = {.bits = x};
  return cast.real;
}

/* x << bits without the undefined behaviour of shifting a negative number. */
HELPER Int LOCAL(shift_left)(Int x, Int bits) {
  return (Int)((UInt)x << (UInt)bits);
}

HELPER Int LOCAL(sign_bits)(Real x) {
  return LOCAL(to_bits)(x) & LOCAL(shift_left)(KI(1), KI(AICC_MATH_BITS - 1));
}

HELPER Real LOCAL(absolute)(Real x) {
  return LOCAL(from_bits)(LOCAL(to_bits)(x) & (Int)(KU(-1) >> KU(1)));
}

/* magnitude >= +0 with the sign of sign_of. */
HELPER Real LOCAL(with_sign)(Real magnitude, Real sign_of) {
  return LOCAL(from_bits)(LOCAL(to_bits)(magnitude) | LOCAL(sign_bits)(sign_of));
}

HELPER Real LOCAL(flip_sign)(Real x, Real sign_of) {
  return LOCAL(from_bits)(LOCAL(to_bits)(x) ^ LOCAL(sign_bits)(sign_of));
}

/* 2^n for n within the normal range. */
HELPER Real LOCAL(power_of_two)(Int n) {
  return LOCAL(from_bits)(LOCAL(shift_left)(n + KI(EXPONENT_BIAS), KI(MANTISSA_BITS)));
}

/* 2^n in f64, for n within its normal range. */
HELPER Wide LOCAL(wide_power_of_two)(Int n) {
  WideUInt biased = (WideUInt)(CONVERT(n, WideInt) + KWI(1023));
  return LOCAL(wide_from_bits)((WideInt)(biased << KWU(52)));
}

/* x * 2^n with one rounding, for |n| below twice the exponent range; goes to 0 and to infinity as it must. */
HELPER Real LOCAL(scale)(Real x, Int n) {
  Int half = n >> KI(1);
  return x * LOCAL(power_of_two)(half) * LOCAL(power_of_two)(n - half);
}

/* The nearest integer of x, as float and as integer, for |x| < 2^(MANTISSA_BITS - 2); beyond that, and for
   NaN, the integer is of no meaning. */
HELPER Real LOCAL(nearest_integer)(Real x, Int *integer) {
  Real magic = K(1.5 * (double)((int64_t)1 << MANTISSA_BITS));
  Real shifted = x + magic;
  *integer = LOCAL(to_bits)(shifted) - LOCAL(to_bits)(magic);
  return shifted - magic;
}

HELPER Wide LOCAL(wide_nearest_integer)(Wide x, WideInt *integer) {
  Wide magic = KW(0x1.8p52);
  Wide shifted = x + magic;
  *integer = LOCAL(wide_to_bits)(shifted) - LOCAL(wide_to_bits)(magic);
  return shifted - magic;
}

HELPER Real LOCAL(square_root)(Real x) {
#if AICC_MATH_LANES > 1
  return __builtin_elementwise_sqrt(x);
#elif AICC_MATH_BITS == 32
  return __builtin_sqrtf(x);
#else
  return __builtin_sqrt(x);
#endif
}
