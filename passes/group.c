/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/group.h"
#include "loop/cost.h"
#include "passes/contract_operands.h"

Group *group_create(Arena *arena, Value *root, uint32_t place) {
  Group *group = arena_new(arena, Group);
  const Equation *equation = node_reduces(root->producer) ? root->producer->equation : NULL;
  *group = (Group){.place = place, .root = root};
  group->axis_count = group->root_axis_count = equation ? equation->label_count : root->type.rank;
  group->extents = arena_array(arena, Dim, POINT_LIMIT);
  for (uint32_t i = 0; i < group->axis_count; i++)
    group->extents[i] = equation ? equation->labels[i].extent : root->type.dims[i];
  return group;
}

int8_t group_add_axis(Group *group, Dim extent) {
  if (group->axis_count == LABEL_LIMIT) return TAG_NONE;
  group->extents[group->axis_count] = extent;
  return (int8_t)group->axis_count++;
}

void group_root_axes(const Group *group, int8_t *axes) {
  for (uint32_t i = 0; i < group->root_axis_count; i++) axes[i] = (int8_t)i;
}

/* The tag of an axis whose subscript is made of labels that have tags. */
static int8_t tag_of_subscript(const Subscript *subscript, const int8_t *labels, Dim dim) {
  uint32_t label;
  if (dim_equals_constant(dim, 1)) return TAG_ONE;
  return labels && subscript_is_plain(subscript, &label) ? labels[label] : TAG_NONE;
}

void group_root_tags(const Group *group, int8_t *tags) {
  const Value *root = group->root;
  const Access *result = node_reduces(root->producer) ? &root->producer->equation->result : NULL;
  int8_t axes[POINT_LIMIT];
  group_root_axes(group, axes);
  for (uint32_t i = 0; i < root->type.rank; i++)
    tags[i] = result ? tag_of_subscript(&result->subscripts[i], axes, root->type.dims[i])
              : dim_equals_constant(root->type.dims[i], 1) ? TAG_ONE
                                                           : (int8_t)i;
}

/* Axes of extent 1 come and go. */
static void tags_through_reshape(const Type *from, const Type *to, const int8_t *own, int8_t *tags) {
  uint32_t j = 0;
  for (uint32_t i = 0; i < from->rank; i++) {
    tags[i] = TAG_ONE;
    if (dim_equals_constant(from->dims[i], 1)) continue;
    while (j < to->rank && dim_equals_constant(to->dims[j], 1)) j++;
    tags[i] = j < to->rank ? own[j++] : TAG_NONE;
  }
}

void group_operand_tags(const Node *node, uint32_t operand, const int8_t *own, const int8_t *axes, int8_t *tags) {
  const Type *type = &node->operands[operand]->type, *result = &node->results[0]->type;
  int8_t labels[POINT_LIMIT];
  for (uint32_t i = 0; i < type->rank; i++) tags[i] = TAG_NONE;
  if (node->kind == PRIMITIVE_RESHAPE) {
    tags_through_reshape(type, result, own, tags);
    return;
  }
  if (!node->equation) { /* a map: the operand has the result's dims, or none */
    for (uint32_t i = 0; i < type->rank && type->rank == result->rank; i++) tags[i] = own[i];
    return;
  }
  const Equation *equation = node->equation;
  if (operand >= equation->operand_count) return; /* a fill */
  for (uint32_t i = 0; i < equation->label_count; i++) labels[i] = axes ? axes[i] : TAG_NONE;
  for (uint32_t i = 0; !axes && i < equation->result.rank; i++) {
    uint32_t label;
    if (subscript_is_plain(&equation->result.subscripts[i], &label)) labels[label] = own[i];
  }
  for (uint32_t i = 0; i < type->rank; i++)
    tags[i] = tag_of_subscript(&equation->operands[operand].subscripts[i], labels, type->dims[i]);
}

