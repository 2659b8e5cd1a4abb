/* SPDX-License-Identifier: Apache-2.0 */
/* Evaluates expressions over strips. A range of a guard is an interval of any strip, so a mixed strip falls
   into at most three runs, and only the run where the ranges hold sees the guarded operand. */
#include "aicc/abi.h"
#include "loop/interpret_plan.h"
#include <inttypes.h>
#include <string.h>

int64_t linear_form_value(const LinearForm *form, const int64_t *position) {
  int64_t value = form->offset;
  for (uint32_t i = 0; i < form->term_count; i++) value += form->coefficients[i] * position[form->axes[i]];
  return value;
}

bool strip_locate(const Interpreter *interpreter, uint32_t buffer, const LinearForm *forms, size_t first,
                  size_t count, uint8_t **start, int64_t *step) {
  const PlanBuffer *memory = &interpreter->buffers[buffer];
  int64_t offset = 0, apart = 0;
  for (uint32_t i = 0; i < memory->rank; i++) {
    int64_t at = linear_form_value(&forms[i], interpreter->position) + forms[i].step * (int64_t)first;
    int64_t last = at + forms[i].step * (int64_t)(count - 1);
    if (at < 0 || at >= memory->dims[i] || last < 0 || last >= memory->dims[i])
      return interpreter_fail(
          interpreter, "subscript %u of %%%s is %" PRId64 " to %" PRId64 ", outside of [0, %" PRId64 ")", i,
          interpreter->kernel->buffers[buffer].name, at, last, memory->dims[i]);
    offset += at * memory->strides[i];
    if (count > 1) apart += forms[i].step * memory->strides[i]; /* below the dim: cannot overflow */
  }
  *start = memory->bytes + offset;
  *step = apart;
  return true;
}

/* Point by point: each has indices of its own. */
static bool evaluate_indexed(Interpreter *interpreter, const PlanNode *node, size_t first, size_t count) {
  for (uint32_t i = 0; i < node->index_count; i++)
    if (!strip_evaluate(interpreter, node->indices[i].value, first, count)) return false;
  for (size_t k = first; k < first + count; k++) {
    bool inside = true;
    uint8_t *start, *out = node->strip + k * node->element_bytes;
    int64_t step;
    for (uint32_t i = 0; i < node->index_count; i++) {
      const PlanIndex *index = &node->indices[i];
      int64_t value = ((const int64_t *)(const void *)index->value->strip)[k], extent = interpreter->extents[index->axis];
      bool fits = value >= 0 && value < extent;
      interpreter->position[index->axis] = fits ? value : 0;
      if (!fits && interpreter->status) *interpreter->status = AICC_E_INDEX;
      inside = inside && extent > 0;
    }
    if (!inside)
      strip_fill(node->expr->type, 0, 1, out);
    else if (strip_locate(interpreter, node->expr->buffer, node->forms, k, 1, &start, &step))
      node->load(1, start, 0, out);
    else
      return false;
  }
  return true;
}

static bool evaluate_load(Interpreter *interpreter, const PlanNode *node, size_t first, size_t count) {
  if (node->index_count) return evaluate_indexed(interpreter, node, first, count);
  uint8_t *start, *out = node->strip + first * node->element_bytes;
  int64_t step;
  if (!strip_locate(interpreter, node->expr->buffer, node->forms, first, count, &start, &step)) return false;
  if (step != 0 || count == 1) {
    node->load(count, start, step, out);
    return true;
  }
  uint64_t bits = 0;
  node->load(1, start, 0, out);
  memcpy(&bits, out, node->element_bytes);
  strip_fill(node->expr->type, bits, count, out);
  return true;
}

static void evaluate_index(const Interpreter *interpreter, const PlanNode *node, size_t first, size_t count) {
  int64_t *out = (int64_t *)(void *)node->strip;
  int64_t value = linear_form_value(node->forms, interpreter->position);
  for (size_t k = first; k < first + count; k++) out[k] = value + node->forms->step * (int64_t)k;
}

/* Narrows [*first, *end) to the points of the strip where the form lies in [low, high). */
static void narrow(const LinearForm *form, const int64_t *position, int64_t low, int64_t high, size_t *first,
                   size_t *end) {
  int64_t value = linear_form_value(form, position), step = form->step;
  if (step == 0) {
    if (value < low || value >= high) *end = *first;
    return;
  }
  while (*first < *end && (value + step * (int64_t)*first < low || value + step * (int64_t)*first >= high))
    ++*first;
  while (*first < *end &&
         (value + step * (int64_t)(*end - 1) < low || value + step * (int64_t)(*end - 1) >= high))
    --*end;
}

static bool evaluate_run(Interpreter *interpreter, PlanNode *node, PlanNode *operand, size_t first,
                         size_t end) {
  if (first == end) return true;
  if (!strip_evaluate(interpreter, operand, first, end - first)) return false;
  size_t size = node->element_bytes;
  memcpy(node->strip + first * size, operand->strip + first * size, (end - first) * size);
  return true;
}

static bool evaluate_guard(Interpreter *interpreter, PlanNode *node, size_t first, size_t count) {
  size_t low = first, high = first + count;
  for (uint32_t i = 0; i < node->expr->range_count && low < high; i++)
    narrow(&node->forms[i], interpreter->position, node->lows[i], node->highs[i], &low, &high);
  if (low == high) low = high = first;
  return evaluate_run(interpreter, node, node->operands[0], low, high) &&
         evaluate_run(interpreter, node, node->operands[1], first, low) &&
         evaluate_run(interpreter, node, node->operands[1], high, first + count);
}

static bool evaluate_call(Interpreter *interpreter, PlanNode *node, size_t first, size_t count) {
  const void *operands[3];
  for (uint32_t i = 0; i < node->expr->operand_count; i++) {
    PlanNode *operand = node->operands[i];
    if (!strip_evaluate(interpreter, operand, first, count)) return false;
    operands[i] = operand->strip + first * operand->element_bytes;
  }
  node->function(count, operands, node->strip + first * node->element_bytes);
  return true;
}

bool strip_evaluate(Interpreter *interpreter, PlanNode *node, size_t first, size_t count) {
  switch (node->expr->kind) {
  case EXPR_LITERAL:
    return true;
  case EXPR_LOAD:
    return evaluate_load(interpreter, node, first, count);
  case EXPR_INDEX:
    evaluate_index(interpreter, node, first, count);
    return true;
  case EXPR_CALL:
    return evaluate_call(interpreter, node, first, count);
  case EXPR_GUARD:
    return evaluate_guard(interpreter, node, first, count);
  }
  return false;
}
