/* SPDX-License-Identifier: Apache-2.0 */
/* Template part: asin, acos, atan. Above 1/2, asin x = pi/2 - 2 asin(sqrt((1 - x)/2)) with the root in twice
   the precision; atan x = pi/2 - atan(1/x) above 1. */

#define HALF_PI_HI K(PICK(0x1.921fb6p+0, 0x1.921fb54442d18p+0))
#define HALF_PI_LO K(PICK(-0x1.777a5cp-25, 0x1.1a62633145c07p-54))

/* asin(x) = hi + lo for |x| <= 1/2, and asin(sqrt((1 - |x|)/2)) above. */
HELPER Pair LOCAL(asin_reduced)(Real x) {
  Real a = LOCAL(absolute)(x);
  Pair quarter = {(K(1) - a) * K(0.5), K(0)};
  Pair root = LOCAL(pair_square_root)(quarter);
  Real z = a <= K(0.5) ? x * x : quarter.hi;
  Real slope = POLY(ASIN)(z);
  Real hi = a <= K(0.5) ? x : root.hi;
  Pair result = {hi, hi * (z * slope) + (a <= K(0.5) ? K(0) : root.lo)};
  return result;
}

Real FN(asin)(Real x) {
  Pair reduced = LOCAL(asin_reduced)(x);
  Real large = HALF_PI_HI - K(2) * reduced.hi;
  Real lost = (HALF_PI_HI - large) - K(2) * reduced.hi;
  large = large + (lost + (HALF_PI_LO - K(2) * reduced.lo));
  /* For -0 the sum below must not lose the sign. */
  Real small = x == K(0) ? x : reduced.hi + reduced.lo;
  return LOCAL(absolute)(x) <= K(0.5) ? small : LOCAL(flip_sign)(large, x);
}

Real FN(acos)(Real x) {
  Pair reduced = LOCAL(asin_reduced)(x);
  Real middle_hi = HALF_PI_HI - reduced.hi;
  Real middle_lost = (HALF_PI_HI - middle_hi) - reduced.hi;
  Real middle = middle_hi + (middle_lost + (HALF_PI_LO - reduced.lo));
  Real near_one = K(2) * (reduced.hi + reduced.lo);
  Real pi_hi = K(2) * HALF_PI_HI, twice = K(2) * reduced.hi;
  Real far_hi = pi_hi - twice;
  Real far_lost = (pi_hi - far_hi) - twice;
  Real far = far_hi + (far_lost + K(2) * (HALF_PI_LO - reduced.lo));
  Real outer = x > K(0) ? near_one : far;
  return LOCAL(absolute)(x) <= K(0.5) ? middle : outer;
}

Real FN(atan)(Real x) {
  Real a = LOCAL(absolute)(x);
  Real t = a > K(1) ? K(1) / a : a;
  Real z = t * t;
  Real slope = POLY(ATAN)(z);
  Real tail = t * (z * slope);
  Real large = HALF_PI_HI - t;
  Real lost = (HALF_PI_HI - large) - t;
  large = large + (lost + (HALF_PI_LO - tail));
  return LOCAL(flip_sign)(a > K(1) ? large : t + tail, x);
}
#undef HALF_PI_HI
#undef HALF_PI_LO
