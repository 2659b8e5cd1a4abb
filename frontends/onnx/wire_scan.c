/* SPDX-License-Identifier: Apache-2.0 */
/* The scan keeps its own stack. Each message of the reduced model gets a length of five bytes (a padded
   varint) that is filled in when the message ends, so that one pass is enough. Unknown fields are left out.
 */
#include "wire_scan.h"
#include "ir/graph.h"
#include "onnx.pb-c.h"
#include "wire_read.h"
#include <stdio.h>
#include <string.h>

enum {
  /* A graph within a graph is three messages further in: graph, node, attribute. The rest is for what stands in the
     innermost one and for types within types. protobuf-c takes less than a kilobyte of stack for each. */
  NESTING_LIMIT = 3 * REGION_DEPTH_LIMIT + 64,
  LENGTH_BYTES = 5,
  /* protobuf-c's bookkeeping while it reads one message: 16 fields on its stack, then heap blocks that
     double. */
  MEMBER_BYTES = 32,
  MEMBERS_ON_STACK = 16
};
/* protobuf-c may use three quarters of what the import may use; the tensor graph and the tables get the rest.
 */
static const uint64_t parsed_base_bytes = 48u << 20, parsed_bytes_per_byte = 48;
static const uint64_t reduced_byte_limit = 1u << 30;

typedef struct Frame {
  const ProtobufCMessageDescriptor *descriptor;
  const uint8_t *start, *end;
  size_t length_position; /* of its length in the reduced model */
  uint64_t seen;          /* singular messages that occurred, by index in the descriptor */
  uint64_t member_count;
  PayloadReference payload; /* tensors */
  bool has_payload;
} Frame;

typedef struct Scan {
  Diagnostics *diagnostics;
  const Location *location;
  const uint8_t *bytes;
  Text *reduced;
  uint64_t payload_byte_count, message_count;
  uint64_t kept_bytes;                  /* what protobuf-c allocates for messages, lists and texts */
  uint64_t member_bytes[NESTING_LIMIT]; /* and for its bookkeeping, at most, by depth */
  uint32_t depth;
  Frame stack[NESTING_LIMIT];
} Scan;

static bool scan_error(Scan *scan, const uint8_t *at, const char *what) {
  char text[256];
  const char *message = scan->depth ? scan->stack[scan->depth - 1].descriptor->short_name : "file";
  snprintf(text, sizeof text, "%s %s at byte %llu", message, what, (unsigned long long)(at - scan->bytes));
  return report(scan->diagnostics, scan->location, MESSAGE_NOT_ONNX, text);
}

static uint64_t heap_cost(uint64_t byte_count) {
  uint64_t cost = (byte_count + 8 + 15) & ~(uint64_t)15;
  return cost < 32 ? 32 : cost;
}

static void put_varint(Text *text, uint64_t value) {
  char bytes[10];
  size_t count = 0;
  do {
    bytes[count++] = (char)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value >>= 7;
  } while (value);
  text_add_bytes(text, bytes, count);
}

static void put_tag(Text *text, uint32_t number, WireType type) {
  put_varint(text, number << 3 | type);
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *descriptor,
                                                  uint32_t number) {
  size_t low = 0, high = descriptor->n_fields;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (descriptor->fields[middle].id < number)
      low = middle + 1;
    else
      high = middle;
  }
  return low < descriptor->n_fields && descriptor->fields[low].id == number ? &descriptor->fields[low] : NULL;
}

static WireType field_wire_type(const ProtobufCFieldDescriptor *field) {
  switch (field->type) {
  case PROTOBUF_C_TYPE_SFIXED32:
  case PROTOBUF_C_TYPE_FIXED32:
  case PROTOBUF_C_TYPE_FLOAT:
    return WIRE_FIXED32;
  case PROTOBUF_C_TYPE_SFIXED64:
  case PROTOBUF_C_TYPE_FIXED64:
  case PROTOBUF_C_TYPE_DOUBLE:
    return WIRE_FIXED64;
  case PROTOBUF_C_TYPE_STRING:
  case PROTOBUF_C_TYPE_BYTES:
  case PROTOBUF_C_TYPE_MESSAGE:
    return WIRE_LENGTH;
  default:
    return WIRE_VARINT;
  }
}

