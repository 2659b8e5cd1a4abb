/* SPDX-License-Identifier: Apache-2.0 */
/* Template part: sigmoid, softplus, mish, the tanh form of gelu, recip and rsqrt. All use t = e^-|x| <= 1 and
   keep the power of two of a vanishing tail apart until the end, so that denormal results round once. */

Real FN(recip)(Real x) {
  return K(1) / x;
}

Real FN(rsqrt)(Real x) {
  return K(1) / LOCAL(square_root)(x);
}

Real FN(sigmoid)(Real x) {
  Real t = LOCAL(exp_scaled)(-LOCAL(absolute)(x), K(0), 0);
  return (x < K(0) ? t : K(1)) / (K(1) + t);
}

Real FN(softplus)(Real x) {
  Real t = LOCAL(exp_scaled)(-LOCAL(absolute)(x), K(0), 0);
  return (x > K(0) ? x : K(0)) + LOCAL(log1p_core)(t, K(0));
}

#if AICC_MATH_BITS == 32
/* The types in which the quotients below are formed: f64 for f32, so that only the end is rounded. */
#define Quotient Wide
#define KQ KW
#define TO_QUOTIENT(x) CONVERT(x, Wide)
#define FROM_QUOTIENT(x, exponent) CONVERT((x)*LOCAL(wide_power_of_two)(exponent), Real)
#define POWER_OF_TWO LOCAL(wide_power_of_two)
#else
#define Quotient Real
#define KQ K
#define TO_QUOTIENT(x) (x)
#define FROM_QUOTIENT(x, exponent) LOCAL(scale)(x, exponent)
#define POWER_OF_TWO(exponent) LOCAL(scale)(K(1), exponent)
#endif

/* x tanh(log(1 + e^x)) as a quotient of polynomials in t; the limit -0 at -inf. */
Real FN(mish)(Real x) {
  LOCAL(exp_parts) parts = LOCAL(exp_split)(LOCAL(exp_clamp)(-LOCAL(absolute)(x)), K(0));
  Int tail_exponent = x < K(0) ? parts.exponent : KI(0);
  Real held = x < K(-1000) ? K(-1000) : x;
  Quotient e = KQ(1) + TO_QUOTIENT(parts.fraction);
  Quotient t = e * POWER_OF_TWO(parts.exponent);
  Quotient negative = TO_QUOTIENT(x < K(0) ? K(1) : K(0));
  Quotient rising = t * (t + KQ(2));
  Quotient falling = KQ(1) + (t + t);
  Quotient numerator = negative > KQ(0) ? e * (t + KQ(2)) : falling;
  Quotient denominator = negative > KQ(0) ? rising + KQ(2) : falling + KQ(2) * t * t;
  return FROM_QUOTIENT(TO_QUOTIENT(held) * (numerator / denominator), tail_exponent);
}

/* x sigmoid(v) with v = 2 sqrt(2/pi) (x + 0.044715 x^3), v in twice the precision: the tail is e^v; the limit
   -0 at -inf. */
Real FN(gelu_tanh)(Real x) {
  Real a = LOCAL(absolute)(x);
  a = a > K(50) ? K(50) : a;
#if AICC_MATH_BITS == 32
  Wide wide = CONVERT(a, Wide);
  Wide v = -wide * (KW(0x1.9884533d43651p+0) + KW(0x1.2444f2a4d8b4bp-4) * (wide * wide));
  LOCAL(exp_parts) parts = LOCAL(exp_split_wide)(v < KW(-150) ? KW(-150) : v);
#else
  Pair cubic = {K(0x1.2444f2a4d8b4bp-4), K(-0x1.6c843a29d1c7p-61)};
  Pair linear = {K(0x1.9884533d43651p+0), K(-0x1.cbc0d30ebfd15p-54)};
  Pair magnitude = {-a, K(0)};
  Pair factor = LOCAL(pair_sum)(linear, LOCAL(pair_product)(cubic, LOCAL(two_product)(a, a)));
  Pair v = LOCAL(pair_product)(magnitude, factor);
  Real low = v.hi < K(-760) ? K(0) : v.lo;
  LOCAL(exp_parts) parts = LOCAL(exp_split)(LOCAL(exp_clamp)(v.hi), low);
#endif
  Int tail_exponent = x < K(0) ? parts.exponent : KI(0);
  Real held = x < K(-50) ? K(-50) : x;
  Quotient e = KQ(1) + TO_QUOTIENT(parts.fraction);
  Quotient t = e * POWER_OF_TWO(parts.exponent);
  Quotient numerator = TO_QUOTIENT(held);
  numerator = numerator < KQ(0) ? numerator * e : numerator;
  return FROM_QUOTIENT(numerator / (KQ(1) + t), tail_exponent);
}
#undef Quotient
#undef KQ
#undef TO_QUOTIENT
#undef FROM_QUOTIENT
#undef POWER_OF_TWO
