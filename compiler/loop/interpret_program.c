/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the steps of a program with memory of its own for each buffer, which lives from the first step that
   uses it to the last, where nested steps count as the one around them: the memory plan's offsets are not part of
   the meaning. */
#include "aicc/abi.h"
#include "loop/program.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct Run {
  const Program *program;
  int64_t *symbols; /* the caller's and the numbers of the current iterations */
  const void *const *arguments;
  void *const *results;
  int32_t *status;
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

static bool provide(Run *run, uint32_t index, const Location *location) {
  if (index >= run->program->buffer_count) return fail(run, location, "does not exist", index);
  if (run->memory[index]) return true;
  if (!count_bytes(run, index, location)) return false;
  const ProgramBuffer *buffer = &run->program->buffers[index];
  switch (buffer->storage) {
  case STORAGE_ARGUMENT:
    run->memory[index] = (void *)(uintptr_t)run->arguments[buffer->index];
    break;
  case STORAGE_RESULT:
    run->memory[index] = run->results[buffer->index];
    break;
  case STORAGE_CONSTANT:
    return provide_constant(run, index, location);
  case STORAGE_WORKSPACE:
    return allocate(run, index, location);
  }
  return run->memory[index] || !run->byte_counts[index] || fail(run, location, "was given no memory", index);
}

/* Where a parameter begins, in bytes. False where that is no place for these symbols. */
static bool parameter_offset(const Run *run, const Step *step, uint32_t i, uint64_t *bytes) {
  Dim start = step_start(step, i);
  int64_t elements = 0;
  if (start && (!dim_evaluate(start, run->symbols, &elements) || elements < 0)) return false;
  return element_byte_count(run->program->buffers[step->buffers[i]].type.element, elements, bytes);
}

/* The parameter is as large as its buffer, or what is touched of it ends within. */
static bool size_agrees(const Run *run, const Step *step, const Kernel *kernel, uint32_t i) {
  const KernelBuffer *parameter = &kernel->buffers[i];
  DimContext *dims = run->program->dims;
  bool whole = !step_start(step, i);
  uint64_t bytes, offset, end;
  int64_t count;
  if (!dim_evaluate(whole ? kernel_buffer_count(dims, parameter) : kernel_reach(dims, kernel, i), run->symbols, &count) ||
      !element_byte_count(parameter->element, count > 0 ? count : 0, &bytes) || !parameter_offset(run, step, i, &offset) ||
      __builtin_add_overflow(offset, bytes, &end))
    return false;
  uint64_t all = run->byte_counts[step->buffers[i]];
  return whole ? count >= 0 && end == all : end <= all;
}

static bool sizes_agree(const Run *run, const Step *step, const Kernel *kernel) {
  for (uint32_t i = 0; i < kernel_parameter_count(kernel); i++)
    if (kernel->buffers[i].element != run->program->buffers[step->buffers[i]].type.element || !size_agrees(run, step, kernel, i))
      return fail(run, &step->location, "is bound to a parameter of another type", step->buffers[i]);
  return true;
}

static bool run_kernel(Run *run, const Step *step) {
  const Program *program = run->program;
  if (step->kernel >= program->kernel_count ||
      step->buffer_count < kernel_parameter_count(program->kernels[step->kernel]))
    return report(program->diagnostics, &step->location, MESSAGE_KERNEL,
                  "a step names no kernel or has another number of buffers");
  const Kernel *kernel = program->kernels[step->kernel];
  void **buffers = arena_array(run->arena, void *, step->buffer_count);
  if (!sizes_agree(run, step, kernel)) return false;
  for (uint32_t i = 0; i < step->buffer_count; i++) {
    uint64_t offset = 0;
    if (i < kernel_parameter_count(kernel)) parameter_offset(run, step, i, &offset);
    buffers[i] = offset ? (uint8_t *)run->memory[step->buffers[i]] + offset : run->memory[step->buffers[i]];
  }
  return interpret_kernel(program, kernel, buffers, run->symbols);
}

/* The number that a step finds in its i-th buffer: of `size` bytes and that element type. */
static bool read_number(const Run *run, const Step *step, uint32_t i, ElementType element, void *value,
                        size_t size) {
  if (i >= step->buffer_count || run->program->buffers[step->buffers[i]].type.element != element ||
      run->byte_counts[step->buffers[i]] != size)
    return report(run->program->diagnostics, &step->location, MESSAGE_KERNEL,
                  "a step needs one number of another type");
  memcpy(value, run->memory[step->buffers[i]], size);
  return true;
}

static bool run_steps(Run *run, const Step *steps, size_t count, uint32_t depth);

