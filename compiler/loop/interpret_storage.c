/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and stores between memory of any alignment and strips. f16 and bf16 load exactly into f32 and store
   rounded to nearest even; any byte but 0 is a true bool. */
#include "loop/interpret_internal.h"
#include "math/math.h"
#include <string.h>

#define COPY(bits)                                                                                           \
  static void load_##bits(size_t count, const uint8_t *storage, int64_t step, void *strip) {                 \
    uint##bits##_t *out = strip;                                                                             \
    if (step == bits / 8) {                                                                                  \
      memcpy(out, storage, count *(bits / 8));                                                               \
      return;                                                                                                \
    }                                                                                                        \
    for (size_t k = 0; k < count; k++) memcpy(&out[k], storage + (int64_t)k * step, bits / 8);               \
  }                                                                                                          \
  static void store_##bits(size_t count, const void *strip, uint8_t *storage, int64_t step) {                \
    const uint##bits##_t *in = strip;                                                                        \
    if (step == bits / 8) {                                                                                  \
      memcpy(storage, in, count *(bits / 8));                                                                \
      return;                                                                                                \
    }                                                                                                        \
    for (size_t k = 0; k < count; k++) memcpy(storage + (int64_t)k * step, &in[k], bits / 8);                \
  }
COPY(8)
COPY(16)
COPY(32)
COPY(64)

static void load_bool(size_t count, const uint8_t *storage, int64_t step, void *strip) {
  uint8_t *out = strip;
  for (size_t k = 0; k < count; k++) out[k] = storage[(int64_t)k * step] != 0;
}

#define HALF(name)                                                                                           \
  static void load_##name(size_t count, const uint8_t *storage, int64_t step, void *strip) {                 \
    float *out = strip;                                                                                      \
    for (size_t k = 0; k < count; k++) {                                                                     \
      uint16_t bits;                                                                                         \
      memcpy(&bits, storage + (int64_t)k * step, sizeof bits);                                               \
      out[k] = aicc_math_##name##_to_f32_x1(bits);                                                           \
    }                                                                                                        \
  }                                                                                                          \
  static void store_##name(size_t count, const void *strip, uint8_t *storage, int64_t step) {                \
    const float *in = strip;                                                                                 \
    for (size_t k = 0; k < count; k++) {                                                                     \
      uint16_t bits = aicc_math_f32_to_##name##_x1(in[k]);                                                   \
      memcpy(storage + (int64_t)k * step, &bits, sizeof bits);                                               \
    }                                                                                                        \
  }
HALF(f16)
HALF(bf16)

StripLoad strip_load_function(ElementType storage) {
  if (storage == ELEMENT_BOOL) return load_bool;
  if (storage == ELEMENT_F16) return load_f16;
  if (storage == ELEMENT_BF16) return load_bf16;
  switch (compute_byte_count(storage)) {
  case 1:
    return load_8;
  case 2:
    return load_16;
  case 4:
    return load_32;
  case 8:
    return load_64;
  default:
    return NULL;
  }
}

StripStore strip_store_function(ElementType storage) {
  if (storage == ELEMENT_F16) return store_f16;
  if (storage == ELEMENT_BF16) return store_bf16;
  switch (compute_byte_count(storage)) {
  case 1:
    return store_8;
  case 2:
    return store_16;
  case 4:
    return store_32;
  case 8:
    return store_64;
  default:
    return NULL;
  }
}
