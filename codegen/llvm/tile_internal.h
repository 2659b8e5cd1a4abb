/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by tile.c (which tiles there are), tile_reduce.c (the loops of a tile's reduction) and
   tile_expression.c (what one step of it computes). */
#ifndef AICC_CODEGEN_TILE_INTERNAL_H
#define AICC_CODEGEN_TILE_INTERNAL_H
#include "codegen/llvm/kernel_internal.h"
#include "codegen/llvm/tile_shape.h"

enum { TILE_NODE_LIMIT = 48, TILE_RANGE_LIMIT = 32, TILE_STAGE_LIMIT = 16, TILE_SET_LIMIT = 4 };

/* A node of the reduction's expression. Values are kept per row and vector as far as they depend on them. */
typedef struct TileNode {
  const Expr *expr;
  bool by_row, by_column;
  LLVMValueRef row_stride; /* LOAD: elements */
  Dim column_stride;       /* LOAD */
  LLVMValueRef
      distances[TILE_VECTOR_LIMIT]; /* LOAD: from the tile's first column to a vector's first, elements */
  LLVMValueRef values[TILE_ROW_LIMIT][TILE_VECTOR_LIMIT]; /* of the current step; null: not computed yet */
  uint32_t operands[3];                                   /* among the nodes */
} TileNode;

/* Where the loads stand: element offsets at the tile's first row and column and the current step. */
typedef struct TileOffsets {
  LLVMValueRef of[TILE_NODE_LIMIT];
} TileOffsets;

typedef struct Tile {
  KernelEmitter *e;
  const Schedule *leaf;
  const Stage *stage;  /* the first of the leaf */
  const Expr *guarded; /* its expression without the guard around it */
  uint32_t range_count;
  const GuardRange *ranges;       /* of that guard */
  uint32_t row_axis, column_axis; /* row_axis: NO_VECTOR_AXIS where there is none */
  TileDemand demand;
  int64_t run; /* columns that every load finds the same distance apart, from a multiple of that on; INT64_MAX: all */
  uint32_t node_count;
  TileNode nodes[TILE_NODE_LIMIT]; /* operands before users; the last is the root */
  /* The register tile being emitted: */
  uint32_t rows, vectors, lanes;
  LLVMValueRef row, column; /* the first of each */
  bool column_aligned;      /* the first column is a multiple of `run` */
  LLVMValueRef last_mask;   /* of the last vector; null: all lanes */
  bool rows_inside;         /* no range along the rows can fail */
  int64_t
      known_row; /* the first row where known when aicc runs and ranges along the rows may fail; else -1 */
  uint32_t sets; /* of accumulators, taken in turn by the steps of small tiles: their latencies overlap */
  LLVMValueRef accumulators[TILE_SET_LIMIT][TILE_ROW_LIMIT][TILE_VECTOR_LIMIT];
} Tile;

/* tile_expression.c */
/* Lists the nodes of the reduction's expression and what they depend on. */
void tile_collect(Tile *tile);
/* Offsets where all reduced axes are 0, and the distances between vectors. */
void tile_start_offsets(Tile *tile, TileOffsets *offsets);
/* The offsets `steps` further along a reduced axis. */
void tile_advance(Tile *tile, TileOffsets *offsets, uint32_t axis, LLVMValueRef steps);
/* One step: accumulates the rows of `row_set` (a bit each) into a set of accumulators. */
void tile_accumulate(Tile *tile, const TileOffsets *offsets, uint32_t row_set, uint32_t set);
/* Whether walking `inner` to its end and on is walking `outer` one further, in every load. */
bool tile_axes_merge(const Tile *tile, uint32_t outer, uint32_t inner);

/* tile_reduce.c: the accumulators of the tile, reduced. */
void tile_reduce(Tile *tile);
/* True where the range can fail along the rows of some tile. */
bool range_uses_rows(const Tile *tile, const GuardRange *range);
#endif
