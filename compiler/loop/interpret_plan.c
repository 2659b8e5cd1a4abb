/* SPDX-License-Identifier: Apache-2.0 */
/* Resolves a stage for the interpreter: numbers for dims, functions for scalars, an axis for the strips.
   Whatever the stage's form breaks is reported here, so that running it needs no checks but those of bounds.
 */
#include "loop/interpret_plan.h"

/* A coefficient times the axis may add anything in [*low, *high]; false on overflow. */
static bool widen(int64_t coefficient, int64_t extent, int64_t *low, int64_t *high) {
  int64_t reach, *end = coefficient < 0 ? low : high;
  return !__builtin_mul_overflow(coefficient, extent > 0 ? extent - 1 : 0, &reach) &&
         !__builtin_add_overflow(*end, reach, end);
}

static bool form_create(Interpreter *interpreter, const Subscript *subscript, uint32_t strip_axis,
                        LinearForm *form) {
  uint32_t count = subscript->term_count;
  uint32_t *axes = arena_array(interpreter->arena, uint32_t, count);
  int64_t *coefficients = arena_array(interpreter->arena, int64_t, count);
  *form = (LinearForm){.term_count = count, .axes = axes, .coefficients = coefficients};
  if (!interpreter_dim(interpreter, subscript->offset, &form->offset)) return false;
  int64_t low = form->offset, high = form->offset;
  for (uint32_t i = 0; i < count; i++) {
    axes[i] = subscript->terms[i].label;
    if (axes[i] >= interpreter->kernel->axis_count + interpreter->kernel->index_count)
      return interpreter_fail(interpreter, "a subscript uses axis %u, which is none", axes[i]);
    if (!interpreter_dim(interpreter, subscript->terms[i].coefficient, &coefficients[i])) return false;
    if (!widen(coefficients[i], interpreter->extents[axes[i]], &low, &high))
      return interpreter_fail(interpreter, "a subscript overflows");
    if (axes[i] == strip_axis) form->step += coefficients[i];
  }
  return true;
}

static LinearForm *forms_create(Interpreter *interpreter, const Subscript *subscripts, uint32_t count,
                                uint32_t strip_axis) {
  LinearForm *forms = arena_array(interpreter->arena, LinearForm, count);
  for (uint32_t i = 0; i < count; i++)
    if (!form_create(interpreter, &subscripts[i], strip_axis, &forms[i])) return NULL;
  return forms;
}

static PlanNode *node_plan(Interpreter *interpreter, const Expr *expr, uint32_t strip_axis);

static bool plan_operands(Interpreter *interpreter, PlanNode *node, uint32_t expected, uint32_t strip_axis) {
  if (node->expr->operand_count != expected || expected > 3)
    return interpreter_fail(interpreter, "an expression has %u operands instead of %u",
                            node->expr->operand_count, expected);
  for (uint32_t i = 0; i < expected; i++)
    if (!(node->operands[i] = node_plan(interpreter, node->expr->operands[i], strip_axis))) return false;
  return true;
}

/* The indices that stand in the subscripts, each once. */
static bool plan_indices(Interpreter *interpreter, PlanNode *node, uint32_t rank, uint32_t strip_axis) {
  const Kernel *kernel = interpreter->kernel;
  node->indices = arena_array(interpreter->arena, PlanIndex, kernel->index_count);
  for (uint32_t axis = kernel->axis_count; axis < kernel->axis_count + kernel->index_count; axis++) {
    bool used = false;
    for (uint32_t i = 0; i < rank; i++) used = used || subscript_uses(&node->expr->subscripts[i], axis);
    if (!used) continue;
    PlanNode *value = node_plan(interpreter, kernel->axes[axis].value, strip_axis);
    if (!value) return false;
    node->indices[node->index_count++] = (PlanIndex){axis, value};
  }
  return true;
}

static bool plan_load(Interpreter *interpreter, PlanNode *node, uint32_t strip_axis) {
  const Expr *expr = node->expr;
  const Kernel *kernel = interpreter->kernel;
  if (expr->buffer >= kernel->buffer_count)
    return interpreter_fail(interpreter, "a load reads buffer %u, which is none", expr->buffer);
  const KernelBuffer *buffer = &kernel->buffers[expr->buffer];
  node->load = strip_load_function(buffer->element);
  if (!node->load)
    return interpreter_fail(interpreter, "elements of type %s cannot be interpreted",
                            element_info(buffer->element)->onnx_name);
  if (expr->type != element_info(buffer->element)->compute)
    return interpreter_fail(interpreter, "a load of %%%s has type %s", buffer->name,
                            element_info(expr->type)->name);
  node->forms = forms_create(interpreter, expr->subscripts, buffer->rank, strip_axis);
  return node->forms && plan_indices(interpreter, node, buffer->rank, strip_axis);
}

