/* SPDX-License-Identifier: Apache-2.0 */
/* Decides which values get a buffer. Backwards over the nodes: a value is inlined into its readers when they
   can index into it and recomputing it is free or it has one reader; a reduction or contraction is computed
   as a stage of its reader's kernel when a chain of elementwise nodes leads from it to one materialised
   value. Who is read by one group alone, at the group's rows, may join them (group.h): what is one number for
   each row, and what stands in memory besides. */
#include "ir/build.h"
#include "passes/contract_operands.h"
#include "passes/lower_internal.h"
#include <string.h>

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

bool loop_is_conditional(const Node *node) {
  return node->kind == PRIMITIVE_LOOP && node->operands[1] && !node_runs_whole_trip(node);
}

static Reading reading_of_control(const Node *reader, uint32_t operand) {
  if (reader->kind == PRIMITIVE_IF) return READ_BUFFER;
  uint32_t initial = reader->kind == PRIMITIVE_LOOP ? 2 : 0;
  if (operand < initial) return operand == 0 ? READ_BUFFER : READ_POINT;
  return operand < initial + node_int(reader, "carried") ? READ_POINT : READ_MEMORY;
}

/* Whether an index map's last axis is another one than its operand's: adjacent elements come from far apart. */
static bool view_transposes(const Node *view) {
  const Equation *equation = view->equation;
  if (!equation) return false;
  uint32_t label, rank = equation->result.rank, from = equation->operands[0].rank;
  if (!rank || !from || view_repeats(equation) ||
      !subscript_is_plain(&equation->result.subscripts[rank - 1], &label))
    return false;
  const Subscript *last = &equation->operands[0].subscripts[from - 1];
  return !subscript_uses(last, label);
}

/* Whether a contraction goes over what a transpose gives so often, or in such runs, that it pays to transpose
   first: windows, and the operand along which results are adjacent. */
static bool wants_transposed(DimContext *dims, const Node *contract, uint32_t operand) {
  return access_slides(&contract->equation->operands[operand]) ||
         contract_column_axis(dims, contract, operand) >= 0;
}

static Reading reading_of(DimContext *dims, const Node *reader, uint32_t operand) {
  if (reader->region_count) return reading_of_control(reader, operand);
  switch (reader->kind) {
  case PRIMITIVE_MAP:
    return reader->operands[operand]->type.rank == reader->results[0]->type.rank ? READ_POINT : READ_INDEX;
  case PRIMITIVE_VIEW:
    return operand == 1 || view_repeats(reader->equation) ? READ_INDEX : READ_POINT;
  case PRIMITIVE_REDUCE:
    return access_slides(&reader->equation->operands[0]) ? READ_INDEX : READ_POINT;
  case PRIMITIVE_RESHAPE:
    return reshape_is_index_map(reader) ? READ_POINT : READ_BUFFER;
  case PRIMITIVE_CONCAT:
  case PRIMITIVE_REQUIRE:
    return READ_POINT;
  case PRIMITIVE_CONTRACT: {
    const Node *producer = reader->operands[operand]->producer;
    bool transposed = producer && producer->kind == PRIMITIVE_VIEW && view_transposes(producer);
    return transposed && wants_transposed(dims, reader, operand) ? READ_BUFFER : READ_MEMORY;
  }
  case PRIMITIVE_GATHER:
    return operand ? READ_INDEX : READ_BUFFER;
  default:
    return READ_BUFFER;
  }
}

/* A view without a fill: nothing but an index map. */
static bool is_index_map(const Node *node) {
  if (node->kind == PRIMITIVE_RESHAPE) return reshape_is_index_map(node);
  return node->kind == PRIMITIVE_VIEW && node->operand_count == 1;
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
  case PRIMITIVE_CONSTANT:
    return is_small_constant(node);
  case PRIMITIVE_IOTA:
  case PRIMITIVE_DIMS:
  case PRIMITIVE_MAP:
  case PRIMITIVE_VIEW:
  case PRIMITIVE_GATHER:
    return true;
  case PRIMITIVE_RESHAPE:
    return reshape_is_index_map(node);
  default:
    return false;
  }
}

