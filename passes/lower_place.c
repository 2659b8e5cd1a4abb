/* SPDX-License-Identifier: Apache-2.0 */
/* Concatenation in place: what is joined is computed where it belongs in the joined tensor, and read from
   there. A value may get there through a reshape that only adds axes of extent 1. No kernel reads and writes
   one buffer, so what the computation of another part reads stays apart. */
#include "passes/lower_internal.h"

bool lower_is_placeable(const Node *node) {
  switch (node->kind) {
  case PRIMITIVE_MAP:
  case PRIMITIVE_REDUCE:
  case PRIMITIVE_CONTRACT:
  case PRIMITIVE_CONCAT:
  case PRIMITIVE_GATHER:
    return true;
  default:
    return false;
  }
}

/* Values that must have a buffer of their own: results of regions, what control flow reads, and what a reshape
   shares the memory of. */
static void mark_own(Lowering *lowering, const Region *region, bool *own) {
  for (const Node *node = region->first; node; node = node->next) {
    for (uint32_t i = 0; node->region_count && i < node->operand_count; i++)
      if (node->operands[i]) own[node->operands[i]->id] = true;
    for (uint32_t i = 0; i < node->region_count; i++) mark_own(lowering, node->regions[i], own);
    if (node->kind == PRIMITIVE_RESHAPE && plan_of(lowering, node->results[0])->materialised)
      own[node->operands[0]->id] = own[node->results[0]->id] = true;
  }
  for (uint32_t i = 0; i < region->result_count; i++) own[region->results[i]->id] = true;
}

static bool may_move(Lowering *lowering, const Region *region, const bool *own, const Value *value) {
  const ValuePlan *plan = plan_of(lowering, value);
  const Node *producer = value->producer;
  return producer && producer->parent == region && lower_is_placeable(producer) && plan->materialised &&
         !plan->home && plan->buffer == NO_BUFFER && !own[value->id];
}

/* What the operands of a concatenation stand in, or the kernels that compute or copy them read. Operands have numbers of
   their own, in all concatenations of a region; those of the current one begin with `base`. */
typedef struct Readers {
  uint32_t *first, *last; /* by Value.id: the numbers of operands that touch it; below `base`: none */
  uint32_t *walked;       /* by Value.id: the number for which what its computation reads was noted */
  uint32_t base;
} Readers;

/* The value, and what it stands in. */
static void touch(Lowering *lowering, Readers *readers, const Value *value, uint32_t number) {
  for (; value; value = plan_of(lowering, value)->home) {
    if (readers->first[value->id] < readers->base) readers->first[value->id] = number;
    readers->last[value->id] = number;
  }
}

static void touch_reads(Lowering *lowering, Readers *readers, const Value *value, uint32_t number) {
  const Node *producer = value->producer;
  if (readers->walked[value->id] == number) return;
  readers->walked[value->id] = number;
  for (uint32_t i = 0; producer && i < producer->operand_count; i++) {
    const Value *operand = producer->operands[i];
    if (!operand) continue;
    const ValuePlan *plan = plan_of(lowering, operand);
    if (plan->materialised) touch(lowering, readers, operand, number);
    if (!plan->materialised || plan->stage) touch_reads(lowering, readers, operand, number);
  }
}

static void note_readers(Lowering *lowering, Readers *readers, const Node *concat) {
  for (uint32_t k = 0; k < concat->operand_count; k++) {
    touch(lowering, readers, concat->operands[k], readers->base + k);
    touch_reads(lowering, readers, concat->operands[k], readers->base + k);
  }
}

/* Whether another operand of the concatenation than the one at `index` is `part` as well, or made of it. */
static bool others_read(const Readers *readers, uint32_t index, const Value *part) {
  uint32_t number = readers->base + index;
  return readers->first[part->id] >= readers->base &&
         (readers->first[part->id] != number || readers->last[part->id] != number);
}

