/* SPDX-License-Identifier: Apache-2.0 */
/* The table of operators as a whole: every row is documented, its versions neither overlap nor leave gaps, and it
   expands into a module that verifies. Inputs are made from what the row says of itself, so that a new operator is
   tested by being in the table. A row fits where one of a few shapes and attribute values does; for every other
   element type that it admits it must expand as well, or say why not. */
#include "base/text.h"
#include "ops/operator.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

enum {
  INPUTS = sizeof((Operator *)0)->inputs / sizeof(OperatorInput),
  ATTRIBUTES = sizeof((Operator *)0)->attributes / sizeof(OperatorAttribute),
  NONE = UINT32_MAX
};

/* Dims of the inputs in turn; those after the last are as the last. A rank of 0 is a scalar. */
typedef struct Shapes {
  struct {
    uint32_t rank;
    int64_t dims[4];
  } inputs[3];
} Shapes;

static const Shapes shapes[] = {
    {{{4, {2, 4, 4, 4}}, {4, {2, 4, 4, 4}}, {4, {2, 4, 4, 4}}}}, /* elementwise */
    {{{2, {4, 4}}, {2, {4, 4}}, {2, {4, 4}}}},                   /* matrices */
    {{{4, {1, 4, 8, 8}}, {4, {4, 4, 3, 3}}, {1, {4}}}},          /* windows with weights, and a bias */
    {{{4, {2, 4, 4, 4}}, {1, {4}}, {1, {4}}}},                   /* a number per channel */
    {{{4, {2, 4, 4, 4}}, {1, {1}}, {1, {1}}}},                   /* a number per group, of one */
    {{{4, {2, 4, 4, 4}}, {1, {1}}, {1, {2}}}},                   /* a pair of values */
    {{{4, {2, 4, 4, 4}}, {3, {2, 4, 2}}, {3, {2, 4, 2}}}},       /* heads, and angles of half their size */
    {{{4, {2, 4, 4, 4}}, {0, {0}}, {0, {0}}}},                   /* scalars */
    {{{3, {2, 4, 4}}, {3, {2, 4, 4}}, {3, {2, 4, 4}}}},          /* sequences */
    {{{1, {4}}, {1, {4}}, {1, {4}}}},                            /* vectors */
    {{{0, {0}}, {0, {0}}, {0, {0}}}},
};

/* What i64 operands hold, and integer lists among the attributes. */
static const struct {
  uint32_t count;
  int64_t values[8];
} lists[] = {{0, {0}}, {1, {-1}}, {1, {1}}, {1, {0}}, {1, {4}}, {2, {2, 2}}, {4, {1, 1, 1, 1}}, {8, {1, 1, 1, 1, 1, 1, 1, 1}}, {4, {0, 1, 2, 3}}};
static const char *const strings[] = {"LEFT", "FLOAT", "linear"};

enum {
  SHAPES = sizeof shapes / sizeof *shapes,
  LISTS = sizeof lists / sizeof *lists,
  STRINGS = sizeof strings / sizeof *strings
};

/* One way of using a row. */
typedef struct Use {
  const Operator *row;
  int64_t opset;
  ElementType element;
  uint32_t shape, list, string, extra; /* extra: an attribute to give though it is not required, or NONE */
  uint32_t optional_list;              /* of optional integer operands */
  uint32_t optional_inputs;            /* bit i: input i is given, if it is optional */
  bool declared;                       /* the model says that the result is a vector of four */
} Use;

static uint32_t row_inputs(const Operator *row) {
  uint32_t count = 0;
  while (count < INPUTS && row->inputs[count].name) count++;
  return count;
}

static uint32_t row_attributes(const Operator *row) {
  uint32_t count = 0;
  while (count < ATTRIBUTES && row->attributes[count].name) count++;
  return count;
}

static const char *row_domain(const Operator *row) { return row->domain ? row->domain : ""; }

