/* SPDX-License-Identifier: Apache-2.0 */
/* Template part: sin, cos, tan over the whole range. x = n pi/2 + r with |r| <= pi/4: Cody and Waite (in f64
   for f32, in four parts for f64), and lane by lane Payne and Hanek for the rare large argument. */

typedef struct {
  Real hi, lo;  /* r */
  Int quadrant; /* n; its two lowest bits count */
} LOCAL(reduced_angle);

#if AICC_MATH_BITS == 32
#define CODY_WAITE_LIMIT K(0x1p27)
HELPER LOCAL(reduced_angle) LOCAL(reduce_moderate)(Real x) {
  Wide wide = CONVERT(x, Wide);
  WideInt quadrant;
  Wide n = LOCAL(wide_nearest_integer)(wide * KW(0x1.45f306dc9c883p-1), &quadrant);
  Wide r = wide - n * KW(0x1.921fb5p+0);
  r = r - n * KW(0x1.110b46p-26);
  r = r - n * KW(0x1.1a62633145c07p-54);
  Real hi = CONVERT(r, Real);
  LOCAL(reduced_angle) result = {hi, CONVERT(r - CONVERT(hi, Wide), Real), CONVERT(quadrant, Int)};
  return result;
}
#else
#define CODY_WAITE_LIMIT K(0x1p19)
HELPER LOCAL(reduced_angle) LOCAL(reduce_moderate)(Real x) {
  LOCAL(reduced_angle) result;
  Real n = LOCAL(nearest_integer)(x * K(0x1.45f306dc9c883p-1), &result.quadrant);
  Real first = x - n * K(0x1.921fb544p+0);
  Real second_part = n * K(-0x1.0b4611a6p-34);
  Real third_part = n * K(-0x1.3198a2ep-69);
  Pair second = LOCAL(two_sum)(first, second_part);
  Pair third = LOCAL(two_sum)(second.hi, third_part);
  Real low = (second.lo + third.lo) - n * K(0x1.b839a252049c1p-104);
  Pair sum = LOCAL(fast_two_sum)(third.hi, low);
  result.hi = sum.hi;
  result.lo = sum.lo;
  return result;
}
#endif

HELPER LOCAL(reduced_angle) LOCAL(reduce)(Real x) {
  LOCAL(reduced_angle) result = LOCAL(reduce_moderate)(x);
  Real a = LOCAL(absolute)(x);
  if (ANY((a > CODY_WAITE_LIMIT) & (a < INFINITE))) {
    for (int lane = 0; lane < AICC_MATH_LANES; lane++) {
      double value = (double)GET_LANE(x, lane);
      if (!(value > (double)(1 << 19) || value < -(double)(1 << 19))) continue;
      double rest[2];
      int quadrant = payne_hanek_reduce(value, rest);
      SET_LANE(result.hi, lane, (RealLane)rest[0]);
      SET_LANE(result.lo, lane, (RealLane)((rest[0] - (double)(RealLane)rest[0]) + rest[1]));
      SET_LANE(result.quadrant, lane, (IntLane)quadrant);
    }
  }
  return result;
}

/* sin(r) = hi + lo, unevaluated. */
HELPER Pair LOCAL(sine_part)(Real r, Real r_lo) {
  Real z = r * r;
  Real slope = POLY(SIN)(z);
  Pair result = {r, r * (z * slope) + r_lo * (K(1) - K(0.5) * z)};
  return result;
}

/* cos(r) = hi + lo, unevaluated. */
HELPER Pair LOCAL(cosine_part)(Real r, Real r_lo) {
  Real z = r * r;
  Real slope = POLY(COS)(z);
  Real half_square = K(0.5) * z;
  Real hi = K(1) - half_square;
  Pair result = {hi, ((K(1) - hi) - half_square) + (z * (z * slope) - r * r_lo)};
  return result;
}

/* sin(r + quadrant pi/2). */
HELPER Real LOCAL(sine_of_reduced)(LOCAL(reduced_angle) angle, Int quadrant) {
  Pair sine = LOCAL(sine_part)(angle.hi, angle.lo);
  Pair cosine = LOCAL(cosine_part)(angle.hi, angle.lo);
  Real value = (quadrant & KI(1)) == KI(0) ? sine.hi + sine.lo : cosine.hi + cosine.lo;
  Int sign = LOCAL(shift_left)(quadrant & KI(2), KI(AICC_MATH_BITS - 2));
  return LOCAL(from_bits)(LOCAL(to_bits)(value) ^ sign);
}

Real FN(sin)(Real x) {
  LOCAL(reduced_angle) angle = LOCAL(reduce)(x);
  Real a = LOCAL(absolute)(x);
  Real result = LOCAL(sine_of_reduced)(angle, angle.quadrant);
  result = a < K(PICK(0x1p-13, 0x1p-28)) ? x : result;
  return a == INFINITE ? NOT_A_NUMBER : result;
}

Real FN(cos)(Real x) {
  LOCAL(reduced_angle) angle = LOCAL(reduce)(x);
  Real result = LOCAL(sine_of_reduced)(angle, angle.quadrant + KI(1));
  return LOCAL(absolute)(x) == INFINITE ? NOT_A_NUMBER : result;
}

Real FN(tan)(Real x) {
  LOCAL(reduced_angle) angle = LOCAL(reduce)(x);
  Real a = LOCAL(absolute)(x);
  Pair sine = LOCAL(sine_part)(angle.hi, angle.lo);
  Pair cosine = LOCAL(cosine_part)(angle.hi, angle.lo);
  sine = LOCAL(fast_two_sum)(sine.hi, sine.lo);
  cosine = LOCAL(fast_two_sum)(cosine.hi, cosine.lo);
  Pair top, bottom;
  top.hi = (angle.quadrant & KI(1)) == KI(0) ? sine.hi : cosine.hi;
  top.lo = (angle.quadrant & KI(1)) == KI(0) ? sine.lo : cosine.lo;
  bottom.hi = (angle.quadrant & KI(1)) == KI(0) ? cosine.hi : -sine.hi;
  bottom.lo = (angle.quadrant & KI(1)) == KI(0) ? cosine.lo : -sine.lo;
  Pair ratio = LOCAL(pair_quotient)(top, bottom);
  Real result = ratio.hi + ratio.lo;
  result = a < K(PICK(0x1p-13, 0x1p-28)) ? x : result;
  return a == INFINITE ? NOT_A_NUMBER : result;
}
#undef CODY_WAITE_LIMIT
