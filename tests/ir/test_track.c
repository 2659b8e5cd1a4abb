/* SPDX-License-Identifier: Apache-2.0 */
/* Value tracking: the chains that exporters spell shapes with come out as dim expressions. */
#include "ir_test.h"

typedef struct Fixture {
  Text messages;
  Diagnostics *diagnostics;
  Module *module;
  Builder builder;
  Dim n, h;
} Fixture;

static int setup(void **state) {
  Fixture *f = calloc(1, sizeof *f);
  f->diagnostics = diagnostics_create(collect_message, &f->messages);
  f->module = module_create(f->diagnostics, "model.onnx");
  f->builder = (Builder){.module = f->module, .region = region_create(f->module, NULL)};
  f->n = dim_symbol(f->module->dims, "N");
  f->h = dim_symbol(f->module->dims, "H");
  *state = f;
  return 0;
}

static int teardown(void **state) {
  Fixture *f = *state;
  assert_string_equal(text_string(&f->messages), "");
  module_destroy(f->module);
  diagnostics_destroy(f->diagnostics);
  text_free(&f->messages);
  free(f);
  return 0;
}

/* The tracked form as "[N, 3]", with "if" and the dims that must not be negative, or "unknown". */
static void assert_tracked(Fixture *f, const Value *value, const char *expected) {
  Dim dims[TRACKED_ELEMENT_LIMIT];
  size_t count;
  Text text = {0};
  assert_non_null(value);
  if (value_track(&f->builder, value, dims, &count)) {
    for (size_t i = 0; i < count; i++) {
      text_add(&text, i ? ", " : "[");
      dim_print(&text, dims[i]);
    }
    text_add(&text, count ? "]" : "[]");
    for (uint32_t i = 0; i < value->assumed.count; i++) {
      text_add(&text, i ? ", " : " if ");
      dim_print(&text, value->assumed.dims[i]);
    }
  } else {
    text_add(&text, "unknown");
  }
  assert_string_equal(text_string(&text), expected);
  text_free(&text);
}

/* Shape of a value f32[N, 3, H, 32]. */
static Value *shape(Fixture *f) {
  DimContext *context = f->module->dims;
  return build_dims(&f->builder, (Dim[]){f->n, dim_constant(context, 3), f->h, dim_constant(context, 32)}, 4);
}

static Value *slice(Fixture *f, Value *a, int64_t start, int64_t step, int64_t count) {
  DimContext *context = f->module->dims;
  Dim from = dim_constant(context, start), extent = dim_constant(context, count);
  return build_slice(&f->builder, a, &from, &step, &extent);
}

static void sources(void **state) {
  Fixture *f = *state;
  Builder *b = &f->builder;
  assert_tracked(f, shape(f), "[N, 3, H, 32]");
  assert_tracked(f, build_i64s(b, (int64_t[]){-1, INT64_MAX}, 2), "[-1, 9223372036854775807]");
  assert_tracked(f, build_integer(b, ELEMENT_U64, -1), "unknown"); /* 2^64-1 is no 64-bit integer */
  assert_tracked(f, build_integer(b, ELEMENT_U8, 255), "[255]");
  assert_tracked(f, build_number(b, ELEMENT_BOOL, 1), "[1]");
  assert_tracked(f, build_number(b, ELEMENT_F32, 1), "[1]");
  assert_tracked(f, build_number(b, ELEMENT_F32, 1.5), "unknown");
  Dim two = dim_constant(f->module->dims, 2), three = dim_constant(f->module->dims, 3);
  assert_tracked(f, build_iota(b, ELEMENT_I32, 2, (Dim[]){two, three}, 0), "[0, 0, 0, 1, 1, 1]");
  assert_tracked(f, build_iota(b, ELEMENT_I32, 2, (Dim[]){two, three}, 1), "[0, 1, 2, 0, 1, 2]");
  assert_tracked(f, build_dims(b, NULL, 0), "[]");
}

