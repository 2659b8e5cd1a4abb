/* SPDX-License-Identifier: Apache-2.0 */
/* The distance between rows in memory. A register tile of a contraction reads as many rows at once as it has; where rows
   lie a multiple of 4096 bytes apart, all of them fall into one set of a first-level cache, which has room for eight
   lines of it. What is ours to lay out then has a line more per row. Values of one buffer have one distance. */
#include "loop/cost.h"
#include "passes/contract_operands.h"
#include "passes/lower_internal.h"

/* Rows of so many elements fall into one set: how many to add, else 0. */
static int64_t padding_of(const Machine *machine, const Type *type) {
  int64_t extent, rows = 1, dim, bytes = element_info(type->element)->bits / 8;
  if (type->rank < 2 || bytes == 0 || !dim_is_constant(type->dims[type->rank - 1], &extent) || !cost_rows_collide(machine, extent * bytes))
    return 0;
  for (uint32_t i = 0; i + 1 < type->rank; i++) {
    if (!dim_is_constant(type->dims[i], &dim)) return cost_row_gap(machine) / bytes;
    rows *= dim;
  }
  return rows > cost_rows_of_set(machine) ? cost_row_gap(machine) / bytes : 0;
}

/* Whether the contraction sums along the rows of its operand. */
static bool sums_rows(const Node *node, uint32_t operand) {
  const Access *access = &node->equation->operands[operand];
  const Subscript *last = access->rank ? &access->subscripts[access->rank - 1] : NULL;
  return last && last->term_count == 1 && contract_sums_label(node, last->terms[0].label);
}

/* By Value.id, of values that no other shares the memory of, or of those whose memory the others share. */
typedef struct Pitches {
  bool *wanted, *fixed;
} Pitches;

static void fix(Lowering *lowering, Pitches *pitches, Value *value) {
  pitches->fixed[lower_alias_root(lowering, value)->id] = true;
}

/* What stands in the interface, in another value, or is read by control flow lies as it does. */
static void find_fixed(Lowering *lowering, Pitches *pitches, const Region *region) {
  for (const Node *node = region->first; node; node = node->next) {
    for (uint32_t i = 0; node->region_count && i < node->operand_count; i++)
      if (node->operands[i]) fix(lowering, pitches, node->operands[i]);
    for (uint32_t i = 0; i < node->result_count; i++) {
      Value *value = node->results[i], *root = lower_alias_root(lowering, value);
      bool computed = node->kind == PRIMITIVE_MAP || node_reduces(node);
      if (root != value) {
        if (value->type.rank == 0 || root->type.rank == 0 ||
            value->type.dims[value->type.rank - 1] != root->type.dims[root->type.rank - 1])
          fix(lowering, pitches, value);
      } else if (!computed || plan_of(lowering, value)->home || plan_of(lowering, value)->buffer != NO_BUFFER) {
        fix(lowering, pitches, value);
      }
    }
  }
  for (uint32_t i = 0; i < region->result_count; i++) fix(lowering, pitches, region->results[i]);
}

static void find_wanted(Lowering *lowering, Pitches *pitches, const Region *region) {
  for (const Node *node = region->first; node; node = node->next)
    for (uint32_t i = 0; node->kind == PRIMITIVE_CONTRACT && i < node->operand_count; i++)
      if (sums_rows(node, i) && plan_of(lowering, node->operands[i])->materialised)
        pitches->wanted[lower_alias_root(lowering, node->operands[i])->id] = true;
}

static const Type *widened(Lowering *lowering, const Type *type, int64_t more) {
  DimContext *dims = lowering->module->dims;
  Type *wide = arena_copy(lowering->arena, type, sizeof *type);
  Dim *own = arena_copy(lowering->arena, type->dims, type->rank * sizeof *own);
  own[type->rank - 1] = dim_add(dims, own[type->rank - 1], dim_constant(dims, more));
  wide->dims = own;
  return wide;
}

void lower_pitch(Lowering *lowering, const Region *region) {
  size_t count = lowering->module->value_count;
  Pitches pitches = {arena_array(lowering->arena, bool, count), arena_array(lowering->arena, bool, count)};
  find_fixed(lowering, &pitches, region);
  find_wanted(lowering, &pitches, region);
  for (const Node *node = region->first; node; node = node->next)
    for (uint32_t i = 0; i < node->result_count; i++) {
      Value *value = node->results[i], *root = lower_alias_root(lowering, value);
      bool ours = root->producer != NULL; /* an argument is not */
      if (!ours || !pitches.wanted[root->id] || pitches.fixed[root->id] || !plan_of(lowering, value)->materialised)
        continue;
      int64_t more = padding_of(lowering->module->machine, &root->type);
      if (more) plan_of(lowering, value)->stored = widened(lowering, &value->type, more);
    }
}