/* The axes that stand in the tags, each once; false where an axis stands at none of the group's or two at one. */
static bool tagged_axes(const Group *group, const Type *type, const int8_t *tags, uint64_t *axes) {
  *axes = 0;
  for (uint32_t i = 0; i < type->rank; i++) {
    if (tags[i] == TAG_ONE) continue;
    if (tags[i] < 0 || *axes >> tags[i] & 1 || group->extents[tags[i]] != type->dims[i]) return false;
    *axes |= UINT64_C(1) << tags[i];
  }
  return true;
}

/* The root's. */
static uint64_t long_axes(const Group *group) {
  uint64_t axes = 0;
  for (uint32_t i = 0; i < group->root_axis_count; i++)
    if (!dim_equals_constant(group->extents[i], 1)) axes |= UINT64_C(1) << i;
  return axes;
}

/* The group's axis along which the data lie that a node reads at an operand; -1 where there is none such. */
static int32_t inner_axis(const Node *node, uint32_t operand, const int8_t *axes) {
  const Type *type = &node->operands[operand]->type;
  int8_t tags[RANK_LIMIT];
  group_operand_tags(node, operand, NULL, axes, tags);
  for (uint32_t i = type->rank; i-- > 0;)
    if (tags[i] != TAG_ONE) return tags[i];
  return -1;
}

/* The axis along which what the root writes or, where it reduces, reads is adjacent in memory. */
static int32_t lanes_axis(const Group *group) {
  const Node *node = group->root->producer;
  int8_t axes[POINT_LIMIT];
  if (group->takes_rows) return group->lanes;
  group_root_axes(group, axes);
  if (node_reduces(node)) return inner_axis(node, 0, axes);
  for (uint32_t i = group->root_axis_count; i-- > 0;)
    if (!dim_equals_constant(group->extents[i], 1)) return (int32_t)i;
  return -1;
}

/* The axes at which the root has results: all, unless it reduces some. */
static uint64_t result_axes(const Group *group) {
  const Value *root = group->root;
  int8_t tags[RANK_LIMIT];
  uint64_t axes = 0;
  if (!node_reduces(root->producer)) return long_axes(group);
  group_root_tags(group, tags);
  for (uint32_t i = 0; i < root->type.rank; i++)
    if (tags[i] >= 0) axes |= UINT64_C(1) << tags[i];
  return axes;
}

/* The last axis of a value that is longer than 1. */
static int32_t last_axis(const Type *type, const int8_t *tags) {
  for (uint32_t i = type->rank; i-- > 0;)
    if (tags[i] != TAG_ONE) return tags[i];
  return -1;
}

bool group_take_rows(Group *group, const Type *rows, const int8_t *tags, int8_t lanes) {
  uint64_t axes;
  if (lanes < 0 || group->indexed || group->stage_count || !tagged_axes(group, rows, tags, &axes) || last_axis(rows, tags) != lanes)
    return false;
  uint64_t outer = axes & ~(UINT64_C(1) << lanes);
  if (!outer || outer & ~result_axes(group)) return false;
  group->takes_rows = true;
  group->kept = axes;
  group->lanes = lanes;
  group->outer = outer;
  return true;
}

bool group_may_keep(const Group *group, const Type *type, const int8_t *tags) {
  uint64_t axes;
  return group->takes_rows && group->stage_count < GROUP_STAGE_LIMIT && tagged_axes(group, type, tags, &axes) && axes == group->kept &&
         last_axis(type, tags) == group->lanes;
}

bool group_is_row_number(const Group *group, const Type *type, const int8_t *tags) {
  uint64_t axes;
  int32_t lanes = lanes_axis(group);
  if (lanes < 0 || !tagged_axes(group, type, tags, &axes)) return false;
  return group->takes_rows ? group->stage_count && !(axes & ~group->outer) : !group->reduction && !(axes >> lanes & 1);
}

bool group_is_everywhere(const Group *group, const Type *type, const int8_t *tags) {
  uint64_t axes;
  if (!tagged_axes(group, type, tags, &axes) || axes != long_axes(group)) return false;
  int8_t last = -1;
  for (uint32_t i = 0; i < type->rank; i++) {
    if (tags[i] == TAG_ONE) continue;
    if (tags[i] < last) return false;
    last = tags[i];
  }
  return true;
}

