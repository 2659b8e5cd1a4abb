/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors become blobs. Dense little-endian values stay where they are in the file; lists of varints and
   scattered values are decoded when somebody reads the blob. */
#include "onnx_importer.h"
#include "wire_read.h"
#include "wire_scan.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lists up to this size are decoded at once: shapes and axes, which are read element by element. */
enum { EAGER_BYTE_LIMIT = 1024 };

/* The numbers of TensorProto's fields, by what they hold. */
typedef enum TensorField {
  FIELD_NONE = 0,
  FIELD_FLOAT = 4,
  FIELD_INT32 = 5,
  FIELD_STRING = 6,
  FIELD_INT64 = 7,
  FIELD_RAW = 9,
  FIELD_DOUBLE = 10,
  FIELD_UINT64 = 11
} TensorField;

bool tensor_error(Importer *importer, const Location *location, const char *name, const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return report(importer->diagnostics, location, MESSAGE_TENSOR_INVALID, text_or_empty(name), text);
}

static const char *field_name(uint32_t number) {
  const ProtobufCFieldDescriptor *field =
      protobuf_c_message_descriptor_get_field(&onnx__tensor_proto__descriptor, number);
  return field ? field->name : "no field";
}

/* Where values of that type stand when not in raw_data. Source: onnx.proto, TensorProto. */
static TensorField field_of_element(ElementType element) {
  const ElementInfo *info = element_info(element);
  switch (info->class) {
  case CLASS_STRING:
    return FIELD_STRING;
  case CLASS_COMPLEX:
    return info->bits == 64 ? FIELD_FLOAT : FIELD_DOUBLE;
  case CLASS_FLOAT:
    return info->bits == 32 ? FIELD_FLOAT : info->bits == 64 ? FIELD_DOUBLE : FIELD_INT32;
  case CLASS_UINT:
    return info->bits >= 32 ? FIELD_UINT64 : FIELD_INT32;
  case CLASS_INT:
    return info->bits == 64 ? FIELD_INT64 : FIELD_INT32;
  default:
    return FIELD_INT32;
  }
}

/* Values that are no dense run of bytes. `unit` is the size in bytes of one stored number in the dense form:
   numbers narrower than a byte are packed into bytes by the model already. */
typedef struct Encoding {
  const uint8_t *bytes;
  uint64_t length;
  uint32_t field, unit;
  bool message; /* `bytes` is the tensor's message, else the list itself */
  bool is_bool; /* every number but 0 is 1 */
} Encoding;

/* One run of numbers; stops at `limit`. Returns where the next number goes. */
static uint8_t *decode_run(const Encoding *encoding, const uint8_t *bytes, uint64_t length, bool varints,
                           uint8_t *out, const uint8_t *limit) {
  if (!varints) {
    uint64_t room = (uint64_t)(limit - out);
    uint64_t count = length < room ? length : room;
    memcpy(out, bytes, count);
    return out + count;
  }
  const uint8_t *end = bytes + length;
  uint64_t value;
  while (out < limit && bytes < end && wire_read_varint(&bytes, end, &value)) {
    if (encoding->is_bool) value = value != 0;
    memcpy(out, &value, encoding->unit);
    out += encoding->unit;
  }
  return out;
}

static void decode_values(const Blob *blob, void *dense) {
  const Encoding *encoding = blob->decode_user;
  bool varints = encoding->field != FIELD_FLOAT && encoding->field != FIELD_DOUBLE;
  uint8_t *out = dense;
  const uint8_t *limit = out + blob->byte_count;
  if (!encoding->message) {
    decode_run(encoding, encoding->bytes, encoding->length, varints, out, limit);
    return;
  }
  const uint8_t *at = encoding->bytes, *end = at + encoding->length;
  WireField field;
  while (at < end && !wire_read_field(&at, end, &field))
    if (field.number == encoding->field)
      out = decode_run(encoding, field.bytes, field.length, varints, out, limit);
}

/* The dims of a tensor and the number of its elements. */
static bool tensor_dims(Importer *importer, const Location *location, const char *name, size_t rank,
                        const int64_t *dims, Type *type, int64_t *count) {
  DimContext *context = importer->module->dims;
  if (rank > RANK_LIMIT)
    return tensor_error(importer, location, name, "has %zu dims, at most %d are supported", rank, RANK_LIMIT);
  Dim list[RANK_LIMIT];
  bool empty = false;
  for (size_t i = 0; i < rank; i++) {
    if (dims[i] < 0)
      return tensor_error(importer, location, name, "dim %zu is negative (%lld)", i, (long long)dims[i]);
    list[i] = dim_constant(context, dims[i]);
    empty |= dims[i] == 0;
  }
  *count = empty ? 0 : 1;
  for (size_t i = 0; i < rank && !empty; i++)
    if (__builtin_mul_overflow(*count, dims[i], count))
      return tensor_error(importer, location, name, "the number of elements overflows");
  *type = type_tensor(importer->module->arena, type->element, (uint32_t)rank, list);
  return true;
}

