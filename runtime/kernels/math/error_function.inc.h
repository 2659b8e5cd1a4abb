/* SPDX-License-Identifier: Apache-2.0 */
/* Template part: erf, erfc and the exact gelu. Tails are e^-(x*x) P(t)/(a + pole) with t = (a - pole)/(a +
   pole), which one polynomial covers from 0 to underflow; the square in the exponent is carried exactly. */

#define ERFCX_POLE PICK(2, 4)

#define ROOT_HALF 0x1.6a09e667f3bcdp-1
#define ROOT_HALF_LO -0x1.bdd3413b26456p-55

/* factor * erfcx(a * root) * e^-(a*a*root*root) for a >= 0 and root = 1, or sqrt(1/2) when half_square is 1.
 */
HELPER Real LOCAL(erfc_tail)(Real a, Real factor, int half_square) {
#if AICC_MATH_BITS == 32
  Wide wide = CONVERT(a, Wide);
  Wide pole = KW(half_square ? ERFCX_POLE * 2 * ROOT_HALF : ERFCX_POLE);
  Wide inverse = KW(1) / (wide + pole);
  Wide wide_t = (wide - pole) * inverse;
  Real t = CONVERT(wide_t, Real);
  Real rest = POLY(ERFCX)(t);
  Wide ratio = KW(POLY(ERFCX_CONSTANT)) + wide_t * CONVERT(rest, Wide);
  LOCAL(exp_parts) parts = LOCAL(exp_split_wide)(-wide * wide * KW(half_square ? 0.5 : 1));
  Wide scaled = CONVERT(factor, Wide) * inverse * KW(half_square ? 2 * ROOT_HALF : 1);
  scaled = scaled * (KW(1) + CONVERT(parts.fraction, Wide)) * ratio;
  return CONVERT(scaled * LOCAL(wide_power_of_two)(parts.exponent), Real);
#else
  Pair pole = {K(half_square ? ERFCX_POLE * 2 * ROOT_HALF : ERFCX_POLE),
               K(half_square ? ERFCX_POLE * 2 * ROOT_HALF_LO : 0)};
  Pair sum = LOCAL(two_sum)(a, pole.hi), difference = LOCAL(two_sum)(a, -pole.hi);
  sum.lo = sum.lo + pole.lo;
  difference.lo = difference.lo - pole.lo;
  Pair one = {K(1), K(0)};
  Pair inverse = LOCAL(pair_quotient)(one, sum);
  Real t = difference.hi * inverse.hi;
  Pair back = LOCAL(two_product)(t, sum.hi);
  Real t_lo = (((difference.hi - back.hi) - back.lo) + (difference.lo - t * sum.lo)) * inverse.hi;
  Real slope = POLY(ERFCX_SLOPE)(t);
  Real rest = POLY(ERFCX)(t);
  Pair product = LOCAL(two_product)(t, rest);
  Pair ratio = LOCAL(two_sum)(K(POLY(ERFCX_CONSTANT)), product.hi);
  ratio.lo = ratio.lo + (product.lo + slope * t_lo);
  Pair weight = LOCAL(two_product)(factor, K(half_square ? 2 * ROOT_HALF : 1));
  weight.lo = weight.lo + factor * K(half_square ? 2 * ROOT_HALF_LO : 0);
  Pair lead = LOCAL(pair_product)(LOCAL(pair_product)(ratio, inverse), weight);
  Pair square = LOCAL(two_product)(a, a);
  Real scale = K(half_square ? -0.5 : -1);
  LOCAL(exp_parts) parts = LOCAL(exp_split)(scale * square.hi, scale * square.lo);
  return LOCAL(scale)(lead.hi + (lead.hi * parts.fraction + lead.lo), parts.exponent);
#endif
}

/* erf for |x| <= 1. */
HELPER Real LOCAL(erf_small)(Real x) {
  Real z = x * x;
  Real excess = POLY(ERF)(z);
  return x + x * excess;
}

Real FN(erf)(Real x) {
  Real a = LOCAL(absolute)(x);
  a = a > K(PICK(4, 6)) ? K(PICK(4, 6)) : a;
#if AICC_MATH_BITS == 32
  Real logarithm = POLY(LOG_ERFC)(a);
  Real tail = LOCAL(exp_scaled)(logarithm, K(0), 0);
#else
  Real tail = LOCAL(erfc_tail)(a, K(1), 0);
#endif
  return a < K(1) ? LOCAL(erf_small)(x) : LOCAL(with_sign)(K(1) - tail, x);
}

Real FN(erfc)(Real x) {
  Real a = LOCAL(absolute)(x);
  Real held = a > K(PICK(11, 28)) ? K(PICK(11, 28)) : a;
  Real tail = LOCAL(erfc_tail)(held, K(1), 0);
  tail = x < K(0) ? K(2) - tail : tail;
  return a < K(0.5) ? K(1) - LOCAL(erf_small)(x) : tail;
}

/* x (1 + erf(x / sqrt 2)) / 2; the limit -0 at -inf. */
Real FN(gelu)(Real x) {
  Real a = LOCAL(absolute)(x);
  a = a > K(PICK(15, 39)) ? K(PICK(15, 39)) : a;
  Real tail = LOCAL(erfc_tail)(a, K(0.5) * (x < K(0) ? -a : K(1)), 1);
  /* Near 0 the polynomial of erf is more exact, and no longer cancels. */
  Real half = K(0.5) * x;
  Real near_zero = half * (K(1) + LOCAL(erf_small)(x * K(0x1.6a09e667f3bcdp-1)));
  Real far = x < K(0) ? tail : x * (K(1) - tail);
  return LOCAL(absolute)(x) < K(0.5) ? near_zero : far;
}
#undef ERFCX_POLE
#undef ROOT_HALF
#undef ROOT_HALF_LO
