/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes, memory and random contents of tensors. */
#include "tensor.h"
#include "aicc/abi.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool report(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fflush(stdout);
  fprintf(stderr, "%s: ", program_invocation_short_name);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  return false;
}

bool tensor_set_sizes(Tensor *tensor) {
  size_t count = 1, bits;
  bool empty = false;
  for (uint32_t i = 0; i < tensor->rank; ++i) {
    if (tensor->dims[i] < 0) return false;
    empty = empty || tensor->dims[i] == 0;
  }
  for (uint32_t i = 0; i < tensor->rank && !empty; ++i)
    if (__builtin_mul_overflow(count, (uint64_t)tensor->dims[i], &count)) return false;
  if (empty) count = 0;
  if (__builtin_mul_overflow(count, (size_t)element_type(tensor->dtype)->bits, &bits) || bits > SIZE_MAX / 2)
    return false;
  tensor->element_count = count;
  tensor->byte_count = (bits + 7) / 8;
  return true;
}

bool tensor_allocate(Tensor *tensor, size_t extra_bytes) {
  size_t byte_count;
  if (__builtin_add_overflow(tensor->byte_count, extra_bytes, &byte_count)) return false;
  tensor->data = byte_count ? calloc(1, byte_count) : NULL;
  return tensor->data || byte_count == 0;
}

void tensor_free(Tensor *tensor) {
  free(tensor->data);
  *tensor = (Tensor){0};
}

void tensor_print_type(FILE *file, uint32_t dtype, uint32_t rank, const int64_t *dims) {
  fprintf(file, "%s[", element_type(dtype)->name);
  for (uint32_t i = 0; i < rank; ++i) fprintf(file, "%s%lld", i ? "," : "", (long long)dims[i]);
  fputc(']', file);
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t random_next(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

/* The bits of a float that is one of 2048 evenly spaced values in [-1,1): exact in every format from float16
   (11 significant bits) up; bfloat16 keeps the leading ones. */
static uint64_t random_float_code(uint32_t dtype, uint64_t *state) {
  unsigned bits = element_type(dtype)->kind == ELEMENT_COMPLEX ? element_type(dtype)->bits / 2
                                                               : element_type(dtype)->bits;
  uint64_t random = random_next(state);
  if (bits == 64) {
    double value = (double)(random >> 11) * 0x1p-52 - 1;
    uint64_t code;
    memcpy(&code, &value, sizeof code);
    return code;
  }
  if (bits == 32 || dtype == TYPE_BFLOAT16) {
    float value = (float)(random >> 40) * 0x1p-23f - 1;
    uint32_t code;
    memcpy(&code, &value, sizeof code);
    return dtype == TYPE_BFLOAT16 ? code >> 16 : code;
  }
  if (dtype == TYPE_FLOAT16) { /* k / 1024 with its sign: shift k until the hidden bit is in place */
    uint32_t k = (uint32_t)(random >> 53) & 0x3ff, sign = (uint32_t)(random >> 63) << 15, exponent = 14;
    if (k == 0) return 0;
    for (k <<= 1; !(k & 0x400); k <<= 1) --exponent;
    return sign | exponent << 10 | (k & 0x3ff);
  }
  for (;; random = random_next(state)) { /* small formats: any code that stands for such a value */
    uint64_t code = random >> 56 & ((1u << bits) - 1);
    double value = element_float(dtype, &code, 0);
    if (value >= -1 && value < 1) return code;
  }
}

bool tensor_fill_random(Tensor *tensor, uint64_t seed) {
  static const aicc_string words[] = {{"", 0}, {"a", 1}, {"The", 3}, {"quick fox", 9}};
  if (!tensor_allocate(tensor, 0)) return false;
  ElementKind kind = element_type(tensor->dtype)->kind;
  uint64_t state = seed;
  size_t count = kind == ELEMENT_COMPLEX ? 2 * tensor->element_count : tensor->element_count;
  for (size_t i = 0; i < count; ++i) {
    if (kind == ELEMENT_STRING)
      ((aicc_string *)tensor->data)[i] = words[random_next(&state) >> 62];
    else if (kind == ELEMENT_FLOAT || kind == ELEMENT_COMPLEX)
      element_store(tensor->dtype, tensor->data, i, random_float_code(tensor->dtype, &state));
    else
      element_store(tensor->dtype, tensor->data, i,
                    random_next(&state) >>
                        (kind == ELEMENT_BOOL || element_type(tensor->dtype)->bits == 2 ? 63 : 62));
  }
  return true;
}
