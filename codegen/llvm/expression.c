/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel expressions on lanes: loads, guards, stores. */
#include "aicc/abi.h"
#include "codegen/llvm/kernel_internal.h"

LLVMValueRef emit_index_value(KernelEmitter *e, uint32_t index) {
  Codegen *cg = e->cg;
  LLVMValueRef mask = e->mask, zero = emit_i64(cg, 0);
  uint32_t lanes = e->lanes;
  e->mask = NULL;
  e->lanes = 1;
  LLVMValueRef value = emit_expr(e, e->kernel->axes[index].value);
  e->mask = mask;
  e->lanes = lanes;
  LLVMValueRef inside = LLVMBuildICmp(cg->builder, LLVMIntULT, value, e->extents[index], "");
  LLVMBasicBlockRef outside = emit_block(cg, "outside"), join = emit_block(cg, "join");
  LLVMValueRef fine = e->reached ? LLVMBuildOr(cg->builder, inside, LLVMBuildNot(cg->builder, e->reached, ""), "") : inside;
  LLVMBuildCondBr(cg->builder, fine, join, outside);
  LLVMPositionBuilderAtEnd(cg->builder, outside);
  /* Tasks that run at once may store it; it is the same number. */
  LLVMValueRef store = LLVMBuildStore(cg->builder, emit_i32(cg, AICC_E_INDEX), e->pointers[e->status]);
  LLVMSetOrdering(store, LLVMAtomicOrderingMonotonic);
  LLVMSetAlignment(store, element_alignment(ELEMENT_I32));
  LLVMBuildBr(cg->builder, join);
  LLVMPositionBuilderAtEnd(cg->builder, join);
  return LLVMBuildSelect(cg->builder, inside, value, zero, "");
}

/* What stands at a label: the place on an axis, or the value of an index. */
static LLVMValueRef label_value(KernelEmitter *e, uint32_t label) {
  bool index = label >= e->kernel->axis_count;
  return index && !e->axis_values[label] ? emit_index_value(e, label) : e->axis_values[label];
}

LLVMValueRef emit_form(KernelEmitter *e, const Subscript *form) {
  LLVMBuilderRef builder = e->cg->builder;
  LLVMValueRef sum = emit_dim(e->cg, form->offset, e->symbols);
  for (uint32_t i = 0; i < form->term_count; i++) {
    LLVMValueRef coefficient = emit_dim(e->cg, form->terms[i].coefficient, e->symbols);
    LLVMValueRef product = LLVMBuildMul(builder, coefficient, label_value(e, form->terms[i].label), "");
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
      LLVMValueRef stride =
          emit_splat(e->cg, emit_dim(e->cg, form->terms[i].coefficient, e->symbols), e->lanes);
      base = LLVMBuildAdd(builder, base, LLVMBuildMul(builder, stride, lane_numbers(e), ""), "");
    }
  return base;
}

/* The place of an index in a part of its dim. */
static LLVMValueRef place_in_part(KernelEmitter *e, StoragePart part, LLVMValueRef index) {
  LLVMBuilderRef builder = e->cg->builder;
  if (part.step > 1) index = LLVMBuildUDiv(builder, index, emit_i64(e->cg, part.step), "");
  return part.count ? LLVMBuildURem(builder, index, emit_i64(e->cg, part.count), "") : index;
}

static LLVMValueRef local_offset(KernelEmitter *e, uint32_t local, const Subscript *subscripts) {
  LLVMBuilderRef builder = e->cg->builder;
  const LocalStorage *storage = &e->storage[local];
  LLVMValueRef offset = emit_i64(e->cg, 0);
  for (uint32_t i = 0; i < e->kernel->buffers[local].rank; i++) {
    if (dim_equals_constant(storage->strides[i], 0)) continue;
    LLVMValueRef at = emit_form(e, &subscripts[i]);
    if (storage->tiled[i] != NO_TILED_AXIS) at = LLVMBuildSub(builder, at, e->tile_starts[storage->tiled[i]], "");
    at = LLVMBuildMul(builder, at, emit_dim(e->cg, storage->strides[i], e->symbols), "");
    offset = LLVMBuildAdd(builder, offset, at, "");
  }
  return offset;
}

