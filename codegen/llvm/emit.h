/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of this folder only. */
#ifndef AICC_CODEGEN_EMIT_H
#define AICC_CODEGEN_EMIT_H
#include "codegen/llvm/codegen.h"
#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/TargetMachine.h>

typedef struct Codegen {
  const Program *program;
  const InterfaceNames *names;
  const CodegenOptions *options;
  LLVMContextRef context;
  LLVMModuleRef module;
  LLVMBuilderRef builder;
  LLVMTargetMachineRef machine;
  LLVMTypeRef void_type, bool_type, i8, i16, i32, i64, f32, f64, pointer;
  LLVMValueRef *weights;  /* per program buffer: the constant's global */
  LLVMDIBuilderRef debug; /* null without -g */
  LLVMMetadataRef debug_unit, debug_file, debug_signature;
  const char *current; /* the kernel being emitted, for the fatal error handler; null outside of kernels */
  const TargetLevel *level; /* of that kernel */
} Codegen;

/* Small helpers (emit.c). */
LLVMValueRef emit_i64(Codegen *cg, int64_t value);
LLVMValueRef emit_i32(Codegen *cg, uint32_t value);
/* The function of that name in the module, which the runtime's bitcode brought. */
LLVMValueRef emit_runtime_function(Codegen *cg, const char *name);
LLVMValueRef emit_call(Codegen *cg, LLVMValueRef function, LLVMValueRef *arguments, uint32_t count);
/* A call of an overloaded intrinsic. */
LLVMValueRef emit_intrinsic(Codegen *cg, const char *name, LLVMTypeRef *overloads, uint32_t overload_count,
                            LLVMValueRef *arguments, uint32_t count);
/* Rounds towards minus infinity; the divisor is at least 1. */
LLVMValueRef emit_floor_divide(Codegen *cg, LLVMValueRef a, LLVMValueRef b, LLVMValueRef *remainder);
/* The value of a dim; `symbols` has an i64 per Symbol.index (null where unused). */
LLVMValueRef emit_dim(Codegen *cg, Dim dim, const LLVMValueRef *symbols);
/* An internal function with the attributes that every function of an object has. */
LLVMValueRef emit_function(Codegen *cg, const char *name, LLVMTypeRef type);
void emit_function_attributes(Codegen *cg, LLVMValueRef function, const TargetLevel *level);
/* Keeps the function apart from its callers. */
void emit_noinline(Codegen *cg, LLVMValueRef function);
LLVMBasicBlockRef emit_block(Codegen *cg, const char *name);
/* Stack space in the entry block of the current function. */
LLVMValueRef emit_alloca(Codegen *cg, LLVMTypeRef type, const char *name);
/* Of an array of elements of 8 bytes. */
LLVMValueRef element_address(Codegen *cg, LLVMValueRef base, uint32_t index);
LLVMValueRef load_element(Codegen *cg, LLVMValueRef base, uint32_t index, LLVMTypeRef type);
/* Returns `status` from the current function where the condition holds; goes on behind it. */
void return_if(Codegen *cg, LLVMValueRef condition, LLVMValueRef status);
/* Symbol values by index, from the caller's array in the interface's order. */
LLVMValueRef *load_symbols(Codegen *cg, LLVMValueRef array);
/* Compute type as LLVM type: bool is i1. `lanes` 1 gives a scalar. */
LLVMTypeRef emit_type(Codegen *cg, ElementType compute, uint32_t lanes);
/* As in memory: bool is i8, 16-bit floats are i16. */
LLVMTypeRef emit_storage_type(Codegen *cg, ElementType element, uint32_t lanes);
LLVMValueRef emit_splat(Codegen *cg, LLVMValueRef scalar, uint32_t lanes);
/* The lanes below `count`, an i64 from 1 to the number of lanes. */
LLVMValueRef emit_lane_mask(Codegen *cg, LLVMValueRef count, uint32_t lanes);
LLVMValueRef emit_bits(Codegen *cg, ElementType compute, uint64_t bits, uint32_t lanes);

/* Scalar functions on lanes (scalar.c). `from` is the operands' compute type, `to` the result's. */
LLVMValueRef emit_scalar(Codegen *cg, Scalar scalar, ElementType from, ElementType to, LLVMValueRef *operands,
                         uint32_t lanes);
/* Storage to compute form and back. */
LLVMValueRef emit_load_convert(Codegen *cg, ElementType element, LLVMValueRef stored, uint32_t lanes);
LLVMValueRef emit_store_convert(Codegen *cg, ElementType element, LLVMValueRef computed, uint32_t lanes);
/* Combines all lanes of a vector by halving: lane i with lane i + n/2, then n/4, ... */
LLVMValueRef emit_lane_tree(Codegen *cg, Scalar monoid, ElementType type, LLVMValueRef vector,
                            uint32_t lanes);

/* One kernel at one level (kernel.c): void (ptr slots, i64 task, i32 worker); slots are the parameters'
   pointers, then the values of the symbols that the kernel uses, in order of their index. */
LLVMValueRef emit_kernel(Codegen *cg, const Kernel *kernel, const TargetLevel *level);
/* What a kernel is called towards people: the node that it stands for. */
const char *kernel_title(const Kernel *kernel);
/* Bit s: the kernel uses symbol s (by index; fewer than 64 are supported). */
uint64_t kernel_symbols(const Kernel *kernel);

/* The functions around the kernels (run.c) and the tables for tools (model.c). */
LLVMValueRef emit_run(Codegen *cg);
LLVMValueRef emit_workspace_bytes(Codegen *cg);
LLVMValueRef emit_output_dims(Codegen *cg);
void emit_typed_interface(Codegen *cg, LLVMValueRef run, LLVMValueRef workspace_bytes);
void emit_model(Codegen *cg, LLVMValueRef run, LLVMValueRef workspace_bytes, LLVMValueRef output_dims);

/* Constants as sections (object.c). */
void emit_weights(Codegen *cg);

/* Debug info (debug.c): a subprogram per kernel, named after its node. */
void debug_start(Codegen *cg);
void debug_function(Codegen *cg, LLVMValueRef function, const char *name, uint32_t line);
void debug_finish(Codegen *cg);
#endif
