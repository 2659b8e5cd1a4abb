/* SPDX-License-Identifier: Apache-2.0 */
/* Template part: fmod, exact. Long division of the mantissas, a bit a step, until every lane is done. */

Real FN(fmod)(Real x, Real y) {
  Real a = LOCAL(absolute)(x), b = LOCAL(absolute)(y);
  Real smallest = K(PICK(0x1p-126, 0x1p-1022)), step = K(PICK(0x1p25, 0x1p54));
  Int shift = KI(PICK(25, 54)), implicit = LOCAL(shift_left)(KI(1), KI(MANTISSA_BITS));
  Int a_bits = LOCAL(to_bits)(a < smallest ? a * step : a);
  Int b_bits = LOCAL(to_bits)(b < smallest ? b * step : b);
  Int a_exponent = (a_bits >> KI(MANTISSA_BITS)) - (a < smallest ? shift : KI(0));
  Int b_exponent = (b_bits >> KI(MANTISSA_BITS)) - (b < smallest ? shift : KI(0));
  Int rest = (a_bits & (implicit - KI(1))) | implicit;
  Int divisor = (b_bits & (implicit - KI(1))) | implicit;
  Int steps = ((a >= b) & (a < INFINITE) & (b > K(0))) ? a_exponent - b_exponent : KI(0);
  for (IntLane remaining = MAX_LANE(steps); remaining > 0; remaining--) {
    Int less = rest >= divisor ? rest - divisor : rest;
    rest = steps > KI(0) ? less + less : rest;
    steps = steps - KI(1);
  }
  rest = rest >= divisor ? rest - divisor : rest;
  Real result = LOCAL(scale)(CONVERT(rest, Real), b_exponent - KI(EXPONENT_BIAS + MANTISSA_BITS));
  result = a < b ? x : LOCAL(with_sign)(result, x);
  return ((a == INFINITE) | (b == K(0)) | (x != x) | (y != y)) ? NOT_A_NUMBER : result;
}
