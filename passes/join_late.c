/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/join_late.h"
#include "passes/contract_operands.h"
#include "passes/reshape_groups.h"
#include <string.h>

/* A reshape that joins neighbouring axes, more than one of them longer than 1, and leaves the others as they are. */
typedef struct Join {
  Value *from;    /* what is reshaped; null where a value is no such reshape */
  uint32_t axis;  /* of the reshape's result, and the first of the joined ones */
  uint32_t count; /* of these */
} Join;

static Join joined_from(DimContext *dims, const Value *value) {
  static const Join none = {0};
  const Node *reshape = value->producer;
  ReshapeGroups groups;
  Join join = {0};
  uint32_t wide = 0;
  if (!reshape || reshape->kind != PRIMITIVE_RESHAPE || !reshape_groups(dims, &reshape->operands[0]->type, &value->type, &groups))
    return none;
  for (uint32_t g = 0; g < groups.count; g++) {
    uint32_t from = groups.from_start[g + 1] - groups.from_start[g], to = groups.to_start[g + 1] - groups.to_start[g];
    if (to != 1 || !from || (from > 1 && join.count)) return none;
    if (from > 1) join = (Join){reshape->operands[0], groups.to_start[g], from};
  }
  for (uint32_t i = 0; i < join.count; i++) wide += !dim_equals_constant(join.from->type.dims[join.axis + i], 1);
  return wide > 1 ? join : none;
}

static const Dim *parts_of(const Join *join) { return join->from->type.dims + join->axis; }

static bool same_parts(const Join *a, const Join *b) {
  if (!a->from || !b->from || a->count != b->count) return false;
  for (uint32_t i = 0; i < a->count; i++)
    if (parts_of(a)[i] != parts_of(b)[i]) return false;
  return true;
}

/* The type with the axis in the join's parts. */
static Type split_type(Arena *arena, const Type *type, uint32_t axis, const Join *join) {
  Dim dims[2 * RANK_LIMIT];
  memcpy(dims, type->dims, axis * sizeof *dims);
  memcpy(dims + axis, parts_of(join), join->count * sizeof *dims);
  memcpy(dims + axis + join->count, type->dims + axis + 1, (type->rank - axis - 1) * sizeof *dims);
  return type_tensor(arena, type->element, type->rank + join->count - 1, dims);
}

static Value *joined_again(Builder *builder, Value *value, const Type *type) {
  return build_reshape(builder, value, type->rank, type->dims);
}

/* The access with `count` labels in the place of its subscript `axis`: `label`, and others from `more` on. */
static Access split_access(Builder *builder, const Access *access, uint32_t axis, uint32_t label, uint32_t more, uint32_t count) {
  Subscript *subscripts = arena_array(builder->module->arena, Subscript, access->rank + count - 1);
  memcpy(subscripts, access->subscripts, axis * sizeof *subscripts);
  for (uint32_t i = 0; i < count; i++) subscripts[axis + i] = plain_subscript(builder->module, i ? more + i - 1 : label);
  memcpy(subscripts + axis + count, access->subscripts + axis + 1, (access->rank - axis - 1) * sizeof *subscripts);
  return (Access){access->rank + count - 1, subscripts};
}

/* The label becomes the first of the parts, and the others labels behind those that are there. */
static void split_label(Builder *builder, Label *labels, uint32_t label_count, uint32_t label, const Join *join) {
  Arena *arena = builder->module->arena;
  labels[label].extent = parts_of(join)[0];
  for (uint32_t k = 1; k < join->count; k++) {
    uint32_t own = label_count + k - 1;
    labels[own] = (Label){.name = split_label_name(arena, labels, own, labels[label].name), .extent = parts_of(join)[k]};
  }
}

/* Whether the value is the same all along the axis because a view repeats it there, maybe under views that move axes. */
static bool repeats_along(DimContext *dims, const Value *value, uint32_t axis) {
  const Node *view = value_view(value);
  uint32_t label;
  if (!view || !view_has_plain_result(dims, view) || !subscript_is_plain(&view->equation->result.subscripts[axis], &label))
    return false;
  const Access *access = &view->equation->operands[0];
  if (!access_uses_label(access, label)) return true;
  int32_t inner = access_whole_axis(dims, view->equation, access, &view->operands[0]->type, label);
  return inner >= 0 && repeats_along(dims, view->operands[0], (uint32_t)inner);
}

/* Whether one of the joined axes only repeats what is there, as those of grouped queries do with keys and values. */
static bool joins_repeats(DimContext *dims, const Join *join) {
  for (uint32_t i = 0; i < join->count; i++)
    if (repeats_along(dims, join->from, join->axis + i)) return true;
  return false;
}

/* The value with the axis in the join's parts, which it is not made of. */
static Value *split_value(Builder *builder, Value *value, uint32_t axis, const Join *join) {
  Type type = split_type(builder->module->arena, &value->type, axis, join);
  while (value->producer && value->producer->kind == PRIMITIVE_RESHAPE) value = value->producer->operands[0];
  return build_reshape(builder, value, type.rank, type.dims);
}

/* A node with an equation in which the joined axis is a label: it becomes as many labels, wherever it stands. An operand that
   is not joined of the same axes is split where that spares a copy of what another one repeats. */
