/* SPDX-License-Identifier: Apache-2.0 */
/* Modules built through build.h read back from their text: identical text, equal nodes, equal tracked values.
 */
#include "ir_test.h"
#include <math.h>
#include <unistd.h>

typedef struct Fixture {
  Text messages;
  Diagnostics *diagnostics;
  Module *module;
  Builder builder;
} Fixture;

static int setup(void **state) {
  Fixture *f = calloc(1, sizeof *f);
  f->diagnostics = diagnostics_create(collect_message, &f->messages);
  f->module = module_create(f->diagnostics, "model.onnx");
  f->builder = (Builder){.module = f->module, .region = region_create(f->module, NULL)};
  f->builder.location = (Location){.file = "model.onnx", .node = "node \"1\"\n"};
  *state = f;
  return 0;
}

static int teardown(void **state) {
  Fixture *f = *state;
  module_destroy(f->module);
  diagnostics_destroy(f->diagnostics);
  text_free(&f->messages);
  free(f);
  return 0;
}

static Dim number(Fixture *f, int64_t value) {
  return dim_constant(f->module->dims, value);
}

static void assert_same_type(const Type *a, const Type *b) {
  Text x = {0}, y = {0};
  type_print(&x, a);
  type_print(&y, b);
  assert_string_equal(text_string(&x), text_string(&y));
  text_free(&x);
  text_free(&y);
}

static void assert_same_dim(Dim a, Dim b) {
  Text x = {0}, y = {0};
  dim_print(&x, a);
  dim_print(&y, b);
  assert_string_equal(text_string(&x), text_string(&y));
  text_free(&x);
  text_free(&y);
}

static void assert_same_access(const Access *a, const Access *b) {
  assert_int_equal(a->rank, b->rank);
  for (uint32_t i = 0; i < a->rank; i++) {
    const Subscript *x = &a->subscripts[i], *y = &b->subscripts[i];
    assert_same_dim(x->offset, y->offset);
    assert_int_equal(x->term_count, y->term_count);
    for (uint32_t k = 0; k < x->term_count; k++) {
      assert_int_equal(x->terms[k].label, y->terms[k].label);
      assert_same_dim(x->terms[k].coefficient, y->terms[k].coefficient);
    }
  }
}

static void assert_same_equation(const Equation *a, const Equation *b) {
  assert_int_equal(a->label_count, b->label_count);
  for (uint32_t i = 0; i < a->label_count; i++) assert_same_dim(a->labels[i].extent, b->labels[i].extent);
  assert_int_equal(a->operand_count, b->operand_count);
  for (uint32_t i = 0; i < a->operand_count; i++) assert_same_access(&a->operands[i], &b->operands[i]);
  assert_same_access(&a->result, &b->result);
}

static void assert_same_string(const char *a, const char *b) {
  assert_int_equal(a != NULL, b != NULL);
  if (a) assert_string_equal(a, b);
}

/* Blobs hold the same elements, bit by bit. */
static void assert_same_blob(const Blob *a, const Blob *b) {
  assert_int_equal(a->element, b->element);
  assert_int_equal(a->element_count, b->element_count);
  assert_int_equal(a->splat, b->splat);
  assert_int_equal(blob_hash(a), blob_hash(b));
  if (a->element == ELEMENT_STRING) {
    for (int64_t i = 0; i < a->element_count; i++) assert_string_equal(a->strings[i], b->strings[i]);
    return;
  }
  assert_int_equal(a->byte_count, b->byte_count);
  if (a->splat) { /* the dense form may be larger than memory */
    assert_memory_equal(a->bytes, b->bytes, (element_info(a->element)->bits + 7) / 8);
    return;
  }
  uint8_t *x = malloc(a->byte_count + 1), *y = malloc(a->byte_count + 1);
  blob_read(a, x);
  blob_read(b, y);
  if (a->byte_count) assert_memory_equal(x, y, a->byte_count);
  free(x);
  free(y);
}

