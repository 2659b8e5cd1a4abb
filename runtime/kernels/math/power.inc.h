/* SPDX-License-Identifier: Apache-2.0 */
/* Template part: pow, with the special cases of C99 annex F. f32 goes through f64; f64 carries log x to some
   64 bits as a pair, so that the product with y stays good to the last place. */

#if AICC_MATH_BITS == 32
/* a^y for finite a > 0 and finite y. */
HELPER Real LOCAL(pow_core)(Real a, Real y) {
  Wide wide = CONVERT(a, Wide);
  WideInt root_half = KWI(0x3fe6a09e667f3bcc), one = LOCAL(wide_to_bits)(KW(1));
  WideInt bits = LOCAL(wide_to_bits)(wide) + (one - root_half);
  WideInt k = (bits >> KWI(52)) - KWI(1023);
  Wide m = LOCAL(wide_from_bits)((bits & KWI(0xfffffffffffff)) + root_half);
  Wide s = (m - KW(1)) / (m + KW(1));
  Wide z = s * s;
  Wide slope = AICC_POLY_POW_LOG2_32(z);
  Wide exponent = CONVERT(CONVERT(k, Int), Wide) + s * slope;
  Wide product = exponent * CONVERT(y, Wide);
  product = product > KW(200) ? KW(200) : product;
  product = product < KW(-200) ? KW(-200) : product;
  WideInt power;
  Wide fraction = product - LOCAL(wide_nearest_integer)(product, &power);
  Wide value = AICC_POLY_POW_EXP2_32(fraction);
  power = (WideInt)((WideUInt)(power + KWI(1023)) << KWU(52));
  return CONVERT(value * LOCAL(wide_from_bits)(power), Real);
}
#else
/* log(a) for finite a > 0 as a pair: 2 s + s^3 (2/3 + s^2 Q(s^2)) with s = f/(2 + f), and k ln2. */
HELPER Pair LOCAL(log_pair)(Real a) {
  Real normal = a < K(0x1p-1022) ? a * K(0x1p54) : a;
  Int extra = a < K(0x1p-1022) ? KI(-54) : KI(0);
  Int root_half = KI(0x3fe6a09e667f3bcc);
  Int bits = (Int)((UInt)LOCAL(to_bits)(normal) + (UInt)(LOCAL(to_bits)(K(1)) - root_half)); /* NaN wraps */
  Real k = CONVERT((bits >> KI(52)) - KI(1023) + extra, Real);
  Pair f = {LOCAL(from_bits)((bits & KI(0xfffffffffffff)) + root_half) - K(1), K(0)};
  Pair s = LOCAL(pair_quotient)(f, LOCAL(two_sum)(K(2), f.hi));
  Pair square = LOCAL(pair_product)(s, s);
  Real z = square.hi;
  Real slope = POLY(POW_LOG)(z);
  Pair cubic = LOCAL(fast_two_sum)(K(0x1.5555555555555p-1), z * slope);
  cubic.lo = cubic.lo + K(0x1.5555555555555p-55);
  Pair tail = LOCAL(pair_product)(s, LOCAL(pair_product)(square, cubic));
  Pair head = LOCAL(fast_two_sum)(s.hi + s.hi, s.lo + s.lo);
  Pair whole = {k * K(0x1.62e42fefa3p-1), k * K(0x1.3de6af278ece6p-42)};
  return LOCAL(pair_sum)(whole, LOCAL(pair_sum)(head, tail));
}

HELPER Real LOCAL(pow_core)(Real a, Real y) {
  Pair logarithm = LOCAL(log_pair)(a);
  Pair product = LOCAL(two_product)(logarithm.hi, y);
  Real low = product.lo + logarithm.lo * y;
  low = LOCAL(absolute)(product.hi) < K(800) ? low : K(0);
  return LOCAL(exp_scaled)(product.hi, low, 0);
}
#endif

Real FN(pow)(Real x, Real y) {
  Real a = LOCAL(absolute)(x), b = LOCAL(absolute)(y), half = b * K(0.5);
  /* From this on every number is an integer, and adding it rounds a smaller one to an integer. */
  Real integers = K((int64_t)1 << MANTISSA_BITS);
  Real result = LOCAL(pow_core)(a, y);
  Real extreme = (((a > K(1)) & (y > K(0))) | ((a < K(1)) & (y < K(0)))) ? INFINITE : K(0);
  result = ((a == K(0)) | (a == INFINITE) | (b == INFINITE)) ? extreme : result;
  result = a == K(1) ? K(1) : result;
  /* Odd: y/2 is no integer where y is one. */
  Real negated = LOCAL(flip_sign)(result, x);
  Real negated_if_odd = ((half < integers) & ((half + integers) - integers != half)) ? negated : result;
  Real undefined = ((x < K(0)) & (a < INFINITE)) ? NOT_A_NUMBER : result;
  result = ((b >= integers) | ((b + integers) - integers == b)) ? negated_if_odd : undefined;
  result = ((x != x) | (y != y)) ? x + y : result;
  return ((y == K(0)) | (x == K(1))) ? K(1) : result;
}