/* A view that has every element once, in another order, rows along the last axis as they were. */
static bool is_reordering(const Node *node) {
  if (node->kind != PRIMITIVE_VIEW || node->operand_count != 1) return false;
  const Equation *equation = node->equation;
  const Access *from = &equation->operands[0], *to = &equation->result;
  uint64_t seen = 0;
  uint32_t label, last;
  if (from->rank != to->rank || !to->rank || view_transposes(node)) return false;
  for (uint32_t i = 0; i < to->rank; i++) {
    if (!subscript_is_plain(&from->subscripts[i], &label) || seen >> label & 1 || !access_uses_label(to, label) ||
        equation->labels[label].extent != node->operands[0]->type.dims[i] || !subscript_is_plain(&to->subscripts[i], &last))
      return false;
    seen |= UINT64_C(1) << label;
  }
  return true;
}

static bool same_dims(const Value *a, const Value *b) {
  return type_same_dims(&a->type, &b->type);
}

/* How the readers of a value read it, and the root that all of them lead to. */
typedef struct Demand {
  bool buffer, memory, index;
  bool placed; /* a concatenation reads it, for which it can be computed in place */
  bool apart;  /* readers lead to several roots, or to none */
  Value *root;
  Group *group;           /* of the groups that read it, the one whose kernel runs first */
  int8_t tags[RANK_LIMIT]; /* where that one does */
  uint32_t order;         /* of the last stage there that does */
  bool others;            /* somebody else reads it */
  uint32_t first;         /* the place of the first reader that is in no group */
} Demand;

/* True where computing the value anew in each iteration, or in both branches, costs nothing. */
static bool is_free(const Node *node) {
  return node->kind == PRIMITIVE_DIMS || node->kind == PRIMITIVE_IOTA ||
         (node->kind == PRIMITIVE_CONSTANT && is_small_constant(node));
}

static bool is_captured(const Region *reader, const Value *value) {
  return value->producer && value->producer->parent != reader;
}

/* Whether the kernel of whoever reads the operand may be the operand's own. */
static bool leads_on(const Node *reader, const Value *value) {
  return ((reader->kind == PRIMITIVE_MAP && same_dims(value, reader->results[0])) || is_reordering(reader)) &&
         !is_captured(reader->parent, value);
}

/* A reading in a region; what stands outside of it is not computed within. */
static void note_reading(Demand *demands, const Region *region, const Value *value, Reading reading) {
  Demand *demand = &demands[value->id];
  if (is_captured(region, value) && !is_free(value->producer) && reading != READ_BUFFER)
    reading = READ_MEMORY;
  demand->memory = demand->memory || reading == READ_MEMORY;
  demand->buffer = demand->buffer || reading == READ_BUFFER;
  demand->index = demand->index || reading == READ_INDEX;
}

/* A region's result is read where no kernel of the region can compute it along the way. */
static void note_result(const Lowering *lowering, Demand *demands, const Region *region, const Value *value, Reading reading) {
  Demand *demand = &demands[value->id];
  note_reading(demands, region, value, reading);
  demand->apart = demand->others = true;
  if (lowering->place > demand->first) demand->first = lowering->place;
}

/* Where a group reads a value: at the tags on which all its reads agree. */
static void note_group(Lowering *lowering, Demand *demand, const Node *reader, uint32_t operand) {
  const Value *value = reader->operands[operand];
  const ValuePlan *plan = reader->result_count && !reader->region_count ? plan_of(lowering, reader->results[0]) : NULL;
  Group *group = plan ? plan->group : NULL;
  int8_t tags[RANK_LIMIT];
  if (plan && plan->first > demand->first) demand->first = plan->first;
  if (reader->kind == PRIMITIVE_GATHER && operand) { /* indices are computed before any stage */
    demand->first = UINT32_MAX;
    demand->others = true;
  }
  if (!group || is_captured(reader->parent, value)) {
    if (lowering->place > demand->first) demand->first = lowering->place;
    demand->others = true;
    return;
  }
  demand->others = demand->others || !plan->alone || (demand->group && demand->group != group);
  if (demand->group && demand->group->place > group->place) return;
  group_operand_tags(reader, operand, plan->tags, plan->axes, tags);
  for (uint32_t i = 0; i < value->type.rank; i++)
    demand->tags[i] = demand->group != group || demand->tags[i] == tags[i] ? tags[i] : TAG_NONE;
  if (demand->group != group || plan->order < demand->order) demand->order = plan->order;
  demand->group = group;
}

