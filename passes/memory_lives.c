/* SPDX-License-Identifier: Apache-2.0 */
/* Lifetimes over steps that nest. Positions run through the branches of an `if` one after the other, so that
   what lives in only one of them may share memory with the other's. A buffer that is used both in a loop's
   body and outside lives for the whole loop: the next iteration finds what was there. What is used in the
   body alone is written anew in each iteration. */
#include "passes/memory_lives.h"

static void use(Life *lives, const Step *step, uint32_t position) {
  for (uint32_t k = 0; k < step->buffer_count; k++) {
    Life *life = &lives[step->buffers[k]];
    if (life->first == UINT32_MAX) life->first = position;
    life->last = position;
  }
}

/* Inner loops come first, so that what they stretch is seen by the outer ones. */
static void stretch(Life *lives, size_t count, uint32_t start, uint32_t end) {
  for (size_t i = 0; i < count; i++) {
    Life *life = &lives[i];
    if (life->first == UINT32_MAX || life->last < start || life->first > end || life->first > start) continue;
    if (life->last < end) life->last = end;
  }
}

/* The position behind the steps. */
static uint32_t walk(Life *lives, size_t buffer_count, const Step *steps, size_t count, uint32_t position) {
  for (size_t i = 0; i < count; i++) {
    const Step *step = &steps[i];
    uint32_t start = position++;
    use(lives, step, start);
    for (uint32_t k = 0; k < step_body_count(step); k++)
      position = walk(lives, buffer_count, step->bodies[k].steps, step->bodies[k].count, position);
    if (step->kind == STEP_LOOP) stretch(lives, buffer_count, start, position - 1);
  }
  return position;
}

/* What is first used in a loop and then behind it lives from its start: known only when all uses are. */
static uint32_t stretch_back(Life *lives, size_t buffer_count, const Step *steps, size_t count,
                             uint32_t position) {
  for (size_t i = 0; i < count; i++) {
    const Step *step = &steps[i];
    uint32_t start = position++;
    for (uint32_t k = 0; k < step_body_count(step); k++)
      position = stretch_back(lives, buffer_count, step->bodies[k].steps, step->bodies[k].count, position);
    if (step->kind != STEP_LOOP) continue;
    for (size_t b = 0; b < buffer_count; b++)
      if (lives[b].first > start && lives[b].first < position && lives[b].last >= position)
        lives[b].first = start;
  }
  return position;
}

uint32_t program_lives(const Program *program, Life *lives) {
  for (size_t i = 0; i < program->buffer_count; i++) lives[i] = (Life){(uint32_t)i, UINT32_MAX, 0, 0, 0};
  uint32_t count = walk(lives, program->buffer_count, program->steps, program->step_count, 0);
  stretch_back(lives, program->buffer_count, program->steps, program->step_count, 0);
  return count;
}