LLVMValueRef emit_offset(KernelEmitter *e, uint32_t number, const Subscript *subscripts) {
  LLVMBuilderRef builder = e->cg->builder;
  const KernelBuffer *buffer = &e->kernel->buffers[number];
  LLVMValueRef offset = emit_i64(e->cg, 0);
  if (buffer->role == BUFFER_LOCAL) return local_offset(e, number, subscripts);
  for (uint32_t k = 0; k < storage_part_count(buffer->order, buffer->rank); k++) {
    StoragePart part = storage_part(buffer->order, k);
    Dim places = storage_part_extent(e->cg->program->dims, part, buffer->dims);
    LLVMValueRef form = emit_form(e, &subscripts[part.dim]);
    if (k) offset = LLVMBuildMul(builder, offset, emit_dim(e->cg, places, e->symbols), "");
    offset = LLVMBuildAdd(builder, offset, place_in_part(e, part, form), "");
  }
  return offset;
}

static LLVMValueRef element_pointer(KernelEmitter *e, uint32_t buffer, LLVMValueRef offset) {
  LLVMTypeRef type = emit_storage_type(e->cg, e->kernel->buffers[buffer].element, 1);
  return LLVMBuildInBoundsGEP2(e->cg->builder, type, e->pointers[buffer], &offset, 1, "");
}

static uint32_t alignment_of(const KernelBuffer *buffer) {
  return element_alignment(buffer->element);
}

static LLVMValueRef load_at(KernelEmitter *e, uint32_t buffer, LLVMValueRef offset, uint32_t lanes) {
  const KernelBuffer *source = &e->kernel->buffers[buffer];
  LLVMTypeRef type = emit_storage_type(e->cg, source->element, lanes);
  LLVMValueRef pointer = element_pointer(e, buffer, offset);
  if (e->mask && lanes > 1 && !storage_is_padded(source->order)) {
    LLVMTypeRef overloads[2] = {type, e->cg->pointer};
    LLVMValueRef arguments[4] = {pointer, emit_i32(e->cg, alignment_of(source)), e->mask,
                                 LLVMConstNull(type)};
    return emit_intrinsic(e->cg, "llvm.masked.load", overloads, 2, arguments, 4);
  }
  LLVMValueRef value = LLVMBuildLoad2(e->cg->builder, type, pointer, "");
  LLVMSetAlignment(value, alignment_of(source));
  return value;
}

static void store_at(KernelEmitter *e, uint32_t buffer, LLVMValueRef offset, LLVMValueRef value) {
  uint32_t alignment = alignment_of(&e->kernel->buffers[buffer]);
  LLVMValueRef pointer = element_pointer(e, buffer, offset);
  if (e->mask && LLVMGetTypeKind(LLVMTypeOf(value)) == LLVMVectorTypeKind) {
    LLVMTypeRef overloads[2] = {LLVMTypeOf(value), e->cg->pointer};
    LLVMValueRef arguments[4] = {value, pointer, emit_i32(e->cg, alignment), e->mask};
    emit_intrinsic(e->cg, "llvm.masked.store", overloads, 2, arguments, 4);
    return;
  }
  LLVMSetAlignment(LLVMBuildStore(e->cg->builder, value, pointer), alignment);
}