static void note_reader(Lowering *lowering, Demand *demands, const Node *reader, uint32_t operand) {
  const Value *value = reader->operands[operand];
  Demand *demand = &demands[value->id];
  Reading reading = reading_of(lowering->module->dims, reader, operand);
  const ValuePlan *result = reader->result_count ? plan_of(lowering, reader->results[0]) : NULL;
  if (result && result->over_memory) reading = READ_MEMORY;
  if (result && result->materialised && reader->kind == PRIMITIVE_RESHAPE)
    reading = READ_BUFFER; /* one buffer */
  note_reading(demands, reader->parent, value, reading);
  if (reader->kind == PRIMITIVE_CONCAT || (result && result->placed)) demand->placed = true;
  Value *root = NULL;
  if (leads_on(reader, value)) {
    ValuePlan *plan = plan_of(lowering, reader->results[0]);
    root = plan->materialised || plan->kept ? reader->results[0] : plan->root;
  }
  demand->apart = demand->apart || !root || (demand->root && demand->root != root);
  demand->root = root;
  note_group(lowering, demand, reader, operand);
}

/* One element of the operand serves a row of the result: it is computed once for all. */
static bool repeats_along_rows(const Node *node) {
  uint32_t label, rank = node->results[0]->type.rank;
  return node->kind == PRIMITIVE_VIEW && rank && !dim_equals_constant(node->results[0]->type.dims[rank - 1], 1) &&
         subscript_is_plain(&node->equation->result.subscripts[rank - 1], &label) &&
         !access_uses_label(&node->equation->operands[0], label);
}

/* Whether the value may become part of its readers' expressions, as far as is known going forwards. */
static bool may_inline(Lowering *lowering, const Value *value) {
  return value->producer && is_expression(value->producer) && !plan_of(lowering, value)->in_memory;
}

/* How often the expression of a node reads, whose operands that can be inlined are. */
static uint32_t loads_of(Lowering *lowering, const Node *node) {
  uint32_t loads = 0;
  for (uint32_t i = 0; i < node->operand_count; i++)
    loads += may_inline(lowering, node->operands[i]) ? plan_of(lowering, node->operands[i])->loads : 1;
  return loads;
}

/* Whether maps and index maps lead to the node from a reduction. */
static bool is_of_reduction(Lowering *lowering, const Node *node) {
  bool follows = node->kind == PRIMITIVE_MAP || node->kind == PRIMITIVE_VIEW || node->kind == PRIMITIVE_RESHAPE;
  for (uint32_t i = 0; follows && i < node->operand_count; i++) {
    const Node *producer = node->operands[i]->producer;
    if ((producer && producer->kind == PRIMITIVE_REDUCE) || plan_of(lowering, node->operands[i])->of_reduction) return true;
  }
  return false;
}

