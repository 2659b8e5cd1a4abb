/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/storage_order.h"
#include "base/arena.h"
#include "base/text.h"
#include <inttypes.h>

const StorageOrder *storage_blocks(Arena *arena, uint32_t rank, int64_t columns) {
  StorageOrder *order = arena_new(arena, StorageOrder);
  order->parts[order->part_count++] = (StoragePart){rank - 1, columns, 0};
  for (uint32_t i = 0; i + 1 < rank; i++) order->parts[order->part_count++] = (StoragePart){i, 1, 0};
  order->parts[order->part_count++] = (StoragePart){rank - 1, 1, columns};
  return order;
}

/* The part of the dim with that step; null where there is none. */
static const StoragePart *part_with_step(const StorageOrder *order, uint32_t dim, int64_t step) {
  for (uint32_t k = 0; k < order->part_count; k++)
    if (order->parts[k].dim == dim && order->parts[k].step == step) return &order->parts[k];
  return NULL;
}

bool storage_order_is_sound(const StorageOrder *order, uint32_t rank) {
  uint32_t found = 0;
  for (uint32_t dim = 0; order && dim < rank; dim++) {
    bool last = false;
    for (int64_t step = 1; !last; found++) { /* from the innermost part on, each begins where the one before ends */
      const StoragePart *part = part_with_step(order, dim, step);
      if (!part || part->count < 0 || part->count == 1 || part->count > STORAGE_STEP_LIMIT / step) return false;
      last = part->count == 0;
      step *= part->count;
    }
  }
  return !order || found == order->part_count;
}

bool storage_order_equal(const StorageOrder *a, const StorageOrder *b) {
  if (!a || !b) return a == b;
  if (a->part_count != b->part_count) return false;
  for (uint32_t k = 0; k < a->part_count; k++)
    if (a->parts[k].dim != b->parts[k].dim || a->parts[k].step != b->parts[k].step || a->parts[k].count != b->parts[k].count)
      return false;
  return true;
}

int64_t storage_run(const StorageOrder *order, uint32_t dim) {
  const StoragePart *inner = order ? part_with_step(order, dim, 1) : NULL;
  return inner && inner->count ? inner->count : INT64_MAX;
}

bool storage_is_padded(const StorageOrder *order) {
  return order && order->part_count && order->parts[order->part_count - 1].count > 0;
}

bool storage_adjacent(const StorageOrder *order, uint32_t outer, uint32_t inner) {
  if (!order) return inner == outer + 1;
  for (uint32_t k = 0; k + 1 < order->part_count; k++)
    if (order->parts[k].dim == outer)
      return order->parts[k + 1].dim == inner && storage_run(order, outer) == INT64_MAX && storage_run(order, inner) == INT64_MAX;
  return false;
}

const StorageOrder *storage_without(Arena *arena, const StorageOrder *order, uint32_t dim) {
  if (!order) return NULL;
  StorageOrder *without = arena_new(arena, StorageOrder);
  for (uint32_t k = 0; k < order->part_count; k++) {
    StoragePart part = order->parts[k];
    if (part.dim == dim) continue;
    part.dim -= part.dim > dim;
    without->parts[without->part_count++] = part;
  }
  return without;
}

uint32_t storage_part_count(const StorageOrder *order, uint32_t rank) { return order ? order->part_count : rank; }

StoragePart storage_part(const StorageOrder *order, uint32_t part) {
  return order ? order->parts[part] : (StoragePart){part, 1, 0};
}

Dim storage_part_extent(DimContext *dims, StoragePart part, const Dim *extents) {
  if (part.count) return dim_constant(dims, part.count);
  return part.step == 1 ? extents[part.dim] : dim_ceil_divide(dims, extents[part.dim], dim_constant(dims, part.step));
}

Dim storage_stride(DimContext *dims, const StorageOrder *order, uint32_t rank, const Dim *extents, uint32_t dim) {
  Dim stride = dim_constant(dims, 1);
  for (uint32_t k = storage_part_count(order, rank); k-- > 0;) {
    StoragePart part = storage_part(order, k);
    if (part.dim == dim && part.step == 1) break;
    stride = dim_multiply(dims, stride, storage_part_extent(dims, part, extents));
  }
  return stride;
}

Dim storage_count(DimContext *dims, const StorageOrder *order, uint32_t rank, const Dim *extents) {
  Dim count = dim_constant(dims, 1);
  for (uint32_t k = 0; k < storage_part_count(order, rank); k++)
    count = dim_multiply(dims, count, storage_part_extent(dims, storage_part(order, k), extents));
  return count;
}

bool storage_places(const StorageOrder *order, uint32_t rank, const int64_t *extents, int64_t *places, int64_t *count) {
  *count = 1;
  for (uint32_t k = 0; k < storage_part_count(order, rank); k++) {
    StoragePart part = storage_part(order, k);
    places[k] = part.count ? part.count : extents[part.dim] / part.step + (extents[part.dim] % part.step != 0);
    if (__builtin_mul_overflow(*count, places[k], count)) return false;
  }
  return true;
}

void storage_order_print(Text *text, const StorageOrder *order) {
  for (uint32_t k = 0; k < order->part_count; k++) {
    const StoragePart *part = &order->parts[k];
    text_format(text, "%s%u", k ? ", " : "[", part->dim);
    if (part->step != 1) text_format(text, "/%" PRId64, part->step);
    if (part->count) text_format(text, "%%%" PRId64, part->count);
  }
  text_add(text, "]");
}