static void assert_same_value(const Value *a, const Value *b) {
  int64_t count = 0;
  assert_same_type(&a->type, &b->type);
  assert_same_string(a->name, b->name);
  assert_int_equal(a->tracked != NULL, b->tracked != NULL);
  if (!a->tracked) return;
  assert_true(type_static_count(&a->type, &count));
  for (int64_t i = 0; i < count; i++) assert_same_dim(a->tracked[i], b->tracked[i]);
}

static void assert_same_node(const Node *a, const Node *b) {
  assert_int_equal(a->kind, b->kind);
  assert_int_equal(a->scalar, b->scalar);
  assert_int_equal(a->operand_count, b->operand_count);
  assert_same_string(a->location.node, b->location.node);
  for (uint32_t i = 0; i < a->operand_count; i++)
    assert_int_equal(a->operands[i]->index, b->operands[i]->index);
  assert_int_equal(a->result_count, b->result_count);
  for (uint32_t i = 0; i < a->result_count; i++) assert_same_value(a->results[i], b->results[i]);
  assert_int_equal(a->attribute_count, b->attribute_count);
  for (uint32_t i = 0; i < a->attribute_count; i++) {
    const Attribute *x = &a->attributes[i], *y = &b->attributes[i];
    assert_string_equal(x->name, y->name);
    assert_int_equal(x->kind, y->kind);
    assert_int_equal(x->integer, y->integer);
    assert_same_string(x->string, y->string);
    assert_int_equal(x->count, y->count);
    if (x->kind == ATTRIBUTE_BLOB) assert_same_blob(x->blob, y->blob);
    for (size_t k = 0; x->kind == ATTRIBUTE_DIMS && k < x->count; k++)
      assert_same_dim(x->dims[k], y->dims[k]);
  }
  assert_int_equal(a->equation != NULL, b->equation != NULL);
  if (a->equation) assert_same_equation(a->equation, b->equation);
}

/* The round trip, and that the parsed module is the built one. */
static void check(Fixture *f, Value *const *results, uint32_t count) {
  finish_entry(&f->builder, results, count);
  Module *again = check_round_trip(f->module);
  const Region *a = f->module->entries[0]->body, *b = again->entries[0]->body;
  assert_int_equal(dim_symbol_count(f->module->dims), dim_symbol_count(again->dims));
  assert_int_equal(a->argument_count, b->argument_count);
  for (uint32_t i = 0; i < a->argument_count; i++) assert_same_value(a->arguments[i], b->arguments[i]);
  const Node *x = a->first, *y = b->first;
  for (; x && y; x = x->next, y = y->next) assert_same_node(x, y);
  assert_ptr_equal(x, y); /* both null */
  assert_string_equal(text_string(&f->messages), "");
  module_destroy(again);
}

static void convolution(void **state) {
  Fixture *f = *state;
  Builder *b = &f->builder;
  DimContext *context = f->module->dims;
  Dim n = dim_symbol(context, "N"), h = dim_symbol(context, "height"), two = number(f, 2);
  Dim x_dims[3] = {n, number(f, 8), h}, w_dims[3] = {number(f, 4), number(f, 8), number(f, 3)};
  Value *x = add_argument(b, "x", ELEMENT_F32, 3, x_dims), *w = add_argument(b, "w", ELEMENT_F32, 3, w_dims);
  Dim out =
      dim_add(context, dim_floor_divide(context, dim_subtract(context, h, number(f, 1)), two), number(f, 1));
  EquationBuilder *e = equation_start(b);
  uint32_t batch = equation_label(e, "n", n), output = equation_label(e, "o", number(f, 4));
  uint32_t channel = equation_label(e, "c", number(f, 8));
  uint32_t pair[2] = {equation_label(e, "p", out), equation_label(e, "i", number(f, 3))};
  Dim coefficients[2] = {two, number(f, 1)};
  equation_operand_label(e, 0, batch);
  equation_operand_label(e, 0, channel);
  equation_operand(e, 0, number(f, -1), 2, pair, coefficients);
  equation_operand_label(e, 1, output);
  equation_operand_label(e, 1, channel);
  equation_operand_label(e, 1, pair[1]);
  equation_result_label(e, batch);
  equation_result_label(e, output);
  equation_result_label(e, pair[0]);
  Value *y = build_contract(e, x, w);
  y->name = "y \\ \"quoted\"";
  check(f, &y, 1);
}