/* The types that a row's inputs may have, the usual one first. */
static uint32_t element_candidates(OperatorElements elements, ElementType *out) {
  static const ElementType all[] = {ELEMENT_F32, ELEMENT_I64, ELEMENT_BOOL, ELEMENT_F64, ELEMENT_F16, ELEMENT_BF16,
                                    ELEMENT_I8,  ELEMENT_U8,  ELEMENT_I16,  ELEMENT_U16, ELEMENT_I32, ELEMENT_U32,
                                    ELEMENT_U64};
  uint32_t count = 0;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    ElementClass class = element_info(all[i])->class;
    bool is_integer = element_is_integer(all[i]), is_float = element_is_float(all[i]);
    bool fits = false;
    switch (elements) {
    case ELEMENTS_EVERY:
    case ELEMENTS_ANY:
    case ELEMENTS_ARITHMETIC: fits = true; break;
    case ELEMENTS_NUMERIC: fits = is_integer || is_float; break;
    case ELEMENTS_FLOAT: fits = is_float; break;
    case ELEMENTS_INTEGER: fits = is_integer; break;
    case ELEMENTS_SIGNED: fits = is_float || class == CLASS_INT; break;
    case ELEMENTS_BOOL: fits = class == CLASS_BOOL; break;
    case ELEMENTS_I64: fits = all[i] == ELEMENT_I64; break;
    case ELEMENTS_INDEX: fits = all[i] == ELEMENT_I64 || all[i] == ELEMENT_I32; break;
    }
    if (fits) out[count++] = all[i];
  }
  return count;
}

static Type tensor(Module *module, ElementType element, uint32_t rank, const int64_t *dims) {
  Dim list[4];
  for (uint32_t i = 0; i < rank; i++) list[i] = dim_constant(module->dims, dims[i]);
  return type_tensor(module->arena, element, rank, list);
}

/* Integer operands are constants, since most of them say a shape or an axis. */
static Value *make_input(const Use *use, Builder *builder, uint32_t index) {
  const OperatorInput *input = &use->row->inputs[index];
  Module *module = builder->module;
  if (input->optional && !(use->optional_inputs >> index & 1)) return NULL;
  bool is_count = index && ((input->elements == ELEMENTS_INTEGER && input->type_variable != 'T') ||
                            (input->elements == ELEMENTS_NUMERIC && !input->type_variable));
  if (input->elements == ELEMENTS_I64 || is_count) {
    uint32_t list = input->optional ? use->optional_list : use->list;
    return build_i64s(builder, lists[list].values, lists[list].count);
  }
  if (index && input->elements == ELEMENTS_FLOAT && !input->type_variable) { /* such as scales */
    float numbers[8];
    uint32_t list = input->optional ? use->optional_list : use->list;
    for (uint32_t i = 0; i < lists[list].count; i++) numbers[i] = (float)lists[list].values[i];
    Dim count = dim_constant(module->dims, lists[list].count);
    const Blob *blob = blob_dense(module->arena, ELEMENT_F32, lists[list].count, arena_copy(module->arena, numbers, sizeof numbers));
    return build_blob(builder, blob, type_tensor(module->arena, ELEMENT_F32, 1, &count));
  }
  ElementType candidates[16], element = use->element;
  uint32_t count = element_candidates(input->elements, candidates);
  bool admitted = false;
  for (uint32_t i = 0; i < count; i++) admitted = admitted || candidates[i] == element;
  if (!admitted) element = candidates[0];
  uint32_t place = index < 2 ? index : 2;
  uint32_t rank = shapes[use->shape].inputs[place].rank;
  Type type = tensor(module, element, rank, shapes[use->shape].inputs[place].dims);
  return region_add_argument(module, builder->region, type, input->name);
}

static Attribute make_attribute(const Use *use, Module *module, const OperatorAttribute *declared) {
  static const double numbers[2] = {0.5, 1.5};
  Attribute attribute = {.name = declared->name, .kind = declared->kind, .integer = 1, .number = 1.5};
  attribute.string = strings[use->string];
  attribute.count = declared->kind == ATTRIBUTE_FLOATS ? 2 : lists[use->list].count;
  attribute.integers = lists[use->list].values;
  attribute.numbers = numbers;
  attribute.type = tensor(module, ELEMENT_F32, 1, (const int64_t[]){2});
  static const float data[2] = {1, 2};
  attribute.blob = blob_dense(module->arena, ELEMENT_F32, 2, data);
  attribute.graph = data;
  return attribute;
}