/* Forward: the cost of inlining, known once the operands' fate is. */
static void set_inline_cost(Lowering *lowering, const Node *node) {
  uint32_t loads = loads_of(lowering, node), cost = node->kind == PRIMITIVE_MAP ? scalar_info(node->scalar)->cost
                                                         : node->kind != PRIMITIVE_CONSTANT;
  for (uint32_t i = 0; i < node->operand_count; i++) {
    bool inlined = may_inline(lowering, node->operands[i]) && !repeats_along_rows(node);
    cost += inlined ? plan_of(lowering, node->operands[i])->cost : 1;
  }
  ValuePlan *plan = plan_of(lowering, node->results[0]);
  plan->of_reduction = is_of_reduction(lowering, node);
  if (node->kind == PRIMITIVE_GATHER) { /* few of them fit into a kernel, and it does not pay to look twice */
    cost += CHEAP_COST * node->operand_count;
    loads += 3 * node->operand_count;
  }
  plan->cut = cost > EXPRESSION_BUDGET || loads > LOAD_LIMIT;
  plan->cost = plan->cut ? 1 : cost;
  plan->loads = plan->cut ? 1 : loads;
}

/* The contraction of whose sums its kernel would compute the value before it writes them; null where there is none. */
static const Value *product_of(const Value *value, int depth) {
  enum { DEPTH = 12 };
  const Node *node = value->producer;
  if (!node || depth == DEPTH || (depth && value->use_count != 1)) return NULL;
  if (node->kind == PRIMITIVE_CONTRACT) return value;
  for (uint32_t i = 0; node->kind == PRIMITIVE_MAP && i < node->operand_count; i++) {
    const Value *product = same_dims(node->operands[i], value) ? product_of(node->operands[i], depth + 1) : NULL;
    if (product) return product;
  }
  return NULL;
}

static bool is_epilogue(const Value *value) { return product_of(value, 0) != NULL; }

/* A kernel of rows has room for what the node reads. */
static bool has_room(Lowering *lowering, const Group *group, const Node *node) {
  return group->loads + loads_of(lowering, node) <= ROW_LOADS;
}

/* The value has become the group's earliest stage. */
static void enter_stage(Lowering *lowering, const Node *node, ValuePlan *plan) {
  plan->stage = true;
  plan->order = plan->group->stage_count;
  plan->group->loads += loads_of(lowering, node);
}

/* Gives the labels of a contraction axes of its group: those of the result by their tags, those summed over new ones. */
static bool set_product_axes(Lowering *lowering, Value *value) {
  ValuePlan *plan = plan_of(lowering, value);
  const Equation *equation = value->producer->equation;
  int8_t axes[POINT_LIMIT];
  uint32_t label;
  for (uint32_t i = 0; i < equation->label_count; i++)
    axes[i] = dim_equals_constant(equation->labels[i].extent, 1) ? TAG_ONE : TAG_NONE;
  for (uint32_t i = 0; i < equation->result.rank; i++)
    if (subscript_is_plain(&equation->result.subscripts[i], &label)) axes[label] = plan->tags[i];
  for (uint32_t i = 0; i < equation->label_count; i++) {
    if (axes[i] == TAG_NONE) axes[i] = group_add_axis(plan->group, equation->labels[i].extent);
    if (axes[i] == TAG_NONE) return false;
  }
  plan->axes = arena_copy(lowering->arena, axes, equation->label_count * sizeof *axes);
  return true;
}

/* What the value is, seen through index maps. */
static const Value *behind_index_maps(const Value *value) {
  while (value->producer && is_index_map(value->producer)) value = value->producer->operands[0];
  return value;
}

/* Lets the group compute the rows that its contraction takes, where they come from a reduction: a softmax, as a rule. */
static void take_rows(Lowering *lowering, Value *product) {
  ValuePlan *plan = plan_of(lowering, product);
  const Node *node = product->producer;
  for (uint32_t i = 0; i < 2 && !plan->group->takes_rows; i++) {
    const Value *rows = behind_index_maps(node->operands[i]);
    const Node *producer = rows->producer;
    int8_t tags[RANK_LIMIT], own[RANK_LIMIT];
    uint32_t summed;
    if (!contract_sums_rows(node, i, &summed) || value_constant(node->operands[1 - i]) || !producer ||
        producer->kind != PRIMITIVE_MAP || producer->parent != node->parent || !plan_of(lowering, rows)->of_reduction)
      continue;
    if (!plan->axes && !set_product_axes(lowering, product)) return;
    group_operand_tags(node, i, plan->tags, plan->axes, tags);
    for (const Value *at = node->operands[i]; at != rows; at = at->producer->operands[0]) {
      memcpy(own, tags, at->type.rank * sizeof *own);
      group_operand_tags(at->producer, 0, own, NULL, tags);
    }
    group_take_rows(plan->group, &rows->type, tags, plan->axes[summed]);
  }
}

