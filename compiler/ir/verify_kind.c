/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of each kind of node, and what primitive.def says about attributes. */
#include "ir/verify_internal.h"
#include <string.h>

/* Row k is the keyword of AttributeKind k. */
static const char *const kind_words[] = {NULL,      "int",  "float", "string", "ints", "floats",
                                         "strings", "dims", "blob",  "type",   NULL};

void primitive_attributes(PrimitiveKind kind,
                          bool (*callback)(void *user, const char *name, AttributeKind, bool), void *user) {
  enum { NAME_LIMIT = 32 };
  for (const char *at = primitive_info(kind)->attributes; *at;) {
    char name[NAME_LIMIT], word[NAME_LIMIT];
    size_t length = strcspn(at, ":?");
    bool optional = at[length] == '?';
    const char *start = at + length + 1 + optional;
    size_t word_length = strcspn(start, " ");
    if (length >= NAME_LIMIT || word_length >= NAME_LIMIT) return;
    memcpy(name, at, length);
    memcpy(word, start, word_length);
    name[length] = word[word_length] = 0;
    AttributeKind found = ATTRIBUTE_NONE;
    for (unsigned i = 0; i < sizeof kind_words / sizeof *kind_words; i++)
      if (kind_words[i] && strcmp(kind_words[i], word) == 0) found = (AttributeKind)i;
    if (!callback(user, name, found, optional)) return;
    at = start + word_length + strspn(start + word_length, " ");
  }
}

typedef struct AttributeSearch {
  const char *name;
  AttributeKind kind;
  bool optional;
} AttributeSearch;

static bool match_attribute(void *user, const char *name, AttributeKind kind, bool optional) {
  AttributeSearch *search = user;
  if (strcmp(search->name, name) != 0) return true;
  search->kind = kind;
  search->optional = optional;
  return false;
}

AttributeKind primitive_attribute_kind(PrimitiveKind kind, const char *name, bool *optional) {
  AttributeSearch search = {.name = name};
  primitive_attributes(kind, match_attribute, &search);
  *optional = search.optional;
  return search.kind;
}

static const Type *operand_type(const Node *node, uint32_t index) {
  return &node->operands[index]->type;
}
static const Type *result_type(const Node *node) {
  return &node->results[0]->type;
}

static void expect_element(Verifier *verifier, ElementType found, ElementType expected, const char *what) {
  if (found != expected)
    verify_fail(verifier, "%s has element type %s, %s is needed", what, element_info(found)->name,
                element_info(expected)->name);
}

static bool dims_agree(Verifier *verifier, const Type *a, const Type *b) {
  if (a->rank != b->rank) return false;
  for (uint32_t i = 0; i < a->rank; i++)
    if (dim_equal(verifier->module->dims, a->dims[i], b->dims[i]) != TRUTH_YES) return false;
  return true;
}

static bool axis_in_range(Verifier *verifier, const Node *node, uint32_t rank) {
  int64_t axis = node_int(node, "axis");
  if (axis >= 0 && axis < rank) return true;
  return verify_fail(verifier, "axis %lld is not below the rank, %u", (long long)axis, rank);
}

static void verify_constant(Verifier *verifier, const Node *node) {
  const Blob *blob = node_attribute(node, "value")->blob;
  int64_t count;
  uint64_t byte_count;
  if (!blob) {
    verify_fail(verifier, "has no data");
    return;
  }
  expect_element(verifier, result_type(node)->element, blob->element, "the type");
  if (!type_static_count(result_type(node), &count) || count != blob->element_count)
    verify_fail(verifier, "the data has %lld elements, which is not what the type says",
                (long long)blob->element_count);
  bool has_bytes = blob->bytes || blob->decode || blob->element == ELEMENT_STRING || !blob->element_count;
  if (!has_bytes || (blob->element == ELEMENT_STRING && blob->element_count && !blob->strings))
    verify_fail(verifier, "the data has no source");
  if (!element_byte_count(blob->element, blob->element_count, &byte_count) || byte_count != blob->byte_count)
    verify_fail(verifier, "the data has %llu bytes, which is not what its elements take",
                (unsigned long long)blob->byte_count);
  if (blob->splat && blob->element == ELEMENT_STRING) verify_fail(verifier, "strings cannot be a splat");
}

