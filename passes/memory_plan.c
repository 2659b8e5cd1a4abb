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

static int by_offset(const void *x, const void *y) {
  const Life *a = *(const Life *const *)x, *b = *(const Life *const *)y;
  return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static uint64_t place_one(const Life **placed, Life *life, Life *all, size_t done) {
  size_t count = 0;
  for (size_t i = 0; i < done; i++)
    if (overlap(&all[i], life)) placed[count++] = &all[i];
  qsort(placed, count, sizeof *placed, by_offset);
  uint64_t end = 0, best = UINT64_MAX, best_gap = UINT64_MAX;
  for (size_t i = 0; i < count; i++) {
    uint64_t gap = placed[i]->offset > end ? placed[i]->offset - end : 0;
    if (gap >= life->bytes && gap < best_gap) {
      best = end;
      best_gap = gap;
    }
    if (placed[i]->offset + placed[i]->bytes > end) end = placed[i]->offset + placed[i]->bytes;
  }
  life->offset = best == UINT64_MAX ? end : best;
  return life->offset + life->bytes;
}

static uint64_t lower_bound(const Life *lives, size_t count, uint32_t position_count) {
  uint64_t most = 0;
  for (uint32_t step = 0; step < position_count; step++) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
      if (lives[i].first <= step && step <= lives[i].last) sum += lives[i].bytes;
    if (sum > most) most = sum;
  }
  return most;
}

/* Slots for symbolic sizes: a member joins a slot of the same size expression first, else any that is free.
 */
static Dim place_symbolic(Program *program, const Life *lives, size_t count, Dim base) {
  DimContext *dims = program->dims;
  Dim unit = dim_constant(dims, WORKSPACE_ALIGNMENT);
  int32_t *slot_of = arena_array(program->arena, int32_t, count);
  Dim *sizes = arena_array(program->arena, Dim, count);
  int32_t slot_count = 0;
  for (size_t i = 0; i < count; i++) {
    Dim size = program->buffers[lives[i].buffer].byte_count;
    int32_t chosen = -1;
    for (int pass = 0; pass < 2 && chosen < 0; pass++)
      for (int32_t slot = 0; slot < slot_count && chosen < 0; slot++) {
        bool free = pass == 1 ? dim_is_valid(dim_max(dims, sizes[slot], size)) : sizes[slot] == size;
        for (size_t k = 0; free && k < i; k++) free = slot_of[k] != slot || !overlap(&lives[k], &lives[i]);
        if (free) chosen = slot;
      }
    if (chosen < 0) sizes[chosen = slot_count++] = size;
    sizes[chosen] = dim_max(dims, sizes[chosen], size);
    slot_of[i] = chosen;
  }
  for (int32_t slot = 0; slot < slot_count; slot++) {
    for (size_t i = 0; i < count; i++)
      if (slot_of[i] == slot) program->buffers[lives[i].buffer].offset = base;
    base = dim_add(dims, base, dim_multiply(dims, dim_ceil_divide(dims, sizes[slot], unit), unit));
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
  const Life **scratch = arena_array(program->arena, const Life *, program->buffer_count + 1);
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
  program->workspace_lower_bound = lower_bound(fixed, fixed_count, position_count);
  qsort(fixed, fixed_count, sizeof *fixed, by_size);
  uint64_t end = 0;
  for (size_t i = 0; i < fixed_count; i++) {
    uint64_t top = place_one(scratch, &fixed[i], fixed, i);
    if (top > end) end = top;
    program->buffers[fixed[i].buffer].offset = dim_constant(program->dims, (int64_t)fixed[i].offset);
  }
  program->workspace_bytes =
      place_symbolic(program, symbolic, symbolic_count, dim_constant(program->dims, (int64_t)end));
  if (end > ADDRESSABLE_BYTES || !dim_is_valid(program->workspace_bytes)) report(program->diagnostics, NULL, MESSAGE_SHAPE_OVERFLOW);
}
