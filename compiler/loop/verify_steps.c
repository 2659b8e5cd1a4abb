/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of steps: buffers are written before they are read, on every way to the reader; the number of an
   iteration is used in its loop only. */
#include "loop/storage.h"
#include "loop/verify_kernel.h"
#include <string.h>

typedef struct StepVerifier {
  KernelVerifier *base;
  bool *bound;  /* by Symbol.index: the number of an iteration that is going on */
  bool is_told; /* of the current kernel or trip count: it uses another one */
  size_t required_count, required_capacity;
  Dim *required; /* dims that are 0 where the current list of steps runs */
} StepVerifier;

/* The same number for every value of the symbols that a run lets pass. */
static bool same_count(const StepVerifier *self, Dim a, Dim b) {
  DimContext *dims = self->base->program->dims;
  if (verify_same_count(dims, a, b)) return true;
  Dim difference = dim_subtract(dims, a, b), negative = dim_subtract(dims, b, a);
  for (size_t i = 0; i < self->required_count; i++)
    if (self->required[i] == difference || self->required[i] == negative) return true;
  return false;
}

static bool check_symbol(void *user, const Symbol *symbol) {
  StepVerifier *self = user;
  if (!symbol->limit || self->bound[symbol->index] || self->is_told) return true;
  self->is_told = true;
  kernel_fail(self->base, "uses the iteration number '%s' outside of its loop", symbol->name);
  return false;
}

/* Every iteration number in the dim is one that is going on. */
static bool check_dim(void *user, Dim dim) { return dim_visit_symbols(dim, check_symbol, user); }

static void check_iterations(StepVerifier *self, const Kernel *kernel) {
  self->is_told = false;
  kernel_visit_dims(kernel, check_dim, self);
}

/* The parameter is as large as the buffer, or begins at a whole byte of it and is not touched beyond it. */
static bool verify_extent(const StepVerifier *self, const Step *step, uint32_t at) {
  DimContext *dims = self->base->program->dims;
  const KernelBuffer *parameter = &self->base->kernel->buffers[at];
  const Type *type = &self->base->program->buffers[step->buffers[at]].type;
  Dim count = kernel_buffer_count(dims, parameter), all = type_count(dims, type), start = step_start(step, at);
  if (parameter->element != type->element) return false;
  if (!start) return same_count(self, count, all);
  return !parameter->order && element_info(type->element)->bits >= 8 &&
         kernel_fits(dims, self->base->kernel, at, start, all);
}

static void verify_binding(StepVerifier *self, const Step *step, uint32_t at, const bool *written) {
  KernelVerifier *verifier = self->base;
  const Program *program = verifier->program;
  const KernelBuffer *parameter = &verifier->kernel->buffers[at];
  const ProgramBuffer *buffer = &program->buffers[step->buffers[at]];
  bool given = buffer->storage == STORAGE_ARGUMENT || buffer->storage == STORAGE_CONSTANT;
  uint32_t number = step->buffers[at];
  if (parameter->order && buffer->storage != STORAGE_CONSTANT)
    kernel_fail(verifier, "buffer #%u stands in an order of its own, but is no constant", number);
  if (!verify_extent(self, step, at))
    kernel_fail(verifier, "buffer #%u has another element type or count than parameter %%%s", number,
                parameter->name);
  bool writes = parameter->role == BUFFER_OUT || parameter->role == BUFFER_STATUS;
  if (writes && given)
    kernel_fail(verifier, "parameter %%%s writes buffer #%u, an argument or constant", parameter->name,
                number);
  if (parameter->role != BUFFER_OUT && !given && !written[number])
    kernel_fail(verifier, "parameter %%%s reads buffer #%u, which no earlier step writes", parameter->name,
                number);
  for (uint32_t i = 0; i < at; i++)
    if (step->buffers[i] == number &&
        (writes || verifier->kernel->buffers[i].role != BUFFER_IN))
      kernel_fail(verifier, "buffer #%u is bound to two parameters of which one is written", number);
}