static bool plan_call(Interpreter *interpreter, PlanNode *node, uint32_t strip_axis) {
  const Expr *expr = node->expr;
  if ((unsigned)expr->scalar >= SCALAR_COUNT ||
      !plan_operands(interpreter, node, scalar_info(expr->scalar)->arity, strip_axis))
    return false;
  ElementType type = expr->operands[expr->operand_count - 1]->type;
  bool alike = true;
  for (uint32_t i = 0; i < expr->operand_count; i++)
    alike &= expr->operands[i]->type == (expr->scalar == SCALAR_SELECT && i == 0 ? ELEMENT_BOOL : type);
  node->function = alike ? strip_function(expr->scalar, type, expr->type) : NULL;
  if (!node->function)
    return interpreter_fail(interpreter, "%s is not defined from %s to %s", scalar_info(expr->scalar)->name,
                            element_info(type)->name, element_info(expr->type)->name);
  return true;
}

static bool plan_guard(Interpreter *interpreter, PlanNode *node, uint32_t strip_axis) {
  const Expr *expr = node->expr;
  uint32_t count = expr->range_count;
  int64_t *lows = arena_array(interpreter->arena, int64_t, count);
  int64_t *highs = arena_array(interpreter->arena, int64_t, count);
  node->lows = lows;
  node->highs = highs;
  node->forms = arena_array(interpreter->arena, LinearForm, count);
  for (uint32_t i = 0; i < count; i++)
    if (!form_create(interpreter, &expr->ranges[i].form, strip_axis, &node->forms[i]) ||
        !interpreter_dim(interpreter, expr->ranges[i].low, &lows[i]) ||
        !interpreter_dim(interpreter, expr->ranges[i].high, &highs[i]))
      return false;
  if (!plan_operands(interpreter, node, 2, strip_axis)) return false;
  if (expr->operands[0]->type != expr->type || expr->operands[1]->type != expr->type)
    return interpreter_fail(interpreter, "a guard's operands have other types than the guard");
  return true;
}

static PlanNode *node_plan(Interpreter *interpreter, const Expr *expr, uint32_t strip_axis) {
  PlanNode *node = arena_new(interpreter->arena, PlanNode);
  *node = (PlanNode){.expr = expr, .element_bytes = compute_byte_count(expr->type)};
  if (!node->element_bytes) {
    interpreter_fail(interpreter, "%s is no compute type", element_info(expr->type)->name);
    return NULL;
  }
  node->strip = arena_allocate_array(interpreter->arena, node->element_bytes, STRIP_LENGTH);
  bool ok = false;
  switch (expr->kind) {
  case EXPR_LITERAL: /* filled once: nothing else writes the strip */
    strip_fill(expr->type, expr->bits, STRIP_LENGTH, node->strip);
    ok = true;
    break;
  case EXPR_LOAD:
    ok = plan_load(interpreter, node, strip_axis);
    break;
  case EXPR_INDEX:
    node->forms = forms_create(interpreter, expr->subscripts, 1, strip_axis);
    ok = node->forms &&
         (expr->type == ELEMENT_I64 || interpreter_fail(interpreter, "an index is not of type i64"));
    break;
  case EXPR_CALL:
    ok = plan_call(interpreter, node, strip_axis);
    break;
  case EXPR_GUARD:
    ok = plan_guard(interpreter, node, strip_axis);
    break;
  }
  return ok ? node : NULL;
}

/* The longest of the axes, a later one where alike; AXIS_NONE without any. */
static uint32_t longest_axis(const Interpreter *interpreter, const uint32_t *axes, uint32_t count) {
  uint32_t best = AXIS_NONE;
  for (uint32_t i = 0; i < count; i++)
    if (best == AXIS_NONE || interpreter->extents[axes[i]] >= interpreter->extents[best]) best = axes[i];
  return best;
}

/* The target's innermost axis where it is long, since memory is contiguous there; else whichever axis is
 * longest. */