/* One worker for each row is enough where there are many, or where all is little. */
static bool rows_suffice(const Group *group, uint64_t outer) {
  double rows = 1, points = 1;
  int64_t extent;
  for (uint32_t i = 0; i < group->axis_count; i++) {
    if (!dim_is_constant(group->extents[i], &extent)) {
      if (outer >> i & 1) return true;
      continue;
    }
    points *= (double)extent;
    if (outer >> i & 1) rows *= (double)extent;
  }
  return rows >= COST_GROUP_ROWS || points <= COST_GROUP_POINTS;
}

/* Gives each label its axis: those of the result have that of their tag, the others the one at which the operand is read
   anyway or, where that is not known, an axis of the group that is not outer, in order. */
static bool axes_of_labels(const Group *group, const Node *node, const int8_t *tags, const int8_t *operand, uint64_t outer, int8_t *axes) {
  const Equation *equation = node->equation;
  const Access *own = &equation->operands[0];
  uint64_t used = outer;
  for (uint32_t i = 0; i < equation->label_count; i++) axes[i] = TAG_NONE;
  for (uint32_t i = 0; i < equation->result.rank; i++) {
    uint32_t label;
    if (subscript_is_plain(&equation->result.subscripts[i], &label))
      axes[label] = tags[i];
    else if (equation->result.subscripts[i].term_count)
      return false;
  }
  uint32_t reduced[LABEL_LIMIT], count = contract_reduced_labels(node, reduced);
  for (uint32_t label = 0; label < equation->label_count; label++) {
    bool sums = false;
    for (uint32_t i = 0; i < count; i++) sums = sums || reduced[i] == label;
    if (!sums) continue;
    Dim extent = equation->labels[label].extent;
    if (dim_equals_constant(extent, 1)) {
      axes[label] = TAG_ONE;
      continue;
    }
    int32_t at = operand ? access_axis_of_label(own, label) : -1;
    if (at >= 0 && operand[at] >= 0 && !(used >> operand[at] & 1) && group->extents[operand[at]] == extent) axes[label] = operand[at];
    for (uint32_t a = 0; a < group->root_axis_count && axes[label] == TAG_NONE; a++)
      if (!(used >> a & 1) && group->extents[a] == extent) axes[label] = (int8_t)a;
    if (axes[label] == TAG_NONE) return false;
    used |= UINT64_C(1) << axes[label];
  }
  return true;
}

bool group_join_rows(Group *group, Value *value, const int8_t *tags, const int8_t *operand, int8_t *axes) {
  const Node *node = value->producer, *root = group->root->producer;
  uint64_t outer;
  int32_t lanes = lanes_axis(group);
  if (node->kind != PRIMITIVE_REDUCE || (!group->takes_rows && (root->kind == PRIMITIVE_CONTRACT || group->reduction)) ||
      group->stage_count == GROUP_STAGE_LIMIT || node->parent != root->parent || lanes < 0 ||
      !tagged_axes(group, &value->type, tags, &outer) || outer >> lanes & 1 || outer & ~result_axes(group))
    return false;
  if (group->takes_rows || group->stage_count ? outer != group->outer : !rows_suffice(group, outer)) return false;
  if (!axes_of_labels(group, node, tags, operand, outer, axes) || inner_axis(node, 0, axes) != lanes) return false;
  for (uint32_t i = 0; group->takes_rows && i < node->equation->label_count; i++)
    if (axes[i] >= 0 && !(group->kept >> axes[i] & 1)) return false;
  group->outer = outer;
  group->stages[group->stage_count++] = value;
  return true;
}

bool group_join_stored(Group *group, Value *value, const int8_t *tags) {
  uint64_t axes;
  if (!group->stage_count || group->takes_rows || group->stage_count == GROUP_STAGE_LIMIT ||
      value->producer->parent != group->root->producer->parent || !tagged_axes(group, &value->type, tags, &axes) ||
      group->outer & ~axes)
    return false;
  group->stages[group->stage_count++] = value;
  return true;
}
