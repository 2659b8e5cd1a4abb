/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel expressions on lanes: loads, guards, stores. */
#include "codegen/llvm/kernel_internal.h"

bool subscript_uses(const Subscript *subscript, uint32_t axis) {
  for (uint32_t i = 0; i < subscript->term_count; i++)
    if (subscript->terms[i].label == axis) return true;
  return false;
}

LLVMValueRef emit_form(KernelEmitter *e, const Subscript *form) {
  LLVMBuilderRef builder = e->cg->builder;
  LLVMValueRef sum = emit_dim(e->cg, form->offset, e->symbols);
  for (uint32_t i = 0; i < form->term_count; i++) {
    LLVMValueRef coefficient = emit_dim(e->cg, form->terms[i].coefficient, e->symbols);
    LLVMValueRef product = LLVMBuildMul(builder, coefficient, e->axis_values[form->terms[i].label], "");
    sum = LLVMBuildAdd(builder, sum, product, "");
  }
  return sum;
}

/* 0, 1, ... lanes-1 as i64. */
static LLVMValueRef lane_numbers(KernelEmitter *e) {
  LLVMValueRef numbers[LANE_LIMIT];
  for (uint32_t i = 0; i < e->lanes; i++) numbers[i] = emit_i64(e->cg, i);
  return LLVMConstVector(numbers, e->lanes);
}

static LLVMValueRef emit_index(KernelEmitter *e, const Subscript *form) {
  LLVMBuilderRef builder = e->cg->builder;
  LLVMValueRef base = emit_splat(e->cg, emit_form(e, form), e->lanes);
  if (e->lanes == 1 || !subscript_uses(form, e->vector_axis)) return base;
  for (uint32_t i = 0; i < form->term_count; i++)
    if (form->terms[i].label == e->vector_axis) {
      LLVMValueRef stride = emit_splat(e->cg, emit_dim(e->cg, form->terms[i].coefficient, e->symbols), e->lanes);
      base = LLVMBuildAdd(builder, base, LLVMBuildMul(builder, stride, lane_numbers(e), ""), "");
    }
  return base;
}

/* Row-major element offset at lane 0. */
static LLVMValueRef emit_offset(KernelEmitter *e, const KernelBuffer *buffer, const Subscript *subscripts) {
  LLVMBuilderRef builder = e->cg->builder;
  LLVMValueRef offset = emit_i64(e->cg, 0);
  for (uint32_t i = 0; i < buffer->rank; i++) {
    if (i) offset = LLVMBuildMul(builder, offset, emit_dim(e->cg, buffer->dims[i], e->symbols), "");
    offset = LLVMBuildAdd(builder, offset, emit_form(e, &subscripts[i]), "");
  }
  return offset;
}

static LLVMValueRef element_pointer(KernelEmitter *e, uint32_t buffer, LLVMValueRef offset) {
  LLVMTypeRef type = emit_storage_type(e->cg, e->kernel->buffers[buffer].element, 1);
  return LLVMBuildInBoundsGEP2(e->cg->builder, type, e->pointers[buffer], &offset, 1, "");
}

static uint32_t element_bytes(const KernelBuffer *buffer) { return element_info(buffer->element)->bits / 8; }

static LLVMValueRef load_at(KernelEmitter *e, uint32_t buffer, LLVMValueRef offset, uint32_t lanes) {
  const KernelBuffer *source = &e->kernel->buffers[buffer];
  LLVMTypeRef type = emit_storage_type(e->cg, source->element, lanes);
  LLVMValueRef value = LLVMBuildLoad2(e->cg->builder, type, element_pointer(e, buffer, offset), "");
  LLVMSetAlignment(value, element_bytes(source));
  return value;
}

static void store_at(KernelEmitter *e, uint32_t buffer, LLVMValueRef offset, LLVMValueRef value) {
  LLVMValueRef store = LLVMBuildStore(e->cg->builder, value, element_pointer(e, buffer, offset));
  LLVMSetAlignment(store, element_bytes(&e->kernel->buffers[buffer]));
}

/* The offset of each lane, for strides that are not 1. */
static LLVMValueRef lane_offset(KernelEmitter *e, LLVMValueRef base, LLVMValueRef stride, uint32_t lane) {
  LLVMValueRef distance = LLVMBuildMul(e->cg->builder, stride, emit_i64(e->cg, lane), "");
  return LLVMBuildAdd(e->cg->builder, base, distance, "");
}

