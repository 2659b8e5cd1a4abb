/* SPDX-License-Identifier: Apache-2.0 */
/* Branches and loops as steps. A branch writes the node's results. A loop's carried values live in the
   buffers of the node's results: they are initialised before it and updated at the end of each iteration,
   when nobody reads the old ones any more. */
#include "passes/lower_internal.h"

/* From here on steps are collected in a list of their own. */
static StepList begin_steps(Lowering *lowering) {
  Program *program = lowering->program;
  StepList outer = {program->steps, program->step_count, program->step_capacity};
  program->steps = NULL;
  program->step_count = program->step_capacity = 0;
  return outer;
}

/* The list that was collected; the outer one goes on. */
static StepList end_steps(Lowering *lowering, StepList outer) {
  Program *program = lowering->program;
  StepList inner = {program->steps, program->step_count, program->step_capacity};
  program->steps = outer.steps;
  program->step_count = outer.count;
  program->step_capacity = outer.capacity;
  return inner;
}

/* True where the value's producer, a node of the region, may write into a buffer of another's choice. */
static bool is_free_to_place(Lowering *lowering, const Region *region, const Value *value) {
  const Node *producer = value->producer;
  const ValuePlan *plan = plan_of(lowering, value);
  return producer && producer->parent == region && producer->kind != PRIMITIVE_CONSTANT &&
         plan->materialised && plan->buffer == NO_BUFFER;
}

static StepList lower_branch(Lowering *lowering, const Node *node, const Region *branch) {
  StepList outer = begin_steps(lowering);
  for (uint32_t i = 0; i < node->result_count; i++) {
    Value *root = lower_alias_root(lowering, branch->results[i]);
    if (is_free_to_place(lowering, branch, root))
      plan_of(lowering, root)->buffer = (int32_t)value_buffer(lowering, node->results[i]);
  }
  lower_nodes(lowering, branch);
  for (uint32_t i = 0; i < node->result_count; i++) {
    const ValuePlan *plan = plan_of(lowering, branch->results[i]);
    uint32_t buffer = value_buffer(lowering, node->results[i]);
    if (!plan->materialised || value_buffer(lowering, branch->results[i]) != buffer)
      lower_store(lowering, node->location, buffer, &node->results[i]->type, NULL, branch->results[i]);
  }
  return end_steps(lowering, outer);
}

static void lower_if(Lowering *lowering, const Node *node) {
  uint32_t condition = value_buffer(lowering, node->operands[0]);
  Step step = {.kind = STEP_IF, .buffer_count = 1, .location = node->location};
  step.buffers = arena_copy(lowering->arena, &condition, sizeof condition);
  for (uint32_t k = 0; k < 2; k++) step.bodies[k] = lower_branch(lowering, node, node->regions[k]);
  lower_push(lowering, step);
}

/* A symbol of its own, unless a loop beside this one has one with the same limit. */
static const Symbol *iteration_symbol(Lowering *lowering, Dim trip) {
  DimContext *dims = lowering->module->dims;
  for (size_t i = 0; i < lowering->iteration_count; i++)
    if (lowering->iterations[i].depth == lowering->depth && lowering->iterations[i].trip == trip)
      return lowering->iterations[i].symbol;
  Iteration made = {lowering->depth, trip, dim_symbol_create(dims, "t")};
  dim_symbol_set_limit(dims, made.symbol, trip ? trip : dim_constant(dims, INT64_MAX));
  arena_push(lowering->arena, lowering->iterations, lowering->iteration_count, lowering->iteration_capacity) =
      made;
  return made.symbol;
}

/* What the body's arguments stand for; those that somebody needs in memory are written there first. */
static void bind_arguments(Lowering *lowering, const Node *node, const Symbol *iteration) {
  const Region *body = node->regions[0];
  uint32_t initial = node->kind == PRIMITIVE_LOOP ? 2 : 0;
  for (uint32_t i = 0; i < body->argument_count; i++) {
    Value *argument = body->arguments[i];
    ValuePlan *plan = plan_of(lowering, argument);
    plan->iteration = iteration;
    plan->sliced = plan->argument == ARGUMENT_SLICE ? node->operands[i] : NULL;
    if (plan->argument == ARGUMENT_NONE) {
      plan->buffer = plan_of(lowering, node->results[i - initial])->buffer;
    } else if (plan->materialised && argument->use_count) {
      uint32_t buffer = value_buffer(lowering, argument);
      plan->materialised = false; /* what it stands for, not a load of it */
      lower_store(lowering, node->location, buffer, &argument->type, NULL, argument);
      plan->materialised = true;
    }
  }
}

