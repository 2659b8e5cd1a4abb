/* SPDX-License-Identifier: Apache-2.0 */
/* Costs are those of the steps of a tile (cost_tile_step): only their ratios matter. */
#include "codegen/llvm/tile_shape.h"

enum { MANY = 1024 };

uint32_t tile_rows_limit(const TargetLevel *level, const TileDemand *demand, uint32_t vectors) {
  /* Accumulators, a vector of B per column vector, one register for what a row brings, one for a product. */
  uint32_t other = vectors + 1 + (demand->product && !level->fma);
  if (demand->vector_per_row) other += 3 * vectors; /* a window of the row, and the weights of as many taps */
  if (other >= level->registers) return 0;
  uint32_t rows = (level->registers - other) / vectors;
  int64_t most = demand->one_set ? cost_rows_of_set(demand->machine) : TILE_ROW_LIMIT;
  if (most > TILE_ROW_LIMIT) most = TILE_ROW_LIMIT;
  return rows > most ? (uint32_t)most : rows;
}

/* One step of the reduction for one tile. */
static uint64_t step_cost(const TileDemand *demand, uint64_t rows, uint64_t vectors) {
  uint64_t work = rows * vectors, loads = vectors + (demand->vector_per_row ? work : rows);
  return cost_tile_step(demand->machine, work, loads);
}

/* All rows, cut evenly into tiles of at most `most`. */
static uint64_t rows_cost(const TileDemand *demand, uint64_t rows, uint64_t most, uint64_t vectors) {
  uint64_t tiles = (rows + most - 1) / most, low = rows / tiles, higher = rows % tiles;
  return higher * step_cost(demand, low + 1, vectors) + (tiles - higher) * step_cost(demand, low, vectors);
}

/* Rows that are counted when the object runs, in tiles of falling sizes, as tile.c cuts them: of 1 to SAMPLES rows each, since
   every number may come. */
static uint64_t unknown_rows_cost(const TileDemand *demand, uint64_t most, uint64_t vectors) {
  enum { SAMPLES = 64 };
  uint64_t cost = 0;
  for (uint64_t rows = 1; rows <= SAMPLES; rows++) {
    uint64_t left = rows;
    for (uint64_t size = most; left > 0; size = size > 1 ? size / 2 : 1) {
      cost += left / size * step_cost(demand, size, vectors);
      left %= size;
    }
  }
  return cost;
}

static uint64_t best_rows_cost(const TargetLevel *level, const TileDemand *demand, uint64_t vectors,
                               uint64_t rows, uint32_t *best) {
  uint32_t limit = tile_rows_limit(level, demand, (uint32_t)vectors);
  uint64_t least = UINT64_MAX;
  for (uint32_t most = limit; most > 0; most--) {
    uint64_t cost = rows ? rows_cost(demand, rows, most, vectors) : unknown_rows_cost(demand, most, vectors);
    if (cost < least) {
      least = cost;
      *best = most;
    }
  }
  return least;
}

uint32_t tile_rows(const TargetLevel *level, const TileDemand *demand, uint32_t vectors, uint64_t rows) {
  uint32_t best = 1;
  best_rows_cost(level, demand, vectors, rows, &best);
  return best;
}

uint32_t tile_vectors(const TargetLevel *level, const TileDemand *demand, uint32_t lanes, uint64_t columns,
                      uint64_t rows) {
  uint64_t total = columns ? (columns + lanes - 1) / lanes : MANY, least = UINT64_MAX;
  uint32_t best = 1, ignored;
  for (uint32_t vectors = 1; vectors <= TILE_VECTOR_LIMIT && vectors <= total; vectors++) {
    if (tile_rows_limit(level, demand, vectors) == 0) break;
    uint64_t cost = total / vectors * best_rows_cost(level, demand, vectors, rows, &ignored);
    if (total % vectors) cost += best_rows_cost(level, demand, total % vectors, rows, &ignored);
    if (cost < least) {
      least = cost;
      best = vectors;
    }
  }
  return best;
}
