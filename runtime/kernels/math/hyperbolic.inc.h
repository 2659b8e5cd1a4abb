/* SPDX-License-Identifier: Apache-2.0 */
/* Template part: sinh, cosh, tanh and their inverses. Near 0 an odd polynomial; elsewhere exp, or log of an
   argument carried in twice the precision. */

Real FN(tanh)(Real x) {
  Real a = LOCAL(absolute)(x);
  Real z = x * x;
  Real slope = POLY(TANH)(z);
  Real e = LOCAL(exp_scaled)(a + a, K(0), 0);
  Real large = K(1) - K(2) / (e + K(1));
  return LOCAL(with_sign)(a < K(0.625) ? a + a * (z * slope) : large, x);
}

Real FN(sinh)(Real x) {
  Real a = LOCAL(absolute)(x);
  Real z = x * x;
  Real slope = POLY(SINH)(z);
  Real half_power = LOCAL(exp_scaled)(a, K(0), -1);
  Real large = half_power - K(0.25) / half_power;
  return LOCAL(with_sign)(a < K(1) ? a + a * (z * slope) : large, x);
}

Real FN(cosh)(Real x) {
  Real half_power = LOCAL(exp_scaled)(LOCAL(absolute)(x), K(0), -1);
  return half_power + K(0.25) / half_power;
}

/* log(a + sqrt(a a + 1)); past the limit the 1 is lost and the logarithm is that of 2 a. */
Real FN(asinh)(Real x) {
  Real a = LOCAL(absolute)(x);
  Real limit = K(PICK(0x1p13, 0x1p28));
  Real z = x * x;
  Real slope = POLY(ASINH)(z);
  Pair square = LOCAL(two_product)(a, a), one = {K(1), K(0)}, lead = {a, K(0)};
  Pair root = LOCAL(pair_square_root)(LOCAL(pair_sum)(square, one));
  Pair sum = LOCAL(pair_sum)(root, lead);
  Real hi = a > limit ? a : sum.hi;
  Real lo = a > limit ? K(0) : sum.lo;
  Real large = LOCAL(log_core)(hi, lo, a > limit ? KI(1) : KI(0));
  large = ((a == INFINITE) | (x != x)) ? a : large;
  return LOCAL(with_sign)(a < K(0.5) ? a + a * (z * slope) : large, x);
}

/* log(1 + ((x - 1) + sqrt((x - 1)(x + 1)))). */
Real FN(acosh)(Real x) {
  Real limit = K(PICK(0x1p13, 0x1p28));
  Pair below = LOCAL(two_sum)(x, K(-1)), above = LOCAL(two_sum)(x, K(1));
  Pair root = LOCAL(pair_square_root)(LOCAL(pair_product)(below, above));
  Pair rest = LOCAL(pair_sum)(below, root);
  Pair sum = LOCAL(two_sum)(K(1), rest.hi);
  Real hi = x > limit ? x : sum.hi;
  Real lo = x > limit ? K(0) : sum.lo + rest.lo;
  Real result = LOCAL(log_core)(hi, lo, x > limit ? KI(1) : KI(0));
  result = x < K(1) ? NOT_A_NUMBER : result;
  return ((x == INFINITE) | (x != x)) ? x : result;
}

/* log(1 + 2 a / (1 - a)) / 2. */
Real FN(atanh)(Real x) {
  Real a = LOCAL(absolute)(x);
  Pair twice = {a + a, K(0)};
  Pair ratio = LOCAL(pair_quotient)(twice, LOCAL(two_sum)(K(1), -a));
  Real result = LOCAL(with_sign)(K(0.5) * LOCAL(log1p_core)(ratio.hi, ratio.lo), x);
  result = a == K(1) ? LOCAL(with_sign)(INFINITE, x) : result;
  result = a > K(1) ? NOT_A_NUMBER : result;
  return ((a < K(PICK(0x1p-13, 0x1p-28))) | (x != x)) ? x : result;
}