/* Whether the group of rows can compute the contraction at the points of what it keeps, in register tiles or as dot products. */
static bool may_join_product(Lowering *lowering, const Group *group, const Value *product) {
  const Node *node = product->producer;
  return node->kind == PRIMITIVE_CONTRACT && node->parent == group->root->producer->parent && has_room(lowering, group, node) &&
         (contract_makes_columns(node, 0) || contract_makes_columns(node, 1) || contract_is_dot(node)) &&
         group->axis_count + node->equation->label_count <= LABEL_LIMIT;
}

/* What stands at each point of a group's rows is kept until the product takes them, with the contraction of whose sums it
   is made. */
static bool join_kept(Lowering *lowering, const Demand *demand, const Node *node, Value *value) {
  ValuePlan *plan = plan_of(lowering, value);
  Group *group = plan->group;
  const Value *product = product_of(value, 0);
  if (!group || !plan->alone || demand->buffer || (node->kind != PRIMITIVE_MAP && product != value) ||
      !group_may_keep(group, &value->type, plan->tags) || (product && !may_join_product(lowering, group, product)) ||
      !has_room(lowering, group, node))
    return false;
  if (product == value && !set_product_axes(lowering, value)) return false;
  Value *keeper = group->keeper;
  bool shares = keeper && demand->order >= plan_of(lowering, keeper)->order && type_equal(&keeper->type, &value->type) &&
                memcmp(plan->tags, plan_of(lowering, keeper)->tags, value->type.rank) == 0;
  group->stages[group->stage_count++] = value;
  enter_stage(lowering, node, plan);
  plan->kept = true;
  plan->product = product == value ? NULL : product;
  if (shares) plan->keeper = keeper;
  group->keeper = value;
  return true;
}

/* The tags at which a group reads the operand of a reduction besides; false where it does not, or not at one place. */
static bool operand_tags(const Demand *demands, const Group *group, const Node *node, int8_t *tags) {
  const Value *operand = node->operands[0];
  const Demand *demand = &demands[operand->id];
  for (uint32_t i = 0; demand->group == group && i < operand->type.rank; i++) tags[i] = demand->tags[i];
  return demand->group == group;
}

/* The contraction of whose sums a kept value is made. */
static bool claim_product(Lowering *lowering, Value *value) {
  const ValuePlan *root = plan_of(lowering, plan_of(lowering, value)->root);
  if (root->product != value || !set_product_axes(lowering, value)) return false;
  root->group->loads += loads_of(lowering, value->producer);
  return true;
}

/* A reduction as a stage of the group that reads it: at all of its root's points, or one number for each row. */
static bool claim_reduction(Lowering *lowering, const Demand *demands, Node *node, Value *value) {
  const Demand *demand = &demands[value->id];
  ValuePlan *plan = plan_of(lowering, value);
  Group *group = plan->group;
  if (demand->buffer || demand->memory || !group) return false;
  if (plan->root && plan_of(lowering, plan->root)->kept) return claim_product(lowering, value);
  if (plan->root) {
    if (group->reduction || group->stage_count || (node->kind == PRIMITIVE_CONTRACT && group->indexed)) return false;
    group->reduction = value;
    if (node->kind == PRIMITIVE_CONTRACT) take_rows(lowering, value);
    return true;
  }
  if (node->kind == PRIMITIVE_CONTRACT) return join_kept(lowering, demand, node, value);
  int8_t axes[POINT_LIMIT], operand[RANK_LIMIT];
  bool read = operand_tags(demands, group, node, operand);
  if (!plan->alone || !has_room(lowering, group, node) || !group_join_rows(group, value, plan->tags, read ? operand : NULL, axes))
    return false;
  plan->axes = arena_copy(lowering->arena, axes, node->equation->label_count * sizeof *axes);
  enter_stage(lowering, node, plan);
  return true;
}

