/* SPDX-License-Identifier: Apache-2.0 */
/* Template part: numbers as an unevaluated sum hi + lo (Dekker 1971, Knuth's TwoSum). Right with and without
   contraction to fma: every product that could be contracted is exact. */

#define Pair LOCAL(pair)
typedef struct {
  Real hi, lo;
} Pair;

/* a + b exactly. */
HELPER Pair LOCAL(two_sum)(Real a, Real b) {
  Real sum = a + b;
  Real b_part = sum - a;
  Real a_part = sum - b_part;
  Pair result = {sum, (a - a_part) + (b - b_part)};
  return result;
}

/* a + b exactly, for |a| >= |b| or a = 0. */
HELPER Pair LOCAL(fast_two_sum)(Real a, Real b) {
  Real sum = a + b;
  Pair result = {sum, b - (sum - a)};
  return result;
}

/* The upper half of x's mantissa; the rest fits the other half. */
HELPER Real LOCAL(upper_half)(Real x) {
  return LOCAL(from_bits)(LOCAL(to_bits)(x) & LOCAL(shift_left)(KI(-1), KI(PICK(12, 27))));
}

/* a * b exactly but for underflow (and the last bits of 2^-106 for f64). */
HELPER Pair LOCAL(two_product)(Real a, Real b) {
  Real product = a * b;
  Real a_hi = LOCAL(upper_half)(a), b_hi = LOCAL(upper_half)(b);
  Real a_lo = a - a_hi, b_lo = b - b_hi;
  Real error = a_hi * b_hi - product;
  error = error + a_hi * b_lo;
  error = error + a_lo * b_hi;
  Pair result = {product, error + a_lo * b_lo};
  return result;
}

HELPER Pair LOCAL(pair_product)(Pair a, Pair b) {
  Pair product = LOCAL(two_product)(a.hi, b.hi);
  return LOCAL(fast_two_sum)(product.hi, product.lo + (a.hi * b.lo + a.lo * b.hi));
}

HELPER Pair LOCAL(pair_sum)(Pair a, Pair b) {
  Pair sum = LOCAL(two_sum)(a.hi, b.hi);
  return LOCAL(fast_two_sum)(sum.hi, sum.lo + (a.lo + b.lo));
}

/* a / b to nearly twice the precision. */
HELPER Pair LOCAL(pair_quotient)(Pair a, Pair b) {
  Real quotient = a.hi / b.hi;
  Pair back = LOCAL(two_product)(quotient, b.hi);
  Real rest = ((a.hi - back.hi) - back.lo) + (a.lo - quotient * b.lo);
  Pair result = {quotient, rest / b.hi};
  return result;
}

/* The square root of a to nearly twice the precision; 0 for 0. */
HELPER Pair LOCAL(pair_square_root)(Pair a) {
  Real root = LOCAL(square_root)(a.hi);
  Pair square = LOCAL(two_product)(root, root);
  Real rest = ((a.hi - square.hi) - square.lo) + a.lo;
  Pair result = {root, root == K(0) ? K(0) : rest / (root + root)};
  return result;
}
