/* SPDX-License-Identifier: Apache-2.0 */
/* What order contractions give their results, and in what order they read operands. Constants need none:
   lowering stores them as kernels read them. */
#include "passes/contract_operands.h"
#include "passes/layout_internal.h"

/* A window: labels summed over meet labels of the result that the other operand lacks. */
static bool is_window(const Node *node, uint32_t operand) {
  const Equation *equation = node->equation;
  const Access *access = &equation->operands[operand];
  for (uint32_t i = 0; i < access->rank; i++) {
    const Subscript *subscript = &access->subscripts[i];
    uint32_t reduced = 0, lacking = 0;
    for (uint32_t j = 0; j < subscript->term_count; j++) {
      reduced += contract_sums_label(node, subscript->terms[j].label);
      lacking += contract_label_is_of(node, operand, subscript->terms[j].label);
    }
    if (reduced && lacking) return true;
  }
  return false;
}

/* The operand that is the weights of a layer: the one known when aicc runs, or the one that does not slide
   while the other does. -1 for products of two computed operands. */
static int32_t weights_of(const Layout *layout, const Node *node) {
  bool constant[2], window[2];
  for (uint32_t i = 0; i < 2; i++) {
    constant[i] = layout_is_constant(layout, node->operands[i]);
    window[i] = is_window(node, i);
  }
  if (constant[0] != constant[1]) return constant[1];
  return window[0] != window[1] ? window[0] : -1;
}

/* The axes that weights make go last. */
const Order *layout_order_of_contraction(Layout *layout, const Node *node) {
  const Equation *equation = node->equation;
  uint32_t rank = equation->result.rank, count = 0, made_count = 0;
  uint8_t axes[RANK_LIMIT], made[RANK_LIMIT];
  int32_t weights = weights_of(layout, node);
  if (weights < 0) return NULL;
  for (uint32_t i = 0; i < rank; i++) {
    const Subscript *subscript = &equation->result.subscripts[i];
    bool from_weights = false;
    for (uint32_t j = 0; j < subscript->term_count; j++)
      from_weights =
          from_weights || access_uses_label(&equation->operands[weights], subscript->terms[j].label);
    if (from_weights)
      made[made_count++] = (uint8_t)i;
    else
      axes[count++] = (uint8_t)i;
  }
  for (uint32_t i = 0; i < made_count; i++) axes[count++] = made[i];
  return order_create(layout, axes, rank);
}

static void permute_operand(Layout *layout, Node *node, uint32_t operand, const uint32_t *permutation) {
  Equation *equation = arena_copy(layout->module->arena, node->equation, sizeof *node->equation);
  Access *operands = arena_copy(layout->module->arena, equation->operands, 2 * sizeof *operands);
  const Access *own = &node->equation->operands[operand];
  Subscript *subscripts = arena_array(layout->module->arena, Subscript, own->rank);
  for (uint32_t i = 0; i < own->rank; i++) subscripts[i] = own->subscripts[permutation[i]];
  operands[operand].subscripts = subscripts;
  equation->operands = operands;
  node->equation = equation;
  node->operands[operand] = layout_permute(layout, node->operands[operand], permutation);
}

/* A window that slides over a tensor in the model's order reads a few neighbours at a time; with channels
   last, long runs. Transposing the tensor first is little work beside the contraction. */
static void channels_last(Layout *layout, Node *node, uint32_t operand) {
  const Access *access = &node->equation->operands[operand];
  uint32_t rank = access->rank, channels = rank, count = 0, permutation[RANK_LIMIT];
  if (layout_order(layout, node->operands[operand]) || !is_window(node, operand)) return;
  for (uint32_t i = 0; i < rank && channels == rank; i++) {
    const Subscript *subscript = &access->subscripts[i];
    bool is_channels = subscript->term_count > 0;
    for (uint32_t j = 0; j < subscript->term_count; j++)
      is_channels =
          is_channels && access_uses_label(&node->equation->operands[1 - operand], subscript->terms[j].label);
    if (is_channels) channels = i;
  }
  if (channels + 1 >= rank) return;
  for (uint32_t i = 0; i < rank; i++)
    if (i != channels) permutation[count++] = i;
  permutation[count] = channels;
  permute_operand(layout, node, operand, permutation);
}

/* The axis along which results are adjacent goes last, after those summed over in the order of the loops. */
static void columns_last(Layout *layout, Node *node, uint32_t operand) {
  const Access *access = &node->equation->operands[operand];
  int32_t column = contract_column_axis(layout->module->dims, node, operand);
  uint32_t permutation[RANK_LIMIT], keys[RANK_LIMIT], rank = access->rank;
  if (column < 0 || column + 1 == (int32_t)rank || layout_is_constant(layout, node->operands[operand]))
    return;
  uint32_t *reduced = arena_array(layout->module->arena, uint32_t, node->equation->label_count);
  uint32_t reduced_count = contract_reduced_labels(node, reduced);
  for (uint32_t i = 0; i < rank; i++) {
    uint32_t key = i == (uint32_t)column ? UINT32_MAX : 0, at = i;
    for (uint32_t k = 0; k < reduced_count && i != (uint32_t)column; k++)
      if (subscript_uses(&access->subscripts[i], reduced[k])) key = k + 1;
    for (; at > 0 && keys[at - 1] > key; at--) {
      keys[at] = keys[at - 1];
      permutation[at] = permutation[at - 1];
    }
    keys[at] = key;
    permutation[at] = i;
  }
  permute_operand(layout, node, operand, permutation);
}

void layout_contraction_operands(Layout *layout, Node *node) {
  int32_t weights = weights_of(layout, node);
  if (weights >= 0) channels_last(layout, node, 1 - (uint32_t)weights);
  for (uint32_t i = 0; i < 2; i++) columns_last(layout, node, i);
}