static void choose_strip(Interpreter *interpreter, StagePlan *plan) {
  enum { LONG_ENOUGH = 32 };
  const Stage *stage = plan->stage;
  uint32_t rank = interpreter->kernel->buffers[stage->target].rank;
  const Subscript *last = rank ? &stage->subscripts[rank - 1] : NULL;
  uint32_t axis = last && last->term_count == 1 ? last->terms[0].label : AXIS_NONE;
  if (axis == AXIS_NONE || interpreter->extents[axis] < LONG_ENOUGH)
    axis = longest_axis(interpreter, plan->outer, plan->outer_count);
  uint32_t reduced = longest_axis(interpreter, plan->inner, plan->inner_count);
  plan->strip_reduces = reduced != AXIS_NONE &&
                        (axis == AXIS_NONE || (interpreter->extents[axis] < LONG_ENOUGH &&
                                               interpreter->extents[axis] < interpreter->extents[reduced]));
  plan->strip_axis = plan->strip_reduces ? reduced : axis;
}

static void remove_axis(uint32_t *axes, uint32_t *count, uint32_t axis) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < *count; i++)
    if (axes[i] != axis) axes[kept++] = axes[i];
  *count = kept;
}

/* The axes that the stage runs over. */
static bool plan_axes(Interpreter *interpreter, StagePlan *plan) {
  const Kernel *kernel = interpreter->kernel;
  const Stage *stage = plan->stage;
  uint64_t used = stage_axes(kernel, stage), reduced = 0;
  for (uint32_t i = 0; i < stage->reduce_count; i++) {
    uint32_t axis = stage->reduce_axes[i];
    if (axis >= kernel->axis_count || ((used | reduced) >> axis & 1))
      return interpreter_fail(interpreter, "axis %u is reduced twice, or used by the target, or none", axis);
    reduced |= UINT64_C(1) << axis;
    plan->inner[plan->inner_count++] = axis;
  }
  for (uint32_t axis = 0; axis < kernel->axis_count; axis++)
    if (used >> axis & 1) plan->outer[plan->outer_count++] = axis;
  return true;
}

static bool plan_result(Interpreter *interpreter, StagePlan *plan) {
  const Stage *stage = plan->stage;
  const KernelBuffer *target = &interpreter->kernel->buffers[stage->target];
  plan->store = strip_store_function(target->element);
  if (!plan->store)
    return interpreter_fail(interpreter, "elements of type %s cannot be interpreted",
                            element_info(target->element)->onnx_name);
  if (stage->expr->type != element_info(target->element)->compute)
    return interpreter_fail(interpreter, "%%%s is stored from %s", target->name,
                            element_info(stage->expr->type)->name);
  if (stage->monoid == SCALAR_COUNT)
    return !stage->reduce_count || interpreter_fail(interpreter, "axes are reduced without a monoid");
  plan->accumulator = arena_new(interpreter->arena, Accumulator);
  if (!accumulator_create(plan->accumulator, stage->monoid, stage->expr->type))
    return interpreter_fail(interpreter, "no such reduction over %s", element_info(stage->expr->type)->name);
  return true;
}

StagePlan *stage_plan_create(Interpreter *interpreter, const Stage *stage) {
  const Kernel *kernel = interpreter->kernel;
  StagePlan *plan = arena_new(interpreter->arena, StagePlan);
  plan->stage = stage;
  if (stage->target >= kernel->buffer_count || kernel->buffers[stage->target].role == BUFFER_IN) {
    interpreter_fail(interpreter, "the target is no buffer that may be written");
    return NULL;
  }
  for (uint32_t i = 0; i < kernel->buffers[stage->target].rank; i++)
    if (!form_create(interpreter, &stage->subscripts[i], AXIS_NONE, &(LinearForm){0})) return NULL;
  if (!plan_axes(interpreter, plan)) return NULL;
  choose_strip(interpreter, plan);
  remove_axis(plan->outer, &plan->outer_count, plan->strip_axis);
  remove_axis(plan->inner, &plan->inner_count, plan->strip_axis);
  plan->target_forms = forms_create(interpreter, stage->subscripts, kernel->buffers[stage->target].rank,
                                    plan->strip_reduces ? AXIS_NONE : plan->strip_axis);
  plan->root = plan->target_forms ? node_plan(interpreter, stage->expr, plan->strip_axis) : NULL;
  return plan->root && plan_result(interpreter, plan) ? plan : NULL;
}
