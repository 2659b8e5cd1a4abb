/* SPDX-License-Identifier: Apache-2.0 */
/* Orders of storage: which of them give each element one place, where elements stand, by the definition, and packed copies. */
#include "ir/storage_order.h"
#include "ir_test.h"

/* Of a tensor of three dims; the elements of the packed copy are found again where the definition says. */
static void check_places(Arena *arena, const StorageOrder *order) {
  const int64_t extents[3] = {5, 7, 6};
  int64_t places[RANK_LIMIT + 1], count;
  float source[5 * 7 * 6];
  bool taken[4096] = {false};
  for (uint32_t i = 0; i < sizeof source / sizeof *source; i++) source[i] = (float)i + 1;
  assert_true(storage_order_is_sound(order, 3));
  assert_true(storage_places(order, 3, extents, places, &count));
  BlobPacking packing = {.source = blob_dense(arena, ELEMENT_F32, 210, source), .rank = 3, .order = order,
                         .extents = {5, 7, 6}, .strides = {42, 1, 7}}; /* the last two axes of the source are exchanged */
  const Blob *blob = blob_packed(arena, &packing);
  assert_int_equal(blob->element_count, count);
  assert_true(count >= 210 && count <= 4096);
  float *packed = arena_array(arena, float, (size_t)count);
  blob_read(blob, packed);
  for (int64_t element = 0; element < 210; element++) {
    const int64_t index[3] = {element / 42, element / 6 % 7, element % 6};
    int64_t place = 0;
    for (uint32_t k = 0; k < storage_part_count(order, 3); k++) {
      StoragePart part = storage_part(order, k);
      int64_t at = index[part.dim] / part.step;
      place = place * places[k] + (part.count ? at % part.count : at);
    }
    assert_false(taken[place]);
    taken[place] = true;
    assert_true(packed[place] == source[index[0] * 42 + index[2] * 7 + index[1]]);
  }
  for (int64_t place = 0; place < count; place++) assert_true(taken[place] || packed[place] == 0);
}

/* A stride is the distance between neighbours of a run, a run ends where it says. */
static void check_strides(Arena *arena, const StorageOrder *order) {
  DimContext *dims = dim_context_create(arena);
  const Dim extents[3] = {dim_constant(dims, 5), dim_constant(dims, 7), dim_constant(dims, 6)};
  int64_t count, all, stride, places[RANK_LIMIT + 1];
  const int64_t numbers[3] = {5, 7, 6};
  assert_true(storage_places(order, 3, numbers, places, &count));
  assert_true(dim_is_constant(storage_count(dims, order, 3, extents), &all) && all == count);
  for (uint32_t dim = 0; dim < 3; dim++) {
    int64_t first = -1, run = storage_run(order, dim), before = 0;
    assert_true(dim_is_constant(storage_stride(dims, order, 3, extents, dim), &stride));
    for (int64_t i = 0; i < numbers[dim]; i++) {
      int64_t place = 0;
      for (uint32_t k = 0; k < storage_part_count(order, 3); k++) {
        StoragePart part = storage_part(order, k);
        int64_t at = part.dim == dim ? i / part.step : 0;
        place = place * places[k] + (part.count ? at % part.count : at);
      }
      if (i % (run == INT64_MAX ? numbers[dim] : run) != 0) assert_int_equal(place - before, stride);
      if (first < 0) first = place;
      before = place;
    }
    assert_int_equal(first, 0);
  }
}

static StorageOrder order_of(uint32_t count, const StoragePart *parts) {
  StorageOrder order = {.part_count = count};
  memcpy(order.parts, parts, count * sizeof *parts);
  return order;
}
#define ORDER(...) order_of(sizeof((const StoragePart[]){__VA_ARGS__}) / sizeof(StoragePart), (const StoragePart[]){__VA_ARGS__})

static void places(void **state) {
  (void)state;
  Arena *arena = arena_create();
  const StorageOrder orders[] = {
      ORDER({0, 1, 0}, {1, 1, 0}, {2, 1, 0}), ORDER({2, 1, 0}, {0, 1, 0}, {1, 1, 0}),
      ORDER({2, 4, 0}, {0, 1, 0}, {1, 1, 0}, {2, 1, 4}), ORDER({2, 16, 0}, {0, 1, 0}, {1, 1, 0}, {2, 1, 16}),
      ORDER({2, 4, 0}, {1, 2, 0}, {0, 1, 0}, {2, 1, 4}, {1, 1, 2}), ORDER({1, 1, 2}, {1, 6, 0}, {0, 1, 0}, {1, 2, 3}, {2, 1, 0})};
  check_places(arena, NULL);
  check_places(arena, storage_blocks(arena, 3, 4));
  assert_true(storage_order_equal(storage_blocks(arena, 3, 4), &orders[2]));
  assert_false(storage_order_equal(storage_blocks(arena, 3, 4), &orders[3]));
  for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
    check_places(arena, &orders[i]);
    check_strides(arena, &orders[i]);
  }
  arena_destroy(arena);
}

static void unsound(void **state) {
  (void)state;
  const StorageOrder orders[] = {ORDER({0, 1, 0}, {1, 1, 0}),                                    /* a dim is missing */
                                 ORDER({0, 1, 0}, {1, 1, 0}, {2, 1, 0}, {2, 1, 0}),              /* one is there twice */
                                 ORDER({0, 1, 0}, {1, 1, 0}, {2, 1, 4}),                         /* what is behind its fourth element */
                                 ORDER({2, 8, 0}, {0, 1, 0}, {1, 1, 0}, {2, 1, 4}),              /* blocks of eight of four */
                                 ORDER({2, 4, 0}, {0, 1, 0}, {1, 1, 0}),                         /* places within a block */
                                 ORDER({2, 1, 0}, {0, 1, 0}, {1, 1, 0}, {2, 1, 1}),              /* nothing is cut */
                                 ORDER({2, 1 << 17, 0}, {0, 1, 0}, {1, 1, 0}, {2, 1, 1 << 17}),  /* beyond the limit */
                                 ORDER({0, 1, 0}, {1, 1, 0}, {3, 1, 0})};                        /* there is no fourth dim */
  for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) assert_false(storage_order_is_sound(&orders[i], 3));
}

static void dims_walked_as_one(void **state) {
  (void)state;
  Arena *arena = arena_create();
  const StorageOrder *blocks = storage_blocks(arena, 3, 4), *less = storage_without(arena, blocks, 1);
  assert_true(storage_adjacent(NULL, 1, 2) && !storage_adjacent(NULL, 0, 2));
  assert_true(storage_adjacent(blocks, 0, 1));
  assert_false(storage_adjacent(blocks, 1, 2)); /* the second is cut */
  assert_true(storage_order_equal(less, storage_blocks(arena, 2, 4)));
  arena_destroy(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(places), cmocka_unit_test(unsound), cmocka_unit_test(dims_walked_as_one)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
