/* SPDX-License-Identifier: Apache-2.0 */
/* Typed construction: constants, elementwise nodes, checks. Data movement: build_movement.c; subscripted nodes:
   build_equation.c. */
#include "ir/build.h"
#include "base/text.h"
#include "ir/build_internal.h"
#include "ir/number.h"
#include <string.h>

bool build_error(Builder *builder, Message message, const char *text) {
  return report(builder->module->diagnostics, &builder->location, message, text);
}

Node *build_node(Builder *builder, PrimitiveKind kind, Value *const *operands, uint32_t count) {
  Node *node = node_create(builder->module, kind, operands, count, builder->location);
  region_insert_before(builder->region, builder->position, node);
  return node;
}

/* Every dim is at least 0, as far as is known, and the tensor can be addressed. */
static bool is_possible(Builder *builder, const Type *type) {
  DimContext *context = builder->module->dims;
  for (uint32_t i = 0; i < type->rank; i++) {
    if (!dim_is_valid(type->dims[i])) return report(builder->module->diagnostics, &builder->location, MESSAGE_SHAPE_OVERFLOW);
    if (!build_require_at_least(builder, type->dims[i], dim_constant(context, 0), "a dim is negative")) return false;
  }
  return type_is_addressable(context, type) ||
         report(builder->module->diagnostics, &builder->location, MESSAGE_SHAPE_OVERFLOW);
}

Value *build_result(Builder *builder, Node *node, Type type) {
  if (!is_possible(builder, &type)) {
    region_remove(builder->region, node);
    return NULL;
  }
  Value *value = node_add_result(builder->module, node, type, NULL);
  value_track_new(builder->module, value);
  return value;
}

void build_attributes(Builder *builder, Node *node, const Attribute *attributes, uint32_t count) {
  node->attributes = arena_copy(builder->module->arena, attributes, count * sizeof *attributes);
  node->attribute_count = count;
}

Value *build_blob(Builder *builder, const Blob *blob, Type type) {
  Node *node = build_node(builder, PRIMITIVE_CONSTANT, NULL, 0);
  Attribute attribute = {.name = "value", .kind = ATTRIBUTE_BLOB, .blob = blob};
  build_attributes(builder, node, &attribute, 1);
  return build_result(builder, node, type);
}

Value *build_splat(Builder *builder, ElementType element, double value, uint32_t rank, const Dim *dims) {
  Arena *arena = builder->module->arena;
  uint8_t bytes[8];
  int64_t count;
  Type type = type_tensor(arena, element, rank, dims);
  if (!number_store(element, value, bytes)) {
    build_error(builder, MESSAGE_TYPE_UNSUPPORTED, element_info(element)->onnx_name);
    return NULL;
  }
  if (!type_static_count(&type, &count)) { /* a symbolic extent: broadcast one element */
    Value *one = build_blob(builder, blob_splat(arena, element, 1, bytes), type_scalar(element));
    return build_broadcast(builder, one, rank, dims);
  }
  return build_blob(builder, blob_splat(arena, element, count, bytes), type);
}

Value *build_number(Builder *builder, ElementType element, double value) {
  return build_splat(builder, element, value, 0, NULL);
}

Value *build_integer(Builder *builder, ElementType element, int64_t value) {
  if (!element_is_integer(element)) return build_number(builder, element, (double)value);
  return build_blob(builder, blob_splat(builder->module->arena, element, 1, &value), type_scalar(element));
}

Value *build_i64s(Builder *builder, const int64_t *values, size_t count) {
  Arena *arena = builder->module->arena;
  Dim dim = dim_constant(builder->module->dims, (int64_t)count);
  const Blob *blob = blob_dense(arena, ELEMENT_I64, (int64_t)count, arena_copy(arena, values, count * sizeof *values));
  return build_blob(builder, blob, type_tensor(arena, ELEMENT_I64, 1, &dim));
}

Value *build_iota(Builder *builder, ElementType element, uint32_t rank, const Dim *dims, uint32_t axis) {
  Node *node = build_node(builder, PRIMITIVE_IOTA, NULL, 0);
  Attribute attribute = {.name = "axis", .kind = ATTRIBUTE_INT, .integer = axis};
  build_attributes(builder, node, &attribute, 1);
  return build_result(builder, node, type_tensor(builder->module->arena, element, rank, dims));
}

