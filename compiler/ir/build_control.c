/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes with regions: if, loop, scan. They are typed when their regions are complete. */
#include "base/text.h"
#include "ir/build.h"
#include "ir/build_internal.h"
#include <string.h>

static Node *start_node(Builder *builder, PrimitiveKind kind, Value *const *operands, uint32_t count) {
  Module *module = builder->module;
  Node *node = build_node(builder, kind, operands, count);
  node->region_count = primitive_info(kind)->region_count;
  node->regions = arena_array(module->arena, Region *, node->region_count);
  for (uint32_t i = 0; i < node->region_count; i++) node->regions[i] = region_create(module, node);
  return node;
}

static void set_carried(Builder *builder, Node *node, uint32_t carried_count) {
  Attribute attribute = {.name = "carried", .kind = ATTRIBUTE_INT, .integer = carried_count};
  build_attributes(builder, node, &attribute, 1);
}

void node_track_arguments(Module *module, const Node *node) {
  if (node->kind != PRIMITIVE_LOOP) return;
  Dim truth = dim_constant(module->dims, 1);
  node->regions[0]->arguments[1]->tracked = arena_copy(module->arena, &truth, sizeof truth);
}

static bool is_scalar(Builder *builder, const Value *value, ElementType element) {
  if (value->type.kind == VALUE_TENSOR && value->type.element == element && !value->type.rank) return true;
  Text found = {0};
  type_print_onnx(&found, &value->type);
  report(builder->module->diagnostics, &builder->location, MESSAGE_TYPE_MISMATCH,
         element == ELEMENT_BOOL ? "bool[]" : "int64[]", text_string(&found));
  text_free(&found);
  return false;
}

Node *build_if(Builder *builder, Value *condition) {
  if (!condition || !is_scalar(builder, condition, ELEMENT_BOOL)) return NULL;
  return start_node(builder, PRIMITIVE_IF, &condition, 1);
}

Node *build_loop(Builder *builder, Value *trip, Value *condition, Value *const *carried,
                 uint32_t carried_count) {
  Module *module = builder->module;
  if (trip && !is_scalar(builder, trip, ELEMENT_I64)) return NULL;
  if (condition && !is_scalar(builder, condition, ELEMENT_BOOL)) return NULL;
  if (!trip && !condition) {
    build_error(builder, MESSAGE_NODE_INVALID, "has neither a trip count nor a condition: it never ends");
    return NULL;
  }
  Value **operands = arena_array(module->arena, Value *, carried_count + 2);
  operands[0] = trip;
  operands[1] = condition;
  for (uint32_t i = 0; i < carried_count; i++)
    if (!(operands[i + 2] = carried[i])) return NULL;
  Node *node = start_node(builder, PRIMITIVE_LOOP, operands, carried_count + 2);
  set_carried(builder, node, carried_count);
  region_add_argument(module, node->regions[0], type_scalar(ELEMENT_I64), NULL);
  region_add_argument(module, node->regions[0], type_scalar(ELEMENT_BOOL), NULL);
  for (uint32_t i = 0; i < carried_count; i++)
    region_add_argument(module, node->regions[0], carried[i]->type, NULL);
  node_track_arguments(module, node);
  return node;
}

Node *build_scan(Builder *builder, Value *const *carried, uint32_t carried_count, Value *const *inputs,
                 uint32_t input_count) {
  Module *module = builder->module;
  Value **operands = arena_array(module->arena, Value *, carried_count + input_count);
  Dim length = NULL;
  for (uint32_t i = 0; i < carried_count + input_count; i++) {
    operands[i] = i < carried_count ? carried[i] : inputs[i - carried_count];
    if (!operands[i]) return NULL;
  }
  for (uint32_t i = 0; i < input_count; i++) {
    const Type *type = &inputs[i]->type;
    if (!type->rank) {
      build_error(builder, MESSAGE_NODE_INVALID, "an input of rank 0 has no slices");
      return NULL;
    }
    length = length ? dim_plainer(length, type->dims[0]) : type->dims[0];
  }
  if (!input_count) {
    build_error(builder, MESSAGE_NODE_INVALID, "has no input to scan");
    return NULL;
  }
  for (uint32_t i = 0; i < input_count; i++) {
    Value **input = &operands[carried_count + i];
    Dim dims[RANK_LIMIT];
    memcpy(dims, (*input)->type.dims, (*input)->type.rank * sizeof *dims);
    dims[0] = length;
    *input = build_with_dims(builder, *input, dims, RANK_LIMIT, "the inputs are not of one length");
    if (!*input) return NULL;
  }
  Node *node = start_node(builder, PRIMITIVE_SCAN, operands, carried_count + input_count);
  set_carried(builder, node, carried_count);
  for (uint32_t i = 0; i < carried_count; i++)
    region_add_argument(module, node->regions[0], carried[i]->type, NULL);
  for (uint32_t i = 0; i < input_count; i++) {
    const Type *type = &inputs[i]->type;
    Type slice = type_tensor(module->arena, type->element, type->rank - 1, type->dims + 1);
    region_add_argument(module, node->regions[0], slice, NULL);
  }
  return node;
}

/* "result 1: float32[3] in one branch and float32[4] in the other" */
static bool types_differ(Builder *builder, const char *format, uint32_t index, const Type *a, const Type *b) {
  Text left = {0}, right = {0}, text = {0};
  type_print_onnx(&left, a);
  type_print_onnx(&right, b);
  text_format(&text, format, index, text_string(&left), text_string(&right));
  build_error(builder, MESSAGE_SHAPE_MISMATCH, text_string(&text));
  text_free(&left);
  text_free(&right);
  text_free(&text);
  return false;
}

