/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/join_late.h"
#include "passes/contract_operands.h"
#include "passes/reshape_groups.h"
#include <string.h>

/* The reshape's operand where the first axis is made of several of its axes, more than one of them longer than 1, and the
   others are its own; null where it is not so. `count`: of these several. */
static Value *joined_from(DimContext *dims, const Value *value, uint32_t *count) {
  const Node *reshape = value->producer;
  ReshapeGroups groups;
  uint32_t wide = 0;
  if (!reshape || reshape->kind != PRIMITIVE_RESHAPE || !reshape_groups(dims, &reshape->operands[0]->type, &value->type, &groups) || !groups.count)
    return NULL;
  for (uint32_t g = 0; g < groups.count; g++) {
    uint32_t from = groups.from_start[g + 1] - groups.from_start[g], to = groups.to_start[g + 1] - groups.to_start[g];
    if (to != 1 || (g ? from != 1 : from < 2)) return NULL;
  }
  *count = groups.from_start[1];
  for (uint32_t i = 0; i < *count; i++) wide += !dim_equals_constant(reshape->operands[0]->type.dims[i], 1);
  return wide > 1 ? reshape->operands[0] : NULL;
}

static bool same_parts(const Value *a, const Value *b, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (a->type.dims[i] != b->type.dims[i]) return false;
  return true;
}

/* The type with its first axis in those parts. */
static Type split_type(Arena *arena, const Type *type, const Dim *parts, uint32_t count) {
  Dim dims[2 * RANK_LIMIT];
  memcpy(dims, parts, count * sizeof *dims);
  memcpy(dims + count, type->dims + 1, (type->rank - 1) * sizeof *dims);
  return type_tensor(arena, type->element, type->rank + count - 1, dims);
}

static Value *joined_again(Builder *builder, Value *value, const Type *type) {
  return build_reshape(builder, value, type->rank, type->dims);
}

/* The access with `count` labels in the place of its first subscript: that one, and others from `more` on. */
static Access split_access(Builder *builder, const Access *access, uint32_t label, uint32_t more, uint32_t count) {
  Subscript *subscripts = arena_array(builder->module->arena, Subscript, access->rank + count - 1);
  for (uint32_t i = 0; i < count; i++) subscripts[i] = plain_subscript(builder->module, i ? more + i - 1 : label);
  memcpy(subscripts + count, access->subscripts + 1, (access->rank - 1) * sizeof *subscripts);
  return (Access){access->rank + count - 1, subscripts};
}

/* The label becomes the first of the parts, and the others labels behind those that are there. */
static void split_label(Builder *builder, Label *labels, uint32_t label_count, uint32_t label, const Value *parts, uint32_t count) {
  Arena *arena = builder->module->arena;
  labels[label].extent = parts->type.dims[0];
  for (uint32_t k = 1; k < count; k++) {
    uint32_t own = label_count + k - 1;
    labels[own] = (Label){.name = split_label_name(arena, labels, own, labels[label].name), .extent = parts->type.dims[k]};
  }
}

/* Whether the label is the first subscript of the access, alone and from end to end. */
static bool leads(DimContext *dims, const Equation *equation, const Access *access, const Type *type, uint32_t label) {
  return access_whole_axis(dims, equation, access, type, label) == 0;
}

/* A node with an equation in which the joined axis is a label: it becomes as many labels, wherever it stands. */
static Value *join_behind_equation(Builder *builder, const Node *node) {
  DimContext *dims = builder->module->dims;
  const Equation *old = node->equation;
  const Type *type = &node->results[0]->type;
  Value *operands[2], *parts = NULL;
  uint32_t count = 0, own, label = 0;
  for (uint32_t i = 0; i < old->operand_count; i++) {
    Value *from = joined_from(dims, node->operands[i], &own);
    if (access_slides(&old->operands[i])) return NULL;
    if (from && !parts && subscript_is_plain(&old->operands[i].subscripts[0], &label)) {
      parts = from;
      count = own;
    }
  }
  if (!parts || old->operand_count > 2 || old->label_count + count > LABEL_LIMIT || type->rank + count - 1 > RANK_LIMIT ||
      !leads(dims, old, &old->result, type, label))
    return NULL;
  Equation *equation = arena_copy(builder->module->arena, old, sizeof *old);
  Access *accesses = arena_array(builder->module->arena, Access, old->operand_count);
  Label *labels = arena_array(builder->module->arena, Label, old->label_count + count - 1);
  memcpy(labels, old->labels, old->label_count * sizeof *labels);
  for (uint32_t i = 0; i < node->operand_count; i++) operands[i] = node->operands[i];
  for (uint32_t i = 0; i < old->operand_count; i++) {
    accesses[i] = old->operands[i];
    if (!access_uses_label(&old->operands[i], label)) continue;
    Value *from = joined_from(dims, node->operands[i], &own);
    if (!from || own != count || !same_parts(from, parts, count) || !leads(dims, old, &old->operands[i], &node->operands[i]->type, label))
      return NULL;
    operands[i] = from;
    accesses[i] = split_access(builder, &old->operands[i], label, old->label_count, count);
  }
  split_label(builder, labels, old->label_count, label, parts, count);
  equation->labels = labels;
  equation->label_count = old->label_count + count - 1;
  equation->operands = accesses;
  equation->result = split_access(builder, &old->result, label, old->label_count, count);
  Node *copy = node_copy(builder->module, node, operands);
  copy->equation = equation;
  region_insert_before(builder->region, builder->position, copy);
  Value *split = node_add_result(builder->module, copy, split_type(builder->module->arena, type, parts->type.dims, count), NULL);
  return joined_again(builder, split, type);
}

