/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/common.h"
#include <string.h>

static void collect(void *user, const char *text) {
  text_add(user, text);
  text_add(user, "\n");
}

void fixture_start(Fixture *fixture) {
  *fixture = (Fixture){.arena = arena_create()};
  fixture->diagnostics = diagnostics_create(collect, &fixture->messages);
  fixture->dims = dim_context_create(fixture->arena);
  fixture->program =
      (Program){.arena = fixture->arena, .diagnostics = fixture->diagnostics, .dims = fixture->dims};
}

void fixture_end(Fixture *fixture) {
  diagnostics_destroy(fixture->diagnostics);
  arena_destroy(fixture->arena);
  text_free(&fixture->messages);
}

uint64_t bits_f32(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

uint64_t bits_f64(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

bool run_scalar(Fixture *fixture, Scalar scalar, ElementType operand, ElementType result, size_t count,
                const void *a, const void *b, const void *c, void *out) {
  DimContext *dims = fixture->dims;
  Dim extent = dim_constant(dims, (int64_t)count);
  uint32_t arity = scalar_info(scalar)->arity;
  AffineTerm term = {0, dim_constant(dims, 1)};
  Subscript subscript = {dim_constant(dims, 0), 1, &term};
  KernelBuffer buffers[4] = {0};
  Expr loads[3], call = {.kind = EXPR_CALL, .type = element_info(result)->compute, .scalar = scalar};
  call.operand_count = arity;
  for (uint32_t i = 0; i <= arity; i++) {
    ElementType element = i == arity ? result : scalar == SCALAR_SELECT && i == 0 ? ELEMENT_BOOL : operand;
    buffers[i] =
        (KernelBuffer){i == arity ? "y" : "x", i == arity ? BUFFER_OUT : BUFFER_IN, element, 1, &extent, 16, 0};
    if (i == arity) continue;
    loads[i] = (Expr){
        .kind = EXPR_LOAD, .type = element_info(element)->compute, .buffer = i, .subscripts = &subscript};
    call.operands[i] = &loads[i];
  }
  KernelAxis axis = {"n", extent, NULL};
  Stage stage = {"y", arity, &subscript, SCALAR_COUNT, 0, NULL, &call};
  Kernel kernel = {
      .name = scalar_info(scalar)->name, .buffer_count = arity + 1, .buffers = buffers, .axis_count = 1};
  kernel.axes = &axis;
  kernel.stage_count = 1;
  kernel.stages = &stage;
  void *memory[4] = {(void *)(uintptr_t)a, (void *)(uintptr_t)b, (void *)(uintptr_t)c, NULL};
  memory[arity] = out;
  return interpret_kernel(&fixture->program, &kernel, memory, NULL);
}