static bool tensor_strings(Importer *importer, const Location *location, const Onnx__TensorProto *proto,
                           Blob *blob) {
  Arena *arena = importer->module->arena;
  if (proto->has_raw_data)
    return tensor_error(importer, location, proto->name, "strings are expected in string_data only");
  if ((uint64_t)blob->element_count != proto->n_string_data)
    return tensor_error(importer, location, proto->name, "has %zu strings for %lld elements",
                        proto->n_string_data, (long long)blob->element_count);
  const char **strings = arena_array(arena, const char *, proto->n_string_data);
  for (size_t i = 0; i < proto->n_string_data; i++) {
    const ProtobufCBinaryData *string = &proto->string_data[i];
    if (string->len && memchr(string->data, 0, string->len))
      return tensor_error(importer, location, proto->name, "string %zu has a zero byte", i);
    strings[i] = arena_copy_text(arena, (const char *)string->data, string->len);
  }
  blob->strings = strings;
  return true;
}

/* Values in the model itself. */
static bool tensor_values(Importer *importer, const Location *location, const Onnx__TensorProto *proto,
                          Blob *blob) {
  const ElementInfo *info = element_info(blob->element);
  TensorField expected = field_of_element(blob->element);
  if (!proto->has_raw_data) {
    if (blob->element_count == 0) return true;
    return tensor_error(importer, location, proto->name, "has no values for %lld elements",
                        (long long)blob->element_count);
  }
  PayloadReference payload;
  if (proto->raw_data.len != sizeof payload)
    return tensor_error(importer, location, proto->name, "is broken");
  memcpy(&payload, proto->raw_data.data, sizeof payload);
  if (payload.layout == PAYLOAD_CONFLICT || proto->n_string_data)
    return tensor_error(importer, location, proto->name, "has values in more than one field");
  bool raw = payload.field == FIELD_RAW;
  if (!raw && payload.field != (uint32_t)expected && payload.element_count)
    return tensor_error(importer, location, proto->name, "%s values are expected in %s, found in %s",
                        info->onnx_name, field_name(expected), field_name(payload.field));
  /* Complex numbers are pairs; numbers below a byte come packed into bytes. */
  uint64_t numbers = (uint64_t)blob->element_count;
  if (raw || info->bits < 8)
    numbers = blob->byte_count;
  else if (info->class == CLASS_COMPLEX)
    numbers = blob->byte_count / (info->bits / 16);
  if (payload.element_count != numbers)
    return tensor_error(importer, location, proto->name, "has %llu %s in %s, %llu are expected",
                        (unsigned long long)payload.element_count, raw ? "bytes" : "values",
                        field_name(payload.field), (unsigned long long)numbers);
  if (numbers == 0) return true;
  const uint8_t *bytes = importer->bytes + payload.offset;
  bool dense = raw || payload.field == FIELD_FLOAT || payload.field == FIELD_DOUBLE;
  if (dense && payload.layout == PAYLOAD_CONTIGUOUS) {
    blob->bytes = bytes;
    blob->file = importer->directory ? importer->module->name : NULL;
    blob->file_offset = payload.offset;
    return true;
  }
  Encoding *encoding = arena_new(importer->module->arena, Encoding);
  *encoding = (Encoding){.bytes = bytes,
                         .length = payload.length,
                         .field = payload.field,
                         .unit = info->bits < 8 ? 1 : info->bits / 8,
                         .message = payload.layout == PAYLOAD_SCATTERED,
                         .is_bool = blob->element == ELEMENT_BOOL};
  blob->decode_user = encoding;
  if (blob->byte_count <= EAGER_BYTE_LIMIT) {
    uint8_t *values = arena_allocate(importer->module->arena, blob->byte_count);
    decode_values(blob, values);
    blob->bytes = values;
    blob->decode_user = NULL;
  } else {
    blob->decode = decode_values;
  }
  return true;
}

static bool tensor_check(Importer *importer, const Location *location, const Onnx__TensorProto *proto,
                         Type *type, int64_t *count, uint64_t *byte_count) {
  type->element = element_of_number(proto->data_type);
  if (type->element == ELEMENT_UNDEFINED)
    return tensor_error(importer, location, proto->name, "element type %d is not known",
                        (int)proto->data_type);
  if (proto->segment) return tensor_error(importer, location, proto->name, "segments are not supported");
  if (!tensor_dims(importer, location, proto->name, proto->n_dims, proto->dims, type, count)) return false;
  if (!element_byte_count(type->element, *count, byte_count))
    return tensor_error(importer, location, proto->name, "the number of bytes overflows");
  return true;
}

