/* SPDX-License-Identifier: Apache-2.0 */
/* Constants in another order than their source's: made when somebody reads them. */
#include "ir/graph.h"
#include <stdlib.h>
#include <string.h>

/* Where the copy stands: the place in each part but the innermost, and what they come to. */
typedef struct PackPlace {
  int64_t at[RANK_LIMIT + 1], index[RANK_LIMIT]; /* by part; by axis, within it or behind its end */
  uint64_t offset;                               /* in the source; of elements that are there it fits */
} PackPlace;

static void step_part(const BlobPacking *packing, PackPlace *place, StoragePart part, int64_t steps) {
  place->index[part.dim] += steps * part.step;
  place->offset += (uint64_t)steps * (uint64_t)part.step * (uint64_t)packing->strides[part.dim];
}

/* The next place of the parts before the innermost, the last of them fastest; false behind the last one. */
static bool advance(const BlobPacking *packing, PackPlace *place, const int64_t *places, uint32_t count) {
  for (uint32_t k = count; k-- > 0;) {
    StoragePart part = storage_part(packing->order, k);
    step_part(packing, place, part, 1);
    if (++place->at[k] < places[k]) return true;
    step_part(packing, place, part, -places[k]);
    place->at[k] = 0;
  }
  return false;
}

/* How many of the innermost part's places hold elements, from the first on. */
static int64_t run_length(const BlobPacking *packing, const PackPlace *place, StoragePart inner, int64_t places) {
  for (uint32_t i = 0; i < packing->rank; i++)
    if (place->index[i] >= packing->extents[i]) return 0;
  int64_t rest = (packing->extents[inner.dim] - place->index[inner.dim] + inner.step - 1) / inner.step;
  return rest < places ? rest : places;
}

static void pack_all(const BlobPacking *packing, const uint8_t *from, size_t size, uint8_t *to) {
  int64_t places[RANK_LIMIT + 1], count;
  uint32_t last = storage_part_count(packing->order, packing->rank) - 1;
  StoragePart inner = storage_part(packing->order, last);
  PackPlace place = {.offset = (uint64_t)packing->offset};
  uint64_t stride = (uint64_t)inner.step * (uint64_t)packing->strides[inner.dim];
  storage_places(packing->order, packing->rank, packing->extents, places, &count);
  do {
    int64_t run = run_length(packing, &place, inner, places[last]);
    for (int64_t n = 0; n < run; n++, to += size) memcpy(to, from + (place.offset + (uint64_t)n * stride) * size, size);
    memset(to, 0, (size_t)(places[last] - run) * size);
    to += (size_t)(places[last] - run) * size;
  } while (advance(packing, &place, places, last));
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
  pack_all(packing, from, element_info(blob->element)->bits / 8, dense);
  free(copy);
}

const Blob *blob_packed(Arena *arena, const BlobPacking *packing) {
  const Blob *source = packing->source;
  int64_t places[RANK_LIMIT + 1], count;
  if (!storage_places(packing->order, packing->rank, packing->extents, places, &count)) memory_exhausted();
  if (source->splat) return blob_splat(arena, source->element, count, source->bytes);
  Blob *blob = arena_new(arena, Blob);
  *blob = (Blob){.element = source->element, .element_count = count, .decode = pack};
  blob->packing = blob->decode_user = arena_copy(arena, packing, sizeof *packing);
  if (!element_byte_count(blob->element, count, &blob->byte_count)) memory_exhausted();
  return blob;
}
