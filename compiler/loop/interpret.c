/* SPDX-License-Identifier: Apache-2.0 */
/* The meaning of kernels: stages one after another, each over all points of its axes, whatever the schedule
   says. Folds constants and is the oracle that generated code is tested against. */
#include "loop/interpret_plan.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool interpreter_fail(const Interpreter *interpreter, const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const Kernel *kernel = interpreter->kernel;
  const char *where = interpreter->stage
                          ? arena_format(interpreter->arena, "kernel '%s', stage '%s': %s", kernel->name,
                                         interpreter->stage->name, text)
                          : arena_format(interpreter->arena, "kernel '%s': %s", kernel->name, text);
  return report(interpreter->program->diagnostics, &kernel->location, MESSAGE_KERNEL, where);
}

bool interpreter_dim(const Interpreter *interpreter, Dim dim, int64_t *value) {
  return dim_evaluate(dim, interpreter->symbols, value) ||
         interpreter_fail(interpreter, "a dim has no value, or overflows, for these symbols");
}

static bool layout_create(Interpreter *interpreter, const KernelBuffer *buffer, PlanBuffer *memory,
                          uint64_t *byte_count) {
  int64_t *dims = arena_array(interpreter->arena, int64_t, buffer->rank);
  int64_t *strides = arena_array(interpreter->arena, int64_t, buffer->rank);
  uint32_t bits = element_info(buffer->element)->bits;
  *memory = (PlanBuffer){.rank = buffer->rank, .element_bytes = bits / 8, .dims = dims, .strides = strides};
  int64_t count = 1;
  bool fits = true, empty = false;
  for (uint32_t i = buffer->rank; i-- > 0;) {
    if (!interpreter_dim(interpreter, buffer->dims[i], &dims[i])) return false;
    if (dims[i] < 0)
      return interpreter_fail(interpreter, "dim %u of %%%s is %" PRId64, i, buffer->name, dims[i]);
    strides[i] = count * memory->element_bytes;
    if (dims[i] == 0) empty = true; /* strides are of no use then */
    if (empty || !fits) continue;
    int64_t bytes;
    fits = !__builtin_mul_overflow(count, dims[i], &count) && !__builtin_mul_overflow(count, 16, &bytes);
    if (!fits) count = 0;
  }
  if ((!fits && !empty) || !element_byte_count(buffer->element, empty ? 0 : count, byte_count))
    return interpreter_fail(interpreter, "the size of %%%s overflows", buffer->name);
  return true;
}

/* Locals are zeroed: cheap where they are large, and reproducible whatever a kernel does. */
static bool allocate(PlanBuffer *memory, uint64_t byte_count) {
  memory->bytes = calloc(byte_count ? (size_t)byte_count : 1, 1);
  memory->owned = true;
  return memory->bytes != NULL;
}

/* Where the element at the place of a row-major tensor stands in the order. */
static int64_t place_in_order(const StorageOrder *order, const PlanBuffer *memory, const int64_t *places, int64_t element) {
  int64_t index[RANK_LIMIT], place = 0;
  for (uint32_t i = memory->rank; i-- > 0; element /= memory->dims[i]) index[i] = element % memory->dims[i];
  for (uint32_t k = 0; k < order->part_count; k++) {
    const StoragePart *part = &order->parts[k];
    int64_t at = index[part->dim] / part->step;
    place = place * places[k] + (part->count ? at % part->count : at);
  }
  return place;
}

/* A row-major copy of a buffer that stands in another order. */
static bool copy_in_rows(Interpreter *interpreter, const KernelBuffer *buffer, PlanBuffer *memory, uint64_t byte_count) {
  const uint8_t *stored = memory->bytes;
  int64_t places[RANK_LIMIT + 1], count, size = memory->element_bytes;
  if (!storage_places(buffer->order, memory->rank, memory->dims, places, &count) || !allocate(memory, byte_count))
    return interpreter_fail(interpreter, "no memory for the %" PRIu64 " bytes of %%%s", byte_count, buffer->name);
  for (int64_t i = 0; i < (int64_t)byte_count / size; i++)
    memcpy(memory->bytes + i * size, stored + place_in_order(buffer->order, memory, places, i) * size, (size_t)size);
  return true;
}

static bool interpreter_start(Interpreter *interpreter, void *const *buffers) {
  const Kernel *kernel = interpreter->kernel;
  uint32_t axis_count = kernel->axis_count + kernel->index_count;
  if (axis_count > POINT_LIMIT) return interpreter_fail(interpreter, "more than %d axes", POINT_LIMIT);
  for (uint32_t i = 0; i < axis_count; i++) {
    if (!interpreter_dim(interpreter, kernel->axes[i].extent, &interpreter->extents[i])) return false;
    if (interpreter->extents[i] < 0)
      return interpreter_fail(interpreter, "axis '%s' has extent %" PRId64, kernel->axes[i].name,
                              interpreter->extents[i]);
  }
  interpreter->buffers = arena_array(interpreter->arena, PlanBuffer, kernel->buffer_count);
  uint32_t parameter = 0;
  for (uint32_t i = 0; i < kernel->buffer_count; i++) {
    uint64_t byte_count;
    PlanBuffer *memory = &interpreter->buffers[i];
    if (!layout_create(interpreter, &kernel->buffers[i], memory, &byte_count)) return false;
    if (kernel_buffer_is_parameter(kernel, i)) {
      memory->bytes = buffers[parameter++];
      if (kernel->buffers[i].role == BUFFER_STATUS) interpreter->status = (int32_t *)(void *)memory->bytes;
      if (kernel->buffers[i].order && !copy_in_rows(interpreter, &kernel->buffers[i], memory, byte_count)) return false;
    } else if (!allocate(memory, byte_count))
      return interpreter_fail(interpreter, "no memory for the %" PRIu64 " bytes of %%%s", byte_count,
                              kernel->buffers[i].name);
  }
  return true;
}

