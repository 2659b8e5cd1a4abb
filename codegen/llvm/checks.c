/* SPDX-License-Identifier: Apache-2.0 */
/* What a run checks of its dims before it computes, and what memory it needs. */
#include "codegen/llvm/run_internal.h"
#include "loop/storage.h"
#include <stdlib.h>

static LLVMValueRef checked(Codegen *cg, const char *name, LLVMValueRef a, LLVMValueRef b,
                            LLVMValueRef *bad) {
  LLVMValueRef arguments[2] = {a, b};
  LLVMValueRef pair = emit_intrinsic(cg, name, &cg->i64, 1, arguments, 2);
  *bad = LLVMBuildOr(cg->builder, *bad, LLVMBuildExtractValue(cg->builder, pair, 1, ""), "");
  return LLVMBuildExtractValue(cg->builder, pair, 0, "");
}

/* As emit_dim for the outer sum and products, with overflow noted; what stands inside an atom is bounded by
   the symbols' ranges. */
static LLVMValueRef checked_dim(Codegen *cg, Dim dim, const LLVMValueRef *symbols, LLVMValueRef *bad) {
  LLVMValueRef sum = emit_i64(cg, 0);
  for (uint32_t i = 0; i < dim->term_count; i++) {
    LLVMValueRef product = emit_i64(cg, dim->terms[i].coefficient);
    for (uint32_t j = 0; j < dim->terms[i].factor_count; j++) {
      const DimAtom *atom = dim->terms[i].factors[j];
      LLVMValueRef factor;
      if (atom->kind == DIM_SYMBOL) {
        factor = symbols[atom->symbol->index];
      } else {
        DimTerm term = {.coefficient = 1, .factor_count = 1, .factors = &atom};
        DimNode single = {.valid = true, .term_count = 1, .terms = &term};
        checked_dim(cg, atom->left, symbols, bad);
        checked_dim(cg, atom->right, symbols, bad);
        factor = emit_dim(cg, &single, symbols);
      }
      product = checked(cg, "llvm.smul.with.overflow", product, factor, bad);
    }
    sum = checked(cg, "llvm.sadd.with.overflow", sum, product, bad);
  }
  return sum;
}

static LLVMValueRef outside(Codegen *cg, LLVMValueRef value, int64_t low, int64_t high) {
  LLVMValueRef below = LLVMBuildICmp(cg->builder, LLVMIntSLT, value, emit_i64(cg, low), "");
  return LLVMBuildOr(cg->builder, below,
                     LLVMBuildICmp(cg->builder, LLVMIntSGT, value, emit_i64(cg, high), ""), "");
}

/* Notes trip counts that overflow. */
static void check_trips(Codegen *cg, const Step *steps, size_t count, const LLVMValueRef *symbols,
                        LLVMValueRef *bad) {
  for (size_t i = 0; i < count; i++) {
    if (steps[i].trip) checked_dim(cg, steps[i].trip, symbols, bad);
    for (uint32_t k = 0; k < step_body_count(&steps[i]); k++)
      check_trips(cg, steps[i].bodies[k].steps, steps[i].bodies[k].count, symbols, bad);
  }
}

void check_requirement(Codegen *cg, Dim form, const LLVMValueRef *symbols, LLVMValueRef *bad) {
  LLVMValueRef value = checked_dim(cg, form, symbols, bad);
  *bad = LLVMBuildOr(cg->builder, *bad, LLVMBuildICmp(cg->builder, LLVMIntNE, value, emit_i64(cg, 0), ""), "");
}

/* Notes dims that are at odds with what the program requires of them. */
static void check_requirements(Codegen *cg, const LLVMValueRef *symbols, LLVMValueRef *bad) {
  for (size_t i = 0; i < cg->program->step_count && cg->program->steps[i].kind == STEP_REQUIRE; i++)
    check_requirement(cg, cg->program->steps[i].form, symbols, bad);
}