Value *build_dims(Builder *builder, const Dim *dims, size_t count) {
  Arena *arena = builder->module->arena;
  Node *node = build_node(builder, PRIMITIVE_DIMS, NULL, 0);
  Attribute attribute = {.name = "dims", .kind = ATTRIBUTE_DIMS, .count = count};
  attribute.dims = arena_copy(arena, dims, count * sizeof *dims);
  build_attributes(builder, node, &attribute, 1);
  Dim extent = dim_constant(builder->module->dims, (int64_t)count);
  return build_result(builder, node, type_tensor(arena, ELEMENT_I64, 1, &extent));
}

/* Which dims that differ must be equal, since neither can be 1 alone: what they require serves to prove others. */
static bool must_be_equal(DimContext *context, Dim a, Dim b) {
  Dim one = dim_constant(context, 1);
  if (dim_is_clipped(context, a, b) || dim_is_clipped(context, b, a)) return true;
  return dim_equal(context, a, one) == TRUTH_NO && dim_equal(context, b, one) == TRUTH_NO;
}

static bool do_not_broadcast(Builder *builder, const Type *const *types, uint32_t count) {
  Text text = {0};
  text_add(&text, "operands do not broadcast: ");
  for (uint32_t m = 0; m < count; m++) {
    if (m) text_add(&text, " and ");
    type_print_onnx(&text, types[m]);
  }
  build_error(builder, MESSAGE_SHAPE_MISMATCH, text_string(&text));
  text_free(&text);
  return false;
}

/* Makes *result what it and `dim` broadcast to. */
static bool broadcast_dim(Builder *builder, Dim *result, Dim dim) {
  DimContext *context = builder->module->dims;
  if (!build_require_broadcast(builder, *result, dim, "operands do not broadcast")) return false;
  bool equal = dim_equal(context, *result, dim) == TRUTH_YES;
  *result = equal ? dim_plainer(*result, dim) : dim_broadcast(context, *result, dim);
  return true;
}

bool build_broadcast_dims(Builder *builder, const Type *const *types, uint32_t count, Dim *dims, uint32_t *rank) {
  DimContext *context = builder->module->dims;
  *rank = 0;
  for (uint32_t k = 0; k < count; k++)
    if (types[k]->rank > *rank) *rank = types[k]->rank;
  Dim one = dim_constant(context, 1);
  for (uint32_t i = 0; i < *rank; i++) dims[i] = one;
  for (uint32_t k = 0; k < count; k++) {
    const Type *type = types[k];
    bool done[RANK_LIMIT] = {false};
    for (int turn = 0; turn < 2; turn++)
      for (uint32_t j = 0; j < type->rank; j++) {
        Dim *result = &dims[*rank - type->rank + j], dim = type->dims[j];
        if (done[j] || (turn == 0 && !must_be_equal(context, *result, dim))) continue;
        bool differ = dim_equal(context, *result, dim) == TRUTH_NO;
        if (differ && dim_equal(context, *result, one) == TRUTH_NO && dim_equal(context, dim, one) == TRUTH_NO)
          return do_not_broadcast(builder, types, count);
        if (!broadcast_dim(builder, result, dim)) return false;
        done[j] = true;
      }
  }
  return true;
}

static bool check_map_types(Builder *builder, Scalar scalar, Value *const *operands, uint32_t count) {
  const ScalarInfo *info = scalar_info(scalar);
  uint32_t first = scalar == SCALAR_SELECT;
  ElementType element = operands[first]->type.element;
  for (uint32_t i = 0; i < count; i++) {
    const Type *type = &operands[i]->type;
    ElementType expected = first && i == 0 ? ELEMENT_BOOL : element;
    if (type->kind != VALUE_TENSOR || type->element != expected) {
      report(builder->module->diagnostics, &builder->location, MESSAGE_TYPE_MISMATCH, element_info(expected)->onnx_name,
             type->kind == VALUE_TENSOR ? element_info(type->element)->onnx_name : "no tensor");
      return false;
    }
  }
  if (count != info->arity || !scalar_accepts(scalar, element)) {
    build_error(builder, MESSAGE_TYPE_UNSUPPORTED, element_info(element)->onnx_name);
    return false;
  }
  return true;
}

