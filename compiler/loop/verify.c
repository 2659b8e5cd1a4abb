/* SPDX-License-Identifier: Apache-2.0 */
/* Holds programs to the rules of program.h; reports every violation, as a message about the node that the
   kernel stands for. Expressions: verify_expression.c; schedules: verify_schedule.c; steps: verify_steps.c. */
#include "loop/verify_kernel.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool kernel_fail(KernelVerifier *verifier, const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const char *pass = verifier->pass ? arena_format(verifier->arena, "after pass '%s': ", verifier->pass) : "";
  const char *kernel =
      verifier->kernel ? arena_format(verifier->arena, "kernel '%s': ", verifier->kernel->name) : "";
  const char *stage =
      verifier->stage ? arena_format(verifier->arena, "stage '%s': ", verifier->stage->name) : "";
  verifier->ok = false;
  return report(verifier->program->diagnostics, verifier->kernel ? &verifier->kernel->location : NULL,
                MESSAGE_VERIFY, arena_format(verifier->arena, "%s%s%s%s", pass, kernel, stage, text));
}

bool kernel_dim_ok(KernelVerifier *verifier, const char *what, Dim dim) {
  return (dim && dim_is_valid(dim)) || kernel_fail(verifier, "%s is no valid dim", what);
}

bool kernel_subscript_ok(KernelVerifier *verifier, const Subscript *subscript, bool indices) {
  const Kernel *kernel = verifier->kernel;
  if (!kernel_dim_ok(verifier, "a subscript's offset", subscript->offset)) return false;
  for (uint32_t i = 0; i < subscript->term_count; i++) {
    const AffineTerm *term = &subscript->terms[i];
    if (term->label >= kernel->axis_count + kernel->index_count)
      return kernel_fail(verifier, "a subscript uses axis %u of %u", term->label, kernel->axis_count + kernel->index_count);
    if (!indices && term->label >= kernel->axis_count)
      return kernel_fail(verifier, "index '%s' stands where none may", kernel->axes[term->label].name);
    if (i && term->label <= term[-1].label)
      return kernel_fail(verifier, "a subscript's terms are not sorted by axis");
    if (!kernel_dim_ok(verifier, "a coefficient", term->coefficient)) return false;
    if (dim_equals_constant(term->coefficient, 0)) return kernel_fail(verifier, "a coefficient is 0");
  }
  return true;
}

static void verify_buffer(KernelVerifier *verifier, uint32_t index) {
  const Kernel *kernel = verifier->kernel;
  const KernelBuffer *buffer = &kernel->buffers[index];
  uint32_t least = element_alignment(buffer->element);
  if (!buffer->name) {
    kernel_fail(verifier, "buffer %u has no name", index);
    return;
  }
  if (!least) kernel_fail(verifier, "%%%s has no element type", buffer->name);
  if (index && buffer->role != BUFFER_LOCAL && kernel->buffers[index - 1].role == BUFFER_LOCAL)
    kernel_fail(verifier, "parameter %%%s stands behind a local", buffer->name);
  if (!buffer->alignment || buffer->alignment & (buffer->alignment - 1) || buffer->alignment < least)
    kernel_fail(verifier, "%%%s is aligned to %u bytes", buffer->name, buffer->alignment);
  for (uint32_t i = 0; i < buffer->rank; i++)
    if (!kernel_dim_ok(verifier, buffer->name, buffer->dims[i])) return;
  if (buffer->role == BUFFER_STATUS && (buffer->element != ELEMENT_I32 || buffer->rank))
    kernel_fail(verifier, "%%%s is a status, and no i32[]", buffer->name);
  if (buffer->order && (buffer->role != BUFFER_IN || !storage_order_is_sound(buffer->order, buffer->rank)))
    kernel_fail(verifier, "%%%s cannot stand in that order", buffer->name);
}

