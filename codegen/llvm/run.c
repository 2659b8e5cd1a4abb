/* SPDX-License-Identifier: Apache-2.0 */
/* The functions around the steps: checks, choice of level, the interface. */
#include "aicc/abi.h"
#include "codegen/llvm/run_internal.h"
#include "loop/storage.h"
#include <stdio.h>
#include <string.h>

static LLVMValueRef is_null(Codegen *cg, LLVMValueRef pointer) {
  return LLVMBuildIsNull(cg->builder, pointer, "");
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

/* Asks for the CPU's level once and runs the steps with that level's kernels, the last of the arguments. */
static void emit_dispatch(Codegen *cg, LLVMValueRef frame, LLVMValueRef steps, LLVMValueRef *arguments,
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
    arguments[5] = levels[i];
    LLVMBuildRet(cg->builder, emit_call(cg, steps, arguments, 6));
  }
  LLVMPositionBuilderAtEnd(cg->builder, none);
  LLVMBuildRet(cg->builder, emit_i32(cg, AICC_E_CPU));
}

LLVMValueRef emit_run(Codegen *cg) {
  const Target *target = cg->options->target;
  const Region *body = cg->program->entry->body;
  LLVMValueRef levels[LEVEL_LIMIT] = {NULL};
  for (uint32_t i = 0; i < target->level_count; i++)
    if (cg->options->level_mask >> i & 1) levels[i] = emit_kernel_table(cg, &target->levels[i]);
  LLVMValueRef steps = emit_steps_function(cg);
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
  LLVMValueRef arguments[6] = {inputs, outputs, symbol_array, workspace, frame};
  emit_dispatch(cg, frame, steps, arguments, levels);
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
