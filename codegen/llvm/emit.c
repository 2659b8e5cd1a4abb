/* SPDX-License-Identifier: Apache-2.0 */
/* Small pieces that everything here emits with. */
#include "codegen/llvm/emit.h"
#include <stdio.h>
#include <string.h>

LLVMValueRef emit_i64(Codegen *cg, int64_t value) {
  return LLVMConstInt(cg->i64, (uint64_t)value, true);
}
LLVMValueRef emit_i32(Codegen *cg, uint32_t value) {
  return LLVMConstInt(cg->i32, value, false);
}

LLVMValueRef emit_runtime_function(Codegen *cg, const char *name) {
  return LLVMGetNamedFunction(cg->module, name);
}

LLVMValueRef emit_call(Codegen *cg, LLVMValueRef function, LLVMValueRef *arguments, uint32_t count) {
  return LLVMBuildCall2(cg->builder, LLVMGlobalGetValueType(function), function, arguments, count, "");
}

LLVMValueRef emit_intrinsic(Codegen *cg, const char *name, LLVMTypeRef *overloads, uint32_t overload_count,
                            LLVMValueRef *arguments, uint32_t count) {
  unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
  LLVMValueRef function = LLVMGetIntrinsicDeclaration(cg->module, id, overloads, overload_count);
  return emit_call(cg, function, arguments, count);
}

static LLVMValueRef emit_minmax(Codegen *cg, const char *name, LLVMValueRef a, LLVMValueRef b) {
  LLVMValueRef pair[2] = {a, b};
  return emit_intrinsic(cg, name, &cg->i64, 1, pair, 2);
}

/* By a power of two: the shift rounds down whatever the sign. */
static LLVMValueRef shift_divide(Codegen *cg, LLVMValueRef a, int64_t b, LLVMValueRef *remainder) {
  *remainder = LLVMBuildAnd(cg->builder, a, emit_i64(cg, b - 1), "");
  return LLVMBuildAShr(cg->builder, a, emit_i64(cg, __builtin_ctzll((uint64_t)b)), "");
}

LLVMValueRef emit_floor_divide(Codegen *cg, LLVMValueRef a, LLVMValueRef b, LLVMValueRef *remainder) {
  if (LLVMIsAConstantInt(b)) {
    int64_t divisor = LLVMConstIntGetSExtValue(b);
    if (divisor > 0 && (divisor & (divisor - 1)) == 0) return shift_divide(cg, a, divisor, remainder);
  }
  LLVMValueRef zero = emit_i64(cg, 0);
  LLVMValueRef safe = emit_minmax(cg, "llvm.smax", b, emit_i64(cg, 1));
  LLVMValueRef quotient = LLVMBuildSDiv(cg->builder, a, safe, "");
  LLVMValueRef rest = LLVMBuildSub(cg->builder, a, LLVMBuildMul(cg->builder, quotient, safe, ""), "");
  LLVMValueRef below = LLVMBuildICmp(cg->builder, LLVMIntSLT, rest, zero, "");
  *remainder = LLVMBuildSelect(cg->builder, below, LLVMBuildAdd(cg->builder, rest, safe, ""), rest, "");
  return LLVMBuildAdd(cg->builder, quotient, LLVMBuildSExt(cg->builder, below, cg->i64, ""), "");
}

static LLVMValueRef emit_atom(Codegen *cg, const DimAtom *atom, const LLVMValueRef *symbols) {
  if (atom->kind == DIM_SYMBOL) return symbols[atom->symbol->index];
  LLVMValueRef a = emit_dim(cg, atom->left, symbols), b = emit_dim(cg, atom->right, symbols), remainder,
               quotient;
  switch (atom->kind) {
  case DIM_FLOOR_DIVIDE:
  case DIM_MODULO:
    quotient = emit_floor_divide(cg, a, b, &remainder);
    return atom->kind == DIM_MODULO ? remainder : quotient;
  case DIM_MIN:
    return emit_minmax(cg, "llvm.smin", a, b);
  case DIM_MAX:
    return emit_minmax(cg, "llvm.smax", a, b);
  case DIM_BROADCAST:
    return LLVMBuildSelect(cg->builder, LLVMBuildICmp(cg->builder, LLVMIntEQ, a, emit_i64(cg, 1), ""), b, a,
                           "");
  case DIM_SYMBOL:
    break;
  }
  return NULL;
}

