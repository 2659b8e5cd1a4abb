/* SPDX-License-Identifier: Apache-2.0 */
/* Constant data by reference. */
#include "base/hash.h"
#include "ir/graph.h"
#include "ir/number.h"
#include <stdlib.h>
#include <string.h>

const Blob *blob_dense(Arena *arena, ElementType element, int64_t element_count, const void *bytes) {
  Blob *blob = arena_new(arena, Blob);
  *blob = (Blob){.element = element, .element_count = element_count, .bytes = bytes};
  if (!element_byte_count(element, element_count, &blob->byte_count)) memory_exhausted();
  return blob;
}

const Blob *blob_splat(Arena *arena, ElementType element, int64_t element_count, const void *element_bytes) {
  Blob *blob = arena_new(arena, Blob);
  *blob = (Blob){.element = element, .element_count = element_count, .splat = true};
  if (!element_byte_count(element, element_count, &blob->byte_count)) memory_exhausted();
  blob->bytes = arena_copy(arena, element_bytes, (element_info(element)->bits + 7) / 8);
  return blob;
}

static void fill_splat(const Blob *blob, uint8_t *out) {
  uint32_t bits = element_info(blob->element)->bits;
  if (bits < 8) { /* repeat the element within a byte */
    uint8_t unit = (uint8_t)(blob->bytes[0] & ((1u << bits) - 1)), packed = 0;
    for (uint32_t at = 0; at < 8; at += bits) packed = (uint8_t)(packed | unit << at);
    memset(out, packed, blob->byte_count);
    return;
  }
  size_t size = bits / 8;
  for (uint64_t at = 0; at < blob->byte_count; at += size) memcpy(out + at, blob->bytes, size);
}

void blob_read(const Blob *blob, void *dense) {
  if (!blob->byte_count) return;
  if (blob->decode)
    blob->decode(blob, dense);
  else if (blob->splat)
    fill_splat(blob, dense);
  else
    memcpy(dense, blob->bytes, blob->byte_count);
}

uint64_t blob_hash(const Blob *blob) {
  uint64_t seed = (uint64_t)blob->element * 0x9e3779b97f4a7c15u ^ (uint64_t)blob->element_count;
  if (blob->splat) return hash_bytes(blob->bytes, (element_info(blob->element)->bits + 7) / 8, seed ^ 1);
  if (blob->element == ELEMENT_STRING) {
    for (int64_t i = 0; i < blob->element_count; i++)
      seed = hash_bytes(blob->strings[i], strlen(blob->strings[i]), seed);
    return seed;
  }
  if (!blob->decode) return hash_bytes(blob->bytes, blob->byte_count, seed);
  uint8_t *dense = heap_resize(NULL, blob->byte_count);
  blob_read(blob, dense);
  uint64_t hash = hash_bytes(dense, blob->byte_count, seed);
  free(dense);
  return hash;
}

/* The storage bytes of one element of 8 bits or more. */
static bool element_bytes(const Blob *blob, int64_t index, uint8_t bytes[8]) {
  uint32_t bits = element_info(blob->element)->bits;
  if (index < 0 || index >= blob->element_count || bits < 8 || bits > 64) return false;
  memset(bytes, 0, 8);
  size_t size = bits / 8;
  if (blob->decode) {
    uint8_t *dense = heap_resize(NULL, blob->byte_count);
    blob_read(blob, dense);
    memcpy(bytes, dense + (uint64_t)index * size, size);
    free(dense);
  } else {
    memcpy(bytes, blob->bytes + (blob->splat ? 0 : (uint64_t)index * size), size);
  }
  return true;
}

bool blob_float_at(const Blob *blob, int64_t index, double *value) {
  uint8_t bytes[8];
  return element_bytes(blob, index, bytes) && number_load(blob->element, bytes, value);
}

bool blob_integer_at(const Blob *blob, int64_t index, int64_t *value) {
  uint8_t bytes[8];
  if (!element_bytes(blob, index, bytes)) return false;
  const ElementInfo *info = element_info(blob->element);
  uint64_t raw;
  memcpy(&raw, bytes, 8);
  if (info->class == CLASS_INT) {
    uint32_t unused = 64 - info->bits;
    *value = (int64_t)(raw << unused) >> unused;
    return true;
  }
  if (info->class == CLASS_UINT || info->class == CLASS_BOOL) {
    *value = info->class == CLASS_BOOL ? raw != 0 : (int64_t)raw;
    return raw <= INT64_MAX;
  }
  double number;
  if (!number_load(blob->element, bytes, &number) || !(number > -9.2e18 && number < 9.2e18)) return false;
  *value = (int64_t)number;
  return true;
}

bool blob_whole_at(const Blob *blob, int64_t index, int64_t *value) {
  double number;
  if (!element_is_float(blob->element)) return blob_integer_at(blob, index, value);
  if (!blob_float_at(blob, index, &number) || !(number > -0x1p53 && number < 0x1p53)) return false;
  *value = (int64_t)number;
  return (double)*value == number;
}
