/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by kernel.c (the schedule tree), its leaves (leaf.c, tile.c), and what they have in common: reduction.c and
   expression.c (what a lane computes). */
#ifndef AICC_CODEGEN_KERNEL_INTERNAL_H
#define AICC_CODEGEN_KERNEL_INTERNAL_H
#include "codegen/llvm/emit.h"
#include "loop/storage.h"

enum { LANE_LIMIT = 64, NO_VECTOR_AXIS = POINT_LIMIT };

/* A kernel being emitted. Axis values are those of lane 0 where the axis is the leaf's. */
typedef struct KernelEmitter {
  Codegen *cg;
  const Kernel *kernel;
  const TargetLevel *level;
  LLVMValueRef pointers[BUFFER_LIMIT];    /* to parameters, and to where locals stand: stack or scratch */
  LocalStorage storage[BUFFER_LIMIT];     /* of locals */
  LLVMValueRef lane_values[BUFFER_LIMIT]; /* locals computed in this strip of the leaf: their lanes */
  LLVMValueRef symbols[64];
  LLVMValueRef extents[POINT_LIMIT];
  LLVMValueRef axis_values[POINT_LIMIT]; /* of indices too; null: not bound here */
  uint32_t status;                      /* the buffer that indices out of range set, where there are indices */
  LLVMValueRef reached;                 /* false where what is emitted counts for no point; null: it always counts */
  LLVMValueRef tile_starts[POINT_LIMIT], tile_ends[POINT_LIMIT];
  uint32_t vector_axis; /* of the current leaf; NO_VECTOR_AXIS: none */
  uint32_t lanes;       /* of the current strip */
  LLVMValueRef mask;    /* null: all lanes; else i1 lanes: memory of the others is not touched */
} KernelEmitter;

typedef struct Loop {
  LLVMBasicBlockRef header, exit;
  LLVMValueRef index;
  LLVMValueRef step;
} Loop;

/* for (index = start; index + step <= end; index += step); the builder is in the body, then behind the loop,
   where `index` is the first that was not run. */
Loop loop_open(Codegen *cg, LLVMValueRef start, LLVMValueRef end, uint32_t step);
void loop_close(Codegen *cg, Loop *loop);

/* Lanes of an expression at the current axis values. */
LLVMValueRef emit_expr(KernelEmitter *e, const Expr *expr);
/* The value of an index at lane 0, checked: 0, and the status set, where it is out of range. */
LLVMValueRef emit_index_value(KernelEmitter *e, uint32_t index);
/* The value of an affine form at lane 0. */
LLVMValueRef emit_form(KernelEmitter *e, const Subscript *form);
/* Whether every range holds, leaving out those along the vector axis when lanes > 1 (the leaf's bounds see to
   them); null where nothing is left to check. */
LLVMValueRef emit_guard_condition(KernelEmitter *e, const Expr *guard);
/* The element offset of an access at lane 0. */
LLVMValueRef emit_offset(KernelEmitter *e, uint32_t buffer, const Subscript *subscripts);
/* Lanes from memory at an element offset, `stride` elements apart, in the compute type. */
LLVMValueRef emit_load_lanes(KernelEmitter *e, uint32_t buffer, LLVMValueRef offset, Dim stride);
/* Writes lanes to target[subscripts], or binds them when the target is a local. */
void emit_store(KernelEmitter *e, uint32_t target, const Subscript *subscripts, LLVMValueRef lanes);
/* A leaf with lanes along one axis (leaf.c). */
void emit_leaf(KernelEmitter *e, const Schedule *node);
/* A leaf of register tiles (tile.c). */
void emit_tile(KernelEmitter *e, const Schedule *node);
/* What the stage's accumulators begin with, on the current lanes. */
LLVMValueRef emit_identity(KernelEmitter *e, const Stage *stage);
/* The accumulator and a value joined by the stage's monoid, on the current lanes. */
LLVMValueRef emit_combine(KernelEmitter *e, const Stage *stage, LLVMValueRef accumulator, LLVMValueRef value);
/* Bounds of `axis` within which the range holds for every point of the axes that are not bound: *low and
   *high are tightened, to an empty interval where nothing is provable. */
void emit_tighten(KernelEmitter *e, const GuardRange *range, uint32_t axis, LLVMValueRef *low,
                  LLVMValueRef *high);
/* Whether the expression is the neutral element of the stage's monoid. */
bool expr_is_identity(const Stage *stage, const Expr *expr);
#endif
