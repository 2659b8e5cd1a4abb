/* SPDX-License-Identifier: Apache-2.0 */
/* Groups: which values one kernel computes. A group has a root, the last of them, whose points are the kernel's axes: the
   root's own axes, or the labels of its equation where it reduces. Others join as stages; what is neither a root nor a
   stage, nor in memory, is an expression of whoever reads it. A group is made while lower_plan.c walks the nodes
   backwards, and does not change afterwards. */
#ifndef AICC_PASSES_GROUP_H
#define AICC_PASSES_GROUP_H
#include "ir/graph.h"

enum { GROUP_STAGE_LIMIT = 12 };

/* Where an axis of a value stands among the axes of a group: an axis of the group, or one of these. */
enum { TAG_NONE = -1 /* at none, or at several */, TAG_ONE = -2 /* its extent is 1 */ };

typedef struct Group {
  uint32_t place; /* of the root in the walk: higher is earlier */
  Value *root;
  uint32_t axis_count, root_axis_count; /* those of the root come first */
  Dim *extents; /* of the axes */
  /* As before an epilogue: a reduction or contraction whose axes are the root's. No other stages then, unless it takes
     rows. */
  Value *reduction;
  /* Rows: reductions along some of the axes, whose results are one number at each point of the others, the outer axes;
     and values that are in memory besides. The last node first. */
  Value *stages[GROUP_STAGE_LIMIT];
  uint32_t stage_count;
  uint64_t outer; /* a set of axes; where there are stages */
  /* The root is, or its reduction is, a product of rows that are computed here too, as attention's weights: a block of them
     at a time, kept for the product. Then the stages are what leads to them. */
  bool takes_rows;
  uint64_t kept;     /* the axes of what is kept: outer and lanes */
  Value *keeper;     /* of what is kept, the one that is computed first, so far */
  int32_t lanes;     /* the axis that the product sums over, along which what is kept is adjacent */
  uint32_t loads; /* of the root and the stages, at most */
  uint32_t holder; /* the earliest of the values that take turns in the root's place, by its order */
  bool indexed;   /* reads at indices, so that it takes no contraction: tiles have none */
} Group;

/* A group of one value, whose node computes it. In `arena`. */
Group *group_create(Arena *arena, Value *root, uint32_t place);
/* The tags of the root's axes. */
void group_root_tags(const Group *group, int8_t *tags);
/* The tags of an operand's axes where the node reads it. `own`: those of the node's result; `axes`: of an equation's
   labels, axes of the group or TAG_NONE, null where the node neither reduces nor contracts. */
void group_operand_tags(const Node *node, uint32_t operand, const int8_t *own, const int8_t *axes, int8_t *tags);
/* The axes of the labels of the root's equation. */
void group_root_axes(const Group *group, int8_t *axes);

/* A new axis behind the others; TAG_NONE where there are too many. */
int8_t group_add_axis(Group *group, Dim extent);
/* Lets the group compute the rows that a product takes, which have those tags and are summed over along `lanes`. False
   where they do not fit. */
bool group_take_rows(Group *group, const Type *rows, const int8_t *tags, int8_t lanes);
/* Whether a value with those tags may be kept: it has an element at each point of the rows. */
bool group_may_keep(const Group *group, const Type *type, const int8_t *tags);

/* A value with those tags is one number for each row, or may become so: it does not stand at the axis along which rows
   lie in memory. */
bool group_is_row_number(const Group *group, const Type *type, const int8_t *tags);
/* Makes a reduction a stage that gives one number for each row, if its rows are the group's: the labels that it sums over
   are axes of the group and lie in memory as the root's do. `operand`: the tags at which the group reads its operand
   besides, null: nowhere. `axes` receives the axes of its labels. */
bool group_join_rows(Group *group, Value *value, const int8_t *tags, const int8_t *operand, int8_t *axes);
/* Makes a value of the group's rows a stage that stands in memory besides. */
bool group_join_stored(Group *group, Value *value, const int8_t *tags);
/* Whether the value has an element at every point of the group, in order. */
bool group_is_everywhere(const Group *group, const Type *type, const int8_t *tags);
#endif
