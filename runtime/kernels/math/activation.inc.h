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

/* x tanh(log(1 + e^x)) as a quotient of polynomials in t; the limit -0 at -inf. */
Real FN(mish)(Real x) {
  LOCAL(exp_parts) parts = LOCAL(exp_split)(LOCAL(exp_clamp)(-LOCAL(absolute)(x)), K(0));
  Real e = K(1) + parts.fraction;
  Real t = LOCAL(scale)(e, parts.exponent);
  Real held = x < K(-1000) ? K(-1000) : x;
  Real rising = K(1) + (t + t);
  Real numerator = x < K(0) ? e * (t + K(2)) : rising;
  Real denominator = x < K(0) ? t * (t + K(2)) + K(2) : rising + K(2) * t * t;
  return LOCAL(scale)(held * (numerator / denominator), x < K(0) ? parts.exponent : KI(0));
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
  Real e = K(1) + parts.fraction;
  Real t = LOCAL(scale)(e, parts.exponent);
  Real held = x < K(-50) ? K(-50) : x;
  Real numerator = x < K(0) ? held * e : x;
  return LOCAL(scale)(numerator / (K(1) + t), x < K(0) ? parts.exponent : KI(0));
}
