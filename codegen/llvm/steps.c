/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a program: calls of kernels, checks, branches and loops. They are the same at every level but for the
   kernels, which they find in the level's table. */
#include "aicc/abi.h"
#include "codegen/llvm/run_internal.h"

/* What the function of steps that is being written has at hand. */
typedef struct Run {
  LLVMValueRef inputs, outputs, workspace, frame, kernels; /* its parameters; kernels: the level's table */
  LLVMValueRef *symbols; /* those of the loops around the current step included */
  LLVMValueRef slots;   /* the arguments of the next call */
  LLVMValueRef scratch; /* of all workers but the first */
  LLVMValueRef memory;  /* the symbols by index again, for functions of parts */
  uint32_t part_count, slot_count;
} Run;

/* How far each kernel is from the table, 32 bits: nothing is left to the dynamic linker. */
LLVMValueRef emit_kernel_table(Codegen *cg, const TargetLevel *level) {
  const Program *program = cg->program;
  uint32_t count = (uint32_t)program->kernel_count;
  LLVMValueRef *entries = arena_array(program->arena, LLVMValueRef, count + 1);
  for (uint32_t i = 0; i < count; i++) entries[i] = emit_kernel(cg, program->kernels[i], level);
  const char *name = arena_format(program->arena, "%s_kernels_%s", cg->names->name, level->alias);
  LLVMValueRef table = LLVMAddGlobal(cg->module, LLVMArrayType2(cg->i32, count), name);
  for (uint32_t i = 0; i < count; i++) {
    LLVMValueRef distance = LLVMConstSub(LLVMConstPtrToInt(entries[i], cg->i64), LLVMConstPtrToInt(table, cg->i64));
    entries[i] = LLVMConstTrunc(distance, cg->i32);
  }
  LLVMSetInitializer(table, LLVMConstArray2(cg->i32, entries, count));
  LLVMSetGlobalConstant(table, true);
  LLVMSetLinkage(table, LLVMInternalLinkage);
  return table;
}

static LLVMValueRef kernel_function(Codegen *cg, const Run *run, uint32_t kernel) {
  LLVMValueRef at = emit_i64(cg, kernel), entry = LLVMBuildInBoundsGEP2(cg->builder, cg->i32, run->kernels, &at, 1, "");
  LLVMValueRef distance = LLVMBuildSExt(cg->builder, LLVMBuildLoad2(cg->builder, cg->i32, entry, ""), cg->i64, "");
  return LLVMBuildGEP2(cg->builder, cg->i8, run->kernels, &distance, 1, "");
}

static LLVMValueRef buffer_pointer(Codegen *cg, const Run *run, uint32_t index) {
  const ProgramBuffer *buffer = &cg->program->buffers[index];
  if (buffer->storage == STORAGE_ARGUMENT) return load_element(cg, run->inputs, buffer->index, cg->pointer);
  if (buffer->storage == STORAGE_RESULT) return load_element(cg, run->outputs, buffer->index, cg->pointer);
  if (buffer->storage == STORAGE_CONSTANT) return cg->weights[index];
  LLVMValueRef offset = emit_dim(cg, buffer->offset, run->symbols);
  return LLVMBuildInBoundsGEP2(cg->builder, cg->i8, run->workspace, &offset, 1, "");
}

/* Where a call's parameter begins. */
static LLVMValueRef parameter_pointer(Codegen *cg, const Run *run, const Step *step, uint32_t parameter) {
  LLVMValueRef whole = buffer_pointer(cg, run, step->buffers[parameter]);
  if (!step_start(step, parameter)) return whole;
  uint32_t bytes = element_info(cg->program->buffers[step->buffers[parameter]].type.element)->bits / 8;
  LLVMValueRef start = emit_dim(cg, step_start(step, parameter), run->symbols);
  LLVMValueRef offset = LLVMBuildMul(cg->builder, start, emit_i64(cg, bytes), "");
  return LLVMBuildGEP2(cg->builder, cg->i8, whole, &offset, 1, "");
}