static void reductions(void **state) {
  Fixture *f = *state;
  Builder *b = &f->builder;
  Dim dims[3] = {dim_symbol(f->module->dims, "N"), number(f, 5), number(f, 7)};
  Value *x = add_argument(b, "x", ELEMENT_F32, 3, dims), *m = add_argument(b, NULL, ELEMENT_BOOL, 3, dims);
  Value *results[6];
  results[0] = build_reduce(b, SCALAR_ADD, x, 2, false);
  results[1] = build_reduce(b, SCALAR_MAX, x, 5, true);
  results[2] = build_reduce(b, SCALAR_MUL, x, 7, false);
  results[3] = build_reduce(b, SCALAR_AND, m, 4, true);
  results[4] = build_softmax(b, x, 2, true);
  results[5] = build_reduce(b, SCALAR_MIN, x, 0, false);
  check(f, results, 6);
}

static void pooling(void **state) {
  Fixture *f = *state;
  Dim dims[2] = {number(f, 3), number(f, 28)};
  Value *x = add_argument(&f->builder, "x", ELEMENT_F16, 2, dims);
  EquationBuilder *e = equation_start(&f->builder);
  uint32_t c = equation_label(e, "c", dims[0]);
  uint32_t pair[2] = {equation_label(e, "c", number(f, 14)), equation_label(e, "1 bad name", number(f, 2))};
  Dim coefficients[2] = {number(f, 2), number(f, -3)};
  equation_operand_label(e, 0, c);
  equation_operand(e, 0, number(f, 3), 2, pair, coefficients);
  equation_result_label(e, c);
  equation_result_label(e, pair[0]);
  check(f, (Value *[]){build_reduction(e, SCALAR_MAX, x)}, 1);
}

static void views(void **state) {
  Fixture *f = *state;
  Builder *b = &f->builder;
  DimContext *context = f->module->dims;
  Dim i = dim_symbol(context, "i"), odd = dim_symbol(context, "a b-c"), clamp = dim_symbol(context, "clamp");
  Dim dims[3] = {i, number(f, 4), dim_add(context, odd, clamp)};
  Value *x = add_argument(b, "x", ELEMENT_F32, 3, dims), *fill = build_number(b, ELEMENT_F32, -0.0);
  Value *results[5];
  Dim start[3] = {number(f, 1), number(f, 3), odd},
      extent[3] = {dim_subtract(context, i, number(f, 1)), number(f, 4), clamp};
  int64_t step[3] = {1, -1, 1};
  results[0] = build_slice(b, x, start, step, extent);
  Dim low[3] = {number(f, 2), number(f, -1), odd}, high[3] = {number(f, 0), i, number(f, INT64_C(1) << 40)};
  results[1] = build_pad(b, x, low, high, fill);
  results[2] = build_pad(b, x, low, high, NULL);
  results[3] = build_transpose(b, x, (uint32_t[]){2, 0, 1});
  Dim wide[4] = {number(f, 9), i, number(f, 4), dims[2]};
  results[4] = build_broadcast(b, x, 4, wide);
  check(f, results, 5);
}

