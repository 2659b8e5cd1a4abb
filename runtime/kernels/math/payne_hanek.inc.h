/* SPDX-License-Identifier: Apache-2.0 */
/* Argument reduction of the trigonometric functions for large arguments (Payne and Hanek 1983): the product
   of the mantissa with the part of 2/pi that matters, in 32-bit digits. Scalar, called for single lanes. */

/* 2/pi after the point, 32 bits a word, the first word the most significant. */
static const uint32_t two_over_pi[] = {
    0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab,
    0xdebbc561, 0xb7246e3a, 0x424dd2e0, 0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e,
    0xe88235f5, 0x2ebb4484, 0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4, 0x9c845f8b,
    0xbdf9283b, 0x1ff897ff, 0xde05980f, 0xef2f118b, 0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7,
    0x4f463f66, 0x9e5fea2d, 0x7527bac7, 0xebe5f17b, 0x3d0739f7, 0x8a5292ea, 0x6bfb5fb1,
    0x1f8d5d08, 0x56033046, 0xfc7b6bab, 0xf0cfbc20, 0x9af4361d, 0xa9e39161, 0x5ee61b08};

enum { PAYNE_HANEK_WORDS = 7, PAYNE_HANEK_DIGITS = PAYNE_HANEK_WORDS + 2 };

/* 32 bits of the little-endian number that begin at bit position. */
static inline uint32_t payne_hanek_digit(const uint32_t *digits, int position) {
  int word = position >> 5, shift = position & 31;
  uint64_t low = digits[word], high = word + 1 < PAYNE_HANEK_DIGITS ? digits[word + 1] : 0;
  return (uint32_t)((low | high << 32) >> shift);
}

/* x = q pi/2 + r for finite |x| >= 2^19: returns q modulo 4, and r with |r| <= pi/4 as rest[0] + rest[1]. */
static __attribute__((noinline, unused)) int payne_hanek_reduce(double x, double rest[2]) {
  union {
    double real;
    uint64_t bits;
  } cast = {.real = x};
  uint64_t mantissa = (cast.bits & 0xfffffffffffff) | 0x10000000000000;
  int exponent = (int)(cast.bits >> 52 & 0x7ff) - 1075;
  /* Leading words whose product with the mantissa is a multiple of 8 do not count. */
  int first = exponent < 35 ? 0 : (exponent - 3) / 32;
  uint32_t digits[PAYNE_HANEK_DIGITS] = {0};
  uint64_t low = mantissa & 0xffffffff, high = mantissa >> 32;
  for (int i = 0; i < PAYNE_HANEK_WORDS; i++) {
    uint64_t word = two_over_pi[first + PAYNE_HANEK_WORDS - 1 - i];
    uint64_t sum = low * word + digits[i];
    digits[i] = (uint32_t)sum;
    sum = high * word + digits[i + 1] + (sum >> 32);
    digits[i + 1] = (uint32_t)sum;
    digits[i + 2] = (uint32_t)(sum >> 32);
  }
  int fraction_bits = 32 * (first + PAYNE_HANEK_WORDS) - exponent;
  int quadrant = (int)(payne_hanek_digit(digits, fraction_bits) & 3);
  uint64_t top = (uint64_t)payne_hanek_digit(digits, fraction_bits - 32) << 32 |
                 payne_hanek_digit(digits, fraction_bits - 64);
  uint64_t bottom = (uint64_t)payne_hanek_digit(digits, fraction_bits - 96) << 32 |
                    payne_hanek_digit(digits, fraction_bits - 128);
  double sign = x < 0 ? -1.0 : 1.0;
  if (top >> 63) { /* a fraction above one half: the next quadrant, with 1 - fraction below it */
    quadrant++;
    sign = -sign;
    top = ~top;
    bottom = ~bottom;
  }
  if (x < 0) quadrant = -quadrant;
  /* Four 32-bit pieces, exact each, summed from the smallest; then times pi/2 in twice the precision. */
  double piece_0 = (double)(uint32_t)(top >> 32) * 0x1p-32, piece_1 = (double)(uint32_t)top * 0x1p-64;
  double piece_2 = (double)(uint32_t)(bottom >> 32) * 0x1p-96, piece_3 = (double)(uint32_t)bottom * 0x1p-128;
  double tail = piece_2 + piece_3;
  double head = piece_0 + piece_1;
  double head_lo = piece_1 - (head - piece_0);
  double hi = head + tail;
  double lo = (tail - (hi - head)) + head_lo;
  const double half_pi_hi = 0x1.921fb5p+0, half_pi_mid = 0x1.110b46p-26, half_pi_lo = 0x1.1a62633145c07p-54;
  union {
    double real;
    uint64_t bits;
  } upper = {.real = hi};
  upper.bits &= ~(uint64_t)0x7ffffff;
  double hi_hi = upper.real, hi_lo = hi - hi_hi;
  double product = hi_hi * half_pi_hi;
  double small = hi_lo * half_pi_hi + hi_hi * half_pi_mid;
  small = small + (hi_lo * half_pi_mid + (hi * half_pi_lo + lo * (half_pi_hi + half_pi_mid)));
  double r = product + small;
  rest[0] = sign * r;
  rest[1] = sign * (small - (r - product));
  return quadrant & 3;
}
