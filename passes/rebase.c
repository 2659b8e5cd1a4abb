/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters begin where their kernel does: what a kernel writes, or reads behind the beginning, may be some of a buffer's
   leading rows. The call then passes the address of the first, so that kernels that differ in nothing but where in a
   tensor they work, as those of a concatenation's parts or of a stack of weights, are one. */
#include "passes/kernel_accesses.h"
#include "passes/lower.h"

/* How far the accesses of a parameter go along one of its dims. */
typedef struct Reach {
  const Program *program;
  const Kernel *kernel;
  uint32_t parameter, dim;
  int64_t least; /* INT64_MAX: no access yet */
  Dim end;       /* one behind the last element */
  bool known;
} Reach;

static void extend(void *user, uint32_t buffer, Subscript **subscripts, uint32_t rank) {
  Reach *reach = user;
  DimContext *dims = reach->program->dims;
  Dim least, most;
  int64_t first, end, other;
  if (buffer != reach->parameter || reach->dim >= rank) return;
  const Subscript *subscript = &(*subscripts)[reach->dim];
  if (subscript_uses_index(reach->kernel, subscript)) { /* which is checked against the whole */
    reach->known = false;
    return;
  }
  subscript_bounds(dims, reach->kernel, subscript, 0, &least, &most);
  most = dim_add(dims, most, dim_constant(dims, 1));
  reach->known &= dim_is_constant(least, &first) && first >= 0 && dim_is_valid(most);
  if (!reach->known) return;
  if (!reach->end || (dim_is_constant(most, &end) && dim_is_constant(reach->end, &other) && other < end)) reach->end = most;
  reach->known = most == reach->end || (dim_is_constant(most, &end) && dim_is_constant(reach->end, &other));
  if (first < reach->least) reach->least = first;
}

static void shift(void *user, uint32_t buffer, Subscript **subscripts, uint32_t rank) {
  const Reach *reach = user;
  DimContext *dims = reach->program->dims;
  if (buffer != reach->parameter || reach->dim >= rank) return;
  Subscript *subscript = &(*subscripts)[reach->dim];
  subscript->offset = dim_subtract(dims, subscript->offset, dim_constant(dims, reach->least));
}

/* Cuts the dim to what is touched of it. False where it stays as it is. */
static bool cut_dim(Program *program, Kernel *kernel, uint32_t parameter, uint32_t dim, Dim *start) {
  DimContext *dims = program->dims;
  KernelBuffer *buffer = &kernel->buffers[parameter];
  Reach reach = {program, kernel, parameter, dim, INT64_MAX, NULL, true};
  kernel_visit_accesses(kernel, extend, &reach);
  if (!reach.known || !reach.end || (reach.least == 0 && buffer->role != BUFFER_OUT)) return false;
  Dim extent = dim_subtract(dims, reach.end, dim_constant(dims, reach.least));
  if (extent == buffer->dims[dim] || dim_less_equal(dims, reach.end, buffer->dims[dim]) != TRUTH_YES) return false;
  Dim before = dim_constant(dims, reach.least);
  for (uint32_t i = dim + 1; i < buffer->rank; i++) before = dim_multiply(dims, before, buffer->dims[i]);
  if (!dim_is_valid(before)) return false;
  Dim *cut = arena_copy(program->arena, buffer->dims, buffer->rank * sizeof *cut);
  cut[dim] = extent;
  buffer->dims = cut;
  buffer->alignment = element_alignment(buffer->element);
  if (reach.least) kernel_visit_accesses(kernel, shift, &reach);
  *start = *start ? dim_add(dims, *start, before) : before;
  return true;
}

/* Of the first dim that is not 1, and of the next where the one before became 1. */
static void rebase_parameter(Program *program, Kernel *kernel, uint32_t parameter, Dim *start) {
  const KernelBuffer *buffer = &kernel->buffers[parameter];
  if (buffer->panel || buffer->role == BUFFER_STATUS || element_info(buffer->element)->bits < 8) return;
  for (uint32_t i = 0; i < buffer->rank; i++)
    if (!dim_equals_constant(buffer->dims[i], 1) &&
        !(cut_dim(program, kernel, parameter, i, start) && dim_equals_constant(buffer->dims[i], 1)))
      return;
}

/* Before kernels are shared, each has one call. */
static void rebase_steps(Program *program, Step *steps, size_t count) {
  for (size_t i = 0; i < count; i++) {
    Step *step = &steps[i];
    for (uint32_t k = 0; k < step_body_count(step); k++) rebase_steps(program, step->bodies[k].steps, step->bodies[k].count);
    if (step->kind != STEP_KERNEL) continue;
    Kernel *kernel = program->kernels[step->kernel];
    Dim *starts = arena_array(program->arena, Dim, step->buffer_count);
    for (uint32_t k = 0; k < kernel_parameter_count(kernel); k++) {
      rebase_parameter(program, kernel, k, &starts[k]);
      if (starts[k]) step->starts = starts;
    }
  }
}

void rebase_kernels(Program *program) { rebase_steps(program, program->steps, program->step_count); }