/* An operand of a map that is the same along the joined axis, over the axes as they were; null where it is not so. */
static Value *repeated_operand(Builder *builder, const Value *value, const Value *parts, uint32_t count) {
  const Node *view = value_view(value);
  uint32_t label;
  if (!view || !subscript_is_plain(&view->equation->result.subscripts[0], &label) ||
      !view_has_plain_result(builder->module->dims, view) || access_uses_label(&view->equation->operands[0], label))
    return NULL;
  Equation *equation = arena_copy(builder->module->arena, view->equation, sizeof *equation);
  Label *labels = arena_array(builder->module->arena, Label, equation->label_count + count - 1);
  if (equation->label_count + count > LABEL_LIMIT) return NULL;
  memcpy(labels, equation->labels, equation->label_count * sizeof *labels);
  split_label(builder, labels, equation->label_count, label, parts, count);
  equation->result = split_access(builder, &view->equation->result, label, equation->label_count, count);
  equation->labels = labels;
  equation->label_count += count - 1;
  Node *copy = node_copy(builder->module, view, view->operands);
  copy->equation = equation;
  region_insert_before(builder->region, builder->position, copy);
  return node_add_result(builder->module, copy, split_type(builder->module->arena, &value->type, parts->type.dims, count), NULL);
}

static Value *join_behind_map(Builder *builder, const Node *node) {
  DimContext *dims = builder->module->dims;
  const Type *type = &node->results[0]->type;
  Value *operands[3], *parts = NULL;
  uint32_t count = 0, own;
  for (uint32_t i = 0; i < node->operand_count && !parts; i++) parts = joined_from(dims, node->operands[i], &count);
  if (!parts || parts->type.rank != type->rank + count - 1) return NULL;
  for (uint32_t i = 0; i < node->operand_count; i++) {
    operands[i] = node->operands[i];
    if (!node->operands[i]->type.rank) continue;
    Value *from = joined_from(dims, node->operands[i], &own);
    bool alike = from && own == count && same_parts(from, parts, count);
    operands[i] = alike ? from : repeated_operand(builder, node->operands[i], parts, count);
    if (!operands[i]) return NULL;
  }
  Node *copy = node_copy(builder->module, node, operands);
  region_insert_before(builder->region, builder->position, copy);
  Value *split = node_add_result(builder->module, copy, split_type(builder->module->arena, type, parts->type.dims, count), NULL);
  return joined_again(builder, split, type);
}

static Value *join_behind_softmax(Builder *builder, const Node *node) {
  uint32_t count, axis = (uint32_t)node_int(node, "axis");
  Value *from = joined_from(builder->module->dims, node->operands[0], &count);
  if (!from || !axis) return NULL;
  Value *split = build_softmax(builder, from, axis + count - 1, node_int(node, "log"));
  return split ? joined_again(builder, split, &node->results[0]->type) : NULL;
}

Value *join_late(Builder *builder, const Node *node) {
  switch (node->kind) {
  case PRIMITIVE_MAP: return join_behind_map(builder, node);
  case PRIMITIVE_SOFTMAX: return join_behind_softmax(builder, node);
  case PRIMITIVE_VIEW:
  case PRIMITIVE_REDUCE:
  case PRIMITIVE_CONTRACT: return join_behind_equation(builder, node);
  default: return NULL;
  }
}
