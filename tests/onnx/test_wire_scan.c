/* SPDX-License-Identifier: Apache-2.0 */
/* The scan of the wire format: what the reduced model holds, what is refused, and the name table beside it.
   Bytes are written out by hand after the encoding's specification. */
#include "name_table.h"
#include "onnx.pb-c.h"
#include "wire_scan.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct Messages {
  size_t count;
  char last[512];
} Messages;

static void keep_message(void *user, const char *text) {
  Messages *messages = user;
  messages->count++;
  snprintf(messages->last, sizeof messages->last, "%s", text);
}

/* Scans and reads the reduced model; null after exactly one message. The caller frees the model. */
static Onnx__ModelProto *scan(const void *bytes, size_t length, Messages *messages) {
  *messages = (Messages){0};
  Diagnostics *diagnostics = diagnostics_create(keep_message, messages);
  Text reduced = {0};
  uint64_t structure;
  Onnx__ModelProto *model = NULL;
  if (wire_scan(diagnostics, NULL, bytes, length, &reduced, &structure)) {
    assert_int_equal(messages->count, 0);
    assert_in_range(structure, 0, length);
    model = onnx__model_proto__unpack(NULL, reduced.length, (const uint8_t *)reduced.bytes);
    assert_non_null(model);
  } else {
    assert_int_equal(messages->count, 1);
  }
  text_free(&reduced);
  diagnostics_destroy(diagnostics);
  return model;
}

static void expect_refused(const void *bytes, size_t length, const char *text) {
  Messages messages;
  assert_null(scan(bytes, length, &messages));
  if (!strstr(messages.last, text)) fail_msg("expected \"%s\" in \"%s\"", text, messages.last);
}

/* ir_version 8; graph { name "g"; initializer { dims 2; data_type 1; name "w"; raw_data of 8 bytes } }. */
static const uint8_t small_model[] = {0x08, 8,   0x3a, 24, 0x12, 1, 'g', 0x2a, 19, 0x08, 2, 0x10, 1,    0x42,
                                      1,    'w', 0x4a, 8,  1,    2, 3,   4,    5,  6,    7, 8,    0x60, 0};

static PayloadReference first_payload(const Onnx__ModelProto *model) {
  PayloadReference payload;
  const Onnx__TensorProto *tensor = model->graph->initializer[0];
  assert_true(tensor->has_raw_data);
  assert_int_equal(tensor->raw_data.len, sizeof payload);
  memcpy(&payload, tensor->raw_data.data, sizeof payload);
  return payload;
}

static void test_reference(void **state) {
  (void)state;
  Messages messages;
  uint8_t bytes[sizeof small_model];
  memcpy(bytes, small_model, sizeof bytes);
  bytes[26] = 0x10; /* data_type again: the last one holds */
  bytes[27] = 6;
  Onnx__ModelProto *model = scan(bytes, sizeof bytes, &messages);
  assert_non_null(model);
  assert_int_equal(model->ir_version, 8);
  assert_string_equal(model->graph->name, "g");
  const Onnx__TensorProto *tensor = model->graph->initializer[0];
  assert_string_equal(tensor->name, "w");
  assert_int_equal(tensor->n_dims, 1);
  assert_int_equal(tensor->dims[0], 2);
  assert_int_equal(tensor->data_type, 6);
  PayloadReference payload = first_payload(model);
  assert_int_equal(payload.layout, PAYLOAD_CONTIGUOUS);
  assert_int_equal(payload.field, 9);
  assert_int_equal(payload.offset, 18);
  assert_int_equal(payload.length, 8);
  assert_int_equal(payload.element_count, 8);
  onnx__model_proto__free_unpacked(model, NULL);
}

static void test_scattered_lists(void **state) {
  (void)state;
  Messages messages;
  /* int32_data: 300 unpacked, then [1, 2] packed. */
  static const uint8_t lists[] = {0x3a, 9, 0x2a, 7, 0x28, 0xac, 0x02, 0x2a, 2, 1, 2};
  Onnx__ModelProto *model = scan(lists, sizeof lists, &messages);
  assert_non_null(model);
  PayloadReference payload = first_payload(model);
  assert_int_equal(payload.layout, PAYLOAD_SCATTERED);
  assert_int_equal(payload.field, 5);
  assert_int_equal(payload.offset, 4);
  assert_int_equal(payload.length, 7);
  assert_int_equal(payload.element_count, 3);
  onnx__model_proto__free_unpacked(model, NULL);
  /* int32_data and int64_data. */
  static const uint8_t both[] = {0x3a, 6, 0x2a, 4, 0x28, 1, 0x38, 1};
  model = scan(both, sizeof both, &messages);
  assert_non_null(model);
  assert_int_equal(first_payload(model).layout, PAYLOAD_CONFLICT);
  onnx__model_proto__free_unpacked(model, NULL);
}

