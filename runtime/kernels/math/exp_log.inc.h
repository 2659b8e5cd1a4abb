/* SPDX-License-Identifier: Apache-2.0 */
/* Template part: exp, expm1, log, log1p and the cores the other functions are built on.
   exp: x = n ln2 + r with |r| <= ln2/2 (Cody and Waite), e^r - 1 by a polynomial, 2^n put in by two products.
   log: x = 2^k m with m in [sqrt(1/2), sqrt(2)), polynomial in m - 1 (f32) or in s = f/(2+f) (f64). */

/* ln2 in two parts; n times the first is exact for every n that occurs. */
#define LN2_HI PICK(0x1.62e4p-1, 0x1.62e42fefa3p-1)
#define LN2_LO PICK(0x1.7f7d1cf79abcap-20, 0x1.3de6af278ece6p-42)

/* e^x = 2^exponent * (1 + fraction). */
typedef struct {
  Real fraction;
  Int exponent;
} LOCAL(exp_parts);

/* e^(x + x_lo), x_lo small against 1; x within the range that exp clamps to, or NaN. */
HELPER LOCAL(exp_parts) LOCAL(exp_split)(Real x, Real x_lo) {
  LOCAL(exp_parts) result;
  Real n = LOCAL(nearest_integer)(x * K(0x1.71547652b82fep+0), &result.exponent);
  Real r_hi = x - n * K(LN2_HI);
  Real n_lo = x_lo - n * K(LN2_LO);
  Real r = r_hi + n_lo;
  Real r_lo = (r_hi - r) + n_lo;
  Real square = r * r;
  Real tail = POLY(EXP)(r);
  result.fraction = r + (r_lo * (K(1) + r) + square * tail);
  return result;
}

/* x held to where e^x is surely 0 or surely infinite; NaN passes. */
HELPER Real LOCAL(exp_clamp)(Real x) {
  x = x > K(PICK(90, 712)) ? K(PICK(90, 712)) : x;
  return x < K(PICK(-112, -760)) ? K(PICK(-112, -760)) : x;
}

/* 2^shift * e^(x + x_lo) with one rounding more than the core. */
HELPER Real LOCAL(exp_scaled)(Real x, Real x_lo, int shift) {
  LOCAL(exp_parts) parts = LOCAL(exp_split)(LOCAL(exp_clamp)(x), x_lo);
  return LOCAL(scale)(K(1) + parts.fraction, parts.exponent + KI(shift));
}

Real FN(exp)(Real x) {
  return LOCAL(exp_scaled)(x, K(0), 0);
}

Real FN(expm1)(Real x) {
  Real held = x > K(PICK(89, 709.9)) ? K(PICK(89, 709.9)) : x;
  held = held < K(-45) ? K(-45) : held;
  LOCAL(exp_parts) parts = LOCAL(exp_split)(held, K(0));
  Real half_power = LOCAL(power_of_two)(parts.exponent - KI(1));
  Real half_result = half_power * parts.fraction + (half_power - K(0.5));
  Real result = half_result + half_result;
  return LOCAL(absolute)(x) < K(PICK(0x1p-26, 0x1p-55)) ? x : result;
}

/* log of 2^extra * (x + x_lo), for finite x > 0 and |x_lo| of the size of an ulp of x. */
HELPER Real LOCAL(log_core)(Real x, Real x_lo, Int extra) {
  Real step = K(PICK(0x1p25, 0x1p54));
  Real normal = x < K(PICK(0x1p-126, 0x1p-1022)) ? x * step : x;
  extra = x < K(PICK(0x1p-126, 0x1p-1022)) ? extra - KI(PICK(25, 54)) : extra;
  Int root_half = KI(PICK(0x3f3504f3, 0x3fe6a09e667f3bcc));
  Int one = LOCAL(to_bits)(K(1));
  Int bits = LOCAL(to_bits)(normal) + (one - root_half);
  Int k = (bits >> KI(MANTISSA_BITS)) - KI(EXPONENT_BIAS);
  Int mantissa_mask = LOCAL(shift_left)(KI(1), KI(MANTISSA_BITS)) - KI(1);
  Real f = LOCAL(from_bits)((bits & mantissa_mask) + root_half) - K(1);
  Real correction = x_lo / x;
  Real exponent = CONVERT(k + extra, Real);
  Real low = exponent * K(LN2_LO) + correction;
  Real half_square = K(0.5) * f * f;
#if AICC_MATH_BITS == 32
  Real cube = f * f * f;
  Real tail = POLY(LOG)(f);
  Real rest = cube * tail + low;
#else
  Real s = f / (K(2) + f);
  Real z = s * s;
  Real tail = POLY(LOG)(z);
  Real rest = s * (half_square + z * tail) + low;
#endif
  return exponent * K(LN2_HI) + (f - (half_square - rest));
}

Real FN(log)(Real x) {
  Real result = LOCAL(log_core)(x, K(0), KI(0));
  result = x == K(0) ? -INFINITE : result;
  result = x < K(0) ? NOT_A_NUMBER : result;
  return ((x == INFINITE) | (x != x)) ? x : result;
}

/* log(1 + (x + x_lo)) for finite x + x_lo > -1; -0 comes back as 0. */
HELPER Real LOCAL(log1p_core)(Real x, Real x_lo) {
  Pair sum = LOCAL(two_sum)(K(1), x);
  return LOCAL(log_core)(sum.hi, sum.lo + x_lo, KI(0));
}

Real FN(log1p)(Real x) {
  Real result = LOCAL(log1p_core)(x, K(0));
  result = LOCAL(absolute)(x) < K(PICK(0x1p-26, 0x1p-55)) ? x : result;
  result = x == K(-1) ? -INFINITE : result;
  result = x < K(-1) ? NOT_A_NUMBER : result;
  return ((x == INFINITE) | (x != x)) ? x : result;
}

#if AICC_MATH_BITS == 32
/* e^x for x in [-200, 90] given in f64: reduced there, so that x may carry what a float cannot hold. */
HELPER LOCAL(exp_parts) LOCAL(exp_split_wide)(Wide x) {
  WideInt exponent;
  Wide n = LOCAL(wide_nearest_integer)(x * KW(0x1.71547652b82fep+0), &exponent);
  Real r = CONVERT((x - n * KW(LN2_HI)) - n * KW(LN2_LO), Real);
  Real tail = POLY(EXP)(r);
  LOCAL(exp_parts) result = {r + r * r * tail, CONVERT(exponent, Int)};
  return result;
}
#endif
