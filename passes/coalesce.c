/* SPDX-License-Identifier: Apache-2.0 */
/* Simplifies a kernel's axes before it is scheduled: axes and dims of extent 1 vanish, and two adjacent axes
   that every access walks as one become one. Fewer axes mean longer inner loops. */
#include "passes/kernel_accesses.h"
#include "passes/lower.h"
#include <string.h>

typedef struct AxisMap {
  Arena *arena;
  int32_t to[64]; /* -1: gone */
} AxisMap;

/* Renumbers the axes of all terms; terms of vanished axes go. */
static void map_access(void *user, uint32_t buffer, Subscript **subscripts, uint32_t rank) {
  const AxisMap *map = user;
  (void)buffer;
  for (uint32_t i = 0; i < rank; i++) {
    Subscript *subscript = &(*subscripts)[i];
    AffineTerm *terms = arena_array(map->arena, AffineTerm, subscript->term_count);
    uint32_t count = 0;
    for (uint32_t j = 0; j < subscript->term_count; j++) {
      int32_t axis = map->to[subscript->terms[j].label];
      if (axis >= 0) terms[count++] = (AffineTerm){(uint32_t)axis, subscript->terms[j].coefficient};
    }
    subscript->terms = terms;
    subscript->term_count = count;
  }
}

/* Removes the axes marked -1 in the map and renumbers the rest, and the indices, in order. */
static void remove_axes(Program *program, Kernel *kernel, AxisMap *map) {
  uint32_t count = 0, removed = 0;
  map->arena = program->arena;
  for (uint32_t a = 0; a < kernel->axis_count + kernel->index_count; a++) {
    if (a < kernel->axis_count && map->to[a] < 0) {
      removed++;
      continue;
    }
    kernel->axes[count] = kernel->axes[a];
    map->to[a] = (int32_t)count++;
  }
  kernel->axis_count -= removed;
  kernel_visit_accesses(kernel, map_access, map);
  for (uint32_t i = 0; i < kernel->stage_count; i++) {
    Stage *stage = &kernel->stages[i];
    uint32_t *axes = arena_array(program->arena, uint32_t, stage->reduce_count), kept = 0;
    for (uint32_t j = 0; j < stage->reduce_count; j++)
      if (map->to[stage->reduce_axes[j]] >= 0) axes[kept++] = (uint32_t)map->to[stage->reduce_axes[j]];
    stage->reduce_axes = axes;
    stage->reduce_count = kept;
  }
}

/* An axis of extent 1 is always 0. A stage may lose its last reduce axis: its monoid then runs over one
 * point. */
static void drop_unit_axes(Program *program, Kernel *kernel) {
  AxisMap map;
  bool any = false;
  for (uint32_t a = 0; a < kernel->axis_count; a++) {
    map.to[a] = dim_equals_constant(kernel->axes[a].extent, 1) ? -1 : 0;
    any = any || map.to[a] < 0;
  }
  if (any) remove_axes(program, kernel, &map);
}

typedef struct DimRemoval {
  const Kernel *kernel;
  uint64_t drop[64]; /* per buffer: dims to drop */
} DimRemoval;

/* An index is checked against its dim, whatever that is. */
static void keep_indexed(void *user, uint32_t buffer, Subscript **subscripts, uint32_t rank) {
  DimRemoval *removal = user;
  for (uint32_t i = 0; buffer != UINT32_MAX && i < rank; i++)
    if (subscript_uses_index(removal->kernel, &(*subscripts)[i])) removal->drop[buffer] &= ~(UINT64_C(1) << i);
}

static void drop_dims(void *user, uint32_t buffer, Subscript **subscripts, uint32_t rank) {
  const DimRemoval *removal = user;
  if (buffer == UINT32_MAX) return;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < rank; i++)
    if (!(removal->drop[buffer] >> i & 1)) (*subscripts)[kept++] = (*subscripts)[i];
}

/* Where a dim is 1, an access that takes place is at 0; an axis that says whether it does, by having no points, stays in
   the target. */
static void drop_unit_dims(Program *program, Kernel *kernel) {
  DimRemoval removal = {.kernel = kernel};
  for (uint32_t b = 0; b < kernel->buffer_count; b++)
    for (uint32_t i = 0; i < kernel->buffers[b].rank; i++)
      if (dim_equals_constant(kernel->buffers[b].dims[i], 1) &&
          storage_run(kernel->buffers[b].order, i) == INT64_MAX)
        removal.drop[b] |= UINT64_C(1) << i;
  kernel_visit_accesses(kernel, keep_indexed, &removal);
  for (uint32_t i = 0; i < kernel->stage_count; i++) {
    const Stage *stage = &kernel->stages[i];
    for (uint32_t d = 0; d < kernel->buffers[stage->target].rank; d++)
      if (stage->subscripts[d].term_count) removal.drop[stage->target] &= ~(UINT64_C(1) << d);
  }
  kernel_visit_accesses(kernel, drop_dims, &removal);
  for (uint32_t b = 0; b < kernel->buffer_count; b++) {
    KernelBuffer *buffer = &kernel->buffers[b];
    Dim *dims = arena_array(program->arena, Dim, buffer->rank);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < buffer->rank; i++)
      if (!(removal.drop[b] >> i & 1)) dims[kept++] = buffer->dims[i];
    for (uint32_t i = buffer->rank; i-- > 0;)
      if (removal.drop[b] >> i & 1) buffer->order = storage_without(program->arena, buffer->order, i);
    buffer->dims = dims;
    buffer->rank = kept;
  }
}

