/* SPDX-License-Identifier: Apache-2.0 */
/* Channels-last inside. Every value gets an order of its axes in memory; results of convolutions have their
   channels last, and whatever depends on them follows, so that hardly anything is transposed. Orders become
   the dims themselves: equations, concatenations and softmaxes are relabelled, which costs nothing; where a
   node needs another order than a value has, a view transposes it. Arguments and results of an entry keep the
   model's order. */
#include "passes/constant_values.h"
#include "passes/layout_internal.h"
#include "passes/passes.h"
#include "passes/reshape_groups.h"
#include <string.h>

const Order *layout_order(const Layout *layout, const Value *value) {
  return value->id < layout->value_count ? layout->orders[value->id] : NULL;
}

bool layout_is_constant(const Layout *layout, const Value *value) {
  return value->id < layout->value_count && layout->constant[value->id];
}

const Order *order_create(Layout *layout, const uint8_t *axes, uint32_t rank) {
  bool identity = true;
  for (uint32_t i = 0; i < rank; i++) identity = identity && axes[i] == i;
  if (identity) return NULL;
  Order *order = arena_new(layout->module->arena, Order);
  memcpy(order->axes, axes, rank);
  return order;
}

static bool same_order(const Order *a, const Order *b, uint32_t rank) {
  for (uint32_t i = 0; i < rank; i++)
    if (order_axis(a, i) != order_axis(b, i)) return false;
  return true;
}

/* --- What order a node's result should have. --- */

/* Whether the subscript uses the label, or an index that does. */
static bool follows_label(const Equation *equation, const Subscript *subscript, uint32_t label) {
  for (uint32_t i = 0; i < subscript->term_count; i++) {
    uint32_t index = equation->labels[subscript->terms[i].label].index;
    if (subscript->terms[i].label == label || (index && access_uses_label(&equation->operands[index], label))) return true;
  }
  return false;
}

/* The axis of the first operand, seen in its order, at which a label stands first; the rank where it does not. */
static uint32_t place_of_label(const Layout *layout, const Node *node, uint32_t label) {
  const Access *access = &node->equation->operands[0];
  const Order *order = layout_order(layout, node->operands[0]);
  for (uint32_t i = 0; i < access->rank; i++)
    if (follows_label(node->equation, &access->subscripts[order_axis(order, i)], label)) return i;
  return access->rank;
}

/* Result axes in the order in which the operand has what they are made of; those that it lacks stay where
   they are among the others. */
static const Order *follow(Layout *layout, const Node *node) {
  const Equation *equation = node->equation;
  uint32_t rank = equation->result.rank, places[RANK_LIMIT], last = 0;
  uint8_t axes[RANK_LIMIT];
  if (!layout_order(layout, node->operands[0]) && node->kind == PRIMITIVE_REDUCE) return NULL;
  for (uint32_t i = 0; i < rank; i++) {
    const Subscript *subscript = &equation->result.subscripts[i];
    uint32_t place = equation->operands[0].rank;
    for (uint32_t j = 0; j < subscript->term_count; j++) {
      uint32_t own = place_of_label(layout, node, subscript->terms[j].label);
      if (own < place) place = own;
    }
    if (place == equation->operands[0].rank) place = last; /* beside its neighbour */
    last = place;
    uint32_t at = i;
    for (; at > 0 && places[at - 1] > place; at--) {
      places[at] = places[at - 1];
      axes[at] = axes[at - 1];
    }
    places[at] = place;
    axes[at] = (uint8_t)i;
  }
  return order_create(layout, axes, rank);
}

/* A guess for symbolic dims. */
static double size_of(const Value *value) {
  double product = 1;
  int64_t extent;
  for (uint32_t i = 0; i < value->type.rank; i++)
    product *= dim_is_constant(value->type.dims[i], &extent) ? (double)extent : 64.0;
  return product;
}

/* What repeats a smaller tensor can do so in any order. */
static bool is_broadcast(const Value *value) {
  const Node *producer = value->producer;
  return producer && producer->kind == PRIMITIVE_VIEW && size_of(producer->operands[0]) < size_of(value);
}

/* An order that operands have, and how many elements they have. */
typedef struct OrderVote {
  const Order *order;
  double elements;
  uint32_t first; /* operand that is no broadcast; UINT32_MAX: none */
} OrderVote;

/* The order of most elements among the operands of the result's rank, if one that is no broadcast has it; the first where
   alike. */
