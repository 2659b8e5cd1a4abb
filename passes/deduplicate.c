/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels that differ in nothing but names are generated once. */
#include "passes/deduplicate.h"

static void renumber(Step *steps, size_t count, const uint32_t *same) {
  for (size_t i = 0; i < count; i++) {
    if (steps[i].kind == STEP_KERNEL) steps[i].kernel = same[steps[i].kernel];
    for (uint32_t k = 0; k < step_body_count(&steps[i]); k++)
      renumber(steps[i].bodies[k].steps, steps[i].bodies[k].count, same);
  }
}

void deduplicate_kernels(Program *program) {
  uint32_t *same = arena_array(program->arena, uint32_t, program->kernel_count);
  size_t kept = 0, mask = 1;
  while (mask < 2 * program->kernel_count) mask *= 2;
  uint32_t *table = arena_array(program->arena, uint32_t, mask--); /* of those kept, counted from 1; 0: free */
  for (size_t i = 0; i < program->kernel_count; i++) {
    Kernel *kernel = program->kernels[i];
    uint64_t slot = kernel_hash(kernel) & mask;
    while (table[slot] && !kernel_equal(program->kernels[table[slot] - 1], kernel)) slot = (slot + 1) & mask;
    if (!table[slot]) {
      program->kernels[kept++] = kernel;
      table[slot] = (uint32_t)kept;
    }
    same[i] = table[slot] - 1;
  }
  program->kernel_count = kept;
  for (size_t i = 0; i < kept; i++) program->kernels[i]->name = arena_format(program->arena, "k%zu", i);
  renumber(program->steps, program->step_count, same);
}