static void movement(void **state) {
  Fixture *f = *state;
  Builder *b = &f->builder;
  DimContext *context = f->module->dims;
  Value *s = shape(f);
  assert_tracked(f, slice(f, s, 1, 1, 2), "[3, H]");
  assert_tracked(f, slice(f, s, 3, -1, 4), "[32, H, 3, N]");
  assert_tracked(f, slice(f, s, 2, 1, 0), "[]");
  Value *one = build_i64s(b, (int64_t[]){-1}, 1);
  assert_tracked(f, build_concat(b, (Value *[]){slice(f, s, 0, 1, 1), one, slice(f, s, 2, 1, 2)}, 3, 0),
                 "[N, -1, H, 32]");
  Value *square = build_reshape(b, s, 2, (Dim[]){dim_constant(context, 2), dim_constant(context, 2)});
  assert_tracked(f, square, "[N, 3, H, 32]");
  assert_tracked(f, build_transpose(b, square, (uint32_t[]){1, 0}), "[N, H, 3, 32]");
  Value *scalar = build_reshape(b, slice(f, s, 0, 1, 1), 0, NULL);
  assert_tracked(f, build_broadcast(b, scalar, 1, (Dim[]){dim_constant(context, 3)}), "[N, N, N]");
  Dim one_before = dim_constant(context, 1), none = dim_constant(context, 0);
  assert_tracked(f, build_pad(b, s, &one_before, &none, build_integer(b, ELEMENT_I64, 0)), "unknown");
}

static void arithmetic(void **state) {
  Fixture *f = *state;
  Builder *b = &f->builder;
  Value *s = slice(f, shape(f), 0, 1, 3), *two = build_integer(b, ELEMENT_I64, 2),
        *zero = build_integer(b, ELEMENT_I64, 0);
  assert_tracked(f, build_binary(b, SCALAR_MUL, s, two), "[2*N, 6, 2*H]");
  assert_tracked(f, build_binary(b, SCALAR_DIV, s, two), "[floordiv(N,2), 1, floordiv(H,2)]");
  assert_tracked(f, build_binary(b, SCALAR_SUB, two, s), "[-N+2, -1, -H+2]");
  assert_tracked(f, build_binary(b, SCALAR_MOD, s, two), "[mod(N,2), 1, mod(H,2)]");
  assert_tracked(f, build_binary(b, SCALAR_MAX, s, two), "[max(N,2), 3, max(H,2)]");
  assert_tracked(f, build_unary(b, SCALAR_NEG, s), "[-N, -3, -H]");
  assert_tracked(f, build_binary(b, SCALAR_DIV, s, zero), "unknown");
  /* Expand's select(shape == -1, ones, shape): N and H are never -1. */
  Value *minus = build_integer(b, ELEMENT_I64, -1), *one = build_integer(b, ELEMENT_I64, 1);
  assert_tracked(f, build_select(b, build_binary(b, SCALAR_EQ, s, minus), one, s), "[N, 3, H]");
  assert_tracked(f, build_binary(b, SCALAR_EQ, s, one), "unknown"); /* N may be 1 */
  assert_tracked(f, build_binary(b, SCALAR_LE, zero, s), "[1, 1, 1]");
  /* Towards zero: what may be negative is not known. */
  assert_tracked(f, build_binary(b, SCALAR_DIV, build_i64s(b, (int64_t[]){-7, 7}, 2), two), "[-3, 3]");
  assert_tracked(f, build_binary(b, SCALAR_DIV, build_binary(b, SCALAR_SUB, s, two), two), "unknown");
}