static void emit_kernel_call(Codegen *cg, const Run *run, const Step *step) {
  const Kernel *kernel = cg->program->kernels[step->kernel];
  LLVMValueRef function = kernel_function(cg, run, step->kernel), slots = run->slots;
  uint32_t at = 0;
  int64_t tasks;
  uint32_t parameters = kernel_parameter_count(kernel);
  for (uint32_t i = 0; i < parameters; i++)
    LLVMBuildStore(cg->builder, parameter_pointer(cg, run, step, i), element_address(cg, slots, at++));
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
    LLVMTypeRef parameter_types[3] = {cg->pointer, cg->i64, cg->i32};
    LLVMTypeRef type = LLVMFunctionType(cg->void_type, parameter_types, 3, false);
    LLVMBuildCall2(cg->builder, type, function, arguments, 3, "");
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

static void emit_check(Codegen *cg, const Run *run, const Step *step) {
  LLVMValueRef status = LLVMBuildLoad2(cg->builder, cg->i32, buffer_pointer(cg, run, step->buffers[0]), "");
  return_if(cg, LLVMBuildICmp(cg->builder, LLVMIntNE, status, emit_i32(cg, 0), ""), status);
}

/* The bool that a step finds in a buffer. */
static LLVMValueRef load_truth(Codegen *cg, const Run *run, uint32_t buffer) {
  LLVMValueRef stored = LLVMBuildLoad2(cg->builder, cg->i8, buffer_pointer(cg, run, buffer), "");
  return LLVMBuildICmp(cg->builder, LLVMIntNE, stored, LLVMConstNull(cg->i8), "");
}

/* What an inner list of steps requires; those of the program are checked before a level is chosen. */
static void emit_requirement(Codegen *cg, const Run *run, const Step *step) {
  LLVMValueRef bad = LLVMConstInt(cg->bool_type, 0, false);
  check_requirement(cg, step->form, run->symbols, &bad);
  return_if(cg, bad, emit_i32(cg, AICC_E_SHAPE));
}

static void emit_steps(Codegen *cg, Run *run, const Step *steps, size_t count);

static void emit_if(Codegen *cg, Run *run, const Step *step) {
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
static LLVMValueRef emit_count(Codegen *cg, const Run *run, const Step *step) {
  if (step->trip) return emit_dim(cg, step->trip, run->symbols);
  if (!step->counted) return NULL;
  LLVMValueRef address = buffer_pointer(cg, run, step->buffers[step->buffer_count - 1]);
  return LLVMBuildLoad2(cg->builder, cg->i64, address, "");
}

/* For the steps that follow. */
static void set_symbol(Codegen *cg, Run *run, uint32_t index, LLVMValueRef value) {
  run->symbols[index] = value;
  LLVMBuildStore(cg->builder, value, element_address(cg, run->memory, index));
}

static void emit_loop(Codegen *cg, Run *run, const Step *step) {
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
  set_symbol(cg, run, step->iteration->index, iteration);
  emit_steps(cg, run, step->bodies[0].steps, step->bodies[0].count);
  LLVMValueRef values[2] = {zero, LLVMBuildAdd(cg->builder, iteration, emit_i64(cg, 1), "")};
  LLVMBasicBlockRef sources[2] = {before, LLVMGetInsertBlock(cg->builder)};
  LLVMAddIncoming(iteration, values, sources, 2);
  LLVMBuildBr(cg->builder, head);
  LLVMPositionBuilderAtEnd(cg->builder, end);
}

static void emit_step(Codegen *cg, Run *run, const Step *step) {
  switch (step->kind) {
  case STEP_KERNEL:
    emit_kernel_call(cg, run, step);
    break;
  case STEP_CHECK:
    emit_check(cg, run, step);
    break;
  case STEP_REQUIRE:
    emit_requirement(cg, run, step);
    break;
  case STEP_IF:
    emit_if(cg, run, step);
    break;
  case STEP_LOOP:
    emit_loop(cg, run, step);
    break;
  }
}

/* What a function of steps starts with. */
static void start_steps(Codegen *cg, Run *run, LLVMValueRef function, const char *name) {
  LLVMPositionBuilderAtEnd(cg->builder, LLVMAppendBasicBlockInContext(cg->context, function, "entry"));
  debug_function(cg, function, name, 0);
  run->inputs = LLVMGetParam(function, 0);
  run->outputs = LLVMGetParam(function, 1);
  run->workspace = LLVMGetParam(function, 3);
  run->frame = LLVMGetParam(function, 4);
  run->kernels = LLVMGetParam(function, 5);
  run->slots = emit_alloca(cg, LLVMArrayType2(cg->i64, run->slot_count), "slots");
}

static void start_scratch(Codegen *cg, Run *run) {
  LLVMValueRef planned = emit_dim(cg, cg->program->workspace_bytes, run->symbols);
  run->scratch = LLVMBuildGEP2(cg->builder, cg->i8, run->workspace, &planned, 1, "");
}

static LLVMValueRef add_function(Codegen *cg, const char *name) {
  LLVMTypeRef parameters[6] = {cg->pointer, cg->pointer, cg->pointer, cg->pointer, cg->pointer, cg->pointer};
  return emit_function(cg, name, LLVMFunctionType(cg->i32, parameters, 6, false));
}

/* Steps as a function of their own: i32 (inputs, outputs, symbols by index, workspace, frame, kernels). */
static LLVMValueRef emit_part(Codegen *cg, Run *of, const Step *steps, size_t count) {
  size_t symbol_count = dim_symbol_count(cg->program->dims);
  LLVMBasicBlockRef here = LLVMGetInsertBlock(cg->builder);
  LLVMMetadataRef location = LLVMGetCurrentDebugLocation2(cg->builder);
  const char *name = arena_format(cg->program->arena, "%s_steps_%u", cg->names->name, of->part_count++);
  LLVMValueRef function = add_function(cg, name);
  emit_noinline(cg, function);
  Run part = *of;
  start_steps(cg, &part, function, name);
  part.memory = LLVMGetParam(function, 2);
  part.symbols = arena_array(cg->program->arena, LLVMValueRef, symbol_count + 1);
  for (uint32_t i = 0; i < symbol_count; i++)
    if (of->symbols[i]) part.symbols[i] = load_element(cg, part.memory, i, cg->i64);
  start_scratch(cg, &part);
  for (size_t i = 0; i < count; i++) emit_step(cg, &part, &steps[i]);
  LLVMBuildRet(cg->builder, emit_i32(cg, 0));
  of->part_count = part.part_count;
  LLVMPositionBuilderAtEnd(cg->builder, here);
  LLVMSetCurrentDebugLocation2(cg->builder, location);
  return function;
}

/* LLVM takes more than linear time over one function: where there are many steps, parts of them are functions. */
enum { STEPS_PER_PART = 64 };

static void emit_steps(Codegen *cg, Run *run, const Step *steps, size_t count) {
  if (count <= STEPS_PER_PART) {
    for (size_t i = 0; i < count; i++) emit_step(cg, run, &steps[i]);
    return;
  }
  for (size_t i = 0; i < count; i += STEPS_PER_PART) {
    size_t rest = count - i;
    LLVMValueRef part = emit_part(cg, run, &steps[i], rest < STEPS_PER_PART ? rest : STEPS_PER_PART);
    LLVMValueRef arguments[6] = {run->inputs, run->outputs, run->memory, run->workspace, run->frame, run->kernels};
    LLVMValueRef status = emit_call(cg, part, arguments, 6);
    return_if(cg, LLVMBuildICmp(cg->builder, LLVMIntNE, status, emit_i32(cg, 0), ""), status);
  }
}

LLVMValueRef emit_steps_function(Codegen *cg) {
  const Program *program = cg->program;
  size_t symbol_count = dim_symbol_count(program->dims), first = 0;
  Run run = {.slot_count = most_slots(program)};
  const char *name = arena_format(program->arena, "%s_steps", cg->names->name);
  LLVMValueRef function = add_function(cg, name);
  start_steps(cg, &run, function, name);
  run.memory = emit_alloca(cg, LLVMArrayType2(cg->i64, symbol_count + 1), "symbols");
  run.symbols = load_symbols(cg, LLVMGetParam(function, 2));
  for (uint32_t i = 0; i < symbol_count; i++)
    if (run.symbols[i]) set_symbol(cg, &run, i, run.symbols[i]);
  start_scratch(cg, &run);
  /* What the program requires is checked before a level is chosen. */
  while (first < program->step_count && program->steps[first].kind == STEP_REQUIRE) first++;
  emit_steps(cg, &run, &program->steps[first], program->step_count - first);
  LLVMBuildRet(cg->builder, emit_i32(cg, 0));
  return function;
}