const Blob *tensor_blob(Importer *importer, const Location *location, const Onnx__TensorProto *proto,
                        Type *type) {
  static const uint8_t nothing[1] = {0};
  int64_t count;
  uint64_t byte_count;
  if (!tensor_check(importer, location, proto, type, &count, &byte_count)) return NULL;
  Blob *blob = arena_new(importer->module->arena, Blob);
  *blob =
      (Blob){.element = type->element, .element_count = count, .byte_count = byte_count, .bytes = nothing};
  bool external =
      proto->has_data_location && proto->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT;
  bool ok;
  if (external && type->element == ELEMENT_STRING)
    ok = tensor_error(importer, location, proto->name, "strings cannot be external");
  else if (external)
    ok = external_data(importer, location, proto, byte_count, blob);
  else if (type->element == ELEMENT_STRING)
    ok = tensor_strings(importer, location, proto, blob);
  else
    ok = tensor_values(importer, location, proto, blob);
  if (!ok) return NULL;
  if (blob->decode || blob->strings) blob->bytes = NULL;
  return blob;
}

/* Sparse tensors: zeros, and values at ascending positions. */
typedef struct SparseEncoding {
  const Blob *values;
  const uint64_t *positions;
} SparseEncoding;

static void decode_sparse(const Blob *blob, void *dense) {
  const SparseEncoding *sparse = blob->decode_user;
  size_t size = element_info(blob->element)->bits / 8;
  uint8_t *values = heap_resize(NULL, sparse->values->byte_count);
  blob_read(sparse->values, values);
  memset(dense, 0, blob->byte_count);
  for (int64_t i = 0; i < sparse->values->element_count; i++)
    memcpy((uint8_t *)dense + sparse->positions[i] * size, values + (size_t)i * size, size);
  free(values);
}

/* One row-major position from a row of indices: a single number that is the position, or one per dim. */
static bool sparse_position(const int64_t *index, size_t columns, const Onnx__SparseTensorProto *proto,
                            int64_t element_count, uint64_t *position) {
  if (columns == 0) {
    *position = (uint64_t)index[0];
    return index[0] >= 0 && index[0] < element_count;
  }
  uint64_t result = 0;
  for (size_t i = 0; i < columns; i++) {
    if (index[i] < 0 || index[i] >= proto->dims[i]) return false;
    result = result * (uint64_t)proto->dims[i] + (uint64_t)index[i];
  }
  *position = result;
  return true;
}

static const uint64_t *sparse_positions(Importer *importer, const Location *location,
                                        const Onnx__SparseTensorProto *proto, int64_t value_count,
                                        int64_t element_count) {
  const char *name = proto->values->name;
  Type type = {0};
  const Blob *indices = tensor_blob(importer, location, proto->indices, &type);
  if (!indices) return NULL;
  size_t columns = proto->indices->n_dims == 2 ? proto->n_dims : 0;
  bool fits = proto->indices->n_dims >= 1 && proto->indices->n_dims <= 2 &&
              proto->indices->dims[0] == value_count && type.element == ELEMENT_I64 &&
              (proto->indices->n_dims == 1 || proto->indices->dims[1] == (int64_t)proto->n_dims);
  if (!fits) {
    tensor_error(importer, location, name, "the indices must be int64 of [NNZ] or [NNZ, rank]");
    return NULL;
  }
  int64_t *numbers = heap_resize(NULL, indices->byte_count);
  blob_read(indices, numbers);
  uint64_t *positions = arena_array(importer->module->arena, uint64_t, (size_t)value_count);
  bool ok = true;
  for (size_t i = 0; ok && i < (size_t)value_count; i++) {
    ok = sparse_position(numbers + i * (columns ? columns : 1), columns, proto, element_count, &positions[i]);
    if (!ok)
      tensor_error(importer, location, name, "index %zu is out of range", i);
    else if (i && positions[i] <= positions[i - 1])
      ok = tensor_error(importer, location, name, "the indices are not ascending at %zu", i);
  }
  free(numbers);
  return ok ? positions : NULL;
}

const Blob *sparse_tensor_blob(Importer *importer, const Location *location,
                               const Onnx__SparseTensorProto *proto, Type *type) {
  const char *name = proto->values ? proto->values->name : NULL;
  if (!proto->values || !proto->indices) {
    tensor_error(importer, location, name, "a sparse tensor needs values and indices");
    return NULL;
  }
  const Blob *values = tensor_blob(importer, location, proto->values, type);
  if (!values) return NULL;
  const ElementInfo *info = element_info(values->element);
  if (proto->values->n_dims != 1 || info->class == CLASS_STRING || info->bits < 8) {
    tensor_error(importer, location, name, "the values of a sparse tensor must be a list of whole bytes");
    return NULL;
  }
  int64_t count;
  uint64_t byte_count;
  if (!tensor_dims(importer, location, name, proto->n_dims, proto->dims, type, &count)) return NULL;
  if (!element_byte_count(type->element, count, &byte_count)) {
    tensor_error(importer, location, name, "the number of bytes overflows");
    return NULL;
  }
  SparseEncoding *sparse = arena_new(importer->module->arena, SparseEncoding);
  sparse->values = values;
  sparse->positions = sparse_positions(importer, location, proto, values->element_count, count);
  if (!sparse->positions) return NULL;
  Blob *blob = arena_new(importer->module->arena, Blob);
  *blob = (Blob){.element = type->element,
                 .element_count = count,
                 .byte_count = byte_count,
                 .decode = decode_sparse,
                 .decode_user = sparse};
  return blob;
}
