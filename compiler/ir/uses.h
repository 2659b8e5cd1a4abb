/* SPDX-License-Identifier: Apache-2.0 */
/* Who reads a value, of a graph that does not change meanwhile. */
#ifndef AICC_IR_USES_H
#define AICC_IR_USES_H
#include "ir/graph.h"

/* A node of the region that the value belongs to, which reads it itself or in a region of its own. */
typedef struct Use {
  Node *node;        /* null: that region has the value as a result */
  uint32_t position; /* grows from node to node of a region; UINT32_MAX of a result */
} Use;

typedef struct Uses {
  const uint32_t *starts; /* by Value.id: of value i, uses [starts[i], starts[i + 1]) */
  const Use *uses;        /* of a value: each node once, in order, behind them the result */
} Uses;

/* Of all values of a body and the regions in it, in the arena; time and memory are linear in its uses. */
Uses uses_of(Arena *arena, const Module *module, const Region *body);
#endif
