/* SPDX-License-Identifier: Apache-2.0 */
/* Template part: f64 to f16 with a single rounding. */

Half CONVERSION(f64_to_f16)(Real x);

/* Denormal results are rounded by adding 2^28, whose ulp is f16's smallest number. */
Half CONVERSION(f64_to_f16)(Real x) {
  Int magnitude = LOCAL(to_bits)(LOCAL(absolute)(x));
  Int denormal = LOCAL(to_bits)(LOCAL(absolute)(x) + K(0x1p28)) - LOCAL(to_bits)(K(0x1p28));
  Int odd = (magnitude >> KI(42)) & KI(1);
  Int rebias = LOCAL(shift_left)(KI(EXPONENT_BIAS - 15), KI(MANTISSA_BITS));
  Int normal = (magnitude + KI(0x1ffffffffff) + odd - rebias) >> KI(42);
  Int result = LOCAL(absolute)(x) < K(0x1p-14) ? denormal : normal;
  result = LOCAL(absolute)(x) >= K(65520) ? KI(0x7c00) : result;
  Int quiet = KI(0x7e00) | ((magnitude >> KI(42)) & KI(0x3ff));
  result = x != x ? quiet : result;
  Int sign = (LOCAL(to_bits)(x) >> KI(48)) & KI(0x8000);
  return CONVERT(result | sign, Half);
}
