/* SPDX-License-Identifier: Apache-2.0 */
/* Constants in another order than their source's, optionally in panels: made when somebody reads them. */
#include "ir/graph.h"
#include <stdlib.h>
#include <string.h>

/* One panel: for every point of the axes before the last, `width` columns beginning at `column`. */
static uint8_t *pack_panel(const BlobPacking *packing, const uint8_t *from, size_t size, int64_t column, int64_t width,
                           int64_t stored, uint8_t *to) {
  uint32_t outer = packing->rank - 1;
  int64_t at[RANK_LIMIT] = {0}, offset = packing->offset + column * packing->strides[outer], axis;
  do {
    for (int64_t n = 0; n < stored; n++, to += size) {
      if (n < width)
        memcpy(to, from + (size_t)(offset + n * packing->strides[outer]) * size, size);
      else
        memset(to, 0, size);
    }
    for (axis = (int64_t)outer - 1; axis >= 0; axis--) {
      offset += packing->strides[axis];
      if (++at[axis] < packing->extents[axis]) break;
      offset -= packing->strides[axis] * packing->extents[axis];
      at[axis] = 0;
    }
  } while (axis >= 0);
  return to;
}

static void pack(const Blob *blob, void *dense) {
  const BlobPacking *packing = blob->decode_user;
  const Blob *source = packing->source;
  uint8_t *copy = NULL;
  const uint8_t *from = source->bytes;
  if (source->decode || source->splat) {
    copy = heap_resize(NULL, source->byte_count);
    blob_read(source, copy);
    from = copy;
  }
  size_t size = element_info(blob->element)->bits / 8;
  int64_t columns = packing->extents[packing->rank - 1], panel = packing->panel ? packing->panel : columns;
  uint8_t *to = dense;
  for (int64_t column = 0; column < columns; column += panel) {
    int64_t width = columns - column < panel ? columns - column : panel;
    to = pack_panel(packing, from, size, column, width, panel, to);
  }
  free(copy);
}

const Blob *blob_packed(Arena *arena, const BlobPacking *packing) {
  const Blob *source = packing->source;
  int64_t count = 1;
  for (uint32_t i = 0; i < packing->rank; i++) {
    int64_t extent = packing->extents[i], panel = packing->panel;
    if (panel && i + 1 == packing->rank) extent = (extent + panel - 1) / panel * panel;
    if (__builtin_mul_overflow(count, extent, &count)) memory_exhausted();
  }
  if (source->splat) return blob_splat(arena, source->element, count, source->bytes);
  Blob *blob = arena_new(arena, Blob);
  *blob = (Blob){.element = source->element, .element_count = count, .decode = pack};
  blob->packing = blob->decode_user = arena_copy(arena, packing, sizeof *packing);
  if (!element_byte_count(blob->element, count, &blob->byte_count)) memory_exhausted();
  return blob;
}
