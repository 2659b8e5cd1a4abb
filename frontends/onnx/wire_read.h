/* SPDX-License-Identifier: Apache-2.0 */
/* The Protocol Buffers wire format, field by field, over bytes in memory that need not be trusted.
   Source: protobuf.dev, "Encoding". */
#ifndef AICC_ONNX_WIRE_READ_H
#define AICC_ONNX_WIRE_READ_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum WireType { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_LENGTH = 2, WIRE_FIXED32 = 5 } WireType;

typedef struct WireField {
  uint32_t number;
  WireType type;
  const uint8_t *bytes; /* the value: the varint, the fixed number, or what the length counts */
  uint64_t length;
} WireField;

/* Reads the field at `*at`, which is before `end`, and moves `*at` behind it. Returns null, or what is wrong
   with the bytes. */
const char *wire_read_field(const uint8_t **at, const uint8_t *end, WireField *field);
/* False where no varint of at most 10 bytes starts at `*at`. */
bool wire_read_varint(const uint8_t **at, const uint8_t *end, uint64_t *value);
/* The number of varints that fill `bytes` exactly; false where they do not. */
bool wire_count_varints(const uint8_t *bytes, uint64_t length, uint64_t *count);
#endif
