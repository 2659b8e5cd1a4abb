/* SPDX-License-Identifier: Apache-2.0 */
/* Reshapes that join and split neighbouring axes, for the passes that look through them. */
#ifndef AICC_PASSES_RESHAPE_GROUPS_H
#define AICC_PASSES_RESHAPE_GROUPS_H
#include "ir/graph.h"

/* Group g: operand axes [from_start[g], from_start[g + 1]) become result axes [to_start[g], to_start[g + 1]).
   Axes of extent 1 belong to the group before them; a group of them alone may lack axes on one side. */
typedef struct ReshapeGroups {
  uint32_t count;
  uint32_t from_start[RANK_LIMIT + 1], to_start[RANK_LIMIT + 1];
} ReshapeGroups;

/* The smallest groups from one type's dims to another's; false where it has no such form. */
bool reshape_groups(DimContext *dims, const Type *from, const Type *to, ReshapeGroups *groups);
/* The subscript that is the label alone. */
Subscript plain_subscript(const Module *module, uint32_t label);
/* A name that none of the labels has yet, for a part of the label `joined`: its name with a number. */
const char *split_label_name(Arena *arena, const Label *labels, uint32_t count, const char *joined);
#endif