static bool verify_target(KernelVerifier *verifier) {
  const Kernel *kernel = verifier->kernel;
  const Stage *stage = verifier->stage;
  DimContext *dims = verifier->program->dims;
  if (stage->target >= kernel->buffer_count || kernel->buffers[stage->target].role == BUFFER_IN ||
      kernel->buffers[stage->target].role == BUFFER_STATUS)
    return kernel_fail(verifier, "the target is no out or local buffer");
  const KernelBuffer *target = &kernel->buffers[stage->target];
  for (uint32_t i = 0; i < target->rank; i++) {
    if (!kernel_subscript_ok(verifier, &stage->subscripts[i], false)) return false;
    if (!form_proved_within(verifier, &stage->subscripts[i], dim_constant(dims, 0), target->dims[i]))
      return kernel_fail(verifier, "subscript %u of the target %%%s is not provably inside", i, target->name);
  }
  return true;
}

static bool verify_reduction(KernelVerifier *verifier) {
  const Stage *stage = verifier->stage;
  verifier->axes = stage_axes(verifier->kernel, stage);
  if (stage->monoid == SCALAR_COUNT && stage->reduce_count)
    return kernel_fail(verifier, "axes are reduced without a monoid");
  if (stage->monoid != SCALAR_COUNT &&
      (!scalar_is_monoid(stage->monoid) || !scalar_accepts(stage->monoid, stage->expr->type)))
    return kernel_fail(verifier, "there is no such reduction over %s", element_info(stage->expr->type)->name);
  for (uint32_t i = 0; i < stage->reduce_count; i++) {
    uint32_t axis = stage->reduce_axes[i];
    if (axis >= verifier->kernel->axis_count)
      return kernel_fail(verifier, "reduces axis %u, which is none", axis);
    if (verifier->axes >> axis & 1)
      return kernel_fail(verifier, "axis '%s' is reduced and also used by the target, or reduced twice",
                         verifier->kernel->axes[axis].name);
    verifier->axes |= UINT64_C(1) << axis;
  }
  return true;
}

static void verify_stage(KernelVerifier *verifier, const Stage *stage) {
  verifier->stage = stage;
  verifier->guard_count = 0;
  if (!stage->name || !stage->expr) {
    kernel_fail(verifier, "a stage has no name or no expression");
  } else if (verify_target(verifier) && verify_reduction(verifier)) {
    const KernelBuffer *target = &verifier->kernel->buffers[stage->target];
    ElementType wanted = element_info(target->element)->compute;
    if (stage->expr->type != wanted)
      kernel_fail(verifier, "%%%s takes %s, not %s", target->name, element_info(wanted)->name,
                  element_info(stage->expr->type)->name);
    verify_expression(verifier, stage->expr);
  }
  verifier->stage = NULL;
}

static void verify_kernel(KernelVerifier *verifier, const Kernel *kernel) {
  bool outside = verifier->ok;
  verifier->ok = true;
  verifier->kernel = kernel;
  uint32_t axis_count = kernel->axis_count + kernel->index_count, statuses = 0;
  if (kernel->axis_count > LABEL_LIMIT || kernel->index_count > INDEX_LIMIT || kernel->buffer_count > BUFFER_LIMIT) {
    kernel_fail(verifier, "there are %u axes, %u indices and %u buffers", kernel->axis_count, kernel->index_count, kernel->buffer_count);
    return;
  }
  for (uint32_t i = 0; i < axis_count; i++) {
    if ((i < kernel->axis_count) != !kernel->axes[i].value) kernel_fail(verifier, "axis %u has a value, or an index has none", i);
    if (!kernel->axes[i].name) kernel_fail(verifier, "axis %u has no name", i);
    if (kernel_dim_ok(verifier, "an axis's extent", kernel->axes[i].extent) &&
        dim_range(verifier->program->dims, kernel->axes[i].extent).high < 0)
      kernel_fail(verifier, "axis %u has a negative extent", i);
  }
  for (uint32_t i = 0; i < kernel->buffer_count; i++) {
    verify_buffer(verifier, i);
    statuses += kernel->buffers[i].role == BUFFER_STATUS;
  }
  if (statuses != (kernel->index_count > 0)) kernel_fail(verifier, "there are %u statuses for %u indices", statuses, kernel->index_count);
  if (kernel_dim_ok(verifier, "the number of tasks", kernel->task_count)) {
    DimRange tasks = dim_range(verifier->program->dims, kernel->task_count);
    if (tasks.low < 1 || tasks.high > TASK_LIMIT)
      kernel_fail(verifier, "the number of tasks is not provably in [1, %d]", TASK_LIMIT);
  }
  if (!kernel->stage_count) kernel_fail(verifier, "there are no stages");
  bool sound = verifier->ok; /* stages refer to what was just verified */
  for (uint32_t i = 0; sound && i < kernel->stage_count; i++) verify_stage(verifier, &kernel->stages[i]);
  if (verifier->ok) verify_schedule(verifier);
  verifier->ok = verifier->ok && outside;
  verifier->kernel = NULL;
}

