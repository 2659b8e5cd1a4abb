/* SPDX-License-Identifier: Apache-2.0 */
/* How a contraction is done, given its sizes: in register tiles or along its sum, in what blocks, and how its weights are
   stored. The passes that lay out, store, merge and schedule contractions ask here. */
#ifndef AICC_PASSES_CONTRACT_PLAN_H
#define AICC_PASSES_CONTRACT_PLAN_H
#include "loop/cost.h"

/* Columns side by side in the storage of weights: whole vectors of every level. */
enum { CONTRACT_COLUMN_BLOCK = 16 };

/* What an axis of rows counts for, where several could be the rows of a tile: as many as it has, up to a tile's; where that is
   not known it serves only if no axis is known to have a few. */
enum { CONTRACT_ROWS_UNKNOWN = 3, CONTRACT_ROWS_MOST = 16 };

/* Sizes as far as they are known. Columns are what results lie adjacent along; rows share what is loaded for the columns. */
typedef struct ContractSizes {
  int64_t rows, columns; /* INT64_MAX: not known; 0 rows: there are none */
  bool rows_whole;       /* the rows cannot be cut: ranges bound them, whose edges are told apart by their place */
  double sum;            /* points of the reduction, per result */
  double others;         /* results per row and column */
  double element_bytes;
} ContractSizes;

/* Rows and columns of one register-tiled leaf; INT64_MAX: all. */
typedef struct ContractPlan {
  int64_t row_block, column_block;
  bool columns_outside; /* the loop over blocks of columns is the outermost */
} ContractPlan;

ContractPlan contract_plan(const ContractSizes *sizes, const Machine *machine);

/* Whether so few results are made of one element of an operand (`rows` of them) that it is read as it lies, along the sum,
   instead of being transposed for register tiles first. */
bool contract_rows_are_few(int64_t rows);
/* Whether so few columns leave most lanes idle, where the sum runs over `run` adjacent elements of the other operand. */
bool contract_columns_are_few(int64_t columns, int64_t run);
/* Rows of one block of several stages with products between them, whose rows have up to so many numbers of 4 bytes. */
int64_t contract_rows_of_block(int64_t longest_row, const Machine *machine);
/* Whether products of one tensor, with that many columns in all, are better done as one: `apart` blocks of columns when
   apart, results of `row_bytes` per column. */
bool contract_joining_pays(int64_t columns, int64_t apart, double row_bytes, const Machine *machine);
/* Blocks of columns that so many columns take. */
int64_t contract_column_blocks(int64_t columns);
/* About `block` of so many rows or columns each, evenly; INT64_MAX: not cut. */
int64_t contract_even_block(int64_t extent, int64_t block);
#endif
