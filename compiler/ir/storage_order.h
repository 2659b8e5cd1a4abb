/* SPDX-License-Identifier: Apache-2.0 */
/* In what order the elements of a tensor stand in memory: as a list of parts of its dims, outermost first. The part with a
   step s and a count c of dim d has the place (i[d] / s) % c of an element at i; without a count, i[d] / s. A dim may be cut
   into several parts: weights of a product, columns last, stand as [1/16, 0, 1%16], sixteen columns side by side. Where an
   extent is no multiple of its parts, memory has places behind it, which are 0. A null order is row-major. */
#ifndef AICC_IR_STORAGE_ORDER_H
#define AICC_IR_STORAGE_ORDER_H
#include "ir/dim.h"
#include "ir/limits.h"

enum { STORAGE_STEP_LIMIT = 1 << 16 };

typedef struct StoragePart {
  uint32_t dim;
  int64_t step, count; /* at most STORAGE_STEP_LIMIT; count 0: as many as the extent takes */
} StoragePart;

typedef struct StorageOrder {
  uint32_t part_count;
  StoragePart parts[RANK_LIMIT + 1];
} StorageOrder;

struct Arena;

/* The last of the dims in blocks of so many columns side by side, the blocks one behind the other, each with all rows. */
const StorageOrder *storage_blocks(struct Arena *arena, uint32_t rank, int64_t columns);
/* Whether every element of a tensor of that rank has a place, and no two have the same. */
bool storage_order_is_sound(const StorageOrder *order, uint32_t rank);
bool storage_order_equal(const StorageOrder *a, const StorageOrder *b);
/* How many elements that follow each other along the dim are the same distance apart, where the first of them is at a
   multiple of that; INT64_MAX: all. */
int64_t storage_run(const StorageOrder *order, uint32_t dim);
/* Whether what is innermost is a part of so many places that all are there, some behind the elements. */
bool storage_is_padded(const StorageOrder *order);
/* Whether dim `inner` follows `outer` with nothing between, both uncut, so that they may be walked as one. */
bool storage_adjacent(const StorageOrder *order, uint32_t outer, uint32_t inner);
/* The order without a dim, which has an extent of 1 or has become a part of the one before; those behind it move up. */
const StorageOrder *storage_without(struct Arena *arena, const StorageOrder *order, uint32_t dim);

/* How many parts there are, and each of them; a null order has one per dim. */
uint32_t storage_part_count(const StorageOrder *order, uint32_t rank);
StoragePart storage_part(const StorageOrder *order, uint32_t part);
/* How many places a part has. */
Dim storage_part_extent(DimContext *dims, StoragePart part, const Dim *extents);
/* The distance between the elements of a dim within a run, in elements; 1 for the innermost part. */
Dim storage_stride(DimContext *dims, const StorageOrder *order, uint32_t rank, const Dim *extents, uint32_t dim);
/* How many places there are: the elements, and what is behind them. */
Dim storage_count(DimContext *dims, const StorageOrder *order, uint32_t rank, const Dim *extents);

/* The same of extents that are known; false where the count overflows. `places`: per part. */
bool storage_places(const StorageOrder *order, uint32_t rank, const int64_t *extents, int64_t *places, int64_t *count);

struct Text;
/* "[1/16, 0, 1%16]". */
void storage_order_print(struct Text *text, const StorageOrder *order);
#endif
