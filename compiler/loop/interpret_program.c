/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the steps of a program with memory of its own for each buffer, which lives from the first step that
   uses it to the last: the memory plan's offsets are not part of the meaning. */
#include "loop/program.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct Run {
  const Program *program;
  const int64_t *symbols;
  Arena *arena;
  void **memory;   /* by program buffer */
  uint8_t **owned; /* what is freed after the last use */
  size_t *last_step;
  uint64_t *byte_counts;
} Run;

static bool fail(const Run *run, const Location *location, const char *what, uint32_t buffer) {
  return report(run->program->diagnostics, location, MESSAGE_KERNEL,
                arena_format(run->arena, "buffer #%u %s", buffer, what));
}

static bool count_bytes(const Run *run, uint32_t index, const Location *location) {
  const Type *type = &run->program->buffers[index].type;
  int64_t count = 1, dim;
  bool empty = false;
  for (uint32_t i = 0; i < type->rank; i++) {
    if (!dim_evaluate(type->dims[i], run->symbols, &dim) || dim < 0)
      return fail(run, location, "has an invalid dim for these symbols", index);
    empty |= dim == 0;
    if (!empty && __builtin_mul_overflow(count, dim, &count))
      return fail(run, location, "has a size that overflows", index);
  }
  if (!element_byte_count(type->element, empty ? 0 : count, &run->byte_counts[index]))
    return fail(run, location, "has a size that overflows", index);
  return true;
}

static bool allocate(Run *run, uint32_t index, const Location *location) {
  uint64_t byte_count = run->byte_counts[index];
  run->owned[index] = calloc(byte_count ? (size_t)byte_count : 1, 1);
  run->memory[index] = run->owned[index];
  return run->owned[index] || fail(run, location, "does not fit into memory", index);
}

/* Dense data is used where it lies, also in a mapped file of any alignment; nothing writes a constant. */
static bool provide_constant(Run *run, uint32_t index, const Location *location) {
  const Blob *blob = run->program->buffers[index].blob;
  if (!blob || blob->byte_count != run->byte_counts[index] || blob->strings)
    return fail(run, location, "has a constant of another size", index);
  if (!blob->splat && !blob->decode) {
    run->memory[index] = (void *)(uintptr_t)blob->bytes;
    return true;
  }
  if (!allocate(run, index, location)) return false;
  blob_read(blob, run->memory[index]);
  return true;
}

static bool provide(Run *run, uint32_t index, const void *const *arguments, void *const *results,
                    const Location *location) {
  if (index >= run->program->buffer_count) return fail(run, location, "does not exist", index);
  if (run->memory[index]) return true;
  if (!count_bytes(run, index, location)) return false;
  const ProgramBuffer *buffer = &run->program->buffers[index];
  switch (buffer->storage) {
  case STORAGE_ARGUMENT:
    run->memory[index] = (void *)(uintptr_t)arguments[buffer->index];
    break;
  case STORAGE_RESULT:
    run->memory[index] = results[buffer->index];
    break;
  case STORAGE_CONSTANT:
    return provide_constant(run, index, location);
  case STORAGE_WORKSPACE:
    return allocate(run, index, location);
  }
  return run->memory[index] || !run->byte_counts[index] || fail(run, location, "was given no memory", index);
}

static bool sizes_agree(const Run *run, const Step *step, const Kernel *kernel) {
  for (uint32_t i = 0; i < step->buffer_count; i++) {
    const KernelBuffer *parameter = &kernel->buffers[i];
    uint64_t byte_count;
    int64_t count = 1, dim;
    for (uint32_t j = 0; j < parameter->rank; j++)
      if (!dim_evaluate(parameter->dims[j], run->symbols, &dim) || __builtin_mul_overflow(count, dim, &count))
        return fail(run, &step->location, "is bound to a parameter of an invalid shape", step->buffers[i]);
    if (parameter->element != run->program->buffers[step->buffers[i]].type.element ||
        !element_byte_count(parameter->element, count, &byte_count) ||
        byte_count != run->byte_counts[step->buffers[i]])
      return fail(run, &step->location, "is bound to a parameter of another type", step->buffers[i]);
  }
  return true;
}

static bool run_kernel(Run *run, const Step *step) {
  const Program *program = run->program;
  if (step->kernel >= program->kernel_count ||
      step->buffer_count != kernel_parameter_count(program->kernels[step->kernel]))
    return report(program->diagnostics, &step->location, MESSAGE_KERNEL,
                  "a step names no kernel or has another number of buffers");
  const Kernel *kernel = program->kernels[step->kernel];
  void **buffers = arena_array(run->arena, void *, step->buffer_count);
  for (uint32_t i = 0; i < step->buffer_count; i++) buffers[i] = run->memory[step->buffers[i]];
  return sizes_agree(run, step, kernel) && interpret_kernel(program, kernel, buffers, run->symbols);
}

static bool run_check(const Run *run, const Step *step, int32_t *status) {
  if (step->buffer_count != 1 || run->program->buffers[step->buffers[0]].type.element != ELEMENT_I32 ||
      run->byte_counts[step->buffers[0]] < sizeof *status)
    return report(run->program->diagnostics, &step->location, MESSAGE_KERNEL, "a check needs one i32 buffer");
  memcpy(status, run->memory[step->buffers[0]], sizeof *status);
  return true;
}

static void release(Run *run, const Step *step, size_t at) {
  for (uint32_t i = 0; i < step->buffer_count; i++) {
    uint32_t index = step->buffers[i];
    if (run->last_step[index] != at || !run->owned[index]) continue;
    free(run->owned[index]);
    run->owned[index] = NULL;
  }
}

static bool run_steps(Run *run, const void *const *arguments, void *const *results, int32_t *status) {
  const Program *program = run->program;
  for (size_t s = 0; s < program->step_count; s++) {
    const Step *step = &program->steps[s];
    for (uint32_t i = 0; i < step->buffer_count; i++)
      if (!provide(run, step->buffers[i], arguments, results, &step->location)) return false;
    if (!(step->kind == STEP_CHECK ? run_check(run, step, status) : run_kernel(run, step))) return false;
    if (*status) return true;
    release(run, step, s);
  }
  return true;
}

bool interpret_program(const Program *program, const void *const *arguments, void *const *results,
                       const int64_t *symbols, int32_t *status) {
  Arena *arena = arena_create();
  Run run = {.program = program, .symbols = symbols, .arena = arena};
  run.memory = arena_array(arena, void *, program->buffer_count);
  run.owned = arena_array(arena, uint8_t *, program->buffer_count);
  run.last_step = arena_array(arena, size_t, program->buffer_count);
  run.byte_counts = arena_array(arena, uint64_t, program->buffer_count);
  for (size_t s = 0; s < program->step_count; s++)
    for (uint32_t i = 0; i < program->steps[s].buffer_count; i++)
      if (program->steps[s].buffers[i] < program->buffer_count)
        run.last_step[program->steps[s].buffers[i]] = s;
  *status = 0;
  bool ok = run_steps(&run, arguments, results, status);
  for (size_t i = 0; i < program->buffer_count; i++) free(run.owned[i]);
  arena_destroy(arena);
  return ok;
}
