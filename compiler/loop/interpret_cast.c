/* SPDX-License-Identifier: Apache-2.0 */
/* Casts between all compute types: floats to integers truncate and saturate with NaN giving 0, integers wrap,
   what becomes a float rounds to nearest even. */
#include "loop/interpret_internal.h"
#include <math.h>

#define CAST(from, from_type, to, to_type, expression)                                                       \
  static void cast_##from##_##to(size_t count, const void *const *operands, void *out) {                     \
    const from_type *operand = operands[0];                                                                  \
    to_type *result = out;                                                                                   \
    for (size_t k = 0; k < count; k++) {                                                                     \
      from_type a = operand[k];                                                                              \
      result[k] = expression;                                                                                \
    }                                                                                                        \
  }

/* `above` is 2 to the power of the type's value bits, a float of either width. */
#define SATURATE(to_type, least, most, above)                                                                \
  (isnan(a) ? (to_type)0 : a >= (above) ? (to_type)(most) : a <= (least) ? (to_type)(least) : (to_type)a)

#define CASTS_OF_INTEGER(from, from_type)                                                                    \
  CAST(from, from_type, b8, uint8_t, a != 0)                                                                 \
  CAST(from, from_type, i8, int8_t, (int8_t)(uint8_t)a)                                                      \
  CAST(from, from_type, i16, int16_t, (int16_t)(uint16_t)a)                                                  \
  CAST(from, from_type, i32, int32_t, (int32_t)(uint32_t)a)                                                  \
  CAST(from, from_type, i64, int64_t, (int64_t)a)                                                            \
  CAST(from, from_type, u8, uint8_t, (uint8_t)a)                                                             \
  CAST(from, from_type, u16, uint16_t, (uint16_t)a)                                                          \
  CAST(from, from_type, u32, uint32_t, (uint32_t)a)                                                          \
  CAST(from, from_type, u64, uint64_t, (uint64_t)a)                                                          \
  CAST(from, from_type, f32, float, (float)a)                                                                \
  CAST(from, from_type, f64, double, (double)a)

#define CASTS_OF_FLOAT(from, from_type)                                                                      \
  CAST(from, from_type, b8, uint8_t, a != 0)                                                                 \
  CAST(from, from_type, i8, int8_t, SATURATE(int8_t, INT8_MIN, INT8_MAX, 128))                               \
  CAST(from, from_type, i16, int16_t, SATURATE(int16_t, INT16_MIN, INT16_MAX, 32768))                        \
  CAST(from, from_type, i32, int32_t, SATURATE(int32_t, INT32_MIN, INT32_MAX, 0x1p31f))                      \
  CAST(from, from_type, i64, int64_t, SATURATE(int64_t, INT64_MIN, INT64_MAX, 0x1p63f))                      \
  CAST(from, from_type, u8, uint8_t, SATURATE(uint8_t, 0, UINT8_MAX, 256))                                   \
  CAST(from, from_type, u16, uint16_t, SATURATE(uint16_t, 0, UINT16_MAX, 65536))                             \
  CAST(from, from_type, u32, uint32_t, SATURATE(uint32_t, 0, UINT32_MAX, 0x1p32f))                           \
  CAST(from, from_type, u64, uint64_t, SATURATE(uint64_t, 0, UINT64_MAX, 0x1p64f))                           \
  CAST(from, from_type, f32, float, (float)a)                                                                \
  CAST(from, from_type, f64, double, (double)a)

CASTS_OF_INTEGER(b8, uint8_t)
CASTS_OF_INTEGER(i8, int8_t)
CASTS_OF_INTEGER(i16, int16_t)
CASTS_OF_INTEGER(i32, int32_t)
CASTS_OF_INTEGER(i64, int64_t)
CASTS_OF_INTEGER(u8, uint8_t)
CASTS_OF_INTEGER(u16, uint16_t)
CASTS_OF_INTEGER(u32, uint32_t)
CASTS_OF_INTEGER(u64, uint64_t)
CASTS_OF_FLOAT(f32, float)
CASTS_OF_FLOAT(f64, double)

#define CAST_ROW(constant, from)                                                                             \
  [ELEMENT_##constant] =                                                                                     \
      {                                                                                                      \
          [ELEMENT_BOOL] = cast_##from##_b8, [ELEMENT_I8] = cast_##from##_i8,                                \
          [ELEMENT_I16] = cast_##from##_i16, [ELEMENT_I32] = cast_##from##_i32,                              \
          [ELEMENT_I64] = cast_##from##_i64, [ELEMENT_U8] = cast_##from##_u8,                                \
          [ELEMENT_U16] = cast_##from##_u16, [ELEMENT_U32] = cast_##from##_u32,                              \
          [ELEMENT_U64] = cast_##from##_u64, [ELEMENT_F32] = cast_##from##_f32,                              \
          [ELEMENT_F64] = cast_##from##_f64,                                                                 \
  }

StripFunction strip_cast_function(ElementType from, ElementType to) {
  static const StripFunction casts[ELEMENT_COUNT][ELEMENT_COUNT] = {
      CAST_ROW(BOOL, b8), CAST_ROW(I8, i8),   CAST_ROW(I16, i16), CAST_ROW(I32, i32),
      CAST_ROW(I64, i64), CAST_ROW(U8, u8),   CAST_ROW(U16, u16), CAST_ROW(U32, u32),
      CAST_ROW(U64, u64), CAST_ROW(F32, f32), CAST_ROW(F64, f64),
  };
  return casts[from][to];
}