static Value *map_node(Builder *builder, Scalar scalar, Value *const *operands, uint32_t count, ElementType element) {
  Dim dims[RANK_LIMIT];
  uint32_t rank;
  Value *aligned[3];
  const Type *types[3];
  for (uint32_t i = 0; i < count; i++) {
    if (!operands[i]) return NULL;
    types[i] = &operands[i]->type;
  }
  if (!check_map_types(builder, scalar, operands, count)) return NULL;
  if (!build_broadcast_dims(builder, types, count, dims, &rank)) return NULL;
  for (uint32_t i = 0; i < count; i++) {
    aligned[i] = operands[i];
    if (operands[i]->type.rank) aligned[i] = build_broadcast(builder, operands[i], rank, dims);
    if (!aligned[i]) return NULL;
  }
  Node *node = build_node(builder, PRIMITIVE_MAP, aligned, count);
  node->scalar = scalar;
  return build_result(builder, node, type_tensor(builder->module->arena, element, rank, dims));
}

Value *build_map(Builder *builder, Scalar scalar, Value *const *operands, uint32_t count) {
  const Value *typed = operands[scalar == SCALAR_SELECT ? 1 : 0];
  if (!typed) return NULL;
  ElementType element = scalar_info(scalar)->result == RESULT_BOOL ? ELEMENT_BOOL : typed->type.element;
  return map_node(builder, scalar, operands, count, element);
}

Value *build_unary(Builder *builder, Scalar scalar, Value *a) { return build_map(builder, scalar, &a, 1); }

Value *build_binary(Builder *builder, Scalar scalar, Value *a, Value *b) {
  Value *operands[2] = {a, b};
  return build_map(builder, scalar, operands, 2);
}

Value *build_select(Builder *builder, Value *condition, Value *a, Value *b) {
  Value *operands[3] = {condition, a, b};
  return build_map(builder, SCALAR_SELECT, operands, 3);
}

Value *build_cast(Builder *builder, Value *a, ElementType element) {
  if (!a || a->type.element == element) return a;
  if (!scalar_accepts(SCALAR_CAST, element)) {
    build_error(builder, MESSAGE_TYPE_UNSUPPORTED, element_info(element)->onnx_name);
    return NULL;
  }
  return map_node(builder, SCALAR_CAST, &a, 1, element);
}

Value *build_bitcast(Builder *builder, Value *a, ElementType element) {
  if (!a || a->type.element == element) return a;
  if (element_info(element)->bits != element_info(a->type.element)->bits) {
    build_error(builder, MESSAGE_NODE_INVALID, "reinterprets elements as a type of another width");
    return NULL;
  }
  return map_node(builder, SCALAR_BITCAST, &a, 1, element);
}

bool build_require(Builder *builder, Value *condition, int64_t status) {
  if (!condition) return false;
  Node *node = build_node(builder, PRIMITIVE_REQUIRE, &condition, 1);
  Attribute attribute = {.name = "status", .kind = ATTRIBUTE_INT, .integer = status};
  build_attributes(builder, node, &attribute, 1);
  return true;
}

Value *build_softmax(Builder *builder, Value *a, uint32_t axis, bool logarithm) {
  if (!a) return NULL;
  if (!element_is_float(a->type.element)) {
    build_error(builder, MESSAGE_TYPE_UNSUPPORTED, element_info(a->type.element)->onnx_name);
    return NULL;
  }
  Node *node = build_node(builder, PRIMITIVE_SOFTMAX, &a, 1);
  Attribute attributes[2] = {{.name = "axis", .kind = ATTRIBUTE_INT, .integer = axis},
                             {.name = "log", .kind = ATTRIBUTE_INT, .integer = logarithm}};
  build_attributes(builder, node, attributes, 2);
  return build_result(builder, node, a->type);
}
