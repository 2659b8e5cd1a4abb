/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that no text can break: links, definitions before uses, foreign values. Each test breaks a sound
   module in one place, expects the message, and that the broken module still prints. */
#include "ir_test.h"

typedef struct Fixture {
  Text messages;
  Diagnostics *diagnostics;
  Module *module;
  Builder builder;
  Value *argument, *first, *second, *view;
} Fixture;

/* first = exp(argument); second = neg(first); view = second transposed. */
static int setup(void **state) {
  Fixture *f = calloc(1, sizeof *f);
  f->diagnostics = diagnostics_create(collect_message, &f->messages);
  f->module = module_create(f->diagnostics, "model.onnx");
  f->builder = (Builder){.module = f->module, .region = region_create(f->module, NULL)};
  f->builder.location = (Location){.file = "model.onnx", .node = "here"};
  Dim dims[2] = {dim_symbol(f->module->dims, "N"), dim_constant(f->module->dims, 4)};
  f->argument = add_argument(&f->builder, "x", ELEMENT_F32, 2, dims);
  f->first = build_unary(&f->builder, SCALAR_EXP, f->argument);
  f->second = build_unary(&f->builder, SCALAR_NEG, f->first);
  f->view = build_transpose(&f->builder, f->second, (uint32_t[]){1, 0});
  finish_entry(&f->builder, &f->view, 1);
  assert_true(module_verify(f->module, "setup"));
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

static void expect(Fixture *f, const char *message) {
  Text printed = {0};
  assert_false(module_verify(f->module, "break"));
  if (!strstr(text_string(&f->messages), message))
    fail_msg("expected '%s', got\n%s", message, text_string(&f->messages));
  module_print(&printed, f->module);
  assert_non_null(strstr(text_string(&printed), "return"));
  text_free(&printed);
}

static void names_pass_value_and_place(void **state) {
  Fixture *f = *state;
  f->second->type.element = ELEMENT_F64;
  expect(f, "model.onnx: error: node 'here': after pass break: %2 = neg: the result has element type f64, "
            "f32 is needed "
            "[verify]");
}

static void use_before_definition(void **state) {
  Fixture *f = *state;
  Node *node = f->second->producer;
  region_remove(node->parent, node);
  region_append(f->builder.region, node);
  expect(f, "view: operand 0, %3, is not defined before its use");
}

static void removed_definition(void **state) {
  Fixture *f = *state;
  region_remove(f->builder.region, f->first->producer);
  expect(f, "neg: operand 0, %undefined_1, is not defined before its use");
}

static void foreign_value(void **state) {
  Fixture *f = *state;
  Module *other = module_create(f->diagnostics, "other");
  Builder builder = {.module = other, .region = region_create(other, NULL)};
  Value *value = NULL;
  for (int i = 0; i < 9; i++)
    value = add_argument(&builder, "y", ELEMENT_F32, f->argument->type.rank, f->argument->type.dims);
  f->second->producer->operands[0] = value;
  expect(f, "neg: operand 0, %undefined_8, is not defined before its use");
  module_destroy(other);
}

static void missing_result_definition(void **state) {
  Fixture *f = *state;
  f->builder.region->results[0] = NULL;
  expect(f, "result 0 is absent");
}

static void producer_link(void **state) {
  Fixture *f = *state;
  f->second->producer = f->first->producer;
  expect(f, "value 0 does not link back to its producer");
}

static void null_result(void **state) {
  Fixture *f = *state;
  f->first->producer->results[0] = NULL;
  expect(f, "exp: value 0 is null");
}

static void list_cycle(void **state) {
  Fixture *f = *state;
  f->view->producer->next = f->first->producer;
  f->first->producer->next->previous = f->view->producer;
  expect(f, "does not link back to its neighbour and region");
}

static void last_link(void **state) {
  Fixture *f = *state;
  f->builder.region->last = f->first->producer;
  expect(f, "a region does not link to its last node");
}

static void foreign_symbol(void **state) {
  Fixture *f = *state;
  DimContext *other = dim_context_create(f->module->arena);
  Dim dims[2] = {dim_symbol(other, "K"), f->argument->type.dims[1]};
  f->argument->type.dims = dims;
  expect(f, "symbol 'K' is not declared in this module");
}

static void invalid_dim(void **state) {
  Fixture *f = *state;
  Dim dims[2] = {dim_invalid(f->module->dims), f->argument->type.dims[1]};
  f->argument->type.dims = dims;
  expect(f, "a dim of the type is not valid");
}

static void missing_attribute(void **state) {
  Fixture *f = *state;
  Attribute attributes[2] = {{.name = "axis", .kind = ATTRIBUTE_INTS},
                             {.name = "extra", .kind = ATTRIBUTE_INT}};
  Node *node = build_softmax(&f->builder, f->argument, 1, false)->producer;
  node->attributes = attributes;
  expect(f, "softmax: attribute 'axis' is of the wrong kind");
  expect(f, "softmax: attribute 'log' is missing");
  expect(f, "softmax: attribute 'extra' is not defined");
}

/* A writable copy of the view's equation and its operand's first subscript. */
static Subscript *writable(Fixture *f, AffineTerm terms[2]) {
  Arena *arena = f->module->arena;
  Node *node = f->view->producer;
  Equation *equation = arena_copy(arena, node->equation, sizeof *equation);
  Access *access = arena_copy(arena, equation->operands, sizeof *access);
  Subscript *subscripts = arena_copy(arena, access->subscripts, access->rank * sizeof *subscripts);
  access->subscripts = subscripts;
  equation->operands = access;
  node->equation = equation;
  subscripts[0].terms = terms;
  subscripts[0].term_count = 2;
  return subscripts;
}

static void unknown_label(void **state) {
  Fixture *f = *state;
  Dim one = dim_constant(f->module->dims, 1);
  writable(f, (AffineTerm[]){{0, one}, {7, one}});
  expect(f, "view: operand 0, axis 0: there is no label 7");
}

static void unsorted_terms(void **state) {
  Fixture *f = *state;
  Dim one = dim_constant(f->module->dims, 1);
  writable(f, (AffineTerm[]){{1, one}, {0, one}});
  expect(f, "view: operand 0, axis 0: the terms are not sorted by label");
}

static void zero_coefficient(void **state) {
  Fixture *f = *state;
  Dim one = dim_constant(f->module->dims, 1), zero = dim_constant(f->module->dims, 0);
  writable(f, (AffineTerm[]){{0, one}, {1, zero}});
  expect(f, "view: operand 0, axis 0: a coefficient is 0");
}

static void unset_scalar(void **state) {
  Fixture *f = *state;
  f->first->producer->scalar = SCALAR_COUNT;
  expect(f, "map: the scalar function is not set");
}

static void blob_size(void **state) {
  Fixture *f = *state;
  Value *value = build_i64s(&f->builder, (int64_t[]){1, 2}, 2);
  Blob blob = *value_constant(value);
  blob.byte_count = 15;
  Attribute attribute = {.name = "value", .kind = ATTRIBUTE_BLOB, .blob = &blob};
  value->producer->attributes = &attribute;
  expect(f, "constant: the data has 15 bytes, which is not what its elements take");
}

/* No primitive has a region yet: the structure is checked all the same, and values end with their region. */
static void nested_region(void **state) {
  Fixture *f = *state;
  Node *owner = f->view->producer;
  Region *region = region_create(f->module, owner), *regions[1] = {region};
  owner->regions = regions;
  owner->region_count = 1;
  Builder inside = {.module = f->module, .region = region};
  Value *inner = build_unary(&inside, SCALAR_ABS, f->second);
  region_set_results(f->module, region, &inner, 1);
  expect(f, "view: has 1 regions, 0 are defined");
  assert_null(strstr(f->messages.bytes, "before its use")); /* the region sees the values around it */
  Value *outside = build_unary(&f->builder, SCALAR_ABS, inner);
  expect(f, "abs: operand 0, %4, is not defined before its use");
  (void)outside;
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {TEST(names_pass_value_and_place),
                                     TEST(use_before_definition),
                                     TEST(removed_definition),
                                     TEST(foreign_value),
                                     TEST(missing_result_definition),
                                     TEST(producer_link),
                                     TEST(null_result),
                                     TEST(list_cycle),
                                     TEST(last_link),
                                     TEST(foreign_symbol),
                                     TEST(invalid_dim),
                                     TEST(missing_attribute),
                                     TEST(unknown_label),
                                     TEST(unsorted_terms),
                                     TEST(zero_coefficient),
                                     TEST(unset_scalar),
                                     TEST(blob_size),
                                     TEST(nested_region)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