static void test_unknown_fields_are_dropped(void **state) {
  (void)state;
  Messages messages;
  /* Field 1000 as a varint, 32 bits, 64 bits and bytes; then ir_version 3. */
  static const uint8_t bytes[] = {0xc0, 0x3e, 5, 0xc5, 0x3e, 1, 2,    3,    4, 0xc1, 0x3e, 1, 2,
                                  3,    4,    5, 6,    7,    8, 0xc2, 0x3e, 1, 'x',  0x08, 3};
  Onnx__ModelProto *model = scan(bytes, sizeof bytes, &messages);
  assert_non_null(model);
  assert_int_equal(model->ir_version, 3);
  assert_int_equal(model->base.n_unknown_fields, 0);
  onnx__model_proto__free_unpacked(model, NULL);
}

static void test_refusals(void **state) {
  (void)state;
  expect_refused("", 0, "empty");
  expect_refused("\x0b", 1, "unknown wire type");                                           /* a group */
  expect_refused("\x00\x00", 2, "out of range");                                            /* field 0 */
  expect_refused("\x08", 1, "broken integer");                                              /* no value */
  expect_refused("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, "broken integer"); /* 11 bytes */
  expect_refused("\x3a\x05\x12\x01g", 5, "truncated");
  expect_refused("\x3a\x80", 2, "broken length");
  expect_refused("\x12\x03"
                 "a\0b",
                 5, "zero byte");
  expect_refused("\x3a\x00\x3a\x00", 4, "twice");
  expect_refused("\x0a\x01x", 3, "wrong wire type");                /* ir_version as bytes */
  expect_refused("\x38\x01", 2, "wrong wire type");                 /* graph as an integer */
  expect_refused("\x3a\x05\x2a\x03\x22\x01x", 7, "broken numbers"); /* a quarter of a float */
}

/* `levels` messages: the model, then types inside one another within the graph's first input. */
static size_t write_nested(uint8_t *bytes, size_t capacity, unsigned levels) {
  size_t at = capacity, length = 0;
  for (unsigned level = levels; level > 1; level--) {
    static const uint8_t outer[] = {0x3a, 0x5a,
                                    0x12}; /* ModelProto.graph, GraphProto.input, ValueInfoProto.type */
    uint8_t tag = level <= 4 ? outer[level - 2] : level % 2 ? 0x22 : 0x0a; /* sequence_type, elem_type */
    assert_true(length < 128 * 128 && at > 3);
    if (length < 128) {
      bytes[--at] = (uint8_t)length;
    } else {
      bytes[--at] = (uint8_t)(length >> 7);
      bytes[--at] = (uint8_t)(length & 0x7f) | 0x80;
    }
    bytes[--at] = tag;
    length = capacity - at;
  }
  memmove(bytes, bytes + at, length);
  return length;
}

static void test_nesting(void **state) {
  (void)state;
  Messages messages;
  uint8_t bytes[1024];
  Onnx__ModelProto *model = scan(bytes, write_nested(bytes, sizeof bytes, 256), &messages);
  assert_non_null(model);
  onnx__model_proto__free_unpacked(model, NULL);
  expect_refused(bytes, write_nested(bytes, sizeof bytes, 257), "deeper than 256");
}

/* Whatever is cut off or changed, there is a model or one message. */
static void test_damage(void **state) {
  (void)state;
  Messages messages;
  uint8_t bytes[sizeof small_model];
  for (size_t length = 0; length <= sizeof small_model; length++) {
    /* A heap block of that length lets a sanitizer see any read beyond it. */
    uint8_t *copy = malloc(length + !length);
    assert_non_null(copy);
    memcpy(copy, small_model, length);
    Onnx__ModelProto *model = scan(copy, length, &messages);
    assert_true(!model || length == 2 || length == sizeof small_model - 2 || length == sizeof small_model);
    if (model) onnx__model_proto__free_unpacked(model, NULL);
    free(copy);
  }
  for (size_t at = 0; at < sizeof small_model; at++)
    for (unsigned value = 0; value < 256; value++) {
      memcpy(bytes, small_model, sizeof bytes);
      bytes[at] = (uint8_t)value;
      Onnx__ModelProto *model = scan(bytes, sizeof bytes, &messages);
      if (model) onnx__model_proto__free_unpacked(model, NULL);
    }
}

static void test_name_table(void **state) {
  (void)state;
  enum { COUNT = 5000 };
  static int values[COUNT];
  Arena *arena = arena_create();
  NameTable table;
  name_table_start(&table, arena, 0);
  assert_null(name_table_find(&table, ""));
  for (int i = 0; i < COUNT; i++) name_table_set(&table, arena_format(arena, "name%d", i), &values[i]);
  name_table_set(&table, "name7", &values[8]);
  assert_int_equal(table.count, COUNT);
  for (int i = 0; i < COUNT; i++)
    assert_ptr_equal(name_table_find(&table, arena_format(arena, "name%d", i)), &values[i == 7 ? 8 : i]);
  assert_null(name_table_find(&table, "name"));
  arena_destroy(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_reference),
                                     cmocka_unit_test(test_scattered_lists),
                                     cmocka_unit_test(test_unknown_fields_are_dropped),
                                     cmocka_unit_test(test_refusals),
                                     cmocka_unit_test(test_nesting),
                                     cmocka_unit_test(test_damage),
                                     cmocka_unit_test(test_name_table)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
