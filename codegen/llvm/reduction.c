/* SPDX-License-Identifier: Apache-2.0 */
/* What leaves with lanes and leaves of tiles share: loops, accumulators, and how far guards let an axis run. */
#include "codegen/llvm/kernel_internal.h"

Loop loop_open(Codegen *cg, LLVMValueRef start, LLVMValueRef end, uint32_t step) {
  Loop loop = {.step = emit_i64(cg, step)};
  LLVMBasicBlockRef before = LLVMGetInsertBlock(cg->builder), body;
  loop.header = emit_block(cg, "loop");
  body = emit_block(cg, "body");
  loop.exit = emit_block(cg, "done");
  LLVMBuildBr(cg->builder, loop.header);
  LLVMPositionBuilderAtEnd(cg->builder, loop.header);
  loop.index = LLVMBuildPhi(cg->builder, cg->i64, "");
  LLVMAddIncoming(loop.index, &start, &before, 1);
  LLVMValueRef next = LLVMBuildAdd(cg->builder, loop.index, loop.step, "");
  LLVMValueRef fits = LLVMBuildICmp(cg->builder, LLVMIntSLE, next, end, "");
  LLVMBuildCondBr(cg->builder, fits, body, loop.exit);
  LLVMPositionBuilderAtEnd(cg->builder, body);
  return loop;
}

void loop_close(Codegen *cg, Loop *loop) {
  LLVMValueRef next = LLVMBuildAdd(cg->builder, loop->index, loop->step, "");
  LLVMBasicBlockRef from = LLVMGetInsertBlock(cg->builder);
  LLVMAddIncoming(loop->index, &next, &from, 1);
  LLVMBuildBr(cg->builder, loop->header);
  LLVMPositionBuilderAtEnd(cg->builder, loop->exit);
}

LLVMValueRef emit_identity(KernelEmitter *e, const Stage *stage) {
  return emit_bits(e->cg, stage->expr->type, scalar_identity_bits(stage->monoid, stage->expr->type),
                   e->lanes);
}

LLVMValueRef emit_combine(KernelEmitter *e, const Stage *stage, LLVMValueRef accumulator,
                          LLVMValueRef value) {
  LLVMValueRef pair[2] = {accumulator, value};
  return emit_scalar(e->cg, stage->monoid, stage->expr->type, stage->expr->type, pair, e->lanes);
}

bool expr_is_identity(const Stage *stage, const Expr *expr) {
  return expr->kind == EXPR_LITERAL && expr->bits == scalar_identity_bits(stage->monoid, expr->type);
}

void emit_tighten(KernelEmitter *e, const GuardRange *range, uint32_t axis, LLVMValueRef *low,
                  LLVMValueRef *high) {
  Codegen *cg = e->cg;
  DimContext *dims = cg->program->dims;
  Subscript rest = range->form;
  AffineTerm terms[POINT_LIMIT];
  int64_t coefficient = 0;
  LLVMValueRef known = emit_i64(cg, 0);
  rest.term_count = 0;
  for (uint32_t i = 0; i < range->form.term_count; i++) {
    const AffineTerm *term = &range->form.terms[i];
    if (term->label == axis) {
      if (!dim_is_constant(term->coefficient, &coefficient)) coefficient = 0;
    } else if (e->axis_values[term->label]) {
      LLVMValueRef factor = emit_dim(cg, term->coefficient, e->symbols);
      known = LLVMBuildAdd(cg->builder, known,
                           LLVMBuildMul(cg->builder, factor, e->axis_values[term->label], ""), "");
    } else {
      terms[rest.term_count++] = *term;
    }
  }
  rest.terms = terms;
  Dim least, most;
  subscript_bounds(dims, e->kernel, &rest, 0, &least, &most);
  if (coefficient < 1 || !dim_is_valid(least) || !dim_is_valid(most)) { /* nothing is provable: no vectors */
    *high = *low;
    return;
  }
  /* low <= c*v + known + least and c*v + known + most < high */
  LLVMValueRef c = emit_i64(cg, coefficient), one = emit_i64(cg, 1), zero = emit_i64(cg, 0);
  LLVMValueRef need = emit_dim(cg, dim_subtract(dims, range->low, least), e->symbols);
  need = LLVMBuildSub(cg->builder, need, known, "");
  LLVMValueRef room = emit_dim(cg, dim_subtract(dims, range->high, most), e->symbols);
  room = LLVMBuildSub(cg->builder, room, LLVMBuildAdd(cg->builder, known, one, ""), ""); /* c*v <= room */
  LLVMValueRef from = LLVMBuildSDiv(
      cg->builder, LLVMBuildAdd(cg->builder, need, LLVMBuildSub(cg->builder, c, one, ""), ""), c, "");
  LLVMValueRef negative = LLVMBuildICmp(cg->builder, LLVMIntSLT, room, zero, "");
  LLVMValueRef until = LLVMBuildAdd(cg->builder, LLVMBuildSDiv(cg->builder, room, c, ""), one, "");
  until = LLVMBuildSelect(cg->builder, negative, zero, until, "");
  LLVMValueRef lows[2] = {*low, from}, highs[2] = {*high, until};
  *low = emit_intrinsic(cg, "llvm.smax", &cg->i64, 1, lows, 2);
  *high = emit_intrinsic(cg, "llvm.smin", &cg->i64, 1, highs, 2);
}
