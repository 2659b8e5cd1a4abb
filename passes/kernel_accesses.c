/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/kernel_accesses.h"

/* Expressions belong to this kernel alone, so they are edited in place. */
static void visit_expr(const Kernel *kernel, Expr *expr, AccessVisitor visit, void *user) {
  if (expr->kind == EXPR_LOAD) {
    Subscript *subscripts = (Subscript *)expr->subscripts;
    visit(user, expr->buffer, &subscripts, kernel->buffers[expr->buffer].rank);
    expr->subscripts = subscripts;
  } else if (expr->kind == EXPR_INDEX) {
    Subscript *form = (Subscript *)expr->subscripts;
    visit(user, UINT32_MAX, &form, 1);
    expr->subscripts = form;
  }
  for (uint32_t i = 0; i < expr->range_count; i++) {
    Subscript *form = (Subscript *)&expr->ranges[i].form;
    visit(user, UINT32_MAX, &form, 1);
  }
  for (uint32_t i = 0; i < expr->operand_count; i++)
    visit_expr(kernel, (Expr *)expr->operands[i], visit, user);
}

void kernel_visit_accesses(Kernel *kernel, AccessVisitor visit, void *user) {
  for (uint32_t i = 0; i < kernel->stage_count; i++) {
    Stage *stage = &kernel->stages[i];
    Subscript *subscripts = (Subscript *)stage->subscripts;
    visit(user, stage->target, &subscripts, kernel->buffers[stage->target].rank);
    stage->subscripts = subscripts;
    visit_expr(kernel, (Expr *)stage->expr, visit, user);
  }
  for (uint32_t i = kernel->axis_count; i < kernel->axis_count + kernel->index_count; i++)
    visit_expr(kernel, (Expr *)kernel->axes[i].value, visit, user);
}