static bool run_if(Run *run, const Step *step, uint32_t depth) {
  uint8_t truth;
  if (!read_number(run, step, 0, ELEMENT_BOOL, &truth, sizeof truth)) return false;
  const StepList *body = &step->bodies[truth ? 0 : 1];
  return run_steps(run, body->steps, body->count, depth + 1);
}

static bool run_loop(Run *run, const Step *step, uint32_t depth) {
  int64_t count = INT64_MAX;
  uint8_t truth = 1;
  if (step->trip && !dim_evaluate(step->trip, run->symbols, &count))
    return report(run->program->diagnostics, &step->location, MESSAGE_KERNEL, "a trip count overflows");
  if (step->counted &&
      !read_number(run, step, step->buffer_count - 1, ELEMENT_I64, &count, sizeof count))
    return false;
  for (int64_t i = 0; i < count; i++) {
    if (step->conditional && !read_number(run, step, 0, ELEMENT_BOOL, &truth, sizeof truth)) return false;
    if (!truth) break;
    run->symbols[step->iteration->index] = i;
    if (!run_steps(run, step->bodies[0].steps, step->bodies[0].count, depth + 1)) return false;
    if (*run->status) break;
  }
  return true;
}

/* As in the object, where the product or sum overflows as well. */
static void require_dims(const Run *run, const Step *step) {
  int64_t value;
  if (!dim_evaluate(step->form, run->symbols, &value) || value) *run->status = AICC_E_SHAPE;
}

static bool run_step(Run *run, const Step *step, uint32_t depth) {
  switch (step->kind) {
  case STEP_KERNEL:
    return run_kernel(run, step);
  case STEP_CHECK:
    return read_number(run, step, 0, ELEMENT_I32, run->status, sizeof *run->status);
  case STEP_REQUIRE:
    require_dims(run, step);
    return true;
  case STEP_IF:
    return run_if(run, step, depth);
  case STEP_LOOP:
    return run_loop(run, step, depth);
  }
  return false;
}

static void release(Run *run, const Step *step, size_t at) {
  for (uint32_t i = 0; i < step->buffer_count; i++) {
    uint32_t index = step->buffers[i];
    if (run->last_step[index] != at || !run->owned[index]) continue;
    free(run->owned[index]);
    run->owned[index] = NULL;
  }
  for (uint32_t k = 0; k < step_body_count(step); k++)
    for (size_t s = 0; s < step->bodies[k].count; s++) release(run, &step->bodies[k].steps[s], at);
}

static bool run_steps(Run *run, const Step *steps, size_t count, uint32_t depth) {
  for (size_t s = 0; s < count; s++) {
    const Step *step = &steps[s];
    for (uint32_t i = 0; i < step->buffer_count; i++)
      if (!provide(run, step->buffers[i], &step->location)) return false;
    if (!run_step(run, step, depth)) return false;
    if (*run->status) return true;
    if (depth == 0) release(run, step, s);
  }
  return true;
}

/* The last step of the program whose parts use a buffer. */
static void find_last_steps(Run *run, const Step *steps, size_t count, size_t top, bool nested) {
  for (size_t s = 0; s < count; s++) {
    if (!nested) top = s;
    for (uint32_t i = 0; i < steps[s].buffer_count; i++)
      if (steps[s].buffers[i] < run->program->buffer_count) run->last_step[steps[s].buffers[i]] = top;
    for (uint32_t k = 0; k < step_body_count(&steps[s]); k++)
      find_last_steps(run, steps[s].bodies[k].steps, steps[s].bodies[k].count, top, true);
  }
}

bool interpret_program(const Program *program, const void *const *arguments, void *const *results,
                       const int64_t *symbols, int32_t *status) {
  Arena *arena = arena_create();
  Run run = {.program = program, .arguments = arguments, .results = results, .status = status, .arena = arena};
  size_t symbol_count = dim_symbol_count(program->dims);
  run.symbols = arena_array(arena, int64_t, symbol_count);
  for (size_t i = 0; symbols && i < symbol_count; i++)
    if (!dim_symbol_at(program->dims, i)->limit) run.symbols[i] = symbols[i];
  run.memory = arena_array(arena, void *, program->buffer_count);
  run.owned = arena_array(arena, uint8_t *, program->buffer_count);
  run.last_step = arena_array(arena, size_t, program->buffer_count);
  run.byte_counts = arena_array(arena, uint64_t, program->buffer_count);
  find_last_steps(&run, program->steps, program->step_count, 0, false);
  *status = 0;
  bool ok = run_steps(&run, program->steps, program->step_count, 0);
  for (size_t i = 0; i < program->buffer_count; i++) free(run.owned[i]);
  arena_destroy(arena);
  return ok;
}