/* What the builders do not make: symbolic and extreme coefficients, a label without a name. */
static void hand_made_equation(void **state) {
  Fixture *f = *state;
  Builder *b = &f->builder;
  Arena *arena = f->module->arena;
  DimContext *context = f->module->dims;
  Dim n = dim_symbol(context, "N"), zero = number(f, 0), one = number(f, 1);
  Dim dims[3] = {n, number(f, 6), number(f, 7)}, out[2] = {number(f, 12), number(f, 9)};
  Value *x = add_argument(b, "x", ELEMENT_I32, 3, dims);
  Dim step = dim_subtract(context, dim_multiply(context, number(f, 2), n), one);
  AffineTerm terms[4] = {{0, one}, {1, step}, {0, number(f, INT64_MIN)}, {1, dim_subtract(context, zero, n)}};
  Subscript subscripts[6] = {{n, 2, terms},
                             {number(f, INT64_MIN), 1, terms + 2},
                             {zero, 1, terms + 3},
                             {zero, 1, terms},
                             {zero, 1, (AffineTerm[]){{1, one}}},
                             {zero, 0, NULL}};
  Label labels[2] = {{"max", out[0], 0}, {NULL, out[1], 0}};
  Access read = {3, subscripts};
  Equation equation = {.label_count = 2,
                       .labels = labels,
                       .operand_count = 1,
                       .operands = &read,
                       .result = {2, subscripts + 3}};
  Node *node = node_create(f->module, PRIMITIVE_VIEW, &x, 1, (Location){0});
  node->equation = &equation;
  Value *y = node_add_result(f->module, node, type_tensor(arena, ELEMENT_I32, 2, out), "y");
  region_append(b->region, node);
  check(f, &y, 1);
}

static void maps_and_checks(void **state) {
  Fixture *f = *state;
  Builder *b = &f->builder;
  DimContext *context = f->module->dims;
  Dim n = dim_symbol(context, "N"), m = dim_symbol(context, "M");
  dim_symbol_set_range(context, dim_symbol_find(context, "M"), (DimRange){-5, INT64_MAX});
  Value *x = add_argument(b, "x", ELEMENT_F32, 1, &n), *k = add_argument(b, "k", ELEMENT_I64, 1, &m);
  Value *unknown = build_binary(b, SCALAR_ADD, k, build_cast(b, x, ELEMENT_I64)); /* requires broadcasting */
  Value *half = build_binary(b, SCALAR_MUL, x, build_number(b, ELEMENT_F32, 0.5));
  Value *chosen =
      build_select(b, build_binary(b, SCALAR_LT, x, half), x, build_unary(b, SCALAR_GELU_TANH, half));
  Value *bits = build_bitcast(b, chosen, ELEMENT_U32);
  Value *even =
      build_binary(b, SCALAR_EQ, build_integer(b, ELEMENT_I8, -128), build_integer(b, ELEMENT_I8, 127));
  assert_true(build_require(b, even, INT64_MIN));
  check(f, (Value *[]){unknown, bits}, 2);
}

static void shapes(void **state) {
  Fixture *f = *state;
  Builder *b = &f->builder;
  DimContext *context = f->module->dims;
  Dim n = dim_symbol(context, "N"), dims[2] = {n, number(f, 6)};
  Value *x = add_argument(b, "x", ELEMENT_F32, 2, dims);
  Dim list[3] = {n, dim_max(context, dim_floor_divide(context, n, number(f, 3)), number(f, -4)),
                 number(f, INT64_MIN)};
  Value *shape = build_dims(b, list, 3), *empty = build_dims(b, NULL, 0);
  Value *iota = build_iota(b, ELEMENT_I64, 1, (Dim[]){number(f, 3)}, 0);
  Value *sum = build_binary(b, SCALAR_ADD, shape, iota);
  Value *joined = build_concat(b, (Value *[]){sum, empty, shape}, 3, 0);
  Value *flat = build_reshape(b, x, 1, (Dim[]){dim_multiply(context, n, number(f, 6))});
  Value *twice = build_concat(b, (Value *[]){x, x}, 2, 1);
  check(f, (Value *[]){joined, flat, twice, iota}, 4);
}

/* The storage bits that each element type is tried with: extremes, signs of zero, infinities, NaN payloads,
   denormals; what does not fit the type's width is cut off. */