/* The value may stand where the root will: whoever does already is written when it is read for the last time. */
static bool shares_place(const Group *group, const Demand *demand, const Value *value, const ValuePlan *plan) {
  return plan->alone && !demand->buffer && demand->order >= group->holder &&
         group->root->producer->kind == PRIMITIVE_MAP && type_equal(&value->type, &group->root->type) &&
         group_is_everywhere(group, &value->type, plan->tags);
}

/* What stands in memory and is made of what the rows of a group read anyway. */
static bool join_stored(Lowering *lowering, const Demand *demand, const Node *node, Value *value) {
  ValuePlan *plan = plan_of(lowering, value);
  Group *group = plan->group;
  if (!group || !group->stage_count || node->kind != PRIMITIVE_MAP || demand->first > group->place ||
      is_epilogue(value) || !has_room(lowering, group, node) || !group_join_stored(group, value, plan->tags))
    return false;
  bool shares = shares_place(group, demand, value, plan);
  enter_stage(lowering, node, plan);
  if (!shares) return true;
  plan->home = group->root;
  group->holder = plan->order;
  return true;
}

/* An expression of a kernel of rows, which may be computed in several of its stages. */
static bool is_row_expression(const Demand *demand, const Value *value, const ValuePlan *plan) {
  const Group *group = plan->group;
  if (!group || !plan->alone || demand->buffer || demand->memory || plan->cut) return false;
  if (group_is_row_number(group, &value->type, plan->tags) && plan->of_reduction) return true;
  return group->stage_count && !demand->index && plan->cost <= ROW_COST && !is_epilogue(value);
}

/* The group that computes the value first, as far as it is known from its readers. */
static void set_group(Lowering *lowering, const Demand *demand, const Value *value) {
  ValuePlan *plan = plan_of(lowering, value);
  plan->root = demand->apart ? NULL : demand->root;
  plan->group = demand->group;
  plan->alone = demand->group && !demand->others;
  plan->first = demand->first;
  plan->order = demand->order;
  if (demand->group) plan->tags = arena_copy(lowering->arena, demand->tags, value->type.rank * sizeof *demand->tags);
}

/* The value has a kernel of its own. */
static void start_group(Lowering *lowering, Value *value) {
  ValuePlan *plan = plan_of(lowering, value);
  int8_t tags[RANK_LIMIT], axes[POINT_LIMIT];
  plan->group = group_create(lowering->arena, value, lowering->place);
  plan->group->loads = loads_of(lowering, value->producer);
  plan->alone = true;
  plan->first = plan->order = 0;
  group_root_tags(plan->group, tags);
  group_root_axes(plan->group, axes);
  plan->tags = arena_copy(lowering->arena, tags, value->type.rank * sizeof *tags);
  if (node_reduces(value->producer))
    plan->axes = arena_copy(lowering->arena, axes, plan->group->axis_count * sizeof *axes);
  if (value->producer->kind == PRIMITIVE_CONTRACT) take_rows(lowering, value);
}

/* Whether one kernel computes the value and nothing else, or joins others to it: a copy has none. */
static bool has_kernel(const Node *node) {
  return node->kind != PRIMITIVE_CONSTANT && node->kind != PRIMITIVE_CONCAT && !node->region_count &&
         (node->kind != PRIMITIVE_RESHAPE || reshape_is_index_map(node));
}

