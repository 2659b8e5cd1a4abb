/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/contract_operands.h"
#include "ir/build.h"
#include "passes/contract_plan.h"

LabelClass contract_label_class(const Node *node, uint32_t label) {
  const Equation *equation = node->equation;
  bool first = access_uses_label(&equation->operands[0], label);
  bool second = equation->operand_count > 1 && access_uses_label(&equation->operands[1], label);
  bool summed = !access_uses_label(&equation->result, label);
  if (first == second) return summed ? LABEL_SUM : LABEL_BATCH;
  if (first) return summed ? LABEL_SUM_OF_FIRST : LABEL_OF_FIRST;
  return summed ? LABEL_SUM_OF_SECOND : LABEL_OF_SECOND;
}

bool contract_sums_label(const Node *node, uint32_t label) { return !access_uses_label(&node->equation->result, label); }

bool contract_label_is_of(const Node *node, uint32_t operand, uint32_t label) {
  return contract_label_class(node, label) == (operand ? LABEL_OF_SECOND : LABEL_OF_FIRST);
}

bool access_slides(const Access *access) {
  for (uint32_t i = 0; i < access->rank; i++)
    if (access->subscripts[i].term_count > 1) return true;
  return false;
}

int32_t access_axis_of_label(const Access *access, uint32_t label) {
  for (uint32_t i = access->rank; i-- > 0;)
    if (subscript_uses(&access->subscripts[i], label)) return (int32_t)i;
  return -1;
}

uint32_t contract_reduced_labels(const Node *node, uint32_t *labels) {
  const Equation *equation = node->equation;
  bool second = node->operand_count == 2 && value_constant(node->operands[0]);
  const Access *access = &equation->operands[second];
  uint32_t count = 0;
  for (uint32_t label = 0; label < equation->label_count; label++) {
    if (!contract_sums_label(node, label)) continue;
    uint32_t at = count++;
    for (; at > 0 && access_axis_of_label(access, labels[at - 1]) > access_axis_of_label(access, label); at--)
      labels[at] = labels[at - 1];
    labels[at] = label;
  }
  return count;
}

/* The label whose next value is the next result in memory; false where there is none. */
static bool column_label(const Access *result, uint32_t *label) {
  if (!result->rank) return false;
  const Subscript *last = &result->subscripts[result->rank - 1];
  for (uint32_t i = 0; i < last->term_count; i++) {
    *label = last->terms[i].label;
    if (dim_equals_constant(last->terms[i].coefficient, 1)) return true;
  }
  return false;
}

/* The value is, or has as its first part, an argument of rank 4: what a decoder keeps from step to step. */
static bool is_cache(const Value *value) {
  enum { CACHE_RANK = 4 };
  while (value->producer && (value->producer->kind == PRIMITIVE_CONCAT || value->producer->kind == PRIMITIVE_RESHAPE ||
                             value->producer->kind == PRIMITIVE_VIEW))
    value = value->producer->operands[0];
  return !value->producer && value->type.rank == CACHE_RANK;
}

/* Results that are made of one element of the operand: the product of the labels that only the other operand
   and the result have. A decoder asks its cache for one row, whatever the dims leave open, and would copy all of it. */
static bool few_rows(DimContext *dims, const Node *contract, uint32_t operand) {
  const Equation *equation = contract->equation;
  bool cache = is_cache(contract->operands[operand]) && !is_cache(contract->operands[1 - operand]);
  int64_t rows = 1;
  for (uint32_t label = 0; label < equation->label_count && contract_rows_are_few(rows); label++) {
    if (!contract_label_is_of(contract, 1 - operand, label)) continue;
    DimRange range = dim_range(dims, equation->labels[label].extent);
    bool one = cache && contract_rows_are_few(range.low) && !contract_rows_are_few(range.high);
    if (!one && __builtin_mul_overflow(rows, range.high, &rows)) return false;
  }
  return contract_rows_are_few(rows);
}

int32_t contract_column_axis(DimContext *dims, const Node *contract, uint32_t operand) {
  const Equation *equation = contract->equation;
  uint32_t label;
  if (!column_label(&equation->result, &label) || few_rows(dims, contract, operand)) return -1;
  return access_axis_of_label(&equation->operands[operand], label);
}

bool contract_makes_columns(const Node *contract, uint32_t operand) {
  const Access *own = &contract->equation->operands[operand];
  uint32_t label, plain;
  return column_label(&contract->equation->result, &label) && own->rank && subscript_is_plain(&own->subscripts[own->rank - 1], &plain) &&
         plain == label && contract_label_is_of(contract, operand, label);
}

bool contract_is_dot(const Node *contract) {
  const Access *a = &contract->equation->operands[0], *b = &contract->equation->operands[1];
  uint32_t label, other;
  return contract->operand_count == 2 && a->rank && b->rank && subscript_is_plain(&a->subscripts[a->rank - 1], &label) &&
         subscript_is_plain(&b->subscripts[b->rank - 1], &other) && label == other &&
         contract_label_class(contract, label) == LABEL_SUM;
}

static bool is_plain(const Access *access) {
  uint32_t label;
  for (uint32_t i = 0; i < access->rank; i++)
    if (access->subscripts[i].term_count && !subscript_is_plain(&access->subscripts[i], &label)) return false;
  return true;
}

bool contract_sums_rows(const Node *contract, uint32_t operand, uint32_t *summed) {
  const Equation *equation = contract->equation;
  const Access *own = &equation->operands[operand];
  uint32_t reduced[LABEL_LIMIT], label;
  if (contract->operand_count != 2 || !own->rank || !is_plain(own) || !is_plain(&equation->result) ||
      contract_reduced_labels(contract, reduced) != 1 || !contract_makes_columns(contract, 1 - operand))
    return false;
  *summed = reduced[0];
  return subscript_is_plain(&own->subscripts[own->rank - 1], &label) && label == *summed;
}

bool contract_has_few_columns(const Node *contract, uint32_t operand) {
  const Equation *equation = contract->equation;
  const Access *other = &equation->operands[1 - operand];
  uint32_t column, run;
  int64_t columns, length;
  return column_label(&equation->result, &column) && contract_label_is_of(contract, operand, column) &&
         dim_is_constant(equation->labels[column].extent, &columns) && other->rank &&
         subscript_is_plain(&other->subscripts[other->rank - 1], &run) &&
         contract_label_class(contract, run) == LABEL_SUM &&
         dim_is_constant(equation->labels[run].extent, &length) && contract_columns_are_few(columns, length);
}
