/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions between storage forms and double, for constants in the compiler. */
#include "ir/number.h"
#include <math.h>
#include <string.h>

/* A binary float of `exponent_bits` and `mantissa_bits` below 32 bits, IEEE style (infinities, NaN). */
static double decode_small(uint32_t bits, uint32_t exponent_bits, uint32_t mantissa_bits) {
  uint32_t exponent_mask = (1u << exponent_bits) - 1, mantissa_mask = (1u << mantissa_bits) - 1;
  uint32_t mantissa = bits & mantissa_mask, exponent = bits >> mantissa_bits & exponent_mask;
  bool negative = bits >> (mantissa_bits + exponent_bits) & 1;
  int bias = (1 << (exponent_bits - 1)) - 1;
  double magnitude;
  if (exponent == exponent_mask)
    magnitude = mantissa ? NAN : INFINITY;
  else if (exponent == 0)
    magnitude = ldexp((double)mantissa, 1 - bias - (int)mantissa_bits);
  else
    magnitude = ldexp((double)(mantissa | 1u << mantissa_bits), (int)exponent - bias - (int)mantissa_bits);
  return negative ? -magnitude : magnitude;
}

/* Round to nearest even in one step from double. */
static uint32_t encode_small(double value, uint32_t exponent_bits, uint32_t mantissa_bits) {
  uint32_t sign = signbit(value) ? 1u << (exponent_bits + mantissa_bits) : 0;
  uint32_t infinity = ((1u << exponent_bits) - 1) << mantissa_bits;
  int bias = (1 << (exponent_bits - 1)) - 1;
  if (isnan(value)) return sign | infinity | 1u << (mantissa_bits - 1);
  double magnitude = fabs(value);
  if (isinf(magnitude)) return sign | infinity;
  if (magnitude == 0) return sign;
  int exponent;
  frexp(magnitude, &exponent); /* magnitude = m * 2^exponent, m in [0.5, 1) */
  exponent -= 1;
  if (exponent < 1 - bias) exponent = 1 - bias;
  double scaled = nearbyint(ldexp(magnitude, (int)mantissa_bits - exponent)); /* exact but for the rounding */
  uint64_t units = (uint64_t)scaled;
  uint64_t bits = units + ((uint64_t)(exponent + bias - 1) << mantissa_bits);
  return sign | (bits >= infinity ? infinity : (uint32_t)bits);
}

double number_round(ElementType element, double value) {
  uint8_t bytes[8];
  double rounded = value;
  if (number_store(element, value, bytes)) number_load(element, bytes, &rounded);
  return rounded;
}

uint16_t number_f16_bits(double value) { return (uint16_t)encode_small(value, 5, 10); }
double number_from_f16(uint16_t bits) { return decode_small(bits, 5, 10); }

bool number_load(ElementType element, const void *bytes, double *value) {
  union {
    float f32;
    double f64;
    uint8_t u8;
    int8_t i8;
    uint16_t u16;
    int16_t i16;
    uint32_t u32;
    int32_t i32;
    uint64_t u64;
    int64_t i64;
  } raw = {.u64 = 0};
  uint32_t bits = element_info(element)->bits;
  if (bits < 8 || bits > 64) return false;
  memcpy(&raw, bytes, bits / 8);
  switch (element) {
  case ELEMENT_F32: *value = (double)raw.f32; return true;
  case ELEMENT_F64: *value = raw.f64; return true;
  case ELEMENT_F16: *value = decode_small(raw.u16, 5, 10); return true;
  case ELEMENT_BF16: *value = decode_small(raw.u16, 8, 7); return true;
  case ELEMENT_BOOL: *value = raw.u8 != 0; return true;
  case ELEMENT_U8: *value = raw.u8; return true;
  case ELEMENT_I8: *value = raw.i8; return true;
  case ELEMENT_U16: *value = raw.u16; return true;
  case ELEMENT_I16: *value = raw.i16; return true;
  case ELEMENT_U32: *value = raw.u32; return true;
  case ELEMENT_I32: *value = raw.i32; return true;
  case ELEMENT_U64: *value = (double)raw.u64; return true;
  case ELEMENT_I64: *value = (double)raw.i64; return true;
  default: return false;
  }
}

static uint64_t saturate(double value, const ElementInfo *info) {
  bool is_signed = info->class == CLASS_INT;
  double limit = ldexp(1, (int)info->bits - is_signed), low = is_signed ? -limit : 0;
  if (isnan(value)) return 0;
  if (value <= low) return is_signed ? UINT64_MAX << (info->bits - 1) : 0;
  if (value >= limit) return is_signed ? (UINT64_C(1) << (info->bits - 1)) - 1 : UINT64_MAX >> (64 - info->bits);
  return value < 0 ? (uint64_t)(int64_t)value : (uint64_t)value;
}

bool number_store(ElementType element, double value, void *bytes) {
  const ElementInfo *info = element_info(element);
  if (info->bits < 8 || info->bits > 64) return false;
  uint64_t raw;
  if (info->class == CLASS_BOOL) {
    raw = value != 0;
  } else if (info->class == CLASS_INT || info->class == CLASS_UINT) {
    raw = saturate(value, info);
  } else if (element == ELEMENT_F16) {
    raw = encode_small(value, 5, 10);
  } else if (element == ELEMENT_BF16) {
    raw = encode_small(value, 8, 7);
  } else if (element == ELEMENT_F32) {
    float narrow = (float)value;
    raw = 0;
    memcpy(&raw, &narrow, sizeof narrow);
  } else if (element == ELEMENT_F64) {
    memcpy(&raw, &value, sizeof value);
  } else {
    return false;
  }
  memcpy(bytes, &raw, info->bits / 8);
  return true;
}
