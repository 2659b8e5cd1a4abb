/* SPDX-License-Identifier: Apache-2.0 */
/* The functions around the kernels: checks, choice of level, the steps per level. */
#include "aicc/abi.h"
#include "codegen/llvm/emit.h"
#include "loop/storage.h"
#include <stdio.h>
#include <string.h>

static LLVMValueRef element_address(Codegen *cg, LLVMValueRef base, uint32_t index) {
  LLVMValueRef at = emit_i64(cg, index);
  return LLVMBuildInBoundsGEP2(cg->builder, cg->i64, base, &at, 1, "");
}

static LLVMValueRef load_element(Codegen *cg, LLVMValueRef base, uint32_t index, LLVMTypeRef type) {
  LLVMValueRef value = LLVMBuildLoad2(cg->builder, type, element_address(cg, base, index), "");
  LLVMSetAlignment(value, 8);
  return value;
}

/* Returns `status` from the current function where the condition holds; goes on behind it. */
static void return_if(Codegen *cg, LLVMValueRef condition, LLVMValueRef status) {
  LLVMBasicBlockRef fail = emit_block(cg, "fail"), next = emit_block(cg, "next");
  LLVMBuildCondBr(cg->builder, condition, fail, next);
  LLVMPositionBuilderAtEnd(cg->builder, fail);
  LLVMBuildRet(cg->builder, status);
  LLVMPositionBuilderAtEnd(cg->builder, next);
}

static LLVMValueRef is_null(Codegen *cg, LLVMValueRef pointer) {
  return LLVMBuildIsNull(cg->builder, pointer, "");
}

/* Symbol values by index, from the caller's array in the interface's order. */
static LLVMValueRef *load_symbols(Codegen *cg, LLVMValueRef array) {
  LLVMValueRef *symbols =
      arena_array(cg->program->arena, LLVMValueRef, dim_symbol_count(cg->program->dims) + 1);
  for (uint32_t k = 0; k < cg->names->symbol_count; k++)
    symbols[cg->names->symbols[k]->index] = load_element(cg, array, k, cg->i64);
  return symbols;
}

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

/* Notes a dim that is not 0. */
static void check_requirement(Codegen *cg, Dim form, const LLVMValueRef *symbols, LLVMValueRef *bad) {
  LLVMValueRef value = checked_dim(cg, form, symbols, bad);
  *bad = LLVMBuildOr(cg->builder, *bad, LLVMBuildICmp(cg->builder, LLVMIntNE, value, emit_i64(cg, 0), ""), "");
}

/* Notes dims that are at odds with what the program requires of them. */
static void check_requirements(Codegen *cg, const LLVMValueRef *symbols, LLVMValueRef *bad) {
  for (size_t i = 0; i < cg->program->step_count && cg->program->steps[i].kind == STEP_REQUIRE; i++)
    check_requirement(cg, cg->program->steps[i].form, symbols, bad);
}