/* Once memory is planned, a kernel that takes scratch has a buffer of the workspace for it, which is nobody else's. */
static bool verify_scratch(KernelVerifier *verifier, const Step *step, uint32_t parameters) {
  const Program *program = verifier->program;
  Dim bytes = kernel_scratch_bytes(program->dims, verifier->kernel);
  if (!program->workspace_bytes || dim_equals_constant(bytes, 0)) return false;
  if (step->buffer_count != parameters + 1)
    return kernel_fail(verifier, "a call has no buffer for the scratch that its kernel takes");
  uint32_t number = step->buffers[parameters];
  const ProgramBuffer *buffer = &program->buffers[number];
  if (buffer->storage != STORAGE_WORKSPACE || !buffer->byte_count || dim_less_equal(program->dims, bytes, buffer->byte_count) != TRUTH_YES)
    return !kernel_fail(verifier, "buffer #%u is too small for the scratch that its kernel takes, or not in the workspace", number);
  for (uint32_t i = 0; i < parameters; i++)
    if (step->buffers[i] == number) return !kernel_fail(verifier, "buffer #%u is scratch and a parameter", number);
  return true;
}

static void verify_call(StepVerifier *self, const Step *step, bool *written) {
  KernelVerifier *verifier = self->base;
  const Program *program = verifier->program;
  if (step->kernel >= program->kernel_count) {
    kernel_fail(verifier, "a step calls kernel %u of %zu", step->kernel, program->kernel_count);
    return;
  }
  verifier->kernel = program->kernels[step->kernel];
  check_iterations(self, verifier->kernel);
  uint32_t expected = kernel_parameter_count(verifier->kernel);
  bool has_scratch = verify_scratch(verifier, step, expected);
  if (step->buffer_count != expected + has_scratch)
    kernel_fail(verifier, "a call passes %u buffers instead of %u", step->buffer_count, expected);
  else
    for (uint32_t i = 0; i < expected; i++) verify_binding(self, step, i, written);
  for (uint32_t i = 0; step->buffer_count == expected + has_scratch && i < expected; i++)
    if (verifier->kernel->buffers[i].role == BUFFER_OUT) written[step->buffers[i]] = true;
  verifier->kernel = NULL;
}

/* The step's buffer `at` is one number of that type, written before. */
static void verify_number(KernelVerifier *verifier, const Step *step, uint32_t at, ElementType element,
                          const bool *written) {
  const ProgramBuffer *buffer = &verifier->program->buffers[step->buffers[at]];
  Type number = type_scalar(element);
  if (!verify_same_size(verifier->program->dims, &buffer->type, &number))
    kernel_fail(verifier, "a step reads buffer #%u, which is not one %s", step->buffers[at],
                element_info(element)->name);
  else if (buffer->storage != STORAGE_ARGUMENT && buffer->storage != STORAGE_CONSTANT &&
           !written[step->buffers[at]])
    kernel_fail(verifier, "a step reads buffer #%u, which no earlier step writes", step->buffers[at]);
}

static void verify_list(StepVerifier *self, const Step *steps, size_t count, bool *written, uint32_t depth);

/* What both branches write is written behind them. */
static void verify_if(StepVerifier *self, const Step *step, bool *written, uint32_t depth) {
  size_t count = self->base->program->buffer_count;
  if (step->buffer_count != 1) {
    kernel_fail(self->base, "an if does not have one buffer of bool");
    return;
  }
  verify_number(self->base, step, 0, ELEMENT_BOOL, written);
  bool *other = arena_copy(self->base->arena, written, count * sizeof *written);
  verify_list(self, step->bodies[0].steps, step->bodies[0].count, written, depth);
  verify_list(self, step->bodies[1].steps, step->bodies[1].count, other, depth);
  for (size_t i = 0; i < count; i++) written[i] = written[i] && other[i];
}