LLVMValueRef emit_dim(Codegen *cg, Dim dim, const LLVMValueRef *symbols) {
  LLVMValueRef sum = emit_i64(cg, 0);
  for (uint32_t i = 0; i < dim->term_count; i++) {
    LLVMValueRef product = emit_i64(cg, dim->terms[i].coefficient);
    for (uint32_t j = 0; j < dim->terms[i].factor_count; j++)
      product = LLVMBuildMul(cg->builder, product, emit_atom(cg, dim->terms[i].factors[j], symbols), "");
    sum = LLVMBuildAdd(cg->builder, sum, product, "");
  }
  return sum;
}

static void add_attribute(Codegen *cg, LLVMValueRef function, const char *name) {
  unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
  LLVMAddAttributeAtIndex(function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
                          LLVMCreateEnumAttribute(cg->context, kind, 0));
}

static void add_text_attribute(Codegen *cg, LLVMValueRef function, const char *name, const char *value) {
  LLVMAddAttributeAtIndex(
      function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
      LLVMCreateStringAttribute(cg->context, name, (unsigned)strlen(name), value, (unsigned)strlen(value)));
}

void emit_function_attributes(Codegen *cg, LLVMValueRef function, const TargetLevel *level) {
  add_attribute(cg, function, "nounwind");
  add_text_attribute(cg, function, "no-builtins", "");
  if (!level) return;
  char bits[16];
  add_text_attribute(cg, function, "target-cpu", level->cpu);
  if (*level->features) add_text_attribute(cg, function, "target-features", level->features);
  snprintf(bits, sizeof bits, "%u", level->vector_bits);
  add_text_attribute(cg, function, "prefer-vector-width", bits);
}

void emit_noinline(Codegen *cg, LLVMValueRef function) {
  add_attribute(cg, function, "noinline");
}

LLVMValueRef emit_function(Codegen *cg, const char *name, LLVMTypeRef type) {
  LLVMValueRef function = LLVMAddFunction(cg->module, name, type);
  LLVMSetLinkage(function, LLVMInternalLinkage);
  emit_function_attributes(cg, function, NULL);
  return function;
}

LLVMBasicBlockRef emit_block(Codegen *cg, const char *name) {
  LLVMValueRef function = LLVMGetBasicBlockParent(LLVMGetInsertBlock(cg->builder));
  return LLVMAppendBasicBlockInContext(cg->context, function, name);
}

LLVMValueRef emit_alloca(Codegen *cg, LLVMTypeRef type, const char *name) {
  LLVMBasicBlockRef here = LLVMGetInsertBlock(cg->builder);
  LLVMBasicBlockRef entry = LLVMGetEntryBasicBlock(LLVMGetBasicBlockParent(here));
  LLVMValueRef first = LLVMGetFirstInstruction(entry);
  if (first)
    LLVMPositionBuilderBefore(cg->builder, first);
  else
    LLVMPositionBuilderAtEnd(cg->builder, entry);
  LLVMValueRef slot = LLVMBuildAlloca(cg->builder, type, name);
  LLVMPositionBuilderAtEnd(cg->builder, here);
  return slot;
}

static LLVMTypeRef widen(LLVMTypeRef type, uint32_t lanes) {
  return lanes == 1 ? type : LLVMVectorType(type, lanes);
}

static LLVMTypeRef integer_type(Codegen *cg, uint32_t bits) {
  return bits <= 8 ? cg->i8 : LLVMIntTypeInContext(cg->context, bits);
}