/* What a run with so many workers needs, with overflow noted: the plan, and scratch for each worker but the first. */
static LLVMValueRef needed_bytes(Codegen *cg, LLVMValueRef workers, const LLVMValueRef *symbols, LLVMValueRef *bad) {
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

/* True (as i1) where a symbol leaves its range, a dim is negative or at odds with another, or a size overflows. */
static LLVMValueRef shapes_are_bad(Codegen *cg, const LLVMValueRef *symbols) {
  const Program *program = cg->program;
  LLVMValueRef bad = LLVMConstInt(cg->bool_type, 0, false);
  int64_t constant;
  for (uint32_t k = 0; k < cg->names->symbol_count; k++) {
    const Symbol *symbol = cg->names->symbols[k];
    bad = LLVMBuildOr(cg->builder, bad,
                      outside(cg, symbols[symbol->index], symbol->range.low, symbol->range.high), "");
  }
  for (size_t i = 0; i < program->buffer_count; i++) {
    const ProgramBuffer *buffer = &program->buffers[i];
    for (uint32_t d = 0; d < buffer->type.rank; d++)
      if (!dim_is_constant(buffer->type.dims[d], &constant))
        bad =
            LLVMBuildOr(cg->builder, bad,
                        outside(cg, checked_dim(cg, buffer->type.dims[d], symbols, &bad), 0, INT64_MAX), "");
    if (!dim_is_constant(buffer->byte_count, &constant)) checked_dim(cg, buffer->byte_count, symbols, &bad);
  }
  check_trips(cg, program->steps, program->step_count, symbols, &bad);
  check_requirements(cg, symbols, &bad);
  if (!dim_is_constant(program->workspace_bytes, &constant))
    bad =
        LLVMBuildOr(cg->builder, bad,
                    outside(cg, checked_dim(cg, program->workspace_bytes, symbols, &bad), 0, INT64_MAX), "");
  return bad;
}

/* A required pointer may be null only where its tensor has no elements. */
static void check_pointers(Codegen *cg, LLVMValueRef array, Storage storage, const LLVMValueRef *symbols,
                           uint32_t count) {
  const Region *body = cg->program->entry->body;
  for (uint32_t i = 0; i < count; i++) {
    const Value *value = storage == STORAGE_ARGUMENT ? body->arguments[i] : body->results[i];
    LLVMValueRef missing = is_null(cg, load_element(cg, array, i, cg->pointer));
    LLVMValueRef elements = emit_dim(cg, type_count(cg->program->dims, &value->type), symbols);
    LLVMValueRef some = LLVMBuildICmp(cg->builder, LLVMIntNE, elements, emit_i64(cg, 0), "");
    return_if(cg, LLVMBuildAnd(cg->builder, missing, some, ""), emit_i32(cg, AICC_E_ARGUMENT));
  }
}

typedef struct LevelRun {
  LLVMValueRef inputs, outputs, workspace, frame;
  LLVMValueRef *symbols; /* those of the loops around the current step included */
  LLVMValueRef *kernels;
  LLVMValueRef slots;   /* the arguments of the next call */
  LLVMValueRef scratch; /* of all workers but the first */
} LevelRun;

static LLVMValueRef buffer_pointer(Codegen *cg, const LevelRun *run, uint32_t index) {
  const ProgramBuffer *buffer = &cg->program->buffers[index];
  if (buffer->storage == STORAGE_ARGUMENT) return load_element(cg, run->inputs, buffer->index, cg->pointer);
  if (buffer->storage == STORAGE_RESULT) return load_element(cg, run->outputs, buffer->index, cg->pointer);
  if (buffer->storage == STORAGE_CONSTANT) return cg->weights[index];
  LLVMValueRef offset = emit_dim(cg, buffer->offset, run->symbols);
  return LLVMBuildInBoundsGEP2(cg->builder, cg->i8, run->workspace, &offset, 1, "");
}

static void emit_kernel_call(Codegen *cg, const LevelRun *run, const Step *step) {
  const Kernel *kernel = cg->program->kernels[step->kernel];
  LLVMValueRef function = run->kernels[step->kernel], slots = run->slots;
  uint32_t at = 0;
  int64_t tasks;
  uint32_t parameters = kernel_parameter_count(kernel);
  for (uint32_t i = 0; i < parameters; i++)
    LLVMBuildStore(cg->builder, buffer_pointer(cg, run, step->buffers[i]), element_address(cg, slots, at++));
  uint64_t used = kernel_symbols(kernel);
  for (uint32_t s = 0; s < 64; s++)
    if (used >> s & 1) LLVMBuildStore(cg->builder, run->symbols[s], element_address(cg, slots, at++));
  if (step->buffer_count > parameters) {
    LLVMValueRef first = buffer_pointer(cg, run, step->buffers[parameters]);
    LLVMBuildStore(cg->builder, first, element_address(cg, slots, at++));
    LLVMBuildStore(cg->builder, run->scratch, element_address(cg, slots, at++));
  }
  if (dim_is_constant(kernel->task_count, &tasks) && tasks == 1) {
    LLVMValueRef arguments[3] = {slots, emit_i64(cg, 0), emit_i32(cg, 0)};
    emit_call(cg, function, arguments, 3);
    return;
  }
  LLVMValueRef arguments[4] = {run->frame, function, slots, emit_dim(cg, kernel->task_count, run->symbols)};
  emit_call(cg, emit_runtime_function(cg, "aicc_support_parallel"), arguments, 4);
}

enum { SCRATCH_SLOTS = 2 };

static uint32_t most_slots(const Program *program) {
  uint32_t most = 1;
  for (size_t i = 0; i < program->kernel_count; i++) {
    const Kernel *kernel = program->kernels[i];
    uint32_t count = kernel_parameter_count(kernel) + (uint32_t)__builtin_popcountll(kernel_symbols(kernel)) + SCRATCH_SLOTS;
    if (count > most) most = count;
  }
  return most;
}

static void emit_check(Codegen *cg, const LevelRun *run, const Step *step) {
  LLVMValueRef status = LLVMBuildLoad2(cg->builder, cg->i32, buffer_pointer(cg, run, step->buffers[0]), "");
  return_if(cg, LLVMBuildICmp(cg->builder, LLVMIntNE, status, emit_i32(cg, 0), ""), status);
}

/* The bool that a step finds in a buffer. */
static LLVMValueRef load_truth(Codegen *cg, const LevelRun *run, uint32_t buffer) {
  LLVMValueRef stored = LLVMBuildLoad2(cg->builder, cg->i8, buffer_pointer(cg, run, buffer), "");
  return LLVMBuildICmp(cg->builder, LLVMIntNE, stored, LLVMConstNull(cg->i8), "");
}

/* What an inner list of steps requires; those of the program are checked before a level is chosen. */
static void emit_requirement(Codegen *cg, const LevelRun *run, const Step *step) {
  LLVMValueRef bad = LLVMConstInt(cg->bool_type, 0, false);
  check_requirement(cg, step->form, run->symbols, &bad);
  return_if(cg, bad, emit_i32(cg, AICC_E_SHAPE));
}

static void emit_steps(Codegen *cg, LevelRun *run, const Step *steps, size_t count);

static void emit_if(Codegen *cg, LevelRun *run, const Step *step) {
  LLVMBasicBlockRef branches[2] = {emit_block(cg, "then"), emit_block(cg, "else")},
                    end = emit_block(cg, "end_if");
  LLVMBuildCondBr(cg->builder, load_truth(cg, run, step->buffers[0]), branches[0], branches[1]);
  for (uint32_t k = 0; k < 2; k++) {
    LLVMPositionBuilderAtEnd(cg->builder, branches[k]);
    emit_steps(cg, run, step->bodies[k].steps, step->bodies[k].count);
    LLVMBuildBr(cg->builder, end);
  }
  LLVMPositionBuilderAtEnd(cg->builder, end);
}

/* The number of iterations; null where only the condition ends them. */
static LLVMValueRef emit_count(Codegen *cg, const LevelRun *run, const Step *step) {
  if (step->trip) return emit_dim(cg, step->trip, run->symbols);
  if (!step->counted) return NULL;
  LLVMValueRef address = buffer_pointer(cg, run, step->buffers[step->buffer_count - 1]);
  return LLVMBuildLoad2(cg->builder, cg->i64, address, "");
}

static void emit_loop(Codegen *cg, LevelRun *run, const Step *step) {
  LLVMValueRef count = emit_count(cg, run, step), zero = emit_i64(cg, 0);
  LLVMBasicBlockRef before = LLVMGetInsertBlock(cg->builder), head = emit_block(cg, "loop");
  LLVMBasicBlockRef body = emit_block(cg, "body"), end = emit_block(cg, "end_loop");
  LLVMBuildBr(cg->builder, head);
  LLVMPositionBuilderAtEnd(cg->builder, head);
  LLVMValueRef iteration = LLVMBuildPhi(cg->builder, cg->i64, step->iteration->name);
  LLVMValueRef more = LLVMConstInt(cg->bool_type, 1, false);
  if (count) more = LLVMBuildICmp(cg->builder, LLVMIntSLT, iteration, count, "");
  if (step->conditional) more = LLVMBuildAnd(cg->builder, more, load_truth(cg, run, step->buffers[0]), "");
  LLVMBuildCondBr(cg->builder, more, body, end);
  LLVMPositionBuilderAtEnd(cg->builder, body);
  run->symbols[step->iteration->index] = iteration;
  emit_steps(cg, run, step->bodies[0].steps, step->bodies[0].count);
  LLVMValueRef values[2] = {zero, LLVMBuildAdd(cg->builder, iteration, emit_i64(cg, 1), "")};
  LLVMBasicBlockRef sources[2] = {before, LLVMGetInsertBlock(cg->builder)};
  LLVMAddIncoming(iteration, values, sources, 2);
  LLVMBuildBr(cg->builder, head);
  LLVMPositionBuilderAtEnd(cg->builder, end);
}

static void emit_steps(Codegen *cg, LevelRun *run, const Step *steps, size_t count) {
  for (size_t i = 0; i < count; i++) switch (steps[i].kind) {
    case STEP_KERNEL:
      emit_kernel_call(cg, run, &steps[i]);
      break;
    case STEP_CHECK:
      emit_check(cg, run, &steps[i]);
      break;
    case STEP_REQUIRE:
      if (steps != cg->program->steps) emit_requirement(cg, run, &steps[i]);
      break;
    case STEP_IF:
      emit_if(cg, run, &steps[i]);
      break;
    case STEP_LOOP:
      emit_loop(cg, run, &steps[i]);
      break;
    }
}

/* i32 run_LEVEL(inputs, outputs, symbols, workspace, frame) */
static LLVMValueRef emit_level(Codegen *cg, const TargetLevel *level) {
  const Program *program = cg->program;
  char name[96];
  LLVMValueRef *kernels = arena_array(program->arena, LLVMValueRef, program->kernel_count + 1);
  for (size_t i = 0; i < program->kernel_count; i++) kernels[i] = emit_kernel(cg, program->kernels[i], level);
  LLVMTypeRef parameters[5] = {cg->pointer, cg->pointer, cg->pointer, cg->pointer, cg->pointer};
  snprintf(name, sizeof name, "%s_run_%s", cg->names->name, level->alias);
  LLVMValueRef function = emit_function(cg, name, LLVMFunctionType(cg->i32, parameters, 5, false));
  LLVMPositionBuilderAtEnd(cg->builder, LLVMAppendBasicBlockInContext(cg->context, function, "entry"));
  debug_function(cg, function, name, 0);
  LevelRun run = {.inputs = LLVMGetParam(function, 0),
                  .outputs = LLVMGetParam(function, 1),
                  .workspace = LLVMGetParam(function, 3),
                  .frame = LLVMGetParam(function, 4),
                  .kernels = kernels};
  run.slots = emit_alloca(cg, LLVMArrayType2(cg->i64, most_slots(program)), "slots");
  run.symbols = load_symbols(cg, LLVMGetParam(function, 2));
  LLVMValueRef planned = emit_dim(cg, program->workspace_bytes, run.symbols);
  run.scratch = LLVMBuildGEP2(cg->builder, cg->i8, run.workspace, &planned, 1, "");
  emit_steps(cg, &run, program->steps, program->step_count);
  LLVMBuildRet(cg->builder, emit_i32(cg, 0));
  return function;
}

/* The fields of an aicc_frame (runtime/kernels/support.h). */
enum { FRAME_PARALLEL_FOR, FRAME_USER, FRAME_WORKERS, FRAME_LEVEL };

static LLVMValueRef load_frame(Codegen *cg, LLVMValueRef frame, uint32_t field, LLVMTypeRef type) {
  LLVMTypeRef fields[4] = {cg->pointer, cg->pointer, cg->i32, cg->i32};
  LLVMTypeRef frame_type = LLVMStructTypeInContext(cg->context, fields, 4, false);
  return LLVMBuildLoad2(cg->builder, type, LLVMBuildStructGEP2(cg->builder, frame_type, frame, field, ""), "");
}

/* As many as may run at once: without parallel_for, one. */
static LLVMValueRef frame_workers(Codegen *cg, LLVMValueRef frame) {
  LLVMValueRef serial = is_null(cg, load_frame(cg, frame, FRAME_PARALLEL_FOR, cg->pointer));
  return LLVMBuildSelect(cg->builder, serial, emit_i32(cg, 1), load_frame(cg, frame, FRAME_WORKERS, cg->i32), "");
}

/* Asks for the CPU's level once and calls that level's list. */
static void emit_dispatch(Codegen *cg, LLVMValueRef frame, LLVMValueRef *arguments,
                          const LLVMValueRef *levels) {
  const Target *target = cg->options->target;
  uint32_t mask = 0;
  for (uint32_t i = 0; i < target->level_count; i++)
    if (levels[i]) mask |= 1u << target->levels[i].abi_level;
  LLVMValueRef requested = load_frame(cg, frame, FRAME_LEVEL, cg->i32);
  LLVMValueRef question[2] = {requested, emit_i32(cg, mask)};
  LLVMValueRef answer;
  if (mask ==
      1u << target->levels[0].abi_level) { /* only the baseline: nothing to detect, nothing to cache */
    LLVMValueRef baseline = emit_i32(cg, target->levels[0].abi_level), zero = emit_i32(cg, 0);
    LLVMValueRef fits = LLVMBuildOr(cg->builder, LLVMBuildICmp(cg->builder, LLVMIntEQ, requested, zero, ""),
                                    LLVMBuildICmp(cg->builder, LLVMIntEQ, requested, baseline, ""), "");
    answer = LLVMBuildSelect(cg->builder, fits, baseline, zero, "");
  } else {
    answer = emit_call(cg, emit_runtime_function(cg, "aicc_support_level"), question, 2);
  }
  LLVMBasicBlockRef none = emit_block(cg, "no_level");
  LLVMValueRef choice = LLVMBuildSwitch(cg->builder, answer, none, target->level_count);
  for (uint32_t i = 0; i < target->level_count; i++) {
    if (!levels[i]) continue;
    LLVMBasicBlockRef block = emit_block(cg, target->levels[i].alias);
    LLVMAddCase(choice, emit_i32(cg, target->levels[i].abi_level), block);
    LLVMPositionBuilderAtEnd(cg->builder, block);
    LLVMBuildRet(cg->builder, emit_call(cg, levels[i], arguments, 5));
  }
  LLVMPositionBuilderAtEnd(cg->builder, none);
  LLVMBuildRet(cg->builder, emit_i32(cg, AICC_E_CPU));
}

LLVMValueRef emit_run(Codegen *cg) {
  const Target *target = cg->options->target;
  const Region *body = cg->program->entry->body;
  LLVMValueRef levels[LEVEL_LIMIT] = {NULL};
  for (uint32_t i = 0; i < target->level_count; i++)
    if (cg->options->level_mask >> i & 1) levels[i] = emit_level(cg, &target->levels[i]);
  char name[96];
  LLVMTypeRef parameters[7] = {cg->pointer, cg->pointer, cg->pointer, cg->pointer,
                               cg->pointer, cg->i64,     cg->pointer};
  snprintf(name, sizeof name, "%s_entry_run", cg->names->name);
  LLVMValueRef function = emit_function(cg, name, LLVMFunctionType(cg->i32, parameters, 7, false));
  LLVMPositionBuilderAtEnd(cg->builder, LLVMAppendBasicBlockInContext(cg->context, function, "entry"));
  debug_function(cg, function, name, 0);
  LLVMValueRef inputs = LLVMGetParam(function, 0), outputs = LLVMGetParam(function, 1);
  LLVMValueRef symbol_array = LLVMGetParam(function, 2), workspace = LLVMGetParam(function, 4);
  LLVMValueRef frame = emit_alloca(cg, LLVMArrayType2(cg->i64, 3), "frame");
  LLVMSetAlignment(frame, 8);
  LLVMValueRef setup[2] = {LLVMGetParam(function, 6), frame};
  LLVMValueRef status = emit_call(cg, emit_runtime_function(cg, "aicc_support_frame"), setup, 2);
  return_if(cg, LLVMBuildICmp(cg->builder, LLVMIntNE, status, emit_i32(cg, 0), ""), status);
  if (body->argument_count) return_if(cg, is_null(cg, inputs), emit_i32(cg, AICC_E_ARGUMENT));
  if (body->result_count) return_if(cg, is_null(cg, outputs), emit_i32(cg, AICC_E_ARGUMENT));
  if (cg->names->symbol_count) return_if(cg, is_null(cg, symbol_array), emit_i32(cg, AICC_E_ARGUMENT));
  LLVMValueRef *symbols = load_symbols(cg, symbol_array);
  if (cg->names->symbol_count) return_if(cg, shapes_are_bad(cg, symbols), emit_i32(cg, AICC_E_SHAPE));
  check_pointers(cg, inputs, STORAGE_ARGUMENT, symbols, body->argument_count);
  check_pointers(cg, outputs, STORAGE_RESULT, symbols, body->result_count);
  LLVMValueRef bad = LLVMConstInt(cg->bool_type, 0, false);
  LLVMValueRef needed = needed_bytes(cg, frame_workers(cg, frame), symbols, &bad);
  return_if(cg, bad, emit_i32(cg, AICC_E_SHAPE));
  LLVMValueRef space[3] = {workspace, LLVMGetParam(function, 5), needed};
  status = emit_call(cg, emit_runtime_function(cg, "aicc_support_workspace"), space, 3);
  return_if(cg, LLVMBuildICmp(cg->builder, LLVMIntNE, status, emit_i32(cg, 0), ""), status);
  LLVMValueRef arguments[5] = {inputs, outputs, symbol_array, workspace, frame};
  emit_dispatch(cg, frame, arguments, levels);
  return function;
}

/* i32 (symbols, workers, out): for tools and for the typed function. */
LLVMValueRef emit_workspace_bytes(Codegen *cg) {
  char name[96];
  LLVMTypeRef parameters[3] = {cg->pointer, cg->i32, cg->pointer};
  snprintf(name, sizeof name, "%s_entry_workspace_bytes", cg->names->name);
  LLVMValueRef function = emit_function(cg, name, LLVMFunctionType(cg->i32, parameters, 3, false));
  LLVMPositionBuilderAtEnd(cg->builder, LLVMAppendBasicBlockInContext(cg->context, function, "entry"));
  debug_function(cg, function, name, 0);
  LLVMValueRef symbol_array = LLVMGetParam(function, 0), out = LLVMGetParam(function, 2);
  return_if(cg, is_null(cg, out), emit_i32(cg, AICC_E_ARGUMENT));
  if (cg->names->symbol_count) return_if(cg, is_null(cg, symbol_array), emit_i32(cg, AICC_E_ARGUMENT));
  LLVMValueRef *symbols = load_symbols(cg, symbol_array);
  if (cg->names->symbol_count) return_if(cg, shapes_are_bad(cg, symbols), emit_i32(cg, AICC_E_SHAPE));
  LLVMValueRef bad = LLVMConstInt(cg->bool_type, 0, false);
  LLVMValueRef needed = needed_bytes(cg, LLVMGetParam(function, 1), symbols, &bad);
  return_if(cg, bad, emit_i32(cg, AICC_E_SHAPE));
  LLVMBuildStore(cg->builder, needed, out);
  LLVMBuildRet(cg->builder, emit_i32(cg, 0));
  return function;
}

/* i32 (symbols, dims): fills dims[i][...] for every output. */
LLVMValueRef emit_output_dims(Codegen *cg) {
  const Region *body = cg->program->entry->body;
  char name[96];
  LLVMTypeRef parameters[2] = {cg->pointer, cg->pointer};
  snprintf(name, sizeof name, "%s_entry_output_dims", cg->names->name);
  LLVMValueRef function = emit_function(cg, name, LLVMFunctionType(cg->i32, parameters, 2, false));
  LLVMPositionBuilderAtEnd(cg->builder, LLVMAppendBasicBlockInContext(cg->context, function, "entry"));
  debug_function(cg, function, name, 0);
  LLVMValueRef symbol_array = LLVMGetParam(function, 0), dims = LLVMGetParam(function, 1);
  if (body->result_count) return_if(cg, is_null(cg, dims), emit_i32(cg, AICC_E_ARGUMENT));
  if (cg->names->symbol_count) return_if(cg, is_null(cg, symbol_array), emit_i32(cg, AICC_E_ARGUMENT));
  LLVMValueRef *symbols = load_symbols(cg, symbol_array);
  if (cg->names->symbol_count) return_if(cg, shapes_are_bad(cg, symbols), emit_i32(cg, AICC_E_SHAPE));
  for (uint32_t i = 0; i < body->result_count; i++) {
    const Type *type = &body->results[i]->type;
    if (!type->rank) continue;
    LLVMValueRef row = load_element(cg, dims, i, cg->pointer);
    for (uint32_t d = 0; d < type->rank; d++)
      LLVMBuildStore(cg->builder, emit_dim(cg, type->dims[d], symbols), element_address(cg, row, d));
  }
  LLVMBuildRet(cg->builder, emit_i32(cg, 0));
  return function;
}

/* The structs of the header are pointers followed by dims, all of 8 bytes: they are the generic arrays. */
static LLVMValueRef struct_symbols(Codegen *cg, LLVMValueRef inputs) {
  return element_address(cg, inputs, cg->program->entry->body->argument_count);
}

void emit_typed_interface(Codegen *cg, LLVMValueRef run, LLVMValueRef workspace_bytes) {
  const Region *body = cg->program->entry->body;
  LLVMTypeRef parameters[5] = {cg->pointer, cg->pointer, cg->pointer, cg->i64, cg->pointer};
  LLVMValueRef function =
      LLVMAddFunction(cg->module, cg->names->run_symbol, LLVMFunctionType(cg->i32, parameters, 5, false));
  emit_function_attributes(cg, function, NULL);
  LLVMPositionBuilderAtEnd(cg->builder, LLVMAppendBasicBlockInContext(cg->context, function, "entry"));
  debug_function(cg, function, cg->names->run_symbol, 0);
  LLVMValueRef inputs = LLVMGetParam(function, 0), outputs = LLVMGetParam(function, 1);
  if (body->argument_count) return_if(cg, is_null(cg, inputs), emit_i32(cg, AICC_E_ARGUMENT));
  if (body->result_count) return_if(cg, is_null(cg, outputs), emit_i32(cg, AICC_E_ARGUMENT));
  LLVMValueRef symbols = cg->names->symbol_count ? struct_symbols(cg, inputs) : LLVMConstNull(cg->pointer);
  LLVMValueRef arguments[7] = {inputs,
                               outputs,
                               symbols,
                               LLVMConstNull(cg->pointer),
                               LLVMGetParam(function, 2),
                               LLVMGetParam(function, 3),
                               LLVMGetParam(function, 4)};
  LLVMBuildRet(cg->builder, emit_call(cg, run, arguments, 7));
  if (!cg->names->workspace_symbol) return;

  LLVMTypeRef two[2] = {cg->pointer, cg->i32};
  function =
      LLVMAddFunction(cg->module, cg->names->workspace_symbol, LLVMFunctionType(cg->i64, two, 2, false));
  emit_function_attributes(cg, function, NULL);
  LLVMPositionBuilderAtEnd(cg->builder, LLVMAppendBasicBlockInContext(cg->context, function, "entry"));
  debug_function(cg, function, cg->names->workspace_symbol, 0);
  inputs = LLVMGetParam(function, 0);
  return_if(cg, is_null(cg, inputs), emit_i64(cg, -1));
  LLVMValueRef out = emit_alloca(cg, cg->i64, "bytes");
  LLVMValueRef question[3] = {struct_symbols(cg, inputs), LLVMGetParam(function, 1), out};
  LLVMValueRef status = emit_call(cg, workspace_bytes, question, 3);
  return_if(cg, LLVMBuildICmp(cg->builder, LLVMIntNE, status, emit_i32(cg, 0), ""), emit_i64(cg, -1));
  LLVMBuildRet(cg->builder, LLVMBuildLoad2(cg->builder, cg->i64, out, ""));
}