static void comparisons(void **state) {
  Fixture *f = *state;
  Builder *b = &f->builder;
  static const struct {
    Scalar scalar;
    const char *of_numbers, *of_dims;
  } rows[] = {{SCALAR_EQ, "[0, 1, 0]", "[1, 1]"}, {SCALAR_NE, "[1, 0, 1]", "[0, 0]"}, {SCALAR_LT, "[1, 0, 0]", "[0, 0]"},
              {SCALAR_LE, "[1, 1, 0]", "[1, 1]"}, {SCALAR_GT, "[0, 0, 1]", "[0, 0]"}, {SCALAR_GE, "[0, 1, 1]", "[1, 1]"}};
  Value *left = build_i64s(b, (int64_t[]){1, 2, 3}, 3), *right = build_i64s(b, (int64_t[]){2, 2, 2}, 3);
  Value *s = slice(f, shape(f), 0, 2, 2);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_tracked(f, build_binary(b, rows[i].scalar, left, right), rows[i].of_numbers);
    assert_tracked(f, build_binary(b, rows[i].scalar, s, s), rows[i].of_dims);
  }
}

/* Tracked integers are exact; types wrap or round: that they hold the integers is assumed, unless they cannot. */
static void casts(void **state) {
  Fixture *f = *state;
  Builder *b = &f->builder;
  Value *s = shape(f);
  assert_tracked(f, build_cast(b, s, ELEMENT_I32), "[N, 3, H, 32]"); /* below 2^31 by default */
  assert_tracked(f, build_cast(b, s, ELEMENT_I16), "[N, 3, H, 32] if -N+32767, -H+32767");
  assert_tracked(f, build_cast(b, s, ELEMENT_U64), "[N, 3, H, 32]");
  assert_tracked(f, build_cast(b, build_unary(b, SCALAR_NEG, s), ELEMENT_U64), "unknown");
  assert_tracked(f, build_cast(b, s, ELEMENT_F32), "[N, 3, H, 32] if -N+16777216, -H+16777216");
  Value *floats = build_cast(b, s, ELEMENT_F64), *two = build_number(b, ELEMENT_F64, 2);
  assert_tracked(f, floats, "[N, 3, H, 32]"); /* below 2^53 */
  assert_tracked(f, build_cast(b, build_unary(b, SCALAR_FLOOR, build_binary(b, SCALAR_MUL, floats, two)), ELEMENT_I64),
                 "[2*N, 6, 2*H, 64]");
  assert_tracked(f, build_binary(b, SCALAR_DIV, floats, two), "unknown"); /* N may be odd, and 3 is */
  assert_tracked(f, build_binary(b, SCALAR_DIV, slice(f, floats, 3, 1, 1), two), "[16]");
  assert_tracked(f, build_cast(b, slice(f, s, 1, 1, 1), ELEMENT_BOOL), "[1]");
  Value *wide = build_cast(b, s, ELEMENT_I32);
  assert_tracked(f, build_binary(b, SCALAR_ADD, wide, wide), "[2*N, 6, 2*H, 64] if -2*N+2147483647, -2*H+2147483647");
  assert_tracked(f, build_cast(b, build_integer(b, ELEMENT_I64, 128), ELEMENT_I8), "unknown");
}

static void reductions(void **state) {
  Fixture *f = *state;
  Builder *b = &f->builder;
  Value *s = shape(f);
  assert_tracked(f, build_reduce(b, SCALAR_MUL, s, 1, false), "[96*N*H]");
  assert_tracked(f, build_reduce(b, SCALAR_ADD, s, 1, true), "[N+H+35]");
  assert_tracked(f, build_reduce(b, SCALAR_MAX, slice(f, s, 1, 2, 2), 1, false), "[32]");
  assert_tracked(f, build_reduce(b, SCALAR_MUL, build_dims(b, NULL, 0), 1, false), "unknown");
}

