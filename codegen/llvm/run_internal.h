/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the functions around the kernels: run.c, steps.c and checks.c. */
#ifndef AICC_CODEGEN_RUN_INTERNAL_H
#define AICC_CODEGEN_RUN_INTERNAL_H
#include "codegen/llvm/emit.h"

/* True (as i1) where a symbol leaves its range, a dim is negative or at odds with another, or a size overflows (checks.c). */
LLVMValueRef shapes_are_bad(Codegen *cg, const LLVMValueRef *symbols);
/* What a run with so many workers needs, with overflow noted in `bad`: the plan, and scratch for each worker but the first. */
LLVMValueRef needed_bytes(Codegen *cg, LLVMValueRef workers, const LLVMValueRef *symbols, LLVMValueRef *bad);
/* Notes in `bad`, an i1, a dim that is not 0. */
void check_requirement(Codegen *cg, Dim form, const LLVMValueRef *symbols, LLVMValueRef *bad);

/* The kernels of a level, and a table of them (steps.c). */
LLVMValueRef emit_kernel_table(Codegen *cg, const TargetLevel *level);
/* i32 (inputs, outputs, symbols, workspace, frame, table of kernels): the program's steps. */
LLVMValueRef emit_steps_function(Codegen *cg);
#endif