static bool check_count(Builder *builder, uint32_t found, uint32_t wanted, const char *what) {
  if (found == wanted) return true;
  const char *text =
      arena_format(builder->module->arena, "%s gives %u results, %u are needed", what, found, wanted);
  return build_error(builder, MESSAGE_NODE_INVALID, text);
}

static bool add_result(Builder *builder, Node *node, Type type) {
  for (uint32_t i = 0; i < type.rank; i++)
    if (!dim_is_valid(type.dims[i]))
      return report(builder->module->diagnostics, &builder->location, MESSAGE_SHAPE_OVERFLOW);
  value_track_new(builder->module, node_add_result(builder->module, node, type, NULL));
  return true;
}

static bool finish_if(Builder *builder, Node *node, Value **results, uint32_t count) {
  Dim known[1];
  size_t elements;
  int64_t truth;
  if (value_track(builder, node->operands[0], known, &elements) && dim_is_constant(known[0], &truth)) {
    Region *taken = node->regions[truth ? 0 : 1];
    if (!check_count(builder, taken->result_count, count, "the branch that is taken")) return false;
    region_inline(taken, node);
    for (uint32_t i = 0; i < count; i++) results[i] = taken->results[i];
    region_remove(node->parent, node);
    return true;
  }
  const Region *first = node->regions[0], *second = node->regions[1];
  if (!check_count(builder, first->result_count, count, "the first branch") ||
      !check_count(builder, second->result_count, count, "the second branch"))
    return false;
  for (uint32_t i = 0; i < count; i++) {
    const Type *a = &first->results[i]->type, *b = &second->results[i]->type;
    if (!type_provably_equal(builder->module->dims, a, b))
      return types_differ(builder, "result %u is %s in the one branch and %s in the other", i, a, b);
  }
  bool ok = true;
  for (uint32_t i = 0; ok && i < count; i++) ok = add_result(builder, node, first->results[i]->type);
  for (uint32_t i = 0; ok && i < count; i++) results[i] = node->results[i];
  return ok;
}

Dim node_trip(Module *module, const Node *node) {
  DimContext *context = module->dims;
  Dim zero = dim_constant(context, 0);
  if (node->kind == PRIMITIVE_SCAN) return node->operands[node_int(node, "carried")]->type.dims[0];
  const Value *trip = node->operands[0], *condition = node->operands[1];
  if (condition && condition->tracked && dim_equals_constant(condition->tracked[0], 0)) return zero;
  return trip && trip->tracked ? dim_max(context, trip->tracked[0], zero) : NULL;
}

static bool is_true(const Value *value) {
  return value->tracked && dim_equals_constant(value->tracked[0], 1);
}

bool node_runs_whole_trip(const Node *node) {
  if (node->kind == PRIMITIVE_SCAN || !node->operands[1]) return true;
  return is_true(node->operands[1]) && is_true(node->regions[0]->results[0]);
}

static bool finish_loop(Builder *builder, Node *node, Value **results, uint32_t count) {
  DimContext *context = builder->module->dims;
  const Region *body = node->regions[0];
  bool is_scan = node->kind == PRIMITIVE_SCAN;
  uint32_t carried = (uint32_t)node_int(node, "carried"), lead = is_scan ? 0 : 1, initial = is_scan ? 0 : 2;
  if (!check_count(builder, body->result_count, count + lead, "the body")) return false;
  if (count < carried) return check_count(builder, count, carried, "the body");
  if (!is_scan && !is_scalar(builder, body->results[0], ELEMENT_BOOL)) return false;
  for (uint32_t i = 0; i < carried; i++) {
    const Type *before = &node->operands[initial + i]->type, *after = &body->results[lead + i]->type;
    if (!type_provably_equal(context, before, after))
      return types_differ(builder, "carried value %u changes its type from %s to %s", i, before, after);
    if (!add_result(builder, node, *before)) return false;
  }
  Dim trip = node_trip(builder->module, node);
  for (uint32_t i = 0; i < initial; i++)
    if (node->operands[i] && !value_require_assumed(builder, node->operands[i])) return false;
  if (count > carried && (!trip || (!node_runs_whole_trip(node) && !dim_equals_constant(trip, 0))))
    return build_error(
        builder, MESSAGE_SHAPE_UNKNOWN,
        trip ? "the size of what the iterations give depends on data: the condition may end the loop"
             : "the size of what the iterations give depends on data: the trip count is not known");
  for (uint32_t i = carried; i < count; i++) {
    const Type *part = &body->results[lead + i]->type;
    Dim dims[RANK_LIMIT];
    if (part->rank == RANK_LIMIT) return build_error(builder, MESSAGE_NODE_INVALID, "the rank is too large");
    dims[0] = trip;
    if (part->rank) memcpy(dims + 1, part->dims, part->rank * sizeof *dims);
    if (!add_result(builder, node, type_tensor(builder->module->arena, part->element, part->rank + 1, dims)))
      return false;
  }
  for (uint32_t i = 0; i < count; i++) results[i] = node->results[i];
  return true;
}

bool build_control_finish(Builder *builder, Node *node, bool ok, Value **results, uint32_t count) {
  if (ok)
    ok = node->kind == PRIMITIVE_IF ? finish_if(builder, node, results, count)
                                    : finish_loop(builder, node, results, count);
  if (!ok) region_remove(node->parent, node);
  return ok;
}