static void verify_dims(Verifier *verifier, const Node *node) {
  const Attribute *attribute = node_attribute(node, "dims");
  const Type *type = result_type(node);
  expect_element(verifier, type->element, ELEMENT_I64, "the result");
  if (type->rank != 1 || !dim_equals_constant(type->dims[0], (int64_t)attribute->count))
    verify_fail(verifier, "the result must be i64[%zu]", attribute->count);
  for (size_t i = 0; i < attribute->count; i++)
    verify_integer(verifier, "a dim of the list", attribute->dims[i]);
}

static void verify_map_dims(Verifier *verifier, const Node *node) {
  const Type *shape = NULL;
  for (uint32_t i = 0; i < node->operand_count; i++) {
    const Type *type = operand_type(node, i);
    if (!type->rank) continue;
    if (!shape)
      shape = type;
    else if (!dims_agree(verifier, shape, type))
      verify_fail(verifier, "operand %u has other dims: broadcasting is explicit", i);
  }
  if (shape ? !dims_agree(verifier, shape, result_type(node)) : result_type(node)->rank != 0)
    verify_fail(verifier, "the result's dims are not those of the operands");
}

static void verify_map(Verifier *verifier, const Node *node) {
  const ScalarInfo *info = scalar_info(node->scalar);
  uint32_t first = node->scalar == SCALAR_SELECT;
  ElementType element = operand_type(node, first)->element, result = result_type(node)->element;
  if (first) expect_element(verifier, operand_type(node, 0)->element, ELEMENT_BOOL, "the condition");
  for (uint32_t i = first + 1; i < node->operand_count; i++)
    expect_element(verifier, operand_type(node, i)->element, element, "an operand");
  if (!scalar_accepts(node->scalar, element))
    verify_fail(verifier, "is not defined on elements of type %s", element_info(element)->name);
  if (info->result == RESULT_SAME) expect_element(verifier, result, element, "the result");
  if (info->result == RESULT_BOOL) expect_element(verifier, result, ELEMENT_BOOL, "the result");
  if (info->result == RESULT_GIVEN && !scalar_accepts(node->scalar, result))
    verify_fail(verifier, "does not give elements of type %s", element_info(result)->name);
  if (node->scalar == SCALAR_BITCAST && element_info(element)->bits != element_info(result)->bits)
    verify_fail(verifier, "the types %s and %s are not of one width", element_info(element)->name,
                element_info(result)->name);
  verify_map_dims(verifier, node);
}

static void verify_reshape(Verifier *verifier, const Node *node) {
  DimContext *context = verifier->module->dims;
  expect_element(verifier, result_type(node)->element, operand_type(node, 0)->element, "the result");
  Dim before = type_count(context, operand_type(node, 0)), after = type_count(context, result_type(node));
  if (dim_equal(context, before, after) == TRUTH_NO) verify_fail(verifier, "the element counts differ");
}

static void verify_concat(Verifier *verifier, const Node *node) {
  DimContext *context = verifier->module->dims;
  const Type *result = result_type(node);
  if (!axis_in_range(verifier, node, result->rank)) return;
  uint32_t axis = (uint32_t)node_int(node, "axis");
  Dim sum = dim_constant(context, 0);
  for (uint32_t k = 0; k < node->operand_count; k++) {
    const Type *type = operand_type(node, k);
    expect_element(verifier, type->element, result->element, "an operand");
    if (type->rank != result->rank) {
      verify_fail(verifier, "operand %u has another rank than the result", k);
      return;
    }
    for (uint32_t i = 0; i < type->rank; i++)
      if (i != axis && dim_equal(context, type->dims[i], result->dims[i]) != TRUTH_YES)
        verify_fail(verifier, "operand %u differs from the result in axis %u", k, i);
    sum = dim_add(context, sum, type->dims[axis]);
  }
  if (dim_equal(context, sum, result->dims[axis]) == TRUTH_NO)
    verify_fail(verifier, "the result's axis %u is not the sum of the operands'", axis);
}

static void verify_softmax(Verifier *verifier, const Node *node) {
  axis_in_range(verifier, node, result_type(node)->rank);
  if (!element_is_float(result_type(node)->element)) verify_fail(verifier, "is defined on floats only");
  if (!type_equal(operand_type(node, 0), result_type(node)))
    verify_fail(verifier, "the result's type is not the operand's");
}

static void verify_view(Verifier *verifier, const Node *node) {
  if (node->operand_count == 2) {
    const Type *fill = operand_type(node, 1);
    if (fill->rank) verify_fail(verifier, "the fill must be of rank 0");
    expect_element(verifier, fill->element, operand_type(node, 0)->element, "the fill");
  }
  expect_element(verifier, result_type(node)->element, operand_type(node, 0)->element, "the result");
  verify_equation(verifier, node);
}