static const uint64_t patterns[] = {0,
                                    1,
                                    2,
                                    3,
                                    0x7f,
                                    0x80,
                                    0xff,
                                    0x7c00,
                                    0x7c01,
                                    0x7e00,
                                    0xfc00,
                                    0xfe01,
                                    0x8000,
                                    0x8001,
                                    0x7f80,
                                    0x7fc0,
                                    0x7fc1,
                                    0xffff,
                                    0x3555,
                                    0x3dcd,
                                    0x00000001,
                                    0x007fffff,
                                    0x7f7fffff,
                                    0x7f800000,
                                    0xff800000,
                                    0x7fc00000,
                                    0x7fc00001,
                                    0x7f800001,
                                    0xffc00000,
                                    0x80000000,
                                    0x80000001,
                                    0x3f800000,
                                    0x3eaaaaab,
                                    0x3dcccccd,
                                    0x7fffffff,
                                    0xffffffff,
                                    UINT64_C(0x7fefffffffffffff),
                                    UINT64_C(0x0000000000000001),
                                    UINT64_C(0x000fffffffffffff),
                                    UINT64_C(0x7ff0000000000000),
                                    UINT64_C(0xfff0000000000000),
                                    UINT64_C(0x7ff8000000000000),
                                    UINT64_C(0x7ff0000000000001),
                                    UINT64_C(0xfff8000000000001),
                                    UINT64_C(0x8000000000000000),
                                    UINT64_C(0x8000000000000001),
                                    UINT64_C(0x3fb999999999999a),
                                    UINT64_C(0x3fd5555555555555),
                                    UINT64_C(0x7fffffffffffffff),
                                    UINT64_C(0xffffffffffffffff),
                                    UINT64_C(0x4340000000000001)};
enum { PATTERN_COUNT = sizeof patterns / sizeof *patterns };

static void constants_of_all_types(void **state) {
  Fixture *f = *state;
  Builder *b = &f->builder;
  Arena *arena = f->module->arena;
  Value *last = NULL;
  for (unsigned t = 1; t < ELEMENT_COUNT; t++) {
    ElementType element = (ElementType)t;
    uint32_t bits = element_info(element)->bits;
    if (element == ELEMENT_STRING) continue;
    for (int64_t count = 1; count <= 192; count = count == 1 ? PATTERN_COUNT : count * 2) {
      uint8_t *dense = arena_allocate(arena, (size_t)count * 16);
      for (int64_t i = 0; i < count; i++) {
        uint64_t pattern = patterns[i % PATTERN_COUNT];
        if (element == ELEMENT_BOOL) pattern &= 1;
        if (bits >= 8)
          memcpy(dense + (uint64_t)i * (bits / 8), &pattern, bits / 8 > 8 ? 8 : bits / 8);
        else
          dense[(uint64_t)i * bits / 8] |=
              (uint8_t)((pattern & ((1u << bits) - 1)) << (uint64_t)i * bits % 8);
      }
      Dim dim = number(f, count);
      last = build_blob(b, blob_dense(arena, element, count, dense), type_tensor(arena, element, 1, &dim));
    }
    for (size_t i = 0; i < PATTERN_COUNT; i++) {
      uint64_t splat[2] = {patterns[i], 7};
      if (element == ELEMENT_BOOL) splat[0] &= 1;
      if (bits < 8) splat[0] &= (1u << bits) - 1;
      Dim dim = number(f, (int64_t)i * 1000000007);
      build_blob(b, blob_splat(arena, element, (int64_t)i * 1000000007, splat),
                 type_tensor(arena, element, 1, &dim));
    }
  }
  check(f, &last, 1);
}

static void constants_odd(void **state) {
  Fixture *f = *state;
  Builder *b = &f->builder;
  Arena *arena = f->module->arena;
  static const char *const words[] = {"", "a\tb", "quote\" back\\ \xff\x01 end\n"};
  static const uint8_t booleans[3] = {0, 1, 2}, nibbles[2] = {0x21, 0xf3};
  Dim three = number(f, 3), zero = number(f, 0);
  Blob strings = {.element = ELEMENT_STRING, .element_count = 3, .byte_count = 48, .strings = words};
  Value *results[5];
  results[0] = build_blob(b, &strings, type_tensor(arena, ELEMENT_STRING, 1, &three));
  results[1] = build_blob(b, blob_dense(arena, ELEMENT_BOOL, 3, booleans),
                          type_tensor(arena, ELEMENT_BOOL, 1, &three));
  results[2] =
      build_blob(b, blob_dense(arena, ELEMENT_U4, 3, nibbles), type_tensor(arena, ELEMENT_U4, 1, &three));
  results[3] =
      build_blob(b, blob_dense(arena, ELEMENT_F32, 0, NULL), type_tensor(arena, ELEMENT_F32, 1, &zero));
  results[4] = build_blob(b, blob_splat(arena, ELEMENT_BOOL, 3, booleans + 2),
                          type_tensor(arena, ELEMENT_BOOL, 1, &three));
  check(f, results, 5);
}