/* Copies new carried values over the old ones. A value that is itself an old one goes through a buffer
   between, for another copy may overwrite it. */
static void update_carried(Lowering *lowering, const Node *node, uint32_t carried, uint32_t lead) {
  const Region *body = node->regions[0];
  int32_t *from = arena_array(lowering->arena, int32_t, carried);
  for (uint32_t i = 0; i < carried; i++) {
    Value *value = body->results[lead + i];
    int32_t own = plan_of(lowering, node->results[i])->buffer;
    from[i] = (int32_t)value_buffer(lowering, value);
    for (uint32_t k = 0; k < carried && from[i] != own; k++) {
      if (from[i] != plan_of(lowering, node->results[k])->buffer) continue;
      from[i] = (int32_t)program_add_buffer(lowering, STORAGE_WORKSPACE, 0, NULL, &value->type);
      lower_store(lowering, node->location, (uint32_t)from[i], &value->type, NULL, value);
      break;
    }
  }
  for (uint32_t i = 0; i < carried; i++) {
    Value *value = body->results[lead + i];
    ValuePlan *plan = plan_of(lowering, value);
    int32_t own = plan_of(lowering, node->results[i])->buffer, place = plan->buffer;
    if (from[i] == own) continue;
    plan->buffer = from[i];
    lower_store(lowering, node->location, (uint32_t)own, &node->results[i]->type, NULL, value);
    plan->buffer = place;
  }
}

static StepList lower_body(Lowering *lowering, const Node *node, const Symbol *iteration, int32_t condition) {
  const Region *body = node->regions[0];
  Type truth = type_scalar(ELEMENT_BOOL);
  uint32_t carried = (uint32_t)node_int(node, "carried"), lead = node->kind == PRIMITIVE_LOOP ? 1 : 0;
  StepList outer = begin_steps(lowering);
  lowering->depth++;
  bind_arguments(lowering, node, iteration);
  lower_nodes(lowering, body);
  for (uint32_t i = carried; i < node->result_count; i++)
    lower_store(lowering, node->location, value_buffer(lowering, node->results[i]), &node->results[i]->type,
                iteration, body->results[lead + i]);
  if (condition != NO_BUFFER)
    lower_store(lowering, node->location, (uint32_t)condition, &truth, NULL, body->results[0]);
  update_carried(lowering, node, carried, lead);
  lowering->depth--;
  return end_steps(lowering, outer);
}

static void lower_loop(Lowering *lowering, const Node *node) {
  Type truth = type_scalar(ELEMENT_BOOL);
  uint32_t carried = (uint32_t)node_int(node, "carried"), initial = node->kind == PRIMITIVE_LOOP ? 2 : 0;
  uint32_t buffers[2];
  int32_t condition = NO_BUFFER;
  Step step = {.kind = STEP_LOOP, .trip = node_trip(lowering->module, node), .location = node->location};
  for (uint32_t i = 0; i < node->result_count; i++) {
    uint32_t buffer = value_buffer(lowering, node->results[i]);
    if (i < carried)
      lower_store(lowering, node->location, buffer, &node->results[i]->type, NULL,
                  node->operands[initial + i]);
  }
  if (step.trip && dim_equals_constant(step.trip, 0)) return;
  step.conditional = loop_is_conditional(node);
  if (step.conditional) {
    condition = (int32_t)program_add_buffer(lowering, STORAGE_WORKSPACE, 0, NULL, &truth);
    buffers[step.buffer_count++] = (uint32_t)condition;
    lower_store(lowering, node->location, (uint32_t)condition, &truth, NULL, node->operands[1]);
  }
  step.counted = !step.trip && node->operands[0];
  if (step.counted) buffers[step.buffer_count++] = value_buffer(lowering, node->operands[0]);
  step.buffers = arena_copy(lowering->arena, buffers, step.buffer_count * sizeof *buffers);
  step.iteration = iteration_symbol(lowering, step.trip);
  step.bodies[0] = lower_body(lowering, node, step.iteration, condition);
  lower_push(lowering, step);
}

void lower_control(Lowering *lowering, const Node *node) {
  if (node->kind == PRIMITIVE_IF)
    lower_if(lowering, node);
  else
    lower_loop(lowering, node);
}
