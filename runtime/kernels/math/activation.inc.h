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
  Int tail_exponent = x < K(0) ? parts.exponent : KI(0);
  Real held = x < K(-1000) ? K(-1000) : x;
#if AICC_MATH_BITS == 32
  Wide wide = CONVERT(held, Wide);
  Wide e = KW(1) + CONVERT(parts.fraction, Wide);
  Wide t = e * LOCAL(wide_power_of_two)(parts.exponent);
  Wide numerator = wide < KW(0) ? e * (t + KW(2)) : KW(1) + KW(2) * t;
  Wide denominator = wide < KW(0) ? t * (t + KW(2)) + KW(2) : KW(1) + KW(2) * t * (t + KW(1));
  return CONVERT(wide * (numerator / denominator) * LOCAL(wide_power_of_two)(tail_exponent), Real);
#else
  Pair one = {K(1), K(0)}, two = {K(2), K(0)};
  Pair e = LOCAL(fast_two_sum)(K(1), parts.fraction);
  Real power = LOCAL(scale)(K(1), parts.exponent);
  Pair t = {e.hi * power, e.lo * power};
  Pair t_plus_two = LOCAL(pair_sum)(two, t), twice_t = {t.hi + t.hi, t.lo + t.lo};
  Pair rising = LOCAL(pair_product)(e, t_plus_two), falling = LOCAL(pair_sum)(one, twice_t);
  Pair square = LOCAL(pair_product)(twice_t, t);
  Pair numerator = {x < K(0) ? rising.hi : falling.hi, x < K(0) ? rising.lo : falling.lo};
  /* t (t + 2) + 2 for the tail, 1 + 2 t + 2 t t for the rest. */
  Pair addend = {x < K(0) ? K(2) : square.hi, x < K(0) ? K(0) : square.lo};
  Real weight = x < K(0) ? power : K(1);
  Pair weighted = {numerator.hi * weight, numerator.lo * weight};
  Pair quotient = LOCAL(pair_quotient)(numerator, LOCAL(pair_sum)(addend, weighted));
  Real result = LOCAL(scale)(held * quotient.hi + held * quotient.lo, tail_exponent);
  /* The two products may cancel to a zero of the wrong sign. */
  return x > K(50) ? x : LOCAL(with_sign)(LOCAL(absolute)(result), x);
#endif
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
#if AICC_MATH_BITS == 32
  Wide e = KW(1) + CONVERT(parts.fraction, Wide);
  Wide t = e * LOCAL(wide_power_of_two)(parts.exponent);
  Wide numerator = CONVERT(held, Wide);
  numerator = numerator < KW(0) ? numerator * e : numerator;
  return CONVERT(numerator / (KW(1) + t) * LOCAL(wide_power_of_two)(tail_exponent), Real);
#else
  Pair e = LOCAL(fast_two_sum)(K(1), parts.fraction), one = {K(1), K(0)};
  Real power = LOCAL(scale)(K(1), parts.exponent);
  Pair t = {e.hi * power, e.lo * power};
  Pair numerator = {x < K(0) ? e.hi : K(1), x < K(0) ? e.lo : K(0)};
  Pair quotient = LOCAL(pair_quotient)(numerator, LOCAL(pair_sum)(one, t));
  Real result = LOCAL(scale)(held * quotient.hi + held * quotient.lo, tail_exponent);
  /* The two products may cancel to a zero of the wrong sign. */
  return x > K(50) ? x : LOCAL(with_sign)(LOCAL(absolute)(result), x);
#endif
}
