/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a serialised ONNX TensorProto, straight from the wire format: one message of a dozen fields does not
   need a protobuf library. The bytes may be cut or hostile; no read passes their end. */
#include "aicc/abi.h"
#include "tensor.h"
#include <string.h>

/* Field numbers of onnx.TensorProto. */
enum {
  FIELD_DIMS = 1,
  FIELD_DATA_TYPE = 2,
  FIELD_FLOAT_DATA = 4,
  FIELD_INT32_DATA = 5,
  FIELD_STRING_DATA = 6,
  FIELD_INT64_DATA = 7,
  FIELD_RAW_DATA = 9,
  FIELD_DOUBLE_DATA = 10,
  FIELD_UINT64_DATA = 11,
  FIELD_DATA_LOCATION = 14
};

typedef enum Wire { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 } Wire;

typedef struct Reader {
  const unsigned char *at, *end;
} Reader;

typedef struct Field {
  uint32_t number;
  Wire wire;
  uint64_t value; /* of a varint or fixed field */
  Reader bytes;   /* of a length-delimited field */
} Field;

static bool read_varint(Reader *reader, uint64_t *value) {
  *value = 0;
  for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
    unsigned char byte = *reader->at++;
    *value |= (uint64_t)(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

static bool read_fixed(Reader *reader, size_t byte_count, uint64_t *value) {
  if ((size_t)(reader->end - reader->at) < byte_count) return false;
  *value = 0;
  memcpy(value, reader->at, byte_count);
  reader->at += byte_count;
  return true;
}

static bool read_scalar(Reader *reader, Wire wire, uint64_t *value) {
  if (wire == WIRE_VARINT) return read_varint(reader, value);
  return read_fixed(reader, wire == WIRE_FIXED64 ? 8 : 4, value);
}

static bool read_field(Reader *reader, Field *field) {
  uint64_t key, length;
  if (!read_varint(reader, &key) || key >> 3 == 0 || key >> 3 > UINT32_MAX) return false;
  field->number = (uint32_t)(key >> 3);
  field->wire = (Wire)(key & 7);
  switch (field->wire) {
  case WIRE_VARINT:
  case WIRE_FIXED64:
  case WIRE_FIXED32:
    return read_scalar(reader, field->wire, &field->value);
  case WIRE_BYTES:
    if (!read_varint(reader, &length) || length > (uint64_t)(reader->end - reader->at)) return false;
    field->bytes = (Reader){reader->at, reader->at + length};
    reader->at += length;
    return true;
  }
  return false;
}

/* Where the values of a type stand when they are not raw: the field, how it is encoded, and how many values
   of how many bytes it has. Complex numbers are two values, packed types one value per byte. */
typedef struct Layout {
  uint32_t field;
  Wire wire;
  size_t value_count, value_bytes;
} Layout;

static Layout typed_layout(const Tensor *tensor) {
  const ElementType *type = element_type(tensor->dtype);
  size_t count = tensor->element_count;
  switch (tensor->dtype) {
  case TYPE_FLOAT:
    return (Layout){FIELD_FLOAT_DATA, WIRE_FIXED32, count, 4};
  case TYPE_COMPLEX64:
    return (Layout){FIELD_FLOAT_DATA, WIRE_FIXED32, 2 * count, 4};
  case TYPE_DOUBLE:
    return (Layout){FIELD_DOUBLE_DATA, WIRE_FIXED64, count, 8};
  case TYPE_COMPLEX128:
    return (Layout){FIELD_DOUBLE_DATA, WIRE_FIXED64, 2 * count, 8};
  case TYPE_INT64:
    return (Layout){FIELD_INT64_DATA, WIRE_VARINT, count, 8};
  case TYPE_UINT32:
  case TYPE_UINT64:
    return (Layout){FIELD_UINT64_DATA, WIRE_VARINT, count, type->bits / 8};
  case TYPE_STRING:
    return (Layout){FIELD_STRING_DATA, WIRE_BYTES, count, sizeof(aicc_string)};
  default:
    if (type->bits < 8) return (Layout){FIELD_INT32_DATA, WIRE_VARINT, tensor->byte_count, 1};
    return (Layout){FIELD_INT32_DATA, WIRE_VARINT, count, type->bits / 8};
  }
}

static bool is_data_field(uint32_t number) {
  return (number >= FIELD_FLOAT_DATA && number <= FIELD_INT64_DATA) || number == FIELD_DOUBLE_DATA ||
         number == FIELD_UINT64_DATA;
}

typedef struct Header {
  Reader raw;
  bool has_raw, is_external;
  size_t string_bytes; /* of all strings together */
  uint64_t data_type;
} Header;

static bool add_dim(Tensor *tensor, uint64_t value) {
  if (tensor->rank == MAX_RANK) return false;
  tensor->dims[tensor->rank++] = (int64_t)value;
  return true;
}

/* First pass: everything but the values, which need the type and the dims, and those may come last. */
static const char *read_header(Reader reader, Tensor *tensor, Header *header) {
  static const char too_many[] = "has too many dims";
  while (reader.at < reader.end) {
    Field field;
    if (!read_field(&reader, &field)) return "is not an ONNX TensorProto, or is cut short";
    if (field.number == FIELD_DIMS && field.wire == WIRE_VARINT) {
      if (!add_dim(tensor, field.value)) return too_many;
    } else if (field.number == FIELD_DIMS && field.wire == WIRE_BYTES) {
      uint64_t value;
      while (field.bytes.at < field.bytes.end) {
        if (!read_varint(&field.bytes, &value)) return "has damaged dims";
        if (!add_dim(tensor, value)) return too_many;
      }
    } else if (field.number == FIELD_DATA_TYPE && field.wire == WIRE_VARINT) {
      header->data_type = field.value;
    } else if (field.number == FIELD_RAW_DATA && field.wire == WIRE_BYTES) {
      header->has_raw = true;
      header->raw = field.bytes;
    } else if (field.number == FIELD_STRING_DATA && field.wire == WIRE_BYTES) {
      header->string_bytes += (size_t)(field.bytes.end - field.bytes.at);
    } else if (field.number == FIELD_DATA_LOCATION && field.wire == WIRE_VARINT) {
      header->is_external = field.value == 1;
    }
  }
  return NULL;
}

/* Stores one string; its bytes follow those stored before, after the table. */
static void store_string(Tensor *tensor, size_t index, Reader bytes, size_t *used) {
  char *to = (char *)tensor->data + tensor->byte_count + *used;
  size_t length = (size_t)(bytes.end - bytes.at);
  if (length) memcpy(to, bytes.at, length);
  ((aicc_string *)tensor->data)[index] = (aicc_string){length ? to : NULL, length};
  *used += length;
}

/* Second pass: the values of the typed data fields, packed or one by one. */
static const char *read_values(Reader reader, Tensor *tensor) {
  static const char wrong_count[] = "has a number of values that does not fit its dims";
  Layout layout = typed_layout(tensor);
  size_t stored = 0, string_bytes = 0;
  Field field;
  while (reader.at < reader.end && read_field(&reader, &field)) {
    if (!is_data_field(field.number)) continue;
    if (field.number != layout.field) {
      if (field.wire == WIRE_BYTES && field.bytes.at == field.bytes.end) continue;
      return "has its values in a field that is not for its type";
    }
    if (layout.wire == WIRE_BYTES) {
      if (field.wire != WIRE_BYTES || stored == layout.value_count) return wrong_count;
      store_string(tensor, stored++, field.bytes, &string_bytes);
      continue;
    }
    bool packed = field.wire == WIRE_BYTES;
    if (!packed && field.wire != layout.wire) return "has damaged values";
    while (!packed || field.bytes.at < field.bytes.end) {
      uint64_t value = field.value;
      if (packed && !read_scalar(&field.bytes, layout.wire, &value)) return "has damaged values";
      if (stored == layout.value_count) return wrong_count;
      memcpy((char *)tensor->data + stored++ * layout.value_bytes, &value, layout.value_bytes);
      if (!packed) break;
    }
  }
  return stored == layout.value_count ? NULL : wrong_count;
}

static const char *read_raw(Tensor *tensor, Reader raw) {
  size_t byte_count = (size_t)(raw.end - raw.at);
  if (tensor->dtype == TYPE_STRING) return "has strings as raw data";
  if (byte_count != tensor->byte_count) return "has a number of raw bytes that does not fit its dims";
  if (byte_count) memcpy(tensor->data, raw.at, byte_count);
  return NULL;
}

bool tensor_decode_pb(const unsigned char *bytes, size_t byte_count, Tensor *tensor, const char **problem) {
  Reader reader = {bytes, bytes + byte_count};
  Header header = {0};
  *tensor = (Tensor){0};
  *problem = read_header(reader, tensor, &header);
  if (*problem) return false;
  if (header.data_type > UINT32_MAX || !element_type((uint32_t)header.data_type))
    *problem = "is not an ONNX TensorProto: it has no known element type";
  else if (header.is_external)
    *problem = "has its values in another file, which is not supported here";
  if (*problem) return false;
  tensor->dtype = (uint32_t)header.data_type;
  if (!tensor_set_sizes(tensor)) {
    *problem = "has a negative dim or more elements than memory holds";
    return false;
  }
  /* A file has at least a bit per element, so damaged dims cannot ask for much more memory than it has bytes.
   */
  if (tensor->element_count / 8 > byte_count) {
    *problem = "has fewer values than its dims say";
    return false;
  }
  if (!tensor_allocate(tensor, tensor->dtype == TYPE_STRING ? header.string_bytes : 0)) {
    *problem = "does not fit in memory";
    return false;
  }
  *problem = header.has_raw ? read_raw(tensor, header.raw) : read_values(reader, tensor);
  if (!*problem) return true;
  tensor_free(tensor);
  return false;
}