static void decide_value(Lowering *lowering, const Demand *demands, Node *node, Value *value) {
  const Demand *demand = &demands[value->id];
  ValuePlan *plan = plan_of(lowering, value);
  set_group(lowering, demand, value);
  bool single =
      value->use_count == 1 || plan->root; /* within one kernel, what is used twice is computed once */
  if (node_reduces(node)) {
    plan->materialised = !claim_reduction(lowering, demands, node, value);
  } else if (!is_expression(node)) {
    plan->materialised = true;
  } else if (node->kind == PRIMITIVE_GATHER) { /* in the kernel of the one value that it is for */
    Group *group = plan->root ? plan->group : NULL;
    plan->materialised = !group || demand->buffer || demand->memory || demand->index || plan->cut ||
                         group->takes_rows || (group->reduction && group->reduction->producer->kind == PRIMITIVE_CONTRACT);
    if (!plan->materialised) group->indexed = true;
  } else if (node->kind == PRIMITIVE_CONSTANT) {
    plan->materialised = demand->buffer || demand->memory;
  } else if (demand->memory && !demand->buffer && is_index_map(node)) {
    plan->over_memory = true;
  } else if (!is_row_expression(demand, value, plan)) {
    bool cheap = plan->cost <= CHEAP_COST;
    plan->placed = demand->placed && node->kind == PRIMITIVE_RESHAPE && value->use_count == 1;
    plan->materialised = (demand->placed && lower_is_placeable(node)) || demand->buffer || demand->memory ||
                         plan->cut || (!single && !cheap) || (demand->index && !cheap) ||
                         (!single && is_epilogue(value)) || /* which costs its product nothing */
                         (!demand->group && plan->of_reduction); /* which then has a kernel to join */
    if (plan->materialised && !demand->buffer && !demand->placed && is_index_map(node) && !view_transposes(node)) {
      plan->materialised = false; /* what it is made of is, once */
      plan->over_memory = true;
    }
    if (plan->materialised && !demand->placed && join_kept(lowering, demand, node, value)) plan->materialised = false;
    if (plan->materialised && !demand->placed) join_stored(lowering, demand, node, value);
  }
  if (plan->materialised && !plan->stage) plan->group = NULL;
  if (plan->materialised && !plan->stage && has_kernel(node)) start_group(lowering, value);
}

/* Whether index maps lead to the value from a read at indices, which nobody makes part of what reads it again and again. */
static bool is_gathered(const Value *value) {
  const Node *producer = behind_index_maps(value)->producer;
  return producer && producer->kind == PRIMITIVE_GATHER;
}

/* Notes the last value to which a reader leads on, itself at least; where readers lead to several, no kernel of theirs is
   the value's. */
static void note_end(Lowering *lowering, const Node *reader, const Value *value) {
  ValuePlan *plan = plan_of(lowering, value);
  const Value *end = leads_on(reader, value) ? plan_of(lowering, reader->results[0])->end : value;
  if (leads_on(reader, value) && !end) end = reader->results[0];
  plan->end = plan->end && plan->end != end ? value : end;
}

/* Backwards: who is read in memory, as they are or through index maps, or stands there since several kernels read what one
   makes of its sums. What this says in memory is so in the end; what it does not may be. */
static void find_memory(Lowering *lowering, const Region *region) {
  for (const Node *node = region->last; node; node = node->previous) {
    for (uint32_t i = 0; i < node->region_count; i++) find_memory(lowering, node->regions[i]);
    ValuePlan *result = node->result_count ? plan_of(lowering, node->results[0]) : NULL;
    if (result && result->end == node->results[0] && node->results[0]->use_count > 1 && is_epilogue(node->results[0]))
      result->in_memory = true;
    bool through = result && is_index_map(node) && result->in_memory && !result->in_buffer;
    for (uint32_t i = 0; i < node->operand_count; i++) {
      if (!node->operands[i]) continue;
      ValuePlan *plan = plan_of(lowering, node->operands[i]);
      note_end(lowering, node, node->operands[i]);
      Reading reading = reading_of(lowering->module->dims, node, i);
      if (reading == READ_BUFFER) plan->in_buffer = true;
      if (through || reading == READ_BUFFER || reading == READ_MEMORY ||
          (reading == READ_INDEX && is_gathered(node->operands[i])))
        plan->in_memory = true;
    }
  }
}