static const Order *order_of_majority(Layout *layout, const Node *node) {
  uint32_t rank = node->results[0]->type.rank, count = 0;
  OrderVote *votes = arena_array(layout->builder.module->arena, OrderVote, node->operand_count);
  for (uint32_t i = 0; i < node->operand_count; i++) {
    const Value *value = node->operands[i];
    if (!value || value->type.rank != rank || layout_is_constant(layout, value)) continue;
    const Order *order = layout_order(layout, value);
    uint32_t at = 0;
    while (at < count && !same_order(votes[at].order, order, rank)) at++;
    if (at == count) votes[count++] = (OrderVote){order, 0, UINT32_MAX};
    votes[at].elements += size_of(value);
    if (votes[at].first == UINT32_MAX && !is_broadcast(value)) votes[at].first = i;
  }
  const OrderVote *best = NULL;
  for (uint32_t i = 0; i < count; i++)
    if (votes[i].first != UINT32_MAX && votes[i].elements > 0 &&
        (!best || votes[i].elements > best->elements ||
         (votes[i].elements == best->elements && votes[i].first < best->first)))
      best = &votes[i];
  return best ? best->order : NULL;
}

/* Where the operand's order keeps every group whole, the reshape works within it: groups in the operand's
 * order. */
static const Order *order_of_reshape(Layout *layout, const Node *node, bool *possible) {
  const Value *operand = node->operands[0];
  const Order *order = layout_order(layout, operand);
  ReshapeGroups groups;
  uint8_t axes[RANK_LIMIT];
  uint32_t count = 0;
  *possible = true;
  if (!order) return NULL;
  Dim dims[RANK_LIMIT]; /* in the model's order: the operand's type is in memory's already */
  for (uint32_t i = 0; i < operand->type.rank; i++) dims[order->axes[i]] = operand->type.dims[i];
  Type from = operand->type;
  from.dims = dims;
  *possible = reshape_groups(layout->module->dims, &from, &node->results[0]->type, &groups);
  for (uint32_t position = 0; *possible && position < operand->type.rank;) {
    uint32_t axis = order->axes[position], g = 0;
    while (g + 1 < groups.count && groups.from_start[g + 1] <= axis) g++;
    while (groups.from_start[g] == groups.from_start[g + 1]) g++; /* cannot be: every axis is in a group */
    for (uint32_t k = groups.from_start[g]; k < groups.from_start[g + 1]; k++, position++)
      if (position >= operand->type.rank || order->axes[position] != k) *possible = false;
    for (uint32_t k = groups.to_start[g]; k < groups.to_start[g + 1]; k++) axes[count++] = (uint8_t)k;
  }
  for (uint32_t g = 0; *possible && g < groups.count; g++) /* new axes of extent 1 with nothing behind them */
    if (groups.from_start[g] == groups.from_start[g + 1])
      for (uint32_t k = groups.to_start[g]; k < groups.to_start[g + 1]; k++) axes[count++] = (uint8_t)k;
  return *possible && count == node->results[0]->type.rank ? order_create(layout, axes, count)
                                                           : (*possible = false, NULL);
}

/* --- Rewriting: types and equations in memory's order. --- */

static void reorder_type(Layout *layout, Value *value, const Order *order) {
  Dim dims[RANK_LIMIT];
  if (!order) return;
  for (uint32_t i = 0; i < value->type.rank; i++) dims[i] = value->type.dims[order->axes[i]];
  value->type.dims = arena_copy(layout->module->arena, dims, value->type.rank * sizeof *dims);
  value->tracked = NULL;
}

static Access reorder_access(Layout *layout, const Access *access, const Order *order) {
  Subscript *subscripts = arena_array(layout->module->arena, Subscript, access->rank);
  for (uint32_t i = 0; i < access->rank; i++) subscripts[i] = access->subscripts[order_axis(order, i)];
  return (Access){access->rank, subscripts};
}

static void reorder_equation(Layout *layout, Node *node, const Order *result) {
  Equation *equation = arena_copy(layout->module->arena, node->equation, sizeof *node->equation);
  Access *operands = arena_array(layout->module->arena, Access, equation->operand_count);
  for (uint32_t i = 0; i < equation->operand_count; i++)
    operands[i] = reorder_access(layout, &equation->operands[i], layout_order(layout, node->operands[i]));
  equation->operands = operands;
  equation->result = reorder_access(layout, &equation->result, result);
  node->equation = equation;
}

/* Two views would be one after the other: the view once more, with its result's axes permuted. */
static Value *permuted_view(Layout *layout, const Node *view, const uint32_t *permutation) {
  Module *module = layout->module;
  const Type *type = &view->results[0]->type;
  Dim dims[RANK_LIMIT];
  Subscript *subscripts = arena_array(module->arena, Subscript, type->rank);
  for (uint32_t i = 0; i < type->rank; i++) {
    dims[i] = type->dims[permutation[i]];
    subscripts[i] = view->equation->result.subscripts[permutation[i]];
  }
  Equation *equation = arena_copy(module->arena, view->equation, sizeof *view->equation);
  equation->result.subscripts = subscripts;
  Node *node = node_create(module, PRIMITIVE_VIEW, view->operands, view->operand_count, view->location);
  node->equation = equation;
  region_insert_before(layout->builder.region, layout->builder.position, node);
  return node_add_result(module, node, type_tensor(module->arena, type->element, type->rank, dims), NULL);
}