/* Reshape(x, Concat(Shape(x)[0:1], [Shape(x)[1] * Shape(x)[2]], [-1])), with a detour over i32. */
static void exporter_chain(void **state) {
  Fixture *f = *state;
  Builder *b = &f->builder;
  Value *s = build_cast(b, shape(f), ELEMENT_I32);
  Value *first = slice(f, s, 0, 1, 1),
        *product = build_binary(b, SCALAR_MUL, slice(f, s, 1, 1, 1), slice(f, s, 3, 1, 1));
  Value *rest = build_cast(b, build_i64s(b, (int64_t[]){-1}, 1), ELEMENT_I32);
  Value *joined = build_cast(b, build_concat(b, (Value *[]){first, product, rest}, 3, 0), ELEMENT_I64);
  assert_tracked(f, joined, "[N, 96, -1]");
  finish_entry(b, &joined, 1);
  Module *again = check_round_trip(f->module);
  assert_tracked(f, again->entries[0]->body->results[0], "[N, 96, -1]");
  module_destroy(again);
}

/* Extreme coefficients and large tensors are given up, not computed wrongly. */
static void limits(void **state) {
  Fixture *f = *state;
  Builder *b = &f->builder;
  DimContext *context = f->module->dims;
  int64_t many[65] = {0};
  assert_tracked(f, build_i64s(b, many, 65), "unknown");
  assert_tracked(f, slice(f, build_i64s(b, (int64_t[]){1, 2, 3}, 3), INT64_MAX, INT64_MAX, 3), "unknown");
  Dim huge = dim_constant(context, INT64_C(1) << 40), zero = dim_constant(context, 0);
  assert_tracked(f, build_iota(b, ELEMENT_I64, 2, (Dim[]){huge, zero}, 0), "[]");
}

/* A body runs only where its condition is true; an if knows what both branches know alike. */
static void regions(void **state) {
  Fixture *f = *state;
  Module *module = f->module;
  Value *go = region_add_argument(module, f->builder.region, type_scalar(ELEMENT_BOOL), "go");
  Node *node = build_loop(&f->builder, build_integer(&f->builder, ELEMENT_I64, -2), go, NULL, 0);
  Region *body = node->regions[0];
  assert_tracked(f, body->arguments[0], "unknown");
  assert_tracked(f, body->arguments[1], "[1]");
  Dim trip = node_trip(module, node);
  assert_true(trip && dim_equals_constant(trip, 0));
  region_set_results(module, body, (Value *[]){body->arguments[1]}, 1);
  assert_false(node_runs_whole_trip(node));
  assert_true(build_control_finish(&f->builder, node, true, NULL, 0));

  Value *results[2];
  node = build_if(&f->builder, go);
  for (uint32_t k = 0; k < 2; k++) {
    Builder inner = {.module = module, .region = node->regions[k]};
    Value *pair[2] = {build_dims(&inner, (Dim[]){f->n}, 1), build_dims(&inner, &(Dim){k ? f->n : f->h}, 1)};
    region_set_results(module, inner.region, pair, 2);
  }
  assert_true(build_control_finish(&f->builder, node, true, results, 2));
  assert_tracked(f, results[0], "[N]");
  assert_tracked(f, results[1], "unknown");
}

/* On a known condition the branch that is taken stands where the node was. */
static void known_conditions(void **state) {
  Fixture *f = *state;
  Value *result;
  Node *node = build_if(&f->builder, build_number(&f->builder, ELEMENT_BOOL, 0));
  for (uint32_t k = 0; k < 2; k++) {
    Builder inner = {.module = f->module, .region = node->regions[k]};
    Value *value = build_integer(&inner, k ? ELEMENT_I32 : ELEMENT_I64, k);
    region_set_results(f->module, inner.region, &value, 1);
  }
  assert_true(build_control_finish(&f->builder, node, true, &result, 1));
  assert_tracked(f, result, "[1]");
  assert_ptr_equal(result->producer->parent, f->builder.region);
  assert_null(node->parent);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {TEST(sources),    TEST(movement),       TEST(arithmetic), TEST(comparisons), TEST(casts),
                                     TEST(reductions), TEST(exporter_chain), TEST(limits),     TEST(regions),
                                     TEST(known_conditions)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
