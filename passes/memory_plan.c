/* SPDX-License-Identifier: Apache-2.0 */
/* Workspace offsets. Static sizes: largest first into the tightest gap that its lifetime leaves (best fit).
   Symbolic sizes: slots whose members never live at once, laid one after the other behind the static part. */
#include "passes/lower.h"
#include "passes/memory_lives.h"
#include "loop/storage.h"
#include <stdlib.h>

static uint64_t align_up(uint64_t bytes) {
  return (bytes + WORKSPACE_ALIGNMENT - 1) / WORKSPACE_ALIGNMENT * WORKSPACE_ALIGNMENT;
}

static bool overlap(const Life *a, const Life *b) {
  return a->first <= b->last && b->first <= a->last;
}

static int by_size(const void *x, const void *y) {
  const Life *a = x, *b = y;
  if (a->bytes != b->bytes) return a->bytes > b->bytes ? -1 : 1;
  if (a->first != b->first) return a->first < b->first ? -1 : 1;
  return a->buffer < b->buffer ? -1 : a->buffer > b->buffer;
}

/* Puts the life into the tightest gap between the `count` placed ones, which are sorted by offset, and among them. Returns
   its end. */
static uint64_t place_one(const Life **placed, size_t count, Life *life) {
  uint64_t end = 0, best = UINT64_MAX, best_gap = UINT64_MAX;
  for (size_t i = 0; i < count; i++) {
    if (!overlap(placed[i], life)) continue;
    uint64_t gap = placed[i]->offset > end ? placed[i]->offset - end : 0;
    if (gap >= life->bytes && gap < best_gap) {
      best = end;
      best_gap = gap;
    }
    if (placed[i]->offset + placed[i]->bytes > end) end = placed[i]->offset + placed[i]->bytes;
  }
  life->offset = best == UINT64_MAX ? end : best;
  size_t at = count;
  for (; at > 0 && placed[at - 1]->offset > life->offset; at--) placed[at] = placed[at - 1];
  placed[at] = life;
  return life->offset + life->bytes;
}

static uint64_t lower_bound(Arena *arena, const Life *lives, size_t count, uint32_t position_count) {
  uint64_t *change = arena_array(arena, uint64_t, position_count + 1), sum = 0, most = 0; /* modulo 2^64 */
  for (size_t i = 0; i < count; i++) {
    change[lives[i].first] += lives[i].bytes;
    change[lives[i].last + 1] -= lives[i].bytes;
  }
  for (uint32_t step = 0; step < position_count; step++) {
    sum += change[step];
    if (sum > most) most = sum;
  }
  return most;
}

/* Memory of a symbolic size, for lives that never meet. */
typedef struct Slot {
  Dim size;
  uint32_t last; /* of its members' */
  size_t first_member, last_member;
} Slot;

/* Whether the life meets none of the slot's; `next` links members. */
static bool slot_is_free(const Slot *slot, const Life *lives, const size_t *next, const Life *life) {
  if (life->first > slot->last) return true;
  for (size_t k = slot->first_member; k != SIZE_MAX; k = next[k])
    if (overlap(&lives[k], life)) return false;
  return true;
}