static void count_up(const Blob *blob, void *dense) {
  for (int64_t i = 0; i < blob->element_count; i++) {
    int16_t value = (int16_t)i;
    memcpy((uint8_t *)dense + 2 * i, &value, 2);
  }
}

static void decoded_constant(void **state) {
  Fixture *f = *state;
  Arena *arena = f->module->arena;
  Value *results[2];
  for (int k = 0; k < 2; k++) {
    Blob *blob = arena_new(arena, Blob);
    int64_t count = k ? 64 : 1000;
    *blob = (Blob){.element = ELEMENT_I16,
                   .element_count = count,
                   .byte_count = (uint64_t)count * 2,
                   .decode = count_up};
    Dim dim = number(f, count);
    results[k] = build_blob(&f->builder, blob, type_tensor(arena, ELEMENT_I16, 1, &dim));
  }
  check(f, results, 2);
}

/* A blob used twice is written once. */
static void shared_constant(void **state) {
  Fixture *f = *state;
  Text text = {0};
  static const float data[2] = {1.5f, -2};
  Dim two = number(f, 2);
  const Blob *blob = blob_dense(f->module->arena, ELEMENT_F32, 2, data);
  Type type = type_tensor(f->module->arena, ELEMENT_F32, 1, &two);
  Value *a = build_blob(&f->builder, blob, type), *c = build_blob(&f->builder, blob, type);
  check(f, (Value *[]){build_binary(&f->builder, SCALAR_ADD, a, c)}, 1);
  module_print(&text, f->module);
  assert_non_null(strstr(text.bytes, "blob #0 : f32 x 2 = [1.5, -2.0]"));
  assert_null(strstr(text.bytes, "blob #1"));
  assert_non_null(strstr(text.bytes, "%1: f32[2] = constant #0"));
  text_free(&text);
}

/* Names of arguments and results are the entry's, which may differ from those of the values. */
static void entry_names(void **state) {
  Fixture *f = *state;
  Builder *b = &f->builder;
  static const char *const arguments[] = {"same", "other", NULL, "given"}, *const results[] = {NULL, "out"};
  Value *a = add_argument(b, "same", ELEMENT_F32, 0, NULL), *c = add_argument(b, "own", ELEMENT_F32, 0, NULL);
  add_argument(b, "own too", ELEMENT_F32, 0, NULL);
  add_argument(b, NULL, ELEMENT_F32, 0, NULL);
  region_set_results(f->module, b->region, (Value *[]){a, c}, 2);
  module_add_entry(f->module, "an entry", b->region, arguments, results);
  Module *again = check_round_trip(f->module);
  const Entry *entry = again->entries[0];
  assert_string_equal(entry->name, "an entry");
  for (int i = 0; i < 4; i++) assert_same_string(arguments[i], entry->argument_names[i]);
  for (int i = 0; i < 2; i++) assert_same_string(results[i], entry->result_names[i]);
  assert_string_equal(entry->body->arguments[1]->name, "own");
  assert_null(entry->body->arguments[3]->name);
  module_destroy(again);
}

/* A directory with weights.bin, which the text refers to. */
typedef struct WeightsFile {
  char directory[64], path[96];
} WeightsFile;

static void write_bytes(const char *path, const void *bytes, size_t count) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, count, file), count);
  assert_int_equal(fclose(file), 0);
}

static void make_directory(WeightsFile *weights) {
  strcpy(weights->directory, "/tmp/aicc-ir-XXXXXX");
  assert_non_null(mkdtemp(weights->directory));
  snprintf(weights->path, sizeof weights->path, "%s/weights.bin", weights->directory);
}

static void remove_directory(const WeightsFile *weights) {
  unlink(weights->path);
  rmdir(weights->directory);
}