static LLVMValueRef emit_load(KernelEmitter *e, const Expr *expr) {
  const KernelBuffer *source = &e->kernel->buffers[expr->buffer];
  Codegen *cg = e->cg;
  if (e->lane_values[expr->buffer]) return e->lane_values[expr->buffer];
  if (source->role == BUFFER_LOCAL) {
    LLVMTypeRef type = emit_type(cg, source->element, 1);
    return emit_splat(cg, LLVMBuildLoad2(cg->builder, type, e->slots[expr->buffer], ""), e->lanes);
  }
  LLVMValueRef offset = emit_offset(e, source, expr->subscripts);
  if (e->lanes == 1) return emit_load_convert(cg, source->element, load_at(e, expr->buffer, offset, 1), 1);
  Dim stride = access_stride(cg->program->dims, source, expr->subscripts, e->vector_axis);
  if (dim_equals_constant(stride, 0)) {
    LLVMValueRef one = emit_load_convert(cg, source->element, load_at(e, expr->buffer, offset, 1), 1);
    return emit_splat(cg, one, e->lanes);
  }
  LLVMValueRef stored;
  if (dim_equals_constant(stride, 1)) {
    stored = load_at(e, expr->buffer, offset, e->lanes);
  } else {
    LLVMValueRef distance = emit_dim(cg, stride, e->symbols);
    stored = LLVMGetPoison(emit_storage_type(cg, source->element, e->lanes));
    for (uint32_t lane = 0; lane < e->lanes; lane++) {
      LLVMValueRef one = load_at(e, expr->buffer, lane_offset(e, offset, distance, lane), 1);
      stored = LLVMBuildInsertElement(cg->builder, stored, one, emit_i64(cg, lane), "");
    }
  }
  return emit_load_convert(cg, source->element, stored, e->lanes);
}

void emit_store(KernelEmitter *e, uint32_t target, const Subscript *subscripts, LLVMValueRef lanes) {
  const KernelBuffer *buffer = &e->kernel->buffers[target];
  Codegen *cg = e->cg;
  e->lane_values[target] = lanes;
  if (buffer->role == BUFFER_LOCAL) {
    if (e->lanes == 1 && e->slots[target]) LLVMBuildStore(cg->builder, lanes, e->slots[target]);
    return;
  }
  LLVMValueRef offset = emit_offset(e, buffer, subscripts);
  LLVMValueRef stored = emit_store_convert(cg, buffer->element, lanes, e->lanes);
  Dim stride = e->lanes == 1 ? dim_constant(cg->program->dims, 1)
                             : access_stride(cg->program->dims, buffer, subscripts, e->vector_axis);
  /* What was rounded to a narrower storage type must be read back as stored. */
  if (element_info(buffer->element)->compute != buffer->element) e->lane_values[target] = NULL;
  if (dim_equals_constant(stride, 1)) {
    store_at(e, target, offset, stored);
    return;
  }
  LLVMValueRef distance = emit_dim(cg, stride, e->symbols);
  for (uint32_t lane = 0; lane < e->lanes; lane++) {
    LLVMValueRef one = LLVMBuildExtractElement(cg->builder, stored, emit_i64(cg, lane), "");
    store_at(e, target, lane_offset(e, offset, distance, lane), one);
  }
}

LLVMValueRef emit_guard_condition(KernelEmitter *e, const Expr *guard) {
  LLVMBuilderRef builder = e->cg->builder;
  LLVMValueRef all = NULL;
  for (uint32_t i = 0; i < guard->range_count; i++) {
    const WhereRange *range = &guard->ranges[i];
    if (e->lanes > 1 && subscript_uses(&range->form, e->vector_axis)) continue;
    LLVMValueRef value = emit_form(e, &range->form);
    LLVMValueRef low = emit_dim(e->cg, range->low, e->symbols), high = emit_dim(e->cg, range->high, e->symbols);
    LLVMValueRef inside = LLVMBuildAnd(builder, LLVMBuildICmp(builder, LLVMIntSGE, value, low, ""),
                                       LLVMBuildICmp(builder, LLVMIntSLT, value, high, ""), "");
    all = all ? LLVMBuildAnd(builder, all, inside, "") : inside;
  }
  return all;
}

static LLVMValueRef emit_guard(KernelEmitter *e, const Expr *expr) {
  Codegen *cg = e->cg;
  LLVMValueRef condition = emit_guard_condition(e, expr);
  if (!condition) return emit_expr(e, expr->operands[0]);
  LLVMBasicBlockRef inside = emit_block(cg, "inside"), outside = emit_block(cg, "outside"), join = emit_block(cg, "join");
  LLVMValueRef values[2];
  LLVMBasicBlockRef ends[2];
  LLVMBuildCondBr(cg->builder, condition, inside, outside);
  for (int side = 0; side < 2; side++) {
    LLVMPositionBuilderAtEnd(cg->builder, side ? outside : inside);
    values[side] = emit_expr(e, expr->operands[side]);
    ends[side] = LLVMGetInsertBlock(cg->builder);
    LLVMBuildBr(cg->builder, join);
  }
  LLVMPositionBuilderAtEnd(cg->builder, join);
  LLVMValueRef phi = LLVMBuildPhi(cg->builder, LLVMTypeOf(values[0]), "");
  LLVMAddIncoming(phi, values, ends, 2);
  return phi;
}

LLVMValueRef emit_expr(KernelEmitter *e, const Expr *expr) {
  LLVMValueRef operands[3];
  switch (expr->kind) {
  case EXPR_LITERAL: return emit_bits(e->cg, expr->type, expr->bits, e->lanes);
  case EXPR_LOAD: return emit_load(e, expr);
  case EXPR_INDEX: return emit_index(e, expr->subscripts);
  case EXPR_GUARD: return emit_guard(e, expr);
  case EXPR_CALL: break;
  }
  for (uint32_t i = 0; i < expr->operand_count; i++) operands[i] = emit_expr(e, expr->operands[i]);
  ElementType from = expr->operands[expr->scalar == SCALAR_SELECT ? 1 : 0]->type;
  return emit_scalar(e->cg, expr->scalar, from, expr->type, operands, e->lanes);
}
