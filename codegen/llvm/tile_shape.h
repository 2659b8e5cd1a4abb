/* SPDX-License-Identifier: Apache-2.0 */
/* How large the register tiles of a level are: derived from its registers, not listed by shape. */
#ifndef AICC_CODEGEN_TILE_SHAPE_H
#define AICC_CODEGEN_TILE_SHAPE_H
#include "codegen/llvm/target.h"
#include "loop/cost.h"
#include "loop/program.h"

enum { TILE_ROW_LIMIT = 14, TILE_VECTOR_LIMIT = 8 };

/* What one step of the reduction loads: one vector per column vector always; beyond that
   a number per row (products of matrices), or a vector per row and column vector (depthwise, pooling). */
typedef struct TileDemand {
  const Machine *machine; /* that does it */
  bool vector_per_row;
  bool product; /* multiplies and adds: without fma a register more */
  bool one_set; /* the numbers that the rows bring lie in one set of the first-level cache */
} TileDemand;

/* The most rows whose accumulators fit with that many vectors of columns; 0 where not even one does. */
uint32_t tile_rows_limit(const TargetLevel *level, const TileDemand *demand, uint32_t vectors);
/* The rows per tile that `rows` are best cut into, evenly; 0: not known, tiles of that many, of half as many and so on. */
uint32_t tile_rows(const TargetLevel *level, const TileDemand *demand, uint32_t vectors, uint64_t rows);
/* The vectors per tile that columns are best cut into: `columns` (0: unknown, many) lanes of `lanes` each. */
uint32_t tile_vectors(const TargetLevel *level, const TileDemand *demand, uint32_t lanes, uint64_t columns,
                      uint64_t rows);
#endif