static Module *parse_again(Fixture *f, const Text *text, const char *directory) {
  text_free(&f->messages);
  return module_parse(f->diagnostics, "t", text->bytes, text->length, directory);
}

static void file_backed(void **state) {
  Fixture *f = *state;
  WeightsFile weights;
  Text text = {0}, again = {0};
  uint8_t bytes[600];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 7);
  make_directory(&weights);
  write_bytes(weights.path, bytes, sizeof bytes);
  char name[96];
  snprintf(name, sizeof name, "%s/model.onnx", weights.directory);
  f->module->name = name;
  Blob blob = {.element = ELEMENT_U16,
               .element_count = 100,
               .bytes = bytes + 32,
               .byte_count = 200,
               .file = weights.path,
               .file_offset = 32};
  Dim dim = number(f, 100);
  Value *value = build_blob(&f->builder, &blob, type_tensor(f->module->arena, ELEMENT_U16, 1, &dim));
  finish_entry(&f->builder, &value, 1);
  module_print(&text, f->module);
  assert_non_null(strstr(text.bytes, "u16 x 100 = file \"weights.bin\" offset 32 bytes 200 hash \""));
  Module *parsed = check_round_trip(f->module); /* beside the model */
  const Blob *read = value_constant(parsed->entries[0]->body->results[0]);
  assert_same_blob(read, &blob);
  assert_string_equal(read->file, weights.path);
  module_destroy(parsed);
  parsed = parse_again(f, &text, weights.directory);
  assert_non_null(parsed);
  module_print(&again, parsed);
  assert_string_equal(again.bytes, text.bytes);
  module_destroy(parsed);
  assert_null(parse_again(f, &text, "/nonexistent"));
  assert_non_null(strstr(text_string(&f->messages), "cannot read '/nonexistent/weights.bin'"));
  bytes[40] ^= 1;
  write_bytes(weights.path, bytes, sizeof bytes);
  assert_null(parse_again(f, &text, weights.directory));
  assert_non_null(strstr(text_string(&f->messages), "not what this text was made with"));
  write_bytes(weights.path, bytes, 231); /* a byte short */
  assert_null(parse_again(f, &text, weights.directory));
  assert_non_null(strstr(text_string(&f->messages), "reaches beyond the file's 231 bytes"));
  remove_directory(&weights);
  text_free(&text);
  text_free(&again);
}

/* Large constants in memory go to the side file, each at its own offset. */
static void side_file(void **state) {
  Fixture *f = *state;
  WeightsFile weights;
  Text text = {0};
  float data[300];
  for (int i = 0; i < 300; i++) data[i] = (float)i / 3;
  Value *results[3];
  static const int64_t counts[3] = {65, 64, 300};
  for (int k = 0; k < 3; k++) {
    Dim dim = number(f, counts[k]);
    const Blob *blob = blob_dense(f->module->arena, ELEMENT_F32, counts[k], data);
    results[k] = build_blob(&f->builder, blob, type_tensor(f->module->arena, ELEMENT_F32, 1, &dim));
  }
  finish_entry(&f->builder, results, 3);
  make_directory(&weights);
  FILE *side = fopen(weights.path, "wb");
  assert_non_null(side);
  assert_true(module_print_with_side_file(&text, f->module, side, "weights.bin"));
  assert_int_equal(fclose(side), 0);
  assert_null(strstr(text.bytes, "hex"));
  Module *parsed = parse_again(f, &text, weights.directory);
  assert_non_null(parsed);
  for (int k = 0; k < 3; k++)
    assert_same_blob(value_constant(parsed->entries[0]->body->results[k]), value_constant(results[k]));
  module_destroy(parsed);
  remove_directory(&weights);
  text_free(&text);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(convolution),        TEST(reductions),       TEST(pooling),         TEST(views),
      TEST(hand_made_equation), TEST(maps_and_checks),  TEST(shapes),          TEST(constants_of_all_types),
      TEST(constants_odd),      TEST(decoded_constant), TEST(shared_constant), TEST(entry_names),
      TEST(file_backed),        TEST(side_file)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
