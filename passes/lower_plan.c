/* SPDX-License-Identifier: Apache-2.0 */
/* Decides which values get a buffer. Backwards over the nodes: a value is inlined into its readers when they can
   index into it and recomputing it is free or it has one reader; a reduction or contraction is computed as a
   stage of its reader's kernel when a chain of elementwise nodes leads from it to one materialised value. */
#include "passes/lower_internal.h"

bool reshape_is_index_map(const Node *node) {
  const Type *from = &node->operands[0]->type, *to = &node->results[0]->type;
  uint32_t i = 0, j = 0;
  for (;;) {
    while (i < from->rank && dim_equals_constant(from->dims[i], 1)) i++;
    while (j < to->rank && dim_equals_constant(to->dims[j], 1)) j++;
    if (i == from->rank || j == to->rank) return i == from->rank && j == to->rank;
    if (from->dims[i++] != to->dims[j++]) return false;
  }
}

/* How a reader takes an operand. */
typedef enum Reading {
  READ_BUFFER, /* needs it in memory */
  READ_MEMORY, /* in memory, or through index maps over memory */
  READ_INDEX,  /* an index map over it: any cheap expression will do */
  READ_POINT   /* once per element of its own */
} Reading;

/* True where some label of the result does not appear in the operand: each element is read many times. */
static bool view_repeats(const Equation *equation) {
  for (uint32_t label = 0; label < equation->label_count; label++)
    if (!access_uses_label(&equation->operands[0], label)) return true;
  return false;
}

/* True where two labels meet in one subscript: sliding windows read elements many times. */
static bool access_slides(const Access *access) {
  for (uint32_t i = 0; i < access->rank; i++)
    if (access->subscripts[i].term_count > 1) return true;
  return false;
}

static Reading reading_of(const Node *reader, uint32_t operand) {
  switch (reader->kind) {
  case PRIMITIVE_MAP: return reader->operands[operand]->type.rank == reader->results[0]->type.rank ? READ_POINT : READ_INDEX;
  case PRIMITIVE_VIEW: return operand == 1 || view_repeats(reader->equation) ? READ_INDEX : READ_POINT;
  case PRIMITIVE_REDUCE: return access_slides(&reader->equation->operands[0]) ? READ_INDEX : READ_POINT;
  case PRIMITIVE_RESHAPE: return reshape_is_index_map(reader) ? READ_POINT : READ_BUFFER;
  case PRIMITIVE_CONCAT:
  case PRIMITIVE_REQUIRE: return READ_POINT;
  case PRIMITIVE_CONTRACT:
  case PRIMITIVE_SOFTMAX: return READ_MEMORY;
  default: return READ_BUFFER;
  }
}

/* A view without a fill: nothing but an index map. */
static bool is_index_map(const Node *node) {
  if (node->kind == PRIMITIVE_RESHAPE) return reshape_is_index_map(node);
  return node->kind == PRIMITIVE_VIEW && node->operand_count == 1 && !node->equation->where_count;
}

static bool is_small_constant(const Node *node) {
  const Blob *blob = node_attribute(node, "value")->blob;
  double ignored;
  return (blob->splat || blob->element_count == 1) && element_info(blob->element)->bits >= 8 &&
         blob_float_at(blob, 0, &ignored);
}

/* Whether the producer's value can be an expression at all. */
static bool is_expression(const Node *node) {
  switch (node->kind) {
  case PRIMITIVE_CONSTANT: return is_small_constant(node);
  case PRIMITIVE_IOTA:
  case PRIMITIVE_DIMS:
  case PRIMITIVE_MAP:
  case PRIMITIVE_VIEW: return true;
  case PRIMITIVE_RESHAPE: return reshape_is_index_map(node);
  default: return false;
  }
}

static bool same_dims(const Value *a, const Value *b) { return type_same_dims(&a->type, &b->type); }

/* How the readers of a value read it, and the root that all of them lead to. */
typedef struct Demand {
  bool buffer, memory, index;
  bool apart;  /* readers lead to several roots, or to none */
  Value *root;
} Demand;

