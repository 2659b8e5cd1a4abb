/* SPDX-License-Identifier: Apache-2.0 */
/* An elementwise node over what is repeated alike is computed before it is repeated: mul(view(a), view(b)) is
   view(mul(a, b)). So a bias times a factor per channel is a constant of channels, not of images. A contraction reads what is
   repeated as it was before: so the keys and values of grouped queries are not copied. */
#include "passes/passes.h"
#include "passes/reshape_groups.h"
#include "passes/rewrite.h"
#include <string.h>

/* The view reads every element of its operand, all equally often and more than once. */
static bool repeats(DimContext *dims, const Value *value) {
  const Node *view = value_view(value);
  if (!view || !view_has_plain_result(dims, view)) return false;
  const Equation *equation = view->equation;
  const Access *access = &equation->operands[0];
  uint32_t read = 0;
  for (uint32_t i = 0; i < access->rank; i++) {
    int64_t at;
    uint32_t label;
    if (subscript_is_plain(&access->subscripts[i], &label)) {
      if (access_whole_axis(dims, equation, access, &view->operands[0]->type, label) < 0) return false;
      read++;
    } else if (!subscript_is_constant(&access->subscripts[i], &at) || at != 0 ||
               !dim_equals_constant(view->operands[0]->type.dims[i], 1)) {
      return false;
    }
  }
  return read < equation->label_count;
}

static Value *lift(Rewriter *rewriter, Node *map) {
  Module *module = rewriter->module;
  Value *operands[3];
  const Node *first = NULL;
  if (map->kind != PRIMITIVE_MAP) return NULL;
  for (uint32_t i = 0; i < map->operand_count; i++) {
    Value *operand = map->operands[i];
    operands[i] = operand;
    if (!operand->type.rank) continue;
    if (!repeats(module->dims, operand)) return NULL;
    const Node *view = operand->producer;
    if (first && (!equation_equal(first->equation, view->equation) ||
                  !type_same_dims(&first->operands[0]->type, &view->operands[0]->type)))
      return NULL;
    if (!first) first = view;
    operands[i] = view->operands[0];
  }
  if (!first) return NULL;
  Type type = first->operands[0]->type, result = map->results[0]->type;
  type.element = result.element;
  Node *copy = node_copy(module, map, operands);
  region_insert_before(map->parent, map, copy);
  Value *small = node_add_result(module, copy, type, NULL);
  Node *view = node_create(module, PRIMITIVE_VIEW, &small, 1, map->location);
  view->equation = first->equation;
  region_insert_before(map->parent, map, view);
  return node_add_result(module, view, result, map->results[0]->name);
}

/* The access to what a reshape adds axes of extent 1 to, as one to its result is; false where it does more. */
static bool through_added_axes(DimContext *dims, const Node *reshape, const Access *access, Subscript *subscripts) {
  const Type *from = &reshape->operands[0]->type, *to = &reshape->results[0]->type;
  ReshapeGroups groups;
  if (!reshape_groups(dims, from, to, &groups)) return false;
  for (uint32_t g = 0; g < groups.count; g++) {
    uint32_t kept = 0;
    int64_t at;
    if (groups.from_start[g + 1] != groups.from_start[g] + 1) return false;
    for (uint32_t i = groups.to_start[g]; i < groups.to_start[g + 1]; i++) {
      if (to->dims[i] != from->dims[groups.from_start[g]] || kept) {
        if (!dim_equals_constant(to->dims[i], 1) || !subscript_is_constant(&access->subscripts[i], &at) || at) return false;
      } else {
        subscripts[groups.from_start[g]] = access->subscripts[i];
        kept++;
      }
    }
    if (!kept) return false;
  }
  return true;
}

/* Whether the node takes the same part of its points without that axis of the operand: a label goes from end to end there, and
   is one of a contraction's other operand too. */
static bool can_drop(DimContext *dims, const Node *node, uint32_t operand, uint32_t axis) {
  const Equation *equation = node->equation;
  uint32_t label;
  return subscript_is_plain(&equation->operands[operand].subscripts[axis], &label) &&
         access_whole_axis(dims, equation, &equation->operands[operand], &node->operands[operand]->type, label) >= 0 &&
         (node->kind != PRIMITIVE_CONTRACT || access_uses_label(&equation->operands[1 - operand], label));
}

/* A node that says for each label which element it reads: a contraction of two, or a view that fills nothing. */
static bool reads_points(const Node *node) {
  return (node->kind == PRIMITIVE_CONTRACT && node->operand_count == 2) || (node->kind == PRIMITIVE_VIEW && node->operand_count == 1);
}

/* The contraction, or the view, reads what the operand repeats. */
static bool read_unrepeated(Module *module, Node *node, uint32_t operand) {
  const Node *view = node->operands[operand]->producer;
  const Access *outer = &node->equation->operands[operand], *inner = &view->equation->operands[0];
  Value *value = view->operands[0];
  Access access = {inner->rank, arena_array(module->arena, Subscript, inner->rank)};
  Subscript *subscripts = (Subscript *)access.subscripts;
  memcpy(subscripts, inner->subscripts, inner->rank * sizeof *subscripts);
  for (uint32_t k = 0; k < outer->rank; k++) {
    uint32_t i = 0;
    while (i < inner->rank && !subscript_equal(&inner->subscripts[i], &view->equation->result.subscripts[k])) i++;
    if (i < inner->rank)
      subscripts[i] = outer->subscripts[k];
    else if (!can_drop(module->dims, node, operand, k))
      return false;
  }
  if (value->producer && value->producer->kind == PRIMITIVE_RESHAPE && value->producer->operands[0]->type.rank) {
    uint32_t rank = value->producer->operands[0]->type.rank;
    Subscript *before = arena_array(module->arena, Subscript, rank);
    if (through_added_axes(module->dims, value->producer, &access, before)) {
      access = (Access){rank, before};
      value = value->producer->operands[0];
    }
  }
  Equation *equation = arena_copy(module->arena, node->equation, sizeof *equation);
  Access *operands = arena_copy(module->arena, equation->operands, equation->operand_count * sizeof *operands);
  operands[operand] = access;
  equation->operands = operands;
  node->equation = equation;
  node->operands[operand] = value;
  return true;
}

static Value *read_as_before(Rewriter *rewriter, Node *node) {
  for (uint32_t i = 0; i < node->operand_count && reads_points(node); i++)
    if (repeats(rewriter->module->dims, node->operands[i]) && read_unrepeated(rewriter->module, node, i)) rewriter->changed = true;
  return NULL;
}

bool pass_lift_repeats(Module *module) {
  static const RewriteRule rules[] = {lift, read_as_before};
  return rewrite_module(module, rules, sizeof rules / sizeof *rules);
}