LLVMValueRef needed_bytes(Codegen *cg, LLVMValueRef workers, const LLVMValueRef *symbols, LLVMValueRef *bad) {
  LLVMValueRef planned = emit_dim(cg, cg->program->workspace_bytes, symbols);
  Dim scratch = program_scratch_bytes(cg->program);
  if (dim_equals_constant(scratch, 0)) return planned;
  LLVMValueRef range[2] = {workers, emit_i32(cg, 1)};
  range[0] = emit_intrinsic(cg, "llvm.umax", &cg->i32, 1, range, 2);
  range[1] = emit_i32(cg, TASK_LIMIT);
  LLVMValueRef most = emit_intrinsic(cg, "llvm.umin", &cg->i32, 1, range, 2);
  LLVMValueRef others = LLVMBuildZExt(cg->builder, LLVMBuildSub(cg->builder, most, emit_i32(cg, 1), ""), cg->i64, "");
  LLVMValueRef more = checked(cg, "llvm.smul.with.overflow", checked_dim(cg, scratch, symbols, bad), others, bad);
  return checked(cg, "llvm.sadd.with.overflow", planned, more, bad);
}

/* A dim that must not overflow and, of a tensor, not be negative; `place` says in which order they are checked. */
typedef struct CheckedDim {
  Dim dim;
  bool of_tensor;
  size_t place;
} CheckedDim;

static int by_dim(const void *x, const void *y) {
  const CheckedDim *a = x, *b = y;
  if (a->dim != b->dim) return a->dim < b->dim ? -1 : 1;
  if (a->of_tensor != b->of_tensor) return a->of_tensor ? -1 : 1;
  return a->place < b->place ? -1 : a->place > b->place;
}

static int by_place(const void *x, const void *y) {
  const CheckedDim *a = x, *b = y;
  return a->place < b->place ? -1 : a->place > b->place;
}

static void add_dim(CheckedDim *dims, size_t *count, Dim dim, bool of_tensor) {
  int64_t constant;
  if (!dim || dim_is_constant(dim, &constant)) return;
  dims[*count] = (CheckedDim){dim, of_tensor, *count};
  ++*count;
}

/* The symbolic dims and sizes of all buffers, each once, in an order that is the same in every run of aicc. */
static CheckedDim *buffer_dims(const Program *program, size_t *count) {
  size_t total = 0, kept = 0;
  for (size_t i = 0; i < program->buffer_count; i++) total += program->buffers[i].type.rank + 1;
  CheckedDim *all = arena_array(program->arena, CheckedDim, total + 1);
  total = 0;
  for (size_t i = 0; i < program->buffer_count; i++) {
    const ProgramBuffer *buffer = &program->buffers[i];
    for (uint32_t d = 0; d < buffer->type.rank; d++) add_dim(all, &total, buffer->type.dims[d], true);
    add_dim(all, &total, buffer->byte_count, false);
  }
  qsort(all, total, sizeof *all, by_dim);
  for (size_t i = 0; i < total; i++)
    if (!kept || all[kept - 1].dim != all[i].dim) all[kept++] = all[i];
  qsort(all, kept, sizeof *all, by_place);
  *count = kept;
  return all;
}

LLVMValueRef shapes_are_bad(Codegen *cg, const LLVMValueRef *symbols) {
  const Program *program = cg->program;
  LLVMValueRef bad = LLVMConstInt(cg->bool_type, 0, false);
  int64_t constant;
  size_t count;
  for (uint32_t k = 0; k < cg->names->symbol_count; k++) {
    const Symbol *symbol = cg->names->symbols[k];
    bad = LLVMBuildOr(cg->builder, bad,
                      outside(cg, symbols[symbol->index], symbol->range.low, symbol->range.high), "");
  }
  const CheckedDim *dims = buffer_dims(program, &count);
  for (size_t i = 0; i < count; i++) {
    LLVMValueRef value = checked_dim(cg, dims[i].dim, symbols, &bad);
    if (dims[i].of_tensor) bad = LLVMBuildOr(cg->builder, bad, outside(cg, value, 0, INT64_MAX), "");
  }
  check_trips(cg, program->steps, program->step_count, symbols, &bad);
  check_requirements(cg, symbols, &bad);
  if (!dim_is_constant(program->workspace_bytes, &constant))
    bad =
        LLVMBuildOr(cg->builder, bad,
                    outside(cg, checked_dim(cg, program->workspace_bytes, symbols, &bad), 0, INT64_MAX), "");
  return bad;
}