/* What the body writes counts as written behind the loop: without an iteration nothing of it is read. */
static void verify_loop(StepVerifier *self, const Step *step, bool *written, uint32_t depth) {
  KernelVerifier *verifier = self->base;
  if (step->buffer_count != (uint32_t)step->conditional + step->counted || (step->trip && step->counted)) {
    kernel_fail(verifier, "a loop does not have the buffers that it needs");
    return;
  }
  if (!step->trip && !step->buffer_count) kernel_fail(verifier, "a loop never ends");
  self->is_told = false;
  if (step->trip && kernel_dim_ok(verifier, "a trip count", step->trip)) check_dim(self, step->trip);
  if (step->conditional) verify_number(verifier, step, 0, ELEMENT_BOOL, written);
  if (step->counted) verify_number(verifier, step, step->buffer_count - 1, ELEMENT_I64, written);
  if (!step->iteration || !step->iteration->limit) {
    kernel_fail(verifier, "a loop has no symbol for the number of the iteration");
    return;
  }
  bool *bound = &self->bound[step->iteration->index];
  if (*bound) kernel_fail(verifier, "nested loops count in one symbol, '%s'", step->iteration->name);
  if (step->trip && dim_less_equal(verifier->program->dims, step->trip, step->iteration->limit) != TRUTH_YES)
    kernel_fail(verifier, "the trip count is not provably within the limit of '%s'", step->iteration->name);
  bool outer = *bound;
  *bound = true;
  verify_list(self, step->bodies[0].steps, step->bodies[0].count, written, depth);
  *bound = outer;
}

static void verify_step(StepVerifier *self, const Step *step, bool *written, uint32_t depth) {
  KernelVerifier *verifier = self->base;
  const Program *program = verifier->program;
  int64_t constant;
  for (uint32_t i = 0; i < step->buffer_count; i++)
    if (step->buffers[i] >= program->buffer_count) {
      kernel_fail(verifier, "a step uses buffer #%u, which does not exist", step->buffers[i]);
      return;
    }
  switch (step->kind) {
  case STEP_KERNEL:
    verify_call(self, step, written);
    return;
  case STEP_CHECK:
    if (step->buffer_count != 1 || program->buffers[step->buffers[0]].type.element != ELEMENT_I32)
      kernel_fail(verifier, "a check does not have one buffer of i32");
    return;
  case STEP_REQUIRE:
    self->is_told = false;
    if (kernel_dim_ok(verifier, "what is required", step->form)) check_dim(self, step->form);
    arena_push(verifier->arena, self->required, self->required_count, self->required_capacity) = step->form;
    if (dim_is_constant(step->form, &constant)) kernel_fail(verifier, "what is required is a constant");
    return;
  case STEP_IF:
    verify_if(self, step, written, depth + 1);
    return;
  case STEP_LOOP:
    verify_loop(self, step, written, depth + 1);
    return;
  }
}

static void verify_list(StepVerifier *self, const Step *steps, size_t count, bool *written, uint32_t depth) {
  enum { STEP_DEPTH_LIMIT = 128 };
  if (depth > STEP_DEPTH_LIMIT) {
    kernel_fail(self->base, "steps are nested deeper than %d", STEP_DEPTH_LIMIT);
    return;
  }
  size_t outer = self->required_count;
  for (size_t i = 0; i < count; i++) {
    if (i && steps[i].kind == STEP_REQUIRE && steps[i - 1].kind != STEP_REQUIRE)
      kernel_fail(self->base, "dims are required behind other steps");
    verify_step(self, &steps[i], written, depth);
  }
  self->required_count = outer;
}

void verify_steps(KernelVerifier *verifier) {
  const Program *program = verifier->program;
  StepVerifier self = {.base = verifier};
  bool *written = arena_array(verifier->arena, bool, program->buffer_count);
  self.bound = arena_array(verifier->arena, bool, dim_symbol_count(program->dims));
  verify_list(&self, program->steps, program->step_count, written, 0);
}