static void collect(void *user, const char *text) {
  text_add(user, text);
  text_add(user, "\n");
}

/* In place of a subgraph: it gives its arguments, but for the iteration of a loop, or a number without any. */
static bool build_subgraph(void *user, const void *graph, Region *region) {
  Module *module = user;
  Builder builder = {.module = module, .region = region};
  uint32_t first = region->owner->kind == PRIMITIVE_LOOP;
  assert_non_null(graph);
  Value *number = region->argument_count ? NULL : build_number(&builder, ELEMENT_F32, 1);
  if (number)
    region_set_results(module, region, &number, 1);
  else
    region_set_results(module, region, region->arguments + first, region->argument_count - first);
  return true;
}

/* Expands the row in a module of its own and verifies it. `messages` gets what was reported. */
static bool expands(const Use *use, Text *messages) {
  const Operator *row = use->row;
  Diagnostics *diagnostics = diagnostics_create(collect, messages);
  Module *module = module_create(diagnostics, "table");
  Region *body = region_create(module, NULL);
  Builder builder = {.module = module, .region = body, .location = {.file = "table", .node = row->name}};
  Value *inputs[INPUTS], *results[16] = {NULL};
  Attribute attributes[ATTRIBUTES];
  uint32_t input_count = row_inputs(row), attribute_count = 0;
  for (uint32_t i = 0; i < input_count; i++) inputs[i] = make_input(use, &builder, i);
  for (uint32_t i = 0; i < row_attributes(row); i++)
    if (row->attributes[i].required || i == use->extra)
      attributes[attribute_count++] = make_attribute(use, module, &row->attributes[i]);
  bool wanted = true;
  Type declared = {.kind = VALUE_TENSOR, .element = ELEMENT_UNDEFINED};
  if (use->declared) declared = tensor(module, use->element, 1, (const int64_t[]){4});
  SubgraphBuilder subgraphs = {build_subgraph, module};
  bool ok = operator_build(row, &builder, use->opset, inputs, input_count, attributes, attribute_count, &wanted, 1,
                           &declared, &subgraphs, results);
  /* Failure means that something was reported, success that nothing was. */
  assert_int_equal(ok, diagnostics_error_count(diagnostics) == 0);
  if (ok) {
    assert_non_null(results[0]);
    region_set_results(module, body, results, 1);
    const char *names[INPUTS] = {"a", "b", "c", "d", "e", "f"};
    module_add_entry(module, "run", body, names, names);
    if (!module_verify(module, row->name)) {
      print_error("%s, opset %lld, %s:\n%s", row->name, (long long)use->opset, element_info(use->element)->name,
                  text_string(messages));
      fail();
    }
  }
  module_destroy(module);
  diagnostics_destroy(diagnostics);
  return ok;
}

/* Tries shapes and values until one fits; true with `use` set to it. */
static bool find_undeclared_use(Use *use) {
  for (uint32_t k = 0; k <= row_attributes(use->row); k++) {
    use->extra = k ? k - 1 : NONE;
    for (use->shape = 0; use->shape < SHAPES; use->shape++)
      for (use->list = 0; use->list < LISTS; use->list++)
        for (use->optional_list = 0; use->optional_list < (use->optional_inputs ? LISTS : 1); use->optional_list++)
          for (use->string = 0; use->string < STRINGS; use->string++) {
            Text messages = {0};
            bool ok = expands(use, &messages);
            text_free(&messages);
            if (ok) return true;
          }
  }
  return false;
}

/* The first input decides; rows without inputs are tried once. */
static uint32_t row_elements(const Operator *row, ElementType *out) {
  out[0] = ELEMENT_F32;
  return row->inputs[0].name ? element_candidates(row->inputs[0].elements, out) : 1;
}

/* As that; what the operands leave open, a declared result may say. */
static bool find_use(Use *use) {
  use->declared = false;
  if (find_undeclared_use(use)) return true;
  use->declared = true;
  return find_undeclared_use(use);
}