/* The addresses of lanes that are `stride` elements apart. */
static LLVMValueRef lane_pointers(KernelEmitter *e, uint32_t buffer, LLVMValueRef offset, Dim stride) {
  LLVMBuilderRef builder = e->cg->builder;
  LLVMTypeRef type = emit_storage_type(e->cg, e->kernel->buffers[buffer].element, 1);
  LLVMValueRef distance = emit_splat(e->cg, emit_dim(e->cg, stride, e->symbols), e->lanes);
  LLVMValueRef lanes = LLVMBuildMul(builder, distance, lane_numbers(e), "");
  LLVMValueRef offsets = LLVMBuildAdd(builder, emit_splat(e->cg, offset, e->lanes), lanes, "");
  return LLVMBuildGEP2(builder, type, e->pointers[buffer], &offsets, 1, "");
}

static LLVMValueRef masked_gather(KernelEmitter *e, uint32_t buffer, LLVMValueRef offset, Dim stride) {
  const KernelBuffer *source = &e->kernel->buffers[buffer];
  LLVMTypeRef type = emit_storage_type(e->cg, source->element, e->lanes);
  LLVMValueRef pointers = lane_pointers(e, buffer, offset, stride);
  LLVMTypeRef overloads[2] = {type, LLVMTypeOf(pointers)};
  LLVMValueRef arguments[4] = {pointers, emit_i32(e->cg, alignment_of(source)), e->mask,
                               LLVMConstNull(type)};
  return emit_intrinsic(e->cg, "llvm.masked.gather", overloads, 2, arguments, 4);
}

static void masked_scatter(KernelEmitter *e, uint32_t buffer, LLVMValueRef offset, Dim stride,
                           LLVMValueRef stored) {
  LLVMValueRef pointers = lane_pointers(e, buffer, offset, stride);
  LLVMTypeRef overloads[2] = {LLVMTypeOf(stored), LLVMTypeOf(pointers)};
  LLVMValueRef alignment = emit_i32(e->cg, alignment_of(&e->kernel->buffers[buffer]));
  LLVMValueRef arguments[4] = {stored, pointers, alignment, e->mask};
  emit_intrinsic(e->cg, "llvm.masked.scatter", overloads, 2, arguments, 4);
}

/* The offset of each lane, for strides that are not 1. */
static LLVMValueRef lane_offset(KernelEmitter *e, LLVMValueRef base, LLVMValueRef stride, uint32_t lane) {
  LLVMValueRef distance = LLVMBuildMul(e->cg->builder, stride, emit_i64(e->cg, lane), "");
  return LLVMBuildAdd(e->cg->builder, base, distance, "");
}

/* Lanes one by one: across the runs of a buffer's order, wherever in a run they begin, or of indices that differ from lane to
   lane. */
static LLVMValueRef load_singly(KernelEmitter *e, const Expr *expr) {
  const KernelBuffer *source = &e->kernel->buffers[expr->buffer];
  Codegen *cg = e->cg;
  LLVMValueRef first = e->axis_values[e->vector_axis];
  uint32_t lanes = e->lanes;
  LLVMValueRef stored = LLVMGetPoison(emit_storage_type(cg, source->element, lanes));
  e->lanes = 1; /* what an index reads is read for this lane */
  for (uint32_t lane = 0; lane < lanes; lane++) {
    e->axis_values[e->vector_axis] = LLVMBuildAdd(cg->builder, first, emit_i64(cg, lane), "");
    LLVMValueRef one = load_at(e, expr->buffer, emit_offset(e, expr->buffer, expr->subscripts), 1);
    stored = LLVMBuildInsertElement(cg->builder, stored, one, emit_i64(cg, lane), "");
  }
  e->lanes = lanes;
  e->axis_values[e->vector_axis] = first;
  return emit_load_convert(cg, source->element, stored, e->lanes);
}

static LLVMValueRef emit_load(KernelEmitter *e, const Expr *expr) {
  Codegen *cg = e->cg;
  if (e->lane_values[expr->buffer]) return e->lane_values[expr->buffer];
  Dim stride = e->lanes == 1 ? dim_constant(cg->program->dims, 0)
                             : access_stride(cg->program->dims, e->kernel, expr->buffer, expr->subscripts, e->vector_axis);
  if (!dim_is_valid(stride)) return load_singly(e, expr);
  LLVMValueRef offset = emit_offset(e, expr->buffer, expr->subscripts);
  return emit_load_lanes(e, expr->buffer, offset, stride);
}

