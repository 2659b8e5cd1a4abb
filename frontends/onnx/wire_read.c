/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the wire format without trusting it. */
#include "wire_read.h"

enum { VARINT_BYTE_LIMIT = 10 };

bool wire_read_varint(const uint8_t **at, const uint8_t *end, uint64_t *value) {
  uint64_t result = 0;
  for (unsigned i = 0; i < VARINT_BYTE_LIMIT && *at + i < end; i++) {
    uint8_t byte = (*at)[i];
    result |= (uint64_t)(byte & 0x7f) << (7 * i); /* bits above the 64th are dropped, as the format says */
    if (byte < 0x80) {
      *at += i + 1;
      *value = result;
      return true;
    }
  }
  return false;
}

bool wire_count_varints(const uint8_t *bytes, uint64_t length, uint64_t *count) {
  uint64_t varints = 0;
  unsigned run = 0;
  for (uint64_t i = 0; i < length; i++) {
    if (++run > VARINT_BYTE_LIMIT) return false;
    if (bytes[i] < 0x80) {
      varints++;
      run = 0;
    }
  }
  *count = varints;
  return run == 0;
}

const char *wire_read_field(const uint8_t **at, const uint8_t *end, WireField *field) {
  uint64_t tag, length;
  const uint8_t *position = *at;
  if (!wire_read_varint(&position, end, &tag)) return "has a broken field tag";
  if (tag >> 32 || tag >> 3 == 0) return "has a field tag out of range";
  field->number = (uint32_t)(tag >> 3);
  field->type = (WireType)(tag & 7);
  field->bytes = position;
  switch (field->type) {
  case WIRE_VARINT:
    if (!wire_read_varint(&position, end, &length)) return "has a broken integer";
    field->length = (uint64_t)(position - field->bytes);
    break;
  case WIRE_FIXED32:
  case WIRE_FIXED64:
    field->length = field->type == WIRE_FIXED32 ? 4 : 8;
    if ((uint64_t)(end - position) < field->length) return "is truncated";
    break;
  case WIRE_LENGTH:
    if (!wire_read_varint(&position, end, &length)) return "has a broken length";
    if ((uint64_t)(end - position) < length) return "is truncated";
    field->bytes = position;
    field->length = length;
    break;
  default:
    return "has a field of an unknown wire type";
  }
  *at = field->bytes + field->length;
  return NULL;
}