/* Slots for symbolic sizes: a member joins a slot of the same size expression first, else any that is free. */
static Dim place_symbolic(Program *program, const Life *lives, size_t count, Dim base) {
  DimContext *dims = program->dims;
  Dim unit = dim_constant(dims, WORKSPACE_ALIGNMENT);
  Slot *slots = arena_array(program->arena, Slot, count + 1);
  size_t *next = arena_array(program->arena, size_t, count + 1), slot_count = 0;
  for (size_t i = 0; i < count; i++) {
    Dim size = program->buffers[lives[i].buffer].byte_count;
    Slot *chosen = NULL;
    for (size_t k = 0; k < slot_count && !chosen; k++)
      if (slots[k].size == size && slot_is_free(&slots[k], lives, next, &lives[i])) chosen = &slots[k];
    for (size_t k = 0; k < slot_count && !chosen; k++)
      if (slot_is_free(&slots[k], lives, next, &lives[i]) && dim_is_valid(dim_max(dims, slots[k].size, size)))
        chosen = &slots[k];
    next[i] = SIZE_MAX;
    if (chosen) {
      next[chosen->last_member] = i;
      chosen->size = dim_max(dims, chosen->size, size);
      if (lives[i].last > chosen->last) chosen->last = lives[i].last;
    } else {
      chosen = &slots[slot_count++];
      *chosen = (Slot){.size = size, .last = lives[i].last, .first_member = i};
    }
    chosen->last_member = i;
  }
  for (size_t k = 0; k < slot_count; k++) {
    for (size_t i = slots[k].first_member; i != SIZE_MAX; i = next[i]) program->buffers[lives[i].buffer].offset = base;
    base = dim_add(dims, base, dim_multiply(dims, dim_ceil_divide(dims, slots[k].size, unit), unit));
  }
  return base;
}

/* Scratch of the first worker is a buffer like any other that lives at its step, behind the call's parameters. */
static void add_scratch(Program *program, Step *steps, size_t count) {
  for (size_t i = 0; i < count; i++) {
    Step *step = &steps[i];
    for (uint32_t k = 0; k < step_body_count(step); k++) add_scratch(program, step->bodies[k].steps, step->bodies[k].count);
    if (step->kind != STEP_KERNEL) continue;
    Dim bytes = kernel_scratch_bytes(program->dims, program->kernels[step->kernel]);
    if (dim_equals_constant(bytes, 0)) continue;
    ProgramBuffer buffer = {.storage = STORAGE_WORKSPACE, .type = type_tensor(program->arena, ELEMENT_U8, 1, &bytes), .byte_count = bytes};
    uint32_t *buffers = arena_array(program->arena, uint32_t, step->buffer_count + 1);
    for (uint32_t k = 0; k < step->buffer_count; k++) buffers[k] = step->buffers[k];
    buffers[step->buffer_count++] = (uint32_t)program->buffer_count;
    step->buffers = buffers;
    arena_push(program->arena, program->buffers, program->buffer_count, program->buffer_capacity) = buffer;
  }
}

void plan_memory(Program *program) {
  add_scratch(program, program->steps, program->step_count);
  size_t fixed_count = 0, symbolic_count = 0;
  Life *lives = arena_array(program->arena, Life, program->buffer_count + 1);
  Life *fixed = arena_array(program->arena, Life, program->buffer_count + 1);
  Life *symbolic = arena_array(program->arena, Life, program->buffer_count + 1);
  const Life **placed = arena_array(program->arena, const Life *, program->buffer_count + 1);
  uint32_t position_count = program_lives(program, lives);
  for (size_t i = 0; i < program->buffer_count; i++) {
    int64_t bytes;
    if (program->buffers[i].storage != STORAGE_WORKSPACE || lives[i].first == UINT32_MAX) continue;
    if (dim_is_constant(program->buffers[i].byte_count, &bytes)) {
      lives[i].bytes = align_up((uint64_t)bytes);
      fixed[fixed_count++] = lives[i];
    } else {
      symbolic[symbolic_count++] = lives[i];
    }
  }
  program->workspace_lower_bound = lower_bound(program->arena, fixed, fixed_count, position_count);
  qsort(fixed, fixed_count, sizeof *fixed, by_size);
  uint64_t end = 0;
  for (size_t i = 0; i < fixed_count; i++) {
    uint64_t top = place_one(placed, i, &fixed[i]);
    if (top > end) end = top;
    program->buffers[fixed[i].buffer].offset = dim_constant(program->dims, (int64_t)fixed[i].offset);
  }
  program->workspace_bytes =
      place_symbolic(program, symbolic, symbolic_count, dim_constant(program->dims, (int64_t)end));
  if (end > ADDRESSABLE_BYTES || !dim_is_valid(program->workspace_bytes)) report(program->diagnostics, NULL, MESSAGE_SHAPE_OVERFLOW);
}