static uint64_t field_element_bytes(const ProtobufCFieldDescriptor *field) {
  switch (field->type) {
  case PROTOBUF_C_TYPE_INT64:
  case PROTOBUF_C_TYPE_UINT64:
  case PROTOBUF_C_TYPE_DOUBLE:
  case PROTOBUF_C_TYPE_STRING:
  case PROTOBUF_C_TYPE_MESSAGE:
    return 8;
  case PROTOBUF_C_TYPE_BYTES:
    return sizeof(ProtobufCBinaryData);
  default:
    return 4;
  }
}

/* The fields of a tensor that hold values: raw_data, and the packed lists. */
static bool is_payload(const ProtobufCMessageDescriptor *descriptor, const ProtobufCFieldDescriptor *field) {
  if (descriptor != &onnx__tensor_proto__descriptor) return false;
  if (field->label != PROTOBUF_C_LABEL_REPEATED) return field->type == PROTOBUF_C_TYPE_BYTES;
  return (field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0;
}

/* The number of values in a packed list. */
static bool count_packed(const ProtobufCFieldDescriptor *field, const WireField *wire, uint64_t *count) {
  WireType type = field_wire_type(field);
  if (type == WIRE_VARINT) return wire_count_varints(wire->bytes, wire->length, count);
  uint64_t size = type == WIRE_FIXED32 ? 4 : 8;
  *count = wire->length / size;
  return wire->length % size == 0;
}

static bool open_message(Scan *scan, const ProtobufCMessageDescriptor *descriptor, const uint8_t *start,
                         uint64_t length) {
  if (scan->depth == NESTING_LIMIT)
    return report(scan->diagnostics, scan->location, MESSAGE_TOO_DEEP, (int)NESTING_LIMIT,
                  (unsigned long long)(start - scan->bytes));
  scan->stack[scan->depth++] = (Frame){.descriptor = descriptor,
                                       .start = start,
                                       .end = start + length,
                                       .length_position = scan->reduced->length};
  scan->message_count++;
  scan->kept_bytes += heap_cost(descriptor->sizeof_message);
  if (scan->depth > 1) text_add_bytes(scan->reduced, "\0\0\0\0", LENGTH_BYTES);
  return true;
}

static void close_message(Scan *scan) {
  Frame *frame = &scan->stack[--scan->depth];
  if (frame->has_payload) {
    for (size_t i = 0; i < frame->descriptor->n_fields; i++) {
      const ProtobufCFieldDescriptor *field = &frame->descriptor->fields[i];
      if (!is_payload(frame->descriptor, field) || field->type != PROTOBUF_C_TYPE_BYTES) continue;
      put_tag(scan->reduced, field->id, WIRE_LENGTH);
      put_varint(scan->reduced, sizeof frame->payload);
      text_add_bytes(scan->reduced, (const char *)&frame->payload, sizeof frame->payload);
      scan->kept_bytes += heap_cost(sizeof frame->payload);
    }
  }
  uint64_t block_bytes = 0;
  for (uint64_t room = MEMBERS_ON_STACK; room < frame->member_count; room = room * 2 + MEMBERS_ON_STACK)
    block_bytes += (room + MEMBERS_ON_STACK) * MEMBER_BYTES;
  if (scan->member_bytes[scan->depth] < block_bytes) scan->member_bytes[scan->depth] = block_bytes;
  if (scan->depth == 0) return;
  size_t length = scan->reduced->length - frame->length_position - LENGTH_BYTES;
  for (unsigned i = 0; i < LENGTH_BYTES; i++)
    scan->reduced->bytes[frame->length_position + i] =
        (char)((length >> (7 * i) & 0x7f) | (i + 1 < LENGTH_BYTES ? 0x80 : 0));
}

static bool scan_payload(Scan *scan, Frame *frame, const ProtobufCFieldDescriptor *field,
                         const WireField *wire) {
  bool packed = wire->type == WIRE_LENGTH;
  uint64_t count = packed ? wire->length : 1;
  if (packed && field->type != PROTOBUF_C_TYPE_BYTES && !count_packed(field, wire, &count))
    return scan_error(scan, wire->bytes, "has a list of broken numbers");
  scan->payload_byte_count += wire->length;
  PayloadReference *payload = &frame->payload;
  if (payload->layout == PAYLOAD_CONFLICT || (frame->has_payload && count == 0)) return true;
  if (frame->has_payload && payload->element_count && payload->field != field->id) {
    payload->layout = PAYLOAD_CONFLICT;
    return true;
  }
  /* A bytes field that occurs again replaces what was there; a list goes on. */
  bool goes_on = frame->has_payload && payload->element_count && field->type != PROTOBUF_C_TYPE_BYTES;
  if (goes_on || !packed) {
    payload->layout = PAYLOAD_SCATTERED;
    payload->offset = (uint64_t)(frame->start - scan->bytes);
    payload->length = (uint64_t)(frame->end - frame->start);
    payload->element_count = (goes_on ? payload->element_count : 0) + count;
  } else {
    payload->layout = PAYLOAD_CONTIGUOUS;
    payload->offset = (uint64_t)(wire->bytes - scan->bytes);
    payload->length = wire->length;
    payload->element_count = count;
  }
  payload->field = field->id;
  frame->has_payload = true;
  return true;
}

/* Copies a field that is no message, and counts what protobuf-c allocates for it. */
static bool scan_plain(Scan *scan, Frame *frame, const ProtobufCFieldDescriptor *field,
                       const WireField *wire) {
  if (field->type == PROTOBUF_C_TYPE_STRING && memchr(wire->bytes, 0, wire->length))
    return scan_error(scan, wire->bytes, "has a text with a zero byte");
  put_tag(scan->reduced, field->id, wire->type);
  if (wire->type == WIRE_LENGTH) put_varint(scan->reduced, wire->length);
  text_add_bytes(scan->reduced, (const char *)wire->bytes, wire->length);
  frame->member_count++;
  uint64_t count = 1;
  if (field_wire_type(field) == WIRE_LENGTH)
    scan->kept_bytes += heap_cost(wire->length + 1);
  else if (wire->type == WIRE_LENGTH && !count_packed(field, wire, &count))
    return scan_error(scan, wire->bytes, "has a list of broken numbers");
  if (field->label == PROTOBUF_C_LABEL_REPEATED) scan->kept_bytes += count * field_element_bytes(field);
  return true;
}

static bool scan_field(Scan *scan, const uint8_t **at) {
  Frame *frame = &scan->stack[scan->depth - 1];
  const uint8_t *start = *at;
  WireField wire;
  const char *wrong = wire_read_field(at, frame->end, &wire);
  if (wrong) return scan_error(scan, start, wrong);
  const ProtobufCFieldDescriptor *field = find_field(frame->descriptor, wire.number);
  if (!field) return true;
  WireType expected = field_wire_type(field);
  bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
  if (wire.type != expected && !(repeated && wire.type == WIRE_LENGTH))
    return scan_error(scan, start, "has a field of the wrong wire type");
  if (is_payload(frame->descriptor, field)) return scan_payload(scan, frame, field, &wire);
  if (field->type != PROTOBUF_C_TYPE_MESSAGE) return scan_plain(scan, frame, field, &wire);
  uint64_t bit = (uint64_t)1 << (field - frame->descriptor->fields);
  if (!repeated && frame->seen & bit) return scan_error(scan, start, "has a field twice that may stand once");
  if (repeated) scan->kept_bytes += field_element_bytes(field);
  frame->seen |= bit;
  frame->member_count++;
  put_tag(scan->reduced, field->id, WIRE_LENGTH);
  *at = wire.bytes;
  return open_message(scan, field->descriptor, wire.bytes, wire.length);
}

bool wire_scan(Diagnostics *diagnostics, const Location *location, const uint8_t *bytes, size_t length,
               Text *reduced, uint64_t *structure_byte_count) {
  if (length == 0) return report(diagnostics, location, MESSAGE_NOT_ONNX, "the file is empty");
  Scan scan = {.diagnostics = diagnostics, .location = location, .bytes = bytes, .reduced = reduced};
  const uint8_t *at = bytes;
  if (!open_message(&scan, &onnx__model_proto__descriptor, bytes, length)) return false;
  while (scan.depth > 0) {
    if (at == scan.stack[scan.depth - 1].end)
      close_message(&scan);
    else if (!scan_field(&scan, &at))
      return false;
    if (reduced->length > reduced_byte_limit)
      return report(diagnostics, location, MESSAGE_MODEL_INVALID,
                    "the model has more than 1 GB that is not tensor data");
  }
  *structure_byte_count = length - scan.payload_byte_count;
  uint64_t parsed = scan.kept_bytes;
  for (uint32_t depth = 0; depth < NESTING_LIMIT; depth++) parsed += scan.member_bytes[depth];
  if (parsed > parsed_base_bytes + parsed_bytes_per_byte * *structure_byte_count)
    return report(diagnostics, location, MESSAGE_TOO_MANY_MESSAGES,
                  (unsigned long long)(scan.message_count - 1), (unsigned long long)*structure_byte_count);
  return true;
}