static void set_inline_costs(Lowering *lowering, const Region *region) {
  for (const Node *node = region->first; node; node = node->next) {
    for (uint32_t i = 0; i < node->region_count; i++) set_inline_costs(lowering, node->regions[i]);
    if (node->result_count && is_expression(node)) set_inline_cost(lowering, node);
  }
}

static void decide_region(Lowering *lowering, Demand *demands, const Region *region);

/* Carried arguments are what the node's results are made of; the others are expressions unless somebody needs
   them in memory. */
static void decide_body(Lowering *lowering, Demand *demands, const Node *node) {
  const Region *body = node->regions[0];
  bool is_loop = node->kind == PRIMITIVE_LOOP;
  uint32_t carried = (uint32_t)node_int(node, "carried"), lead = is_loop ? 1 : 0;
  for (uint32_t i = 0; i < body->argument_count; i++) {
    ValuePlan *plan = plan_of(lowering, body->arguments[i]);
    plan->argument = i >= 2 * lead + carried ? ARGUMENT_SLICE
                     : i >= 2 * lead         ? ARGUMENT_NONE
                     : i == 0                ? ARGUMENT_ITERATION
                                             : ARGUMENT_TRUTH;
    plan->materialised = plan->argument == ARGUMENT_NONE;
  }
  for (uint32_t i = 0; i < body->result_count; i++)
    note_result(lowering, demands, body, body->results[i], i >= lead && i < lead + carried ? READ_BUFFER : READ_POINT);
  decide_region(lowering, demands, body);
  for (uint32_t i = 0; i < body->argument_count; i++) {
    const Demand *demand = &demands[body->arguments[i]->id];
    ValuePlan *plan = plan_of(lowering, body->arguments[i]);
    if (plan->argument == ARGUMENT_NONE) continue;
    plan->materialised = demand->buffer || (demand->memory && plan->argument != ARGUMENT_SLICE);
  }
}

static void decide_control(Lowering *lowering, Demand *demands, const Node *node) {
  for (uint32_t i = 0; i < node->result_count; i++) plan_of(lowering, node->results[i])->materialised = true;
  if (node->kind != PRIMITIVE_IF) {
    decide_body(lowering, demands, node);
    return;
  }
  for (uint32_t k = 0; k < node->region_count; k++) {
    const Region *branch = node->regions[k];
    for (uint32_t i = 0; i < branch->result_count; i++)
      note_result(lowering, demands, branch, branch->results[i], READ_POINT);
    decide_region(lowering, demands, branch);
  }
}

/* Whether lowering reads the operand: a trip count that is known is a dim. */
static bool is_read(Lowering *lowering, const Node *node, uint32_t operand) {
  if (node->kind != PRIMITIVE_LOOP || operand > 1) return node->operands[operand] != NULL;
  if (!node->operands[operand]) return false;
  return operand == 0 ? !node_trip(lowering->module, node) : loop_is_conditional(node);
}

static void decide_region(Lowering *lowering, Demand *demands, const Region *region) {
  for (Node *node = region->last; node; node = node->previous) {
    lowering->place++;
    if (node->region_count)
      decide_control(lowering, demands, node);
    else
      for (uint32_t i = 0; i < node->result_count; i++)
        decide_value(lowering, demands, node, node->results[i]);
    for (uint32_t i = 0; i < node->operand_count; i++)
      if (is_read(lowering, node, i)) note_reader(lowering, demands, node, i);
  }
}

void lower_decide(Lowering *lowering, Region *region) {
  Demand *demands = arena_array(lowering->arena, Demand, lowering->module->value_count);
  region_count_uses(region);
  for (uint32_t i = 0; i < region->argument_count; i++)
    plan_of(lowering, region->arguments[i])->materialised = true;
  for (uint32_t i = 0; i < region->result_count; i++) {
    ValuePlan *plan = plan_of(lowering, region->results[i]);
    plan->in_memory = plan->in_buffer = true;
    demands[region->results[i]->id].buffer = true;
  }
  find_memory(lowering, region);
  set_inline_costs(lowering, region);
  decide_region(lowering, demands, region);
}
