/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of expressions: types as scalar.def says, buffers that were written before, loads provably
 * inside. */
#include "base/text.h"
#include "loop/verify_kernel.h"

static bool is_compute(ElementType type) {
  return element_is_addressable(type) && element_info(type)->compute == type;
}

/* Where it is used, an index is computed: over the stage's axes, from what a stage does not change. */
static bool verify_index(KernelVerifier *verifier, uint32_t index) {
  const KernelAxis *axis = &verifier->kernel->axes[index];
  if (axis->value->type != ELEMENT_I64) return kernel_fail(verifier, "index '%s' is no i64", axis->name);
  verifier->in_index = true;
  verify_expression(verifier, axis->value);
  verifier->in_index = false;
  return true;
}

/* Only axes that the stage runs over have a value. */
static bool subscript_in_stage(KernelVerifier *verifier, const Subscript *subscript, bool indices) {
  if (!kernel_subscript_ok(verifier, subscript, indices)) return false;
  for (uint32_t i = 0; i < subscript->term_count; i++)
    if (subscript->terms[i].label >= verifier->kernel->axis_count) {
      if (!verify_index(verifier, subscript->terms[i].label)) return false;
    } else if (!(verifier->axes >> subscript->terms[i].label & 1))
      return kernel_fail(verifier, "axis '%s' is neither in the target's subscripts nor reduced",
                         verifier->kernel->axes[subscript->terms[i].label].name);
  return true;
}

static bool written_before(const KernelVerifier *verifier, uint32_t buffer) {
  for (const Stage *stage = verifier->kernel->stages; stage < verifier->stage; stage++)
    if (stage->target == buffer) return true;
  return false;
}

static bool equals_target(const KernelVerifier *verifier, const Expr *load) {
  const Stage *stage = verifier->stage;
  for (uint32_t i = 0; i < verifier->kernel->buffers[stage->target].rank; i++)
    if (!subscript_equal(&load->subscripts[i], &stage->subscripts[i])) return false;
  return true;
}

static void fail_bounds(KernelVerifier *verifier, const KernelBuffer *buffer, uint32_t at) {
  Text dim = {0};
  dim_print(&dim, buffer->dims[at]);
  kernel_fail(verifier, "subscript %u of %%%s is not provably inside of [0, %s)", at, buffer->name,
              text_string(&dim));
  text_free(&dim);
}

static void verify_load(KernelVerifier *verifier, const Expr *expr) {
  const Kernel *kernel = verifier->kernel;
  if (expr->buffer >= kernel->buffer_count) {
    kernel_fail(verifier, "a load reads buffer %u of %u", expr->buffer, kernel->buffer_count);
    return;
  }
  const KernelBuffer *buffer = &kernel->buffers[expr->buffer];
  DimContext *dims = verifier->program->dims;
  if (verifier->in_index && buffer->role != BUFFER_IN)
    kernel_fail(verifier, "an index reads %%%s, which is no input", buffer->name);
  else if (buffer->role != BUFFER_IN && !written_before(verifier, expr->buffer))
    kernel_fail(verifier, "reads %%%s, which no earlier stage writes", buffer->name);
  if (expr->type != element_info(buffer->element)->compute)
    kernel_fail(verifier, "a load of %%%s has type %s instead of %s", buffer->name,
                element_info(expr->type)->name, element_info(element_info(buffer->element)->compute)->name);
  for (uint32_t i = 0; i < buffer->rank; i++) {
    if (!subscript_in_stage(verifier, &expr->subscripts[i], !verifier->in_index)) return;
    if (!form_proved_within(verifier, &expr->subscripts[i], dim_constant(dims, 0), buffer->dims[i]))
      fail_bounds(verifier, buffer, i);
  }
  bool own = expr->buffer == verifier->stage->target;
  if (own && (verifier->stage->monoid != SCALAR_COUNT || !equals_target(verifier, expr)))
    kernel_fail(verifier, "reads its own target %%%s elsewhere than at the element that it writes",
                buffer->name);
}