static void place_operand(Lowering *lowering, const Region *region, const bool *own, const Readers *readers,
                          const Node *concat, uint32_t index, Dim offset) {
  Value *whole = concat->results[0], *part = concat->operands[index];
  ValuePlan *plan = plan_of(lowering, part);
  if (may_move(lowering, region, own, part) && !others_read(readers, index, part)) {
    plan->home = whole;
    plan->home_offset = offset;
    return;
  }
  const Node *reshape = part->producer;
  if (!reshape || reshape->kind != PRIMITIVE_RESHAPE || reshape->parent != region || plan->materialised ||
      part->use_count != 1 || part->type.rank < reshape->operands[0]->type.rank)
    return;
  Value *inner = reshape->operands[0];
  if (!may_move(lowering, region, own, inner) || others_read(readers, index, inner)) return;
  plan->home = whole;
  plan->home_offset = offset;
  plan_of(lowering, inner)->home = part;
}

void lower_place(Lowering *lowering, const Region *region) {
  DimContext *dims = lowering->module->dims;
  bool *own = arena_array(lowering->arena, bool, lowering->module->value_count);
  uint32_t values = lowering->module->value_count;
  Readers readers = {.first = arena_array(lowering->arena, uint32_t, values),
                     .last = arena_array(lowering->arena, uint32_t, values),
                     .walked = arena_array(lowering->arena, uint32_t, values),
                     .base = 1};
  mark_own(lowering, region, own);
  for (Node *node = region->first; node; node = node->next) {
    if (node->kind != PRIMITIVE_CONCAT || node->results[0]->use_count == 0) continue;
    uint32_t axis = (uint32_t)node_int(node, "axis");
    Dim offset = dim_constant(dims, 0);
    note_readers(lowering, &readers, node);
    for (uint32_t k = 0; k < node->operand_count; k++) {
      place_operand(lowering, region, own, &readers, node, k, offset);
      offset = dim_add(dims, offset, node->operands[k]->type.dims[axis]);
    }
    readers.base += node->operand_count;
  }
}

bool lower_is_in_place(Lowering *lowering, const Value *part, const Value *whole, Dim offset) {
  const ValuePlan *plan = plan_of(lowering, part);
  return plan->home == whole && plan->home_offset == offset;
}

/* Subscripts of a value as those of its reshape, which has the same axes and further ones of extent 1: every axis of the
   kernel that stands in the one stands in the other. */
static void through_reshape(KernelBuilder *builder, const Type *from, const Type *to, Subscript *at) {
  Subscript result[RANK_LIMIT];
  uint32_t next[2] = {0, 0}; /* of the axes of extent 1, and of the others */
  for (uint32_t i = 0; i < to->rank; i++) {
    bool unit = dim_equals_constant(to->dims[i], 1);
    uint32_t *j = &next[!unit];
    while (*j < from->rank && dim_equals_constant(from->dims[*j], 1) != unit) ++*j;
    result[i] = *j < from->rank ? at[(*j)++] : (Subscript){.offset = dim_constant(builder->lowering->module->dims, 0)};
  }
  for (uint32_t i = 0; i < to->rank; i++) at[i] = result[i];
}

uint32_t kernel_place(KernelBuilder *builder, const Value *value, BufferRole role, Subscript *at) {
  Lowering *lowering = builder->lowering;
  DimContext *dims = lowering->module->dims;
  for (const Value *home; (home = plan_of(lowering, value)->home) != NULL; value = home) {
    if (home->producer->kind == PRIMITIVE_RESHAPE) {
      through_reshape(builder, &value->type, &home->type, at);
      continue;
    }
    if (home->producer->kind != PRIMITIVE_CONCAT) continue; /* the same place */
    Subscript *moved = &at[node_int(home->producer, "axis")];
    moved->offset = dim_add(dims, moved->offset, plan_of(lowering, value)->home_offset);
  }
  const Type *stored = plan_of(lowering, value)->stored;
  return kernel_parameter(builder, value_buffer(lowering, value), role, stored ? stored : &value->type);
}