typedef struct PairCheck {
  const Kernel *kernel;
  uint32_t first, second;
  int32_t position[64]; /* per buffer: dim of `first`; -1 none seen, -2 the axes do not appear */
  bool ok;
} PairCheck;

static void check_pair(void *user, uint32_t buffer, Subscript **subscripts, uint32_t rank) {
  PairCheck *check = user;
  int32_t position = -2;
  for (uint32_t i = 0; i < rank; i++) {
    const Subscript *subscript = &(*subscripts)[i];
    uint32_t axis;
    bool first = subscript_uses(subscript, check->first), second = subscript_uses(subscript, check->second);
    if (!first && !second) continue;
    bool starts = first && !second && buffer != UINT32_MAX && position == -2 && i + 1 < rank &&
                  subscript_is_plain(subscript, &axis) && subscript_is_plain(&(*subscripts)[i + 1], &axis) &&
                  axis == check->second && storage_adjacent(check->kernel->buffers[buffer].order, i, i + 1) &&
                  check->kernel->buffers[buffer].dims[i + 1] == check->kernel->axes[check->second].extent;
    bool follows = second && !first && position >= 0 && (uint32_t)position + 1 == i;
    if (starts)
      position = (int32_t)i;
    else if (!follows)
      check->ok = false;
  }
  if (buffer == UINT32_MAX || !check->ok) return;
  if (check->position[buffer] == -1) check->position[buffer] = position;
  if (check->position[buffer] != position) check->ok = false;
}

static bool same_role(const Kernel *kernel, uint32_t a, uint32_t b) {
  for (uint32_t i = 0; i < kernel->stage_count; i++)
    if (stage_reduces(&kernel->stages[i], a) != stage_reduces(&kernel->stages[i], b)) return false;
  return true;
}

/* Merges axis b into axis a where every access allows it. */
static bool merge_pair(Program *program, Kernel *kernel, uint32_t a, uint32_t b) {
  PairCheck check = {.kernel = kernel, .first = a, .second = b, .ok = same_role(kernel, a, b)};
  for (uint32_t i = 0; i < kernel->buffer_count; i++) check.position[i] = -1;
  Dim merged = dim_multiply(program->dims, kernel->axes[a].extent, kernel->axes[b].extent);
  if (!dim_is_valid(merged) || !check.ok) return false;
  kernel_visit_accesses(kernel, check_pair, &check);
  for (uint32_t i = 0; i < kernel->buffer_count && check.ok; i++) {
    if (check.position[i] < 0) continue;
    /* The first axis may fit by what a run requires; that says nothing of products. */
    Dim place = kernel->buffers[i].dims[check.position[i]];
    Dim joined = dim_multiply(program->dims, place, kernel->axes[b].extent);
    check.ok = place == kernel->axes[a].extent || dim_less_equal(program->dims, merged, joined) == TRUTH_YES;
  }
  if (!check.ok) return false;
  DimRemoval removal = {.kernel = kernel};
  for (uint32_t i = 0; i < kernel->buffer_count; i++) {
    KernelBuffer *buffer = &kernel->buffers[i];
    if (check.position[i] < 0) continue;
    uint32_t at = (uint32_t)check.position[i];
    Dim *dims = arena_array(program->arena, Dim, buffer->rank);
    for (uint32_t d = 0, kept = 0; d < buffer->rank; d++)
      if (d != at + 1) dims[kept++] = buffer->dims[d];
    dims[at] = dim_multiply(program->dims, buffer->dims[at], buffer->dims[at + 1]);
    removal.drop[i] = UINT64_C(1) << (at + 1);
    buffer->order = storage_without(program->arena, buffer->order, at + 1);
    buffer->dims = dims;
  }
  kernel_visit_accesses(kernel, drop_dims, &removal);
  for (uint32_t i = 0; i < kernel->buffer_count; i++)
    if (removal.drop[i]) kernel->buffers[i].rank--;
  kernel->axes[a].extent = merged;
  AxisMap map;
  for (uint32_t i = 0; i < kernel->axis_count; i++) map.to[i] = i == b ? -1 : 0;
  remove_axes(program, kernel, &map);
  return true;
}

static void coalesce_kernel(Program *program, Kernel *kernel) {
  if (kernel->axis_count + kernel->index_count > 64 || kernel->buffer_count > 64) return;
  drop_unit_axes(program, kernel);
  drop_unit_dims(program, kernel);
  for (bool again = true; again;) {
    again = false;
    for (uint32_t a = 0; a < kernel->axis_count && !again; a++)
      for (uint32_t b = 0; b < kernel->axis_count && !again; b++)
        again = a != b && merge_pair(program, kernel, a, b);
  }
}

void coalesce_kernels(Program *program) {
  for (size_t i = 0; i < program->kernel_count; i++) coalesce_kernel(program, program->kernels[i]);
}
