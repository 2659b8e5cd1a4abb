/* SPDX-License-Identifier: Apache-2.0 */
/* Which strip function computes a scalar function; the functions that depend on the element's width only. */
#include "loop/interpret_internal.h"
#include <string.h>

#define BY_WIDTH(bits)                                                                                       \
  static void select_##bits(size_t count, const void *const *operands, void *out) {                          \
    const uint8_t *condition = operands[0];                                                                  \
    const uint##bits##_t *then = operands[1], *other = operands[2];                                          \
    uint##bits##_t *result = out;                                                                            \
    for (size_t k = 0; k < count; k++) result[k] = condition[k] ? then[k] : other[k];                        \
  }                                                                                                          \
  static void copy_##bits(size_t count, const void *const *operands, void *out) {                            \
    memmove(out, operands[0], count *(bits / 8));                                                            \
  }                                                                                                          \
  static void fill_##bits(size_t count, uint64_t value, void *out) {                                         \
    uint##bits##_t *result = out;                                                                            \
    for (size_t k = 0; k < count; k++) result[k] = (uint##bits##_t)value;                                    \
  }
BY_WIDTH(8)
BY_WIDTH(16)
BY_WIDTH(32)
BY_WIDTH(64)

size_t compute_byte_count(ElementType compute) {
  const ElementInfo *info = element_info(compute);
  bool known = info->class == CLASS_BOOL || info->class == CLASS_INT || info->class == CLASS_UINT ||
               info->class == CLASS_FLOAT;
  return known && info->compute == compute ? info->bits / 8 : 0;
}

static StripFunction select_function(size_t byte_count) {
  switch (byte_count) {
  case 1:
    return select_8;
  case 2:
    return select_16;
  case 4:
    return select_32;
  case 8:
    return select_64;
  default:
    return NULL;
  }
}

static StripFunction copy_function(size_t byte_count) {
  switch (byte_count) {
  case 1:
    return copy_8;
  case 2:
    return copy_16;
  case 4:
    return copy_32;
  case 8:
    return copy_64;
  default:
    return NULL;
  }
}

void strip_fill(ElementType compute, uint64_t bits, size_t count, void *strip) {
  switch (compute_byte_count(compute)) {
  case 1:
    fill_8(count, bits, strip);
    return;
  case 2:
    fill_16(count, bits, strip);
    return;
  case 4:
    fill_32(count, bits, strip);
    return;
  case 8:
    fill_64(count, bits, strip);
    return;
  default:
    return;
  }
}

StripFunction strip_function(Scalar scalar, ElementType operand, ElementType result) {
  const ElementInfo *info = element_info(operand);
  ElementType expected = scalar_info(scalar)->result == RESULT_BOOL ? ELEMENT_BOOL : operand;
  if (!compute_byte_count(operand) || !compute_byte_count(result) || !scalar_accepts(scalar, operand))
    return NULL;
  if (scalar == SCALAR_CAST) return strip_cast_function(operand, result);
  if (scalar == SCALAR_BITCAST)
    return compute_byte_count(operand) == compute_byte_count(result) ? copy_function(info->bits / 8) : NULL;
  if (result != expected) return NULL;
  if (scalar == SCALAR_SELECT) return select_function(compute_byte_count(operand));
  return info->class == CLASS_FLOAT ? strip_float_function(scalar, operand)
                                    : strip_integer_function(scalar, operand);
}