Value *layout_permute(Layout *layout, Value *value, const uint32_t *permutation) {
  if (value->producer && value->producer->kind == PRIMITIVE_VIEW)
    return permuted_view(layout, value->producer, permutation);
  return build_transpose(&layout->builder, value, permutation);
}

/* The value in another order: itself, or a view of it before the node. */
static Value *in_order(Layout *layout, Value *value, const Order *wanted) {
  const Order *own = layout_order(layout, value);
  uint32_t rank = value->type.rank, permutation[RANK_LIMIT];
  if (same_order(own, wanted, rank)) return value;
  for (uint32_t i = 0; i < rank; i++)
    for (uint32_t k = 0; k < rank; k++)
      if (order_axis(own, k) == order_axis(wanted, i)) permutation[i] = k;
  return layout_permute(layout, value, permutation);
}

static void operands_in_order(Layout *layout, Node *node, const Order *wanted, uint32_t rank) {
  for (uint32_t i = 0; i < node->operand_count; i++)
    if (node->operands[i] && node->operands[i]->type.rank == rank)
      node->operands[i] = in_order(layout, node->operands[i], wanted);
}

/* The axis attribute counts in memory's order from now on. */
static void reorder_axis(Layout *layout, Node *node, const Order *order, uint32_t rank) {
  Attribute *attributes =
      arena_copy(layout->module->arena, node->attributes, node->attribute_count * sizeof *node->attributes);
  for (uint32_t k = 0; k < node->attribute_count; k++) {
    if (strcmp(attributes[k].name, "axis") != 0) continue;
    uint32_t position = 0;
    while (position < rank && order_axis(order, position) != (uint32_t)attributes[k].integer) position++;
    attributes[k].integer = position;
  }
  node->attributes = attributes;
}

static void layout_region(Layout *layout, Region *region);

static void layout_node(Layout *layout, Node *node) {
  const Order *order = NULL;
  uint32_t rank = node->result_count ? node->results[0]->type.rank : 0;
  bool possible;
  layout->builder.position = node;
  layout->builder.location = node->location;
  layout->builder.region = node->parent;
  switch (node->kind) {
  case PRIMITIVE_MAP:
    order = order_of_majority(layout, node);
    operands_in_order(layout, node, order, rank);
    break;
  case PRIMITIVE_VIEW:
  case PRIMITIVE_GATHER:
  case PRIMITIVE_REDUCE:
    order = follow(layout, node);
    reorder_equation(layout, node, order);
    break;
  case PRIMITIVE_CONTRACT:
    order = layout_order_of_contraction(layout, node);
    reorder_equation(layout, node, order);
    layout_contraction_operands(layout, node);
    break;
  case PRIMITIVE_CONCAT:
  case PRIMITIVE_SOFTMAX:
    order = order_of_majority(layout, node);
    operands_in_order(layout, node, order, rank);
    reorder_axis(layout, node, order, rank);
    if (node->kind == PRIMITIVE_SOFTMAX) node->results[0]->replacement = layout_softmax_steps(layout, node);
    break;
  case PRIMITIVE_RESHAPE:
    order = order_of_reshape(layout, node, &possible);
    if (!possible) operands_in_order(layout, node, NULL, node->operands[0]->type.rank);
    break;
  default: /* everything else takes and makes the model's order */
    for (uint32_t i = 0; i < node->operand_count; i++)
      if (node->operands[i]) node->operands[i] = in_order(layout, node->operands[i], NULL);
    for (uint32_t i = 0; i < node->region_count; i++) layout_region(layout, node->regions[i]);
    break;
  }
  if (!node->result_count || !order) return;
  layout->orders[node->results[0]->id] = order;
  reorder_type(layout, node->results[0], order);
}

static void layout_region(Layout *layout, Region *region) {
  for (Node *node = region->first, *next; node; node = next) {
    next = node->next;
    layout_node(layout, node);
  }
  layout->builder.region = region;
  layout->builder.position = NULL;
  for (uint32_t i = 0; i < region->result_count; i++) {
    const Node *producer = region->results[i]->producer;
    if (producer) layout->builder.location = producer->location;
    region->results[i] = in_order(layout, region->results[i], NULL);
  }
}

/* Transposes that the orders have made to nothing. */
static void drop_identities(Region *region) {
  for (Node *node = region->first; node; node = node->next) {
    for (uint32_t i = 0; i < node->region_count; i++) drop_identities(node->regions[i]);
    if (node->kind == PRIMITIVE_VIEW && view_is_identity(node))
      node->results[0]->replacement = node->operands[0];
  }
}

bool pass_layout(Module *module) {
  Layout layout = {.module = module, .builder = {.module = module}, .value_count = module->value_count};
  layout.orders = arena_array(module->arena, const Order *, module->value_count);
  layout.constant = constant_values(module);
  for (size_t i = 0; i < module->entry_count; i++) {
    layout_region(&layout, module->entries[i]->body);
    drop_identities(module->entries[i]->body);
    region_apply_replacements(module->entries[i]->body);
  }
  return pass_dead_code(module);
}