LLVMTypeRef emit_type(Codegen *cg, ElementType compute, uint32_t lanes) {
  LLVMTypeRef type = compute == ELEMENT_F32    ? cg->f32
                     : compute == ELEMENT_F64  ? cg->f64
                     : compute == ELEMENT_BOOL ? cg->bool_type
                                               : integer_type(cg, element_info(compute)->bits);
  return widen(type, lanes);
}

LLVMTypeRef emit_storage_type(Codegen *cg, ElementType element, uint32_t lanes) {
  if (element == ELEMENT_F32 || element == ELEMENT_F64) return emit_type(cg, element, lanes);
  return widen(integer_type(cg, element_info(element)->bits), lanes);
}

LLVMValueRef emit_splat(Codegen *cg, LLVMValueRef scalar, uint32_t lanes) {
  if (lanes == 1) return scalar;
  LLVMValueRef poison = LLVMGetPoison(LLVMVectorType(LLVMTypeOf(scalar), lanes));
  LLVMValueRef first = LLVMBuildInsertElement(cg->builder, poison, scalar, emit_i64(cg, 0), "");
  LLVMValueRef mask = LLVMConstNull(LLVMVectorType(cg->i32, lanes));
  return LLVMBuildShuffleVector(cg->builder, first, poison, mask, "");
}

LLVMValueRef emit_lane_mask(Codegen *cg, LLVMValueRef count, uint32_t lanes) {
  LLVMValueRef *numbers = arena_array(cg->program->arena, LLVMValueRef, lanes);
  for (uint32_t i = 0; i < lanes; i++) numbers[i] = emit_i32(cg, i);
  LLVMValueRef limit = emit_splat(cg, LLVMBuildTrunc(cg->builder, count, cg->i32, ""), lanes);
  return LLVMBuildICmp(cg->builder, LLVMIntULT, LLVMConstVector(numbers, lanes), limit, "");
}

LLVMValueRef emit_bits(Codegen *cg, ElementType compute, uint64_t bits, uint32_t lanes) {
  LLVMValueRef value;
  if (compute == ELEMENT_F32)
    value = LLVMConstBitCast(LLVMConstInt(cg->i32, bits & UINT32_MAX, false), cg->f32);
  else if (compute == ELEMENT_F64)
    value = LLVMConstBitCast(LLVMConstInt(cg->i64, bits, false), cg->f64);
  else
    value = LLVMConstInt(emit_type(cg, compute, 1), bits, false);
  return emit_splat(cg, value, lanes);
}

LLVMValueRef element_address(Codegen *cg, LLVMValueRef base, uint32_t index) {
  LLVMValueRef at = emit_i64(cg, index);
  return LLVMBuildInBoundsGEP2(cg->builder, cg->i64, base, &at, 1, "");
}

LLVMValueRef load_element(Codegen *cg, LLVMValueRef base, uint32_t index, LLVMTypeRef type) {
  LLVMValueRef value = LLVMBuildLoad2(cg->builder, type, element_address(cg, base, index), "");
  LLVMSetAlignment(value, 8);
  return value;
}

void return_if(Codegen *cg, LLVMValueRef condition, LLVMValueRef status) {
  LLVMBasicBlockRef fail = emit_block(cg, "fail"), next = emit_block(cg, "next");
  LLVMBuildCondBr(cg->builder, condition, fail, next);
  LLVMPositionBuilderAtEnd(cg->builder, fail);
  LLVMBuildRet(cg->builder, status);
  LLVMPositionBuilderAtEnd(cg->builder, next);
}

LLVMValueRef *load_symbols(Codegen *cg, LLVMValueRef array) {
  LLVMValueRef *symbols =
      arena_array(cg->program->arena, LLVMValueRef, dim_symbol_count(cg->program->dims) + 1);
  for (uint32_t k = 0; k < cg->names->symbol_count; k++)
    symbols[cg->names->symbols[k]->index] = load_element(cg, array, k, cg->i64);
  return symbols;
}