static void verify_literal(KernelVerifier *verifier, const Expr *expr) {
  const ElementInfo *info = element_info(expr->type);
  uint32_t bits = info->class == CLASS_BOOL ? 1 : info->bits;
  if (bits < 64 && expr->bits >> bits)
    kernel_fail(verifier, "a literal of type %s has bits beyond its width", info->name);
}

static bool verify_operands(KernelVerifier *verifier, const Expr *expr, uint32_t expected) {
  if (expr->operand_count != expected)
    return kernel_fail(verifier, "an expression has %u operands instead of %u", expr->operand_count,
                       expected);
  for (uint32_t i = 0; i < expected; i++)
    if (!expr->operands[i]) return kernel_fail(verifier, "operand %u is missing", i);
  return true;
}

static void verify_call(KernelVerifier *verifier, const Expr *expr) {
  if ((unsigned)expr->scalar >= SCALAR_COUNT) {
    kernel_fail(verifier, "a call names no scalar function");
    return;
  }
  const ScalarInfo *info = scalar_info(expr->scalar);
  if (!verify_operands(verifier, expr, info->arity)) return;
  ElementType type = expr->operands[info->arity - 1]->type;
  for (uint32_t i = 0; i < info->arity; i++) {
    ElementType wanted = expr->scalar == SCALAR_SELECT && i == 0 ? ELEMENT_BOOL : type;
    if (expr->operands[i]->type != wanted)
      kernel_fail(verifier, "operand %u of %s is %s instead of %s", i, info->name,
                  element_info(expr->operands[i]->type)->name, element_info(wanted)->name);
    verify_expression(verifier, expr->operands[i]);
  }
  ElementType result = info->result == RESULT_BOOL   ? ELEMENT_BOOL
                       : info->result == RESULT_SAME ? type
                                                     : expr->type;
  bool widths =
      expr->scalar != SCALAR_BITCAST ||
      (element_is_numeric(expr->type) && element_info(expr->type)->bits == element_info(type)->bits);
  if (!scalar_accepts(expr->scalar, type) || expr->type != result || !widths)
    kernel_fail(verifier, "%s is not defined from %s to %s", info->name, element_info(type)->name,
                element_info(expr->type)->name);
}

static void verify_guard(KernelVerifier *verifier, const Expr *expr) {
  if (!verify_operands(verifier, expr, 2)) return;
  for (uint32_t i = 0; i < 2; i++)
    if (expr->operands[i]->type != expr->type)
      kernel_fail(verifier, "operand %u of a guard is %s instead of %s", i,
                  element_info(expr->operands[i]->type)->name, element_info(expr->type)->name);
  uint32_t outside = verifier->guard_count;
  for (uint32_t i = 0; i < expr->range_count; i++) {
    const GuardRange *range = &expr->ranges[i];
    if (!subscript_in_stage(verifier, &range->form, false) ||
        !kernel_dim_ok(verifier, "the start of a guard's range", range->low) ||
        !kernel_dim_ok(verifier, "the end of a guard's range", range->high))
      return;
    if (verifier->guard_count < GUARD_LIMIT) verifier->guards[verifier->guard_count++] = range;
  }
  verify_expression(verifier, expr->operands[0]);
  verifier->guard_count = outside;
  verify_expression(verifier, expr->operands[1]);
}

void verify_expression(KernelVerifier *verifier, const Expr *expr) {
  if (!is_compute(expr->type)) {
    kernel_fail(verifier, "an expression has type %s, which is no compute type",
                element_info(expr->type)->name);
    return;
  }
  switch (expr->kind) {
  case EXPR_LITERAL:
    verify_literal(verifier, expr);
    return;
  case EXPR_LOAD:
    verify_load(verifier, expr);
    return;
  case EXPR_CALL:
    verify_call(verifier, expr);
    return;
  case EXPR_GUARD:
    verify_guard(verifier, expr);
    return;
  case EXPR_INDEX:
    subscript_in_stage(verifier, expr->subscripts, false);
    if (expr->type != ELEMENT_I64)
      kernel_fail(verifier, "an index has type %s", element_info(expr->type)->name);
    return;
  }
  kernel_fail(verifier, "an expression of no kind");
}