LLVMValueRef emit_load_lanes(KernelEmitter *e, uint32_t buffer, LLVMValueRef offset, Dim stride) {
  const KernelBuffer *source = &e->kernel->buffers[buffer];
  Codegen *cg = e->cg;
  LLVMValueRef stored;
  if (e->lanes == 1 || dim_equals_constant(stride, 0)) {
    LLVMValueRef one = emit_load_convert(cg, source->element, load_at(e, buffer, offset, 1), 1);
    return emit_splat(cg, one, e->lanes);
  }
  if (dim_equals_constant(stride, 1)) {
    stored = load_at(e, buffer, offset, e->lanes);
  } else if (e->mask) {
    stored = masked_gather(e, buffer, offset, stride);
  } else {
    LLVMValueRef distance = emit_dim(cg, stride, e->symbols);
    stored = LLVMGetPoison(emit_storage_type(cg, source->element, e->lanes));
    for (uint32_t lane = 0; lane < e->lanes; lane++) {
      LLVMValueRef one = load_at(e, buffer, lane_offset(e, offset, distance, lane), 1);
      stored = LLVMBuildInsertElement(cg->builder, stored, one, emit_i64(cg, lane), "");
    }
  }
  return emit_load_convert(cg, source->element, stored, e->lanes);
}

void emit_store(KernelEmitter *e, uint32_t target, const Subscript *subscripts, LLVMValueRef lanes) {
  const KernelBuffer *buffer = &e->kernel->buffers[target];
  Codegen *cg = e->cg;
  e->lane_values[target] = lanes;
  if (e->storage[target].in_register && e->lanes > 1) return; /* whoever reads it does so in this strip */
  LLVMValueRef offset = emit_offset(e, target, subscripts);
  LLVMValueRef stored = emit_store_convert(cg, buffer->element, lanes, e->lanes);
  Dim stride = e->lanes == 1 ? dim_constant(cg->program->dims, 1)
                             : access_stride(cg->program->dims, e->kernel, target, subscripts, e->vector_axis);
  /* What was rounded to a narrower storage type must be read back as stored. */
  if (buffer->role != BUFFER_LOCAL && element_info(buffer->element)->compute != buffer->element)
    e->lane_values[target] = NULL;
  if (dim_equals_constant(stride, 1)) {
    store_at(e, target, offset, stored);
    return;
  }
  if (e->mask) {
    masked_scatter(e, target, offset, stride, stored);
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
    const GuardRange *range = &guard->ranges[i];
    if (e->lanes > 1 && subscript_uses(&range->form, e->vector_axis)) continue;
    LLVMValueRef value = emit_form(e, &range->form);
    LLVMValueRef low = emit_dim(e->cg, range->low, e->symbols),
                 high = emit_dim(e->cg, range->high, e->symbols);
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
  LLVMBasicBlockRef inside = emit_block(cg, "inside"), outside = emit_block(cg, "outside"),
                    join = emit_block(cg, "join");
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
  case EXPR_LITERAL:
    return emit_bits(e->cg, expr->type, expr->bits, e->lanes);
  case EXPR_LOAD:
    return emit_load(e, expr);
  case EXPR_INDEX:
    return emit_index(e, expr->subscripts);
  case EXPR_GUARD:
    return emit_guard(e, expr);
  case EXPR_CALL:
    break;
  }
  for (uint32_t i = 0; i < expr->operand_count; i++) operands[i] = emit_expr(e, expr->operands[i]);
  ElementType from = expr->operands[expr->scalar == SCALAR_SELECT ? 1 : 0]->type;
  return emit_scalar(e->cg, expr->scalar, from, expr->type, operands, e->lanes);
}