static void note_reader(Lowering *lowering, Demand *demands, const Node *reader, uint32_t operand) {
  const Value *value = reader->operands[operand];
  Demand *demand = &demands[value->id];
  Reading reading = reading_of(reader, operand);
  const ValuePlan *result = reader->result_count ? plan_of(lowering, reader->results[0]) : NULL;
  if (result && result->over_memory) reading = READ_MEMORY;
  if (result && result->materialised && reader->kind == PRIMITIVE_RESHAPE) reading = READ_BUFFER; /* one buffer */
  demand->memory = demand->memory || reading == READ_MEMORY;
  demand->buffer = demand->buffer || reading == READ_BUFFER;
  demand->index = demand->index || reading == READ_INDEX;
  Value *root = NULL;
  if (reader->kind == PRIMITIVE_MAP && same_dims(value, reader->results[0])) {
    ValuePlan *plan = plan_of(lowering, reader->results[0]);
    root = plan->materialised ? reader->results[0] : plan->root;
  }
  demand->apart = demand->apart || !root || (demand->root && demand->root != root);
  demand->root = root;
}

/* Forward: the cost of inlining, known once the operands' fate is. */
static void set_inline_cost(Lowering *lowering, const Node *node) {
  uint32_t loads = 0, cost = node->kind == PRIMITIVE_MAP ? scalar_info(node->scalar)->cost : node->kind != PRIMITIVE_CONSTANT;
  for (uint32_t i = 0; i < node->operand_count; i++) {
    const Node *producer = node->operands[i]->producer;
    bool inlined = producer && is_expression(producer);
    const ValuePlan *operand = plan_of(lowering, node->operands[i]);
    cost += inlined ? operand->cost : 1;
    loads += inlined ? operand->loads : 1;
  }
  ValuePlan *plan = plan_of(lowering, node->results[0]);
  plan->cut = cost > EXPRESSION_BUDGET || loads > LOAD_LIMIT;
  plan->cost = plan->cut ? 1 : cost;
  plan->loads = plan->cut ? 1 : loads;
}

static void decide_value(Lowering *lowering, const Demand *demand, Node *node, Value *value) {
  ValuePlan *plan = plan_of(lowering, value);
  plan->root = demand->apart ? NULL : demand->root;
  bool single = value->use_count == 1 || plan->root; /* within one kernel, what is used twice is computed once */
  if (node->kind == PRIMITIVE_REDUCE || node->kind == PRIMITIVE_CONTRACT) {
    bool claim = plan->root && !demand->buffer && !demand->memory && !plan_of(lowering, plan->root)->claims;
    plan->claimed = claim;
    plan->materialised = !claim;
    if (claim) plan_of(lowering, plan->root)->claims = value;
  } else if (!is_expression(node)) {
    plan->materialised = true;
  } else if (node->kind == PRIMITIVE_CONSTANT) {
    plan->materialised = demand->buffer || demand->memory;
  } else if (demand->memory && !demand->buffer && is_index_map(node)) {
    plan->over_memory = true;
  } else {
    bool cheap = plan->cost <= CHEAP_COST;
    plan->materialised = demand->buffer || demand->memory || plan->cut || (!single && !cheap) || (demand->index && !cheap);
  }
}

void lower_decide(Lowering *lowering, Region *region) {
  Demand *demands = arena_array(lowering->arena, Demand, lowering->module->value_count);
  region_count_uses(region);
  for (uint32_t i = 0; i < region->argument_count; i++) plan_of(lowering, region->arguments[i])->materialised = true;
  for (uint32_t i = 0; i < region->result_count; i++) demands[region->results[i]->id].buffer = true;
  for (Node *node = region->first; node; node = node->next)
    if (node->result_count && is_expression(node)) set_inline_cost(lowering, node);
  for (Node *node = region->last; node; node = node->previous) {
    for (uint32_t i = 0; i < node->result_count; i++)
      decide_value(lowering, &demands[node->results[i]->id], node, node->results[i]);
    for (uint32_t i = 0; i < node->operand_count; i++)
      if (node->operands[i]) note_reader(lowering, demands, node, i);
  }
}