static void verify_reduce(Verifier *verifier, const Node *node) {
  const char *name = node_attribute(node, "monoid")->string;
  ElementType element = operand_type(node, 0)->element;
  Scalar monoid = scalar_find(name);
  if (monoid == SCALAR_COUNT || !scalar_is_monoid(monoid))
    verify_fail(verifier, "there is no monoid '%s'", name);
  else if (!scalar_accepts(monoid, element))
    verify_fail(verifier, "'%s' is not defined on elements of type %s", name, element_info(element)->name);
  expect_element(verifier, result_type(node)->element, element, "the result");
  verify_equation(verifier, node);
}

static void verify_contract(Verifier *verifier, const Node *node) {
  ElementType element = operand_type(node, 0)->element;
  if (!element_is_numeric(element))
    verify_fail(verifier, "is not defined on elements of type %s", element_info(element)->name);
  expect_element(verifier, operand_type(node, 1)->element, element, "the second operand");
  expect_element(verifier, result_type(node)->element, element, "the result");
  verify_equation(verifier, node);
}

/* Every operand but the first gives one label. */
static void verify_gather(Verifier *verifier, const Node *node) {
  const Equation *equation = node->equation;
  expect_element(verifier, result_type(node)->element, operand_type(node, 0)->element, "the result");
  for (uint32_t k = 1; k < node->operand_count; k++) {
    ElementType element = operand_type(node, k)->element;
    uint32_t count = 0;
    if (element != ELEMENT_I64 && element != ELEMENT_I32)
      verify_fail(verifier, "operand %u has element type %s, i64 or i32 is needed", k, element_info(element)->name);
    for (uint32_t label = 0; label < equation->label_count; label++) count += equation->labels[label].index == k;
    if (count != 1) verify_fail(verifier, "operand %u gives %u labels instead of one", k, count);
  }
  verify_equation(verifier, node);
}

static void verify_iota(Verifier *verifier, const Node *node) {
  axis_in_range(verifier, node, result_type(node)->rank);
  if (!element_is_numeric(result_type(node)->element)) verify_fail(verifier, "is defined on numbers only");
}

static void verify_require(Verifier *verifier, const Node *node) {
  const Type *type = operand_type(node, 0);
  if (type->rank || type->element != ELEMENT_BOOL) verify_fail(verifier, "the condition must be bool[]");
}

static void verify_require_dims(Verifier *verifier, const Node *node) {
  const Attribute *zero = node_attribute(node, "zero");
  int64_t constant;
  for (size_t i = 0; i < zero->count; i++) {
    verify_integer(verifier, "a dim of the list", zero->dims[i]);
    if (dim_is_constant(zero->dims[i], &constant)) verify_fail(verifier, "requires a constant to be 0");
  }
}

void verify_kind(Verifier *verifier, const Node *node) {
  switch (node->kind) {
  case PRIMITIVE_CONSTANT:
    verify_constant(verifier, node);
    return;
  case PRIMITIVE_IOTA:
    verify_iota(verifier, node);
    return;
  case PRIMITIVE_DIMS:
    verify_dims(verifier, node);
    return;
  case PRIMITIVE_MAP:
    verify_map(verifier, node);
    return;
  case PRIMITIVE_VIEW:
    verify_view(verifier, node);
    return;
  case PRIMITIVE_REDUCE:
    verify_reduce(verifier, node);
    return;
  case PRIMITIVE_CONTRACT:
    verify_contract(verifier, node);
    return;
  case PRIMITIVE_GATHER:
    verify_gather(verifier, node);
    return;
  case PRIMITIVE_RESHAPE:
    verify_reshape(verifier, node);
    return;
  case PRIMITIVE_CONCAT:
    verify_concat(verifier, node);
    return;
  case PRIMITIVE_SOFTMAX:
    verify_softmax(verifier, node);
    return;
  case PRIMITIVE_REQUIRE:
    verify_require(verifier, node);
    return;
  case PRIMITIVE_REQUIRE_DIMS:
    verify_require_dims(verifier, node);
    return;
  case PRIMITIVE_IF:
  case PRIMITIVE_LOOP:
  case PRIMITIVE_SCAN:
    verify_control(verifier, node);
    return;
  case PRIMITIVE_COUNT:
    break;
  }
  verify_fail(verifier, "is no primitive");
}
