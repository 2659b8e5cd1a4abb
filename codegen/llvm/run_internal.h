/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by run.c and steps.c. */
#ifndef AICC_CODEGEN_RUN_INTERNAL_H
#define AICC_CODEGEN_RUN_INTERNAL_H
#include "codegen/llvm/emit.h"

/* Of an array of elements of 8 bytes. */
LLVMValueRef element_address(Codegen *cg, LLVMValueRef base, uint32_t index);
LLVMValueRef load_element(Codegen *cg, LLVMValueRef base, uint32_t index, LLVMTypeRef type);
/* Returns `status` from the current function where the condition holds; goes on behind it. */
void return_if(Codegen *cg, LLVMValueRef condition, LLVMValueRef status);
/* Symbol values by index, from the caller's array in the interface's order. */
LLVMValueRef *load_symbols(Codegen *cg, LLVMValueRef array);
/* Notes in `bad`, an i1, a dim that is not 0. */
void check_requirement(Codegen *cg, Dim form, const LLVMValueRef *symbols, LLVMValueRef *bad);

/* The kernels of a level, and a table of them (steps.c). */
LLVMValueRef emit_kernel_table(Codegen *cg, const TargetLevel *level);
/* i32 (inputs, outputs, symbols, workspace, frame, table of kernels): the program's steps. */
LLVMValueRef emit_steps_function(Codegen *cg);
#endif
