/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the layout pass share. */
#ifndef AICC_PASSES_LAYOUT_INTERNAL_H
#define AICC_PASSES_LAYOUT_INTERNAL_H
#include "ir/build.h"

/* Axis i in memory is axis axes[i] of the model. A null order is the model's own. */
typedef struct Order {
  uint8_t axes[RANK_LIMIT];
} Order;

typedef struct Layout {
  Module *module;
  Builder builder;      /* before the node at hand */
  uint32_t value_count; /* when the pass began: later values are ours, and in default order */
  const Order **orders; /* by Value.id */
  const bool *constant; /* by Value.id: known when aicc runs, so that transposing it is free */
} Layout;

static inline uint32_t order_axis(const Order *order, uint32_t position) {
  return order ? order->axes[position] : position;
}

/* An order of `rank` axes; null where it is the model's own. */
const Order *order_create(Layout *layout, const uint8_t *axes, uint32_t rank);
/* The order that a value has by now. */
const Order *layout_order(const Layout *layout, const Value *value);
bool layout_is_constant(const Layout *layout, const Value *value);
/* The value with its axes in memory permuted, by a view before the node at hand: axis i is the value's axis
   permutation[i]. */
Value *layout_permute(Layout *layout, Value *value, const uint32_t *permutation);

/* The order of a contraction's result; its equation is still in the model's order. */
const Order *layout_order_of_contraction(Layout *layout, const Node *node);
/* A softmax, its axis in memory's order, written as reductions and maps before it; null where its axis is adjacent
   in memory, and one kernel does better. */
Value *layout_softmax_steps(Layout *layout, const Node *node);
/* Transposes operands that are slow to read as they lie. The equation is in memory's order, and stays so. */
void layout_contraction_operands(Layout *layout, Node *node);
#endif