bool verify_same_count(DimContext *dims, Dim a, Dim b) {
  return dim_is_valid(a) && (a == b || dim_equal(dims, a, b) == TRUTH_YES);
}

/* Same element type, and the same number of elements for every value of the symbols. */
bool verify_same_size(DimContext *dims, const Type *a, const Type *b) {
  return a->element == b->element && verify_same_count(dims, type_count(dims, a), type_count(dims, b));
}

static void verify_program_buffer(KernelVerifier *verifier, size_t index) {
  const Program *program = verifier->program;
  const ProgramBuffer *buffer = &program->buffers[index];
  const Region *body = program->entry ? program->entry->body : NULL;
  int64_t count;
  if (buffer->type.kind != VALUE_TENSOR || !element_info(buffer->type.element)->bits) {
    kernel_fail(verifier, "buffer #%zu is no tensor", index);
    return;
  }
  for (uint32_t i = 0; i < buffer->type.rank; i++)
    if (!kernel_dim_ok(verifier, "a buffer's dim", buffer->type.dims[i])) return;
  if (buffer->storage == STORAGE_CONSTANT &&
      (!buffer->blob || buffer->blob->element != buffer->type.element ||
       !type_static_count(&buffer->type, &count) || count != buffer->blob->element_count))
    kernel_fail(verifier, "constant buffer #%zu and its blob disagree", index);
  if (buffer->storage == STORAGE_WORKSPACE && buffer->byte_count)
    kernel_dim_ok(verifier, "a buffer's size", buffer->byte_count);
  if (buffer->storage == STORAGE_WORKSPACE && buffer->offset) kernel_dim_ok(verifier, "a buffer's offset", buffer->offset);
  if (!body || (buffer->storage != STORAGE_ARGUMENT && buffer->storage != STORAGE_RESULT)) return;
  bool argument = buffer->storage == STORAGE_ARGUMENT;
  const char *what = argument ? "argument" : "result";
  Value *const *values = argument ? body->arguments : body->results;
  if (buffer->index >= (argument ? body->argument_count : body->result_count))
    kernel_fail(verifier, "buffer #%zu is %s %u, which the entry does not have", index, what, buffer->index);
  else if (!verify_same_size(program->dims, &buffer->type, &values[buffer->index]->type))
    kernel_fail(verifier, "buffer #%zu has another type than %s %u of the entry", index, what, buffer->index);
}

static int compare_names(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static void verify_names(KernelVerifier *verifier) {
  const Program *program = verifier->program;
  const char **names = arena_array(verifier->arena, const char *, program->kernel_count);
  for (size_t i = 0; i < program->kernel_count; i++) names[i] = program->kernels[i]->name;
  if (program->kernel_count) qsort(names, program->kernel_count, sizeof *names, compare_names);
  verifier->kernel = NULL;
  for (size_t i = 1; i < program->kernel_count; i++)
    if (strcmp(names[i - 1], names[i]) == 0) kernel_fail(verifier, "two kernels have the name '%s'", names[i]);
}

bool program_verify(const Program *program, const char *pass) {
  Arena *arena = arena_create();
  KernelVerifier *verifier = arena_new(arena, KernelVerifier);
  *verifier = (KernelVerifier){.program = program, .pass = pass, .arena = arena, .ok = true};
  for (size_t i = 0; i < program->buffer_count; i++) verify_program_buffer(verifier, i);
  for (size_t i = 0; i < program->kernel_count; i++) verify_kernel(verifier, program->kernels[i]);
  verify_names(verifier);
  if (program->workspace_bytes) kernel_dim_ok(verifier, "the size of the workspace", program->workspace_bytes);
  if (verifier->ok) verify_steps(verifier);
  bool ok = verifier->ok;
  arena_destroy(arena);
  return ok;
}