static Value *join_behind_equation(Builder *builder, const Node *node) {
  DimContext *dims = builder->module->dims;
  const Equation *old = node->equation;
  const Type *type = &node->results[0]->type;
  Value *operands[2];
  Join join = {0};
  uint32_t label = 0, own_label;
  if (old->operand_count > 2) return NULL;
  for (uint32_t i = 0; i < old->operand_count; i++) {
    Join own = joined_from(dims, node->operands[i]);
    if (access_slides(&old->operands[i])) return NULL;
    if (own.from && (!join.from || joins_repeats(dims, &own)) && subscript_is_plain(&old->operands[i].subscripts[own.axis], &own_label)) {
      join = own;
      label = own_label;
    }
  }
  if (!join.from) return NULL;
  bool splits = node->kind == PRIMITIVE_CONTRACT && joins_repeats(dims, &join);
  int32_t result_axis = access_whole_axis(dims, old, &old->result, type, label);
  if (result_axis < 0 || old->label_count + join.count > LABEL_LIMIT || type->rank + join.count - 1 > RANK_LIMIT) return NULL;
  Equation *equation = arena_copy(builder->module->arena, old, sizeof *old);
  Access *accesses = arena_array(builder->module->arena, Access, old->operand_count);
  Label *labels = arena_array(builder->module->arena, Label, old->label_count + join.count - 1);
  memcpy(labels, old->labels, old->label_count * sizeof *labels);
  for (uint32_t i = 0; i < node->operand_count; i++) operands[i] = node->operands[i];
  for (uint32_t i = 0; i < old->operand_count; i++) {
    accesses[i] = old->operands[i];
    if (!access_uses_label(&old->operands[i], label)) continue;
    Join own = joined_from(dims, node->operands[i]);
    int32_t axis = access_whole_axis(dims, old, &old->operands[i], &node->operands[i]->type, label);
    bool alike = same_parts(&own, &join) && axis == (int32_t)own.axis;
    if (axis < 0 || !(alike || splits) || node->operands[i]->type.rank + join.count - 1 > RANK_LIMIT) return NULL;
    operands[i] = alike ? own.from : split_value(builder, node->operands[i], (uint32_t)axis, &join);
    accesses[i] = split_access(builder, &old->operands[i], (uint32_t)axis, label, old->label_count, join.count);
  }
  split_label(builder, labels, old->label_count, label, &join);
  equation->labels = labels;
  equation->label_count = old->label_count + join.count - 1;
  equation->operands = accesses;
  equation->result = split_access(builder, &old->result, (uint32_t)result_axis, label, old->label_count, join.count);
  Node *copy = node_copy(builder->module, node, operands);
  copy->equation = equation;
  region_insert_before(builder->region, builder->position, copy);
  Value *split = node_add_result(builder->module, copy, split_type(builder->module->arena, type, (uint32_t)result_axis, &join), NULL);
  return joined_again(builder, split, type);
}

/* An operand of a map that is the same along the joined axis, over the axes as they were; null where it is not so. */
static Value *repeated_operand(Builder *builder, const Value *value, const Join *join) {
  const Node *view = value_view(value);
  uint32_t label;
  if (!view || !subscript_is_plain(&view->equation->result.subscripts[join->axis], &label) ||
      !view_has_plain_result(builder->module->dims, view) || access_uses_label(&view->equation->operands[0], label))
    return NULL;
  Equation *equation = arena_copy(builder->module->arena, view->equation, sizeof *equation);
  Label *labels = arena_array(builder->module->arena, Label, equation->label_count + join->count - 1);
  if (equation->label_count + join->count > LABEL_LIMIT) return NULL;
  memcpy(labels, equation->labels, equation->label_count * sizeof *labels);
  split_label(builder, labels, equation->label_count, label, join);
  equation->result = split_access(builder, &view->equation->result, join->axis, label, equation->label_count, join->count);
  equation->labels = labels;
  equation->label_count += join->count - 1;
  Node *copy = node_copy(builder->module, view, view->operands);
  copy->equation = equation;
  region_insert_before(builder->region, builder->position, copy);
  return node_add_result(builder->module, copy, split_type(builder->module->arena, &value->type, join->axis, join), NULL);
}

static Value *join_behind_map(Builder *builder, const Node *node) {
  DimContext *dims = builder->module->dims;
  const Type *type = &node->results[0]->type;
  Value *operands[3];
  Join join = {0};
  for (uint32_t i = 0; i < node->operand_count && !join.from; i++) join = joined_from(dims, node->operands[i]);
  if (!join.from || join.from->type.rank != type->rank + join.count - 1) return NULL;
  for (uint32_t i = 0; i < node->operand_count; i++) {
    operands[i] = node->operands[i];
    if (!node->operands[i]->type.rank) continue;
    Join own = joined_from(dims, node->operands[i]);
    bool alike = same_parts(&own, &join) && own.axis == join.axis;
    operands[i] = alike ? own.from : repeated_operand(builder, node->operands[i], &join);
    if (!operands[i]) return NULL;
  }
  Node *copy = node_copy(builder->module, node, operands);
  region_insert_before(builder->region, builder->position, copy);
  Value *split = node_add_result(builder->module, copy, split_type(builder->module->arena, type, join.axis, &join), NULL);
  return joined_again(builder, split, type);
}

static Value *join_behind_softmax(Builder *builder, const Node *node) {
  Join join = joined_from(builder->module->dims, node->operands[0]);
  uint32_t axis = (uint32_t)node_int(node, "axis");
  if (!join.from || axis == join.axis) return NULL;
  Value *split = build_softmax(builder, join.from, axis > join.axis ? axis + join.count - 1 : axis, node_int(node, "log"));
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
