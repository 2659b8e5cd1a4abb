/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters begin where their kernel does: the call passes the address of the first element that is touched, so that
   kernels that differ in nothing but where in a tensor they work, as those of a concatenation's parts or of a stack of
   weights, are one. Kernels that several steps call already stay as they are. */
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

/* Begins the parameter at the first element that is touched along the dim, where that is a known one. A leading dim, which
   tells nothing about where elements are, is cut to what is touched. Returns where it begins. */
static int64_t rebase_dim(Program *program, Kernel *kernel, uint32_t parameter, uint32_t dim, bool leads, Dim *start) {
  DimContext *dims = program->dims;
  KernelBuffer *buffer = &kernel->buffers[parameter];
  Reach reach = {program, kernel, parameter, dim, INT64_MAX, NULL, true};
  kernel_visit_accesses(kernel, extend, &reach);
  if (!reach.known || !reach.end || dim_less_equal(dims, reach.end, buffer->dims[dim]) != TRUTH_YES) return 0;
  bool cut = leads && reach.end != buffer->dims[dim] && (reach.least || buffer->role == BUFFER_OUT);
  Dim first = dim_constant(dims, reach.least);
  if (dim_less_equal(dims, reach.end, first) == TRUTH_YES) return 0; /* nothing is touched, wherever that is */
  Dim before = dim_multiply(dims, first, storage_stride(dims, buffer->order, buffer->rank, buffer->dims, dim));
  if ((!reach.least && !cut) || !dim_is_valid(before)) return 0;
  if (reach.least) kernel_visit_accesses(kernel, shift, &reach);
  if (leads) {
    Dim *own = arena_copy(program->arena, buffer->dims, buffer->rank * sizeof *own);
    own[dim] = dim_subtract(dims, reach.end, first);
    buffer->dims = own;
  }
  *start = *start ? dim_add(dims, *start, before) : before;
  return reach.least;
}

/* That of the buffer, as far as an element of it has it too. */
static uint32_t alignment_at(const KernelBuffer *buffer, Dim start) {
  uint32_t alignment = buffer->alignment;
  int64_t at;
  if (!dim_is_constant(start, &at)) return element_alignment(buffer->element);
  uint64_t bytes = (uint64_t)at * (element_info(buffer->element)->bits / 8);
  while (alignment > element_alignment(buffer->element) && bytes % alignment) alignment /= 2;
  return alignment;
}

/* Of the first dims, which lead while they are 1, and of those behind them. What cannot be proved to end within the buffer
   stays a parameter for all of it. */
static void rebase_parameter(Program *program, Kernel *kernel, uint32_t parameter, Dim *start) {
  DimContext *dims = program->dims;
  KernelBuffer *buffer = &kernel->buffers[parameter];
  const KernelBuffer whole = *buffer;
  int64_t first[RANK_LIMIT] = {0};
  bool leads = true;
  if (buffer->order || buffer->role == BUFFER_STATUS || element_info(buffer->element)->bits < 8) return;
  for (uint32_t i = 0; i < buffer->rank; i++) {
    first[i] = rebase_dim(program, kernel, parameter, i, leads, start);
    leads = leads && dim_equals_constant(buffer->dims[i], 1);
  }
  if (!*start) return;
  if (kernel_fits(dims, kernel, parameter, *start, kernel_buffer_count(dims, &whole))) {
    buffer->alignment = alignment_at(&whole, *start);
    return;
  }
  for (uint32_t i = 0; i < buffer->rank; i++) {
    Reach back = {.program = program, .parameter = parameter, .dim = i, .least = -first[i]};
    kernel_visit_accesses(kernel, shift, &back);
  }
  *buffer = whole;
  *start = NULL;
}

static void count_calls(const Step *steps, size_t count, uint32_t *calls) {
  for (size_t i = 0; i < count; i++) {
    if (steps[i].kind == STEP_KERNEL) calls[steps[i].kernel]++;
    for (uint32_t k = 0; k < step_body_count(&steps[i]); k++)
      count_calls(steps[i].bodies[k].steps, steps[i].bodies[k].count, calls);
  }
}

static void rebase_steps(Program *program, Step *steps, size_t count, const uint32_t *calls) {
  for (size_t i = 0; i < count; i++) {
    Step *step = &steps[i];
    for (uint32_t k = 0; k < step_body_count(step); k++) rebase_steps(program, step->bodies[k].steps, step->bodies[k].count, calls);
    if (step->kind != STEP_KERNEL || calls[step->kernel] > 1 || step->starts) continue;
    Kernel *kernel = program->kernels[step->kernel];
    Dim *starts = arena_array(program->arena, Dim, step->buffer_count);
    for (uint32_t k = 0; k < kernel_parameter_count(kernel); k++) {
      rebase_parameter(program, kernel, k, &starts[k]);
      if (starts[k]) step->starts = starts;
    }
  }
}

void rebase_kernels(Program *program) {
  uint32_t *calls = arena_array(program->arena, uint32_t, program->kernel_count);
  count_calls(program->steps, program->step_count, calls);
  rebase_steps(program, program->steps, program->step_count, calls);
}
