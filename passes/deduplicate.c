/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels that differ in nothing but names are generated once. */
#include "passes/deduplicate.h"

void deduplicate_kernels(Program *program) {
  uint32_t *same = arena_array(program->arena, uint32_t, program->kernel_count);
  size_t kept = 0;
  for (size_t i = 0; i < program->kernel_count; i++) {
    size_t match = 0;
    while (match < kept && !kernel_equal(program->kernels[match], program->kernels[i])) match++;
    if (match == kept) program->kernels[kept++] = program->kernels[i];
    same[i] = (uint32_t)match;
  }
  program->kernel_count = kept;
  for (size_t i = 0; i < kept; i++) program->kernels[i]->name = arena_format(program->arena, "k%zu", i);
  for (size_t i = 0; i < program->step_count; i++)
    if (program->steps[i].kind == STEP_KERNEL) program->steps[i].kernel = same[program->steps[i].kernel];
}