/* A use without any optional input, or with all of them; where that makes no sense, with one, or without one. */
static bool find_use_with(Use *use, bool optional) {
  uint32_t all = 0;
  for (uint32_t i = 0; i < row_inputs(use->row); i++)
    if (use->row->inputs[i].optional) all |= UINT32_C(1) << i;
  use->optional_inputs = optional ? all : 0;
  if (find_use(use)) return true;
  for (uint32_t i = 0; i < row_inputs(use->row); i++) {
    if (!(all >> i & 1)) continue;
    use->optional_inputs = optional ? all & ~(UINT32_C(1) << i) : UINT32_C(1) << i;
    if (find_use(use)) return true;
  }
  return false;
}

/* Such a row has nothing to work on without the optional ones. */
static bool all_inputs_are_optional(const Operator *row) {
  for (uint32_t i = 0; i < row_inputs(row); i++)
    if (!row->inputs[i].optional) return false;
  return row_inputs(row) > 0;
}

static void test_every_row_expands(void **state) {
  (void)state;
  uint32_t failures = 0, rows = 0;
  for (size_t i = 0; operator_at(i); i++, rows++) {
    const Operator *row = operator_at(i);
    ElementType elements[16];
    uint32_t count = row_elements(row, elements);
    const int64_t opsets[2] = {row->since, row->until ? row->until : ONNX_OPSET_NEWEST};
    for (int side = 0; side < 2; side++)
      for (int optional = 0; optional < 2; optional++) {
        Use use = {.row = row, .opset = opsets[side], .element = elements[0]};
        if ((!optional && all_inputs_are_optional(row)) || find_use_with(&use, optional != 0)) continue;
        failures++;
        print_error("%s at opset %lld %s optional inputs: no shape or attribute of this test lets it expand\n",
                    row->name, (long long)opsets[side], optional ? "with" : "without");
      }
    for (uint32_t k = 1; k < count; k++) { /* expands() checks that a failure is explained */
      Use use = {.row = row, .opset = opsets[1], .element = elements[k]};
      find_use(&use);
    }
  }
  assert_true(rows > 0);
  assert_int_equal(failures, 0);
}

static void test_rows_are_complete(void **state) {
  (void)state;
  for (size_t i = 0; operator_at(i); i++) {
    const Operator *row = operator_at(i);
    bool documented = row->doc && strlen(row->doc) > 3 && row->doc[strlen(row->doc) - 1] == '.';
    if (!documented) print_error("%s has no doc that ends in a full stop\n", row->name);
    assert_true(documented);
    assert_true((row->text != NULL) != (row->expand != NULL));
    assert_true(row->since >= 1 && (row->until == 0 || row->until >= row->since));
    for (uint32_t k = 0; k < row_attributes(row); k++)
      for (uint32_t l = 0; l < k; l++) assert_string_not_equal(row->attributes[k].name, row->attributes[l].name);
  }
}

/* From its first version to the newest an operator has one form at each. */
static void test_versions_do_not_overlap_or_leave_gaps(void **state) {
  (void)state;
  for (size_t i = 0; operator_at(i); i++) {
    const Operator *row = operator_at(i);
    int64_t last = 0;
    bool current = false;
    for (size_t k = 0; operator_at(k); k++) {
      const Operator *other = operator_at(k);
      if (strcmp(other->name, row->name) != 0 || strcmp(row_domain(other), row_domain(row)) != 0) continue;
      current = current || other->until == 0;
      if (other->until > last) last = other->until;
    }
    if (current) last = ONNX_OPSET_NEWEST;
    for (int64_t opset = row->since; opset <= last; opset++) {
      uint32_t forms = 0;
      for (size_t k = 0; operator_at(k); k++) {
        const Operator *other = operator_at(k);
        bool same = strcmp(other->name, row->name) == 0 && strcmp(row_domain(other), row_domain(row)) == 0;
        forms += same && opset >= other->since && (other->until == 0 || opset <= other->until);
      }
      if (forms != 1) print_error("%s has %u forms at opset %lld\n", row->name, forms, (long long)opset);
      assert_int_equal(forms, 1);
    }
    bool known;
    assert_ptr_equal(operator_find(row_domain(row), row->name, row->since, &known), row);
    assert_true(known);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_are_complete),
      cmocka_unit_test(test_versions_do_not_overlap_or_leave_gaps),
      cmocka_unit_test(test_every_row_expands),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
