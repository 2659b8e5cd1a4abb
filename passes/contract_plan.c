/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/contract_plan.h"

enum {
  COLUMN_TILE = 64,         /* columns of one leaf: whole tiles of every level */
  COLUMN_TILE_NARROW = 48,  /* where it divides the columns and 64 does not */
  COLUMN_TILE_SINGLE = 128, /* with one row: so many streams hide the latency of memory */
  ROW_TILE = 56,            /* rows: whole tiles of every level */
  BLOCK_ROWS = 24,          /* of a block of stages: whole tiles of every level */
  BLOCK_ROWS_STEP = 8,
  FEW_ROWS = 8,
  FEW_COLUMNS = 4,
  LONG_RUN = 32,
  FEWER_BLOCKS = 16 /* one in so many blocks of columns spared is worth joining products */
};

int64_t contract_even_block(int64_t extent, int64_t block) {
  if (extent == INT64_MAX) return block;
  if (extent <= block + block / 2) return INT64_MAX;
  int64_t count = (extent + block - 1) / block; /* in whole register tiles as far as possible */
  return (extent + count - 1) / count;
}

static int64_t column_block(const ContractSizes *sizes) {
  int64_t block = sizes->rows ? COLUMN_TILE : COLUMN_TILE_SINGLE;
  if (sizes->rows && sizes->columns % COLUMN_TILE && sizes->columns % COLUMN_TILE_NARROW == 0) block = COLUMN_TILE_NARROW;
  return sizes->columns <= block + block / 2 ? INT64_MAX : block;
}

/* So many rows that what they read stays near while the columns pass by. */
static int64_t row_block(const ContractSizes *sizes, const Machine *machine) {
  double bytes = sizes->sum * sizes->element_bytes;
  int64_t rows = (int64_t)((double)cost_held_bytes(machine) / (bytes < 1 ? 1 : bytes)) / ROW_TILE * ROW_TILE;
  if (!sizes->rows || sizes->rows_whole) return INT64_MAX;
  return contract_even_block(sizes->rows, rows < ROW_TILE ? ROW_TILE : rows);
}

/* What the columns' operand is in all is read again for every block of rows, unless the columns are the outer loop. */
static bool columns_outside(const ContractSizes *sizes, const Machine *machine, double rows, double columns) {
  double of_columns = sizes->sum * columns * sizes->element_bytes;
  double of_rows = sizes->sum * sizes->others * rows * sizes->element_bytes;
  return of_columns > (double)cost_near_bytes(machine) && of_rows <= of_columns;
}

ContractPlan contract_plan(const ContractSizes *sizes, const Machine *machine) {
  enum { GUESS = 64 }; /* of what is not known */
  double rows = sizes->rows == INT64_MAX ? GUESS : sizes->rows ? (double)sizes->rows : 1;
  double columns = sizes->columns == INT64_MAX ? GUESS : (double)sizes->columns;
  return (ContractPlan){row_block(sizes, machine), column_block(sizes), columns_outside(sizes, machine, rows, columns)};
}

/* With 768x768 columns, reading along the sum and transposing first take the same time at eight rows, on AVX-512. */
bool contract_rows_are_few(int64_t rows) { return rows < FEW_ROWS; }

/* Measured on AVX-512, 3x3 over 64 channels: 0.37 ms per column along the sum, 3.1 ms for up to 16 columns; with shorter sums
   four columns still win or are equal, six lose. */
bool contract_columns_are_few(int64_t columns, int64_t run) { return columns <= FEW_COLUMNS && run >= LONG_RUN; }

int64_t contract_rows_of_block(int64_t longest_row, const Machine *machine) {
  int64_t rows = BLOCK_ROWS, most = cost_near_bytes(machine) / (int64_t)sizeof(float);
  while (rows > BLOCK_ROWS_STEP && longest_row > most / rows) rows -= BLOCK_ROWS_STEP;
  return rows;
}

int64_t contract_column_blocks(int64_t columns) { return (columns + CONTRACT_COLUMN_BLOCK - 1) / CONTRACT_COLUMN_BLOCK; }

/* Fewer blocks pay, and small contractions, which cutting into tasks apart leaves workers idle with. A joined result that the
   next kernels no longer find near costs more. */
bool contract_joining_pays(int64_t columns, int64_t apart, double row_bytes, const Machine *machine) {
  int64_t spared = apart - contract_column_blocks(columns);
  return spared * FEWER_BLOCKS >= apart || (double)columns * row_bytes <= (double)cost_passed_bytes(machine);
}