/* Moves to the next point, the last axis fastest; false, and back at 0, after the last one. */
static bool advance(Interpreter *interpreter, const uint32_t *axes, uint32_t count) {
  for (uint32_t i = count; i-- > 0;) {
    if (++interpreter->position[axes[i]] < interpreter->extents[axes[i]]) return true;
    interpreter->position[axes[i]] = 0;
  }
  return false;
}

static bool is_empty(const Interpreter *interpreter, const uint32_t *axes, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (interpreter->extents[axes[i]] == 0) return true;
  return false;
}

static bool store_strip(Interpreter *interpreter, const StagePlan *plan, size_t count) {
  uint8_t *start;
  int64_t step;
  if (!strip_locate(interpreter, plan->stage->target, plan->target_forms, 0, count, &start, &step))
    return false;
  if (count > 1 && step == 0)
    return interpreter_fail(interpreter, "the target has one element for several points");
  plan->store(count, plan->root->strip, start, step);
  return true;
}

static size_t strip_length(int64_t extent, int64_t base) {
  return extent - base < STRIP_LENGTH ? (size_t)(extent - base) : STRIP_LENGTH;
}

/* All strips along the strip's reduced axis at every point of the other reduced ones, into one element. */
static bool reduce_into_point(Interpreter *interpreter, const StagePlan *plan) {
  uint32_t axis = plan->strip_axis;
  accumulator_reset(plan->accumulator, 1);
  if (!is_empty(interpreter, plan->inner, plan->inner_count)) do
      for (int64_t base = 0; base < interpreter->extents[axis]; base += STRIP_LENGTH) {
        size_t count = strip_length(interpreter->extents[axis], base);
        interpreter->position[axis] = base;
        if (!strip_evaluate(interpreter, plan->root, 0, count)) return false;
        accumulator_fold(plan->accumulator, count, plan->root->strip);
      }
    while (advance(interpreter, plan->inner, plan->inner_count));
  accumulator_finish(plan->accumulator, 1, plan->root->strip);
  return store_strip(interpreter, plan, 1);
}

/* `count` points of the target beginning at the position. */
static bool compute_strip(Interpreter *interpreter, const StagePlan *plan, size_t count) {
  if (!plan->accumulator)
    return strip_evaluate(interpreter, plan->root, 0, count) && store_strip(interpreter, plan, count);
  accumulator_reset(plan->accumulator, count);
  if (!is_empty(interpreter, plan->inner, plan->inner_count)) do {
      if (!strip_evaluate(interpreter, plan->root, 0, count)) return false;
      accumulator_add(plan->accumulator, count, plan->root->strip);
    } while (advance(interpreter, plan->inner, plan->inner_count));
  accumulator_finish(plan->accumulator, count, plan->root->strip);
  return store_strip(interpreter, plan, count);
}

static bool run_row(Interpreter *interpreter, const StagePlan *plan) {
  uint32_t axis = plan->strip_axis;
  if (plan->strip_reduces) return reduce_into_point(interpreter, plan);
  if (axis == AXIS_NONE) return compute_strip(interpreter, plan, 1);
  for (int64_t base = 0; base < interpreter->extents[axis]; base += STRIP_LENGTH) {
    interpreter->position[axis] = base;
    if (!compute_strip(interpreter, plan, strip_length(interpreter->extents[axis], base))) return false;
  }
  return true;
}

static bool run_stage(Interpreter *interpreter, const Stage *stage) {
  interpreter->stage = stage;
  const StagePlan *plan = stage_plan_create(interpreter, stage);
  if (!plan) return false;
  for (uint32_t i = 0; i < POINT_LIMIT; i++) interpreter->position[i] = 0;
  if (is_empty(interpreter, plan->outer, plan->outer_count)) return true;
  do
    if (!run_row(interpreter, plan)) return false;
  while (advance(interpreter, plan->outer, plan->outer_count));
  return true;
}

bool interpret_kernel(const Program *program, const Kernel *kernel, void *const *buffers,
                      const int64_t *symbols) {
  Arena *arena = arena_create();
  Interpreter *interpreter = arena_new(arena, Interpreter);
  *interpreter = (Interpreter){.program = program, .kernel = kernel, .symbols = symbols, .arena = arena};
  bool ok = interpreter_start(interpreter, buffers);
  for (uint32_t i = 0; ok && i < kernel->stage_count; i++) ok = run_stage(interpreter, &kernel->stages[i]);
  for (uint32_t i = 0; interpreter->buffers && i < kernel->buffer_count; i++)
    if (interpreter->buffers[i].owned) free(interpreter->buffers[i].bytes);
  arena_destroy(arena);
  return ok;
}
