/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the entry's nodes in order and emits a kernel for every value that lower_plan.c gave a buffer. */
#include "passes/lower.h"
#include "ir/build.h"
#include "passes/contract_operands.h"
#include "passes/lower_internal.h"
#include "passes/passes.h"
#include "passes/softmax_steps.h"
#include <string.h>

uint32_t program_add_buffer(Lowering *lowering, Storage storage, uint32_t index, const Blob *blob,
                            const Type *type) {
  Program *program = lowering->program;
  DimContext *dims = program->dims;
  ProgramBuffer buffer = {.storage = storage, .index = index, .blob = blob, .type = *type};
  uint32_t bits = element_info(type->element)->bits;
  Dim count = type_count(dims, type);
  buffer.byte_count = bits >= 8 ? dim_multiply(dims, count, dim_constant(dims, bits / 8))
                                : dim_ceil_divide(dims, count, dim_constant(dims, 8 / bits));
  arena_push(program->arena, program->buffers, program->buffer_count, program->buffer_capacity) = buffer;
  return (uint32_t)program->buffer_count - 1;
}

Value *lower_alias_root(Lowering *lowering, Value *value) {
  while (value->producer && value->producer->kind == PRIMITIVE_RESHAPE &&
         plan_of(lowering, value)->materialised &&
         plan_of(lowering, value->producer->operands[0])->materialised)
    value = value->producer->operands[0];
  return value;
}

static bool is_computed(const Value *value) {
  return value->producer && value->producer->kind != PRIMITIVE_CONSTANT;
}

/* Buffers for arguments and for the results that their producer can write in place. */
static void place_interface(Lowering *lowering, Region *region) {
  for (uint32_t i = 0; i < region->argument_count; i++)
    plan_of(lowering, region->arguments[i])->buffer =
        (int32_t)program_add_buffer(lowering, STORAGE_ARGUMENT, i, NULL, &region->arguments[i]->type);
  for (uint32_t i = 0; i < region->result_count; i++) {
    Value *root = lower_alias_root(lowering, region->results[i]);
    if (!is_computed(root) || plan_of(lowering, root)->buffer != NO_BUFFER) continue;
    const Type *type = &region->results[i]->type;
    plan_of(lowering, root)->buffer = (int32_t)program_add_buffer(lowering, STORAGE_RESULT, i, NULL, type);
  }
}

/* Constants of equal content share a buffer; the operators' blobs are few enough for a linear search. */
static uint32_t constant_buffer(Lowering *lowering, const Value *value) {
  const Blob *blob = node_attribute(value->producer, "value")->blob;
  for (size_t i = 0; i < lowering->program->buffer_count; i++)
    if (lowering->program->buffers[i].blob == blob) return (uint32_t)i;
  return program_add_buffer(lowering, STORAGE_CONSTANT, 0, blob, &value->type);
}

uint32_t value_buffer(Lowering *lowering, const Value *value) {
  ValuePlan *plan = plan_of(lowering, value);
  if (plan->buffer == NO_BUFFER)
    plan->buffer = value->producer && value->producer->kind == PRIMITIVE_CONSTANT
                       ? (int32_t)constant_buffer(lowering, value)
                       : (int32_t)program_add_buffer(lowering, STORAGE_WORKSPACE, 0, NULL,
                                                     plan->stored ? plan->stored : &value->type);
  return (uint32_t)plan->buffer;
}

/* Axes over the dims of a type, and the plain access to it. */
static void axes_of_type(KernelBuilder *builder, const Type *type, Subscript *at) {
  for (uint32_t i = 0; i < type->rank; i++)
    at[i] = subscript_axis(builder, kernel_axis(builder, build_axis_name(i), type->dims[i]));
}

/* Axes for the labels of an equation. */
static void axes_of_labels(KernelBuilder *builder, const Equation *equation, Subscript *of_label) {
  for (uint32_t i = 0; i < equation->label_count; i++)
    of_label[i] =
        subscript_axis(builder, kernel_axis(builder, equation->labels[i].name, equation->labels[i].extent));
}

/* The expression under a reduction's monoid; points that do not take part give the neutral element. */
static const Expr *reduced_expr(KernelBuilder *builder, const Node *node, const Subscript *of_label,
                                Scalar monoid) {
  const Equation *equation = node->equation;
  ElementType type = element_info(node->results[0]->type.element)->compute;
  const Expr *operands[2];
  const Expr *neutral = expr_literal(builder, type, scalar_identity_bits(monoid, type));
  Subscript *accesses[2];
  for (uint32_t i = 0; i < equation->operand_count; i++) {
    accesses[i] = NULL;
    operands[i] = contract_packed_load(builder, node, i, of_label);
    if (operands[i]) continue; /* inside at every point */
    accesses[i] = access_substitute(builder, &equation->operands[i], of_label);
    operands[i] = expr_of_value(builder, node->operands[i], accesses[i]);
  }
  const Expr *expr =
      equation->operand_count == 1 ? operands[0] : expr_call(builder, SCALAR_MUL, type, operands, 2);
  for (uint32_t i = 0; i < equation->operand_count; i++) {
    const Type *operand = &node->operands[i]->type;
    if (accesses[i]) expr = expr_guard(builder, accesses[i], operand->rank, operand->dims, expr, neutral);
  }
  return expr;
}

/* The stage of a reduce or contract into `target`; the labels that the result lacks are reduced. */
static void reduction_stage(KernelBuilder *builder, const Value *value, const Subscript *of_label,
                            uint32_t target, const Subscript *at) {
  const Node *node = value->producer;
  Scalar monoid = node->kind == PRIMITIVE_CONTRACT ? SCALAR_ADD : node_monoid(node);
  uint32_t labels[LABEL_LIMIT], count = contract_reduced_labels(node, labels);
  uint32_t reduce_axes[LABEL_LIMIT], reduce_count = 0;
  for (uint32_t i = 0; i < count; i++) /* a label of extent 1 may have no axis */
    if (of_label[labels[i]].term_count) reduce_axes[reduce_count++] = of_label[labels[i]].terms[0].label;
  const Expr *expr = reduced_expr(builder, node, of_label, monoid);
  kernel_stage(builder, "t", target, at, monoid, reduce_count, reduce_axes, expr);
}

/* The expression of a value that has a buffer: not a load of it. */
static const Expr *expr_computed(KernelBuilder *builder, const Value *value, const Subscript *at) {
  ValuePlan *plan = plan_of(builder->lowering, value);
  plan->materialised = false;
  const Expr *expr = expr_of_value(builder, value, at);
  plan->materialised = true;
  return expr;
}

/* A local that holds what the reduction gives at `at`, computed by a stage. */
static void local_stage(KernelBuilder *builder, const Value *value, const Subscript *of_label, const Subscript *at) {
  uint32_t local = kernel_local(builder, "t", element_info(value->type.element)->compute, value->type.rank, value->type.dims);
  reduction_stage(builder, value, of_label, local, at);
  builder->local_of[builder->value_count] = value;
  builder->locals[builder->value_count++] = local;
}

/* The stage of a value in memory. */
static void stored_stage(KernelBuilder *builder, const Value *value, const Subscript *at) {
  Subscript place[RANK_LIMIT];
  if (value->type.rank) memcpy(place, at, value->type.rank * sizeof *place);
  uint32_t out = kernel_place(builder, value, BUFFER_OUT, place);
  kernel_stage(builder, "y", out, place, SCALAR_COUNT, 0, NULL, expr_computed(builder, value, at));
}

/* What stands for each axis of a group in the kernel; axes that the root does not have are made when first asked for. */
typedef struct AxisMap {
  KernelBuilder *builder;
  const Group *group;
  bool made[POINT_LIMIT];
  Subscript of_axis[POINT_LIMIT];
} AxisMap;

static Subscript subscript_of_tag(AxisMap *map, int8_t tag) {
  if (tag < 0) return (Subscript){.offset = dim_constant(map->builder->lowering->module->dims, 0)};
  if (!map->made[tag])
    map->of_axis[tag] = subscript_axis(map->builder, kernel_axis(map->builder, build_axis_name((uint32_t)tag), map->group->extents[tag]));
  map->made[tag] = true;
  return map->of_axis[tag];
}

/* The stage of a reduction at axes of the group. */
static void reduced_stage(AxisMap *map, const Value *value) {
  const ValuePlan *plan = plan_of(map->builder->lowering, value);
  const Equation *equation = value->producer->equation;
  Subscript at[RANK_LIMIT], of_label[LABEL_LIMIT];
  for (uint32_t i = 0; i < value->type.rank; i++) at[i] = subscript_of_tag(map, plan->tags[i]);
  for (uint32_t i = 0; i < equation->label_count; i++) of_label[i] = subscript_of_tag(map, plan->axes[i]);
  local_stage(map->builder, value, of_label, at);
}

/* The stage of a map that is kept, in a local of its own or that of the value which keeps it. */
static void kept_stage(AxisMap *map, const Value *value) {
  KernelBuilder *builder = map->builder;
  const ValuePlan *plan = plan_of(builder->lowering, value);
  Subscript at[RANK_LIMIT];
  uint32_t local = BUFFER_LIMIT;
  if (plan->product) reduced_stage(map, plan->product);
  for (uint32_t i = 0; i < value->type.rank; i++) at[i] = subscript_of_tag(map, plan->tags[i]);
  for (uint32_t i = 0; i < builder->value_count; i++) /* what stands in this one's local came before */
    if (plan_of(builder->lowering, builder->local_of[i])->keeper == value) local = builder->locals[i];
  if (local == BUFFER_LIMIT)
    local = kernel_local(builder, "w", element_info(value->type.element)->compute, value->type.rank, value->type.dims);
  kernel_stage(builder, "w", local, at, SCALAR_COUNT, 0, NULL, expr_of_value(builder, value, at));
  builder->local_of[builder->value_count] = value;
  builder->locals[builder->value_count++] = local;
}

/* A stage of rows: one number for each, what is kept, or a value in memory. */
static void row_stage(AxisMap *map, const Value *value) {
  const ValuePlan *plan = plan_of(map->builder->lowering, value);
  Subscript at[RANK_LIMIT];
  if (node_reduces(value->producer)) {
    reduced_stage(map, value);
  } else if (plan->kept) {
    kept_stage(map, value);
  } else {
    for (uint32_t i = 0; i < value->type.rank; i++) at[i] = subscript_of_tag(map, plan->tags[i]);
    stored_stage(map->builder, value, at);
  }
}

/* The axes of the root, by `at` where it reduces nothing itself, and those of its reduction. */
static void map_axes(AxisMap *map, const Subscript *at, const Subscript *of_label) {
  const Group *group = map->group;
  const Value *root = group->root, *reduction = group->reduction;
  const int8_t *axes = reduction ? plan_of(map->builder->lowering, reduction)->axes : NULL;
  bool reduces = node_reduces(root->producer);
  for (uint32_t i = 0; i < group->root_axis_count; i++) map->of_axis[i] = reduces ? of_label[i] : at[i];
  for (uint32_t i = 0; i < group->root_axis_count; i++) map->made[i] = true;
  for (uint32_t i = 0; axes && i < reduction->producer->equation->label_count; i++) {
    if (axes[i] < (int8_t)group->root_axis_count) continue;
    map->of_axis[axes[i]] = of_label[i];
    map->made[axes[i]] = true;
  }
}

/* What a reduction's kernel makes of its points where the root has them in another order: `at` is the reduction's access,
   and becomes the root's. */
static void reorder(KernelBuilder *builder, const Value *reduction, uint32_t rank, Subscript **at) {
  const int8_t *tags = plan_of(builder->lowering, reduction)->tags;
  Subscript *own = arena_array(builder->lowering->arena, Subscript, rank);
  bool moved = false;
  for (uint32_t i = 0; i < rank; i++) moved = moved || (tags[i] >= 0 && tags[i] != (int8_t)i);
  if (!moved) return;
  for (uint32_t i = 0; i < rank; i++) own[i] = (Subscript){.offset = dim_constant(builder->lowering->module->dims, 0)};
  for (uint32_t i = 0; i < rank; i++)
    if (tags[i] >= 0) own[tags[i]] = (*at)[i];
  *at = own;
}

/* A kernel for a root and what is computed with it. */
static void lower_value(Lowering *lowering, Value *value) {
  KernelBuilder builder;
  Subscript of_label[LABEL_LIMIT], plain[RANK_LIMIT], place[RANK_LIMIT], *at = plain, *points = NULL;
  const Group *group = plan_of(lowering, value)->group;
  const Node *node = value->producer;
  bool reduces = node_reduces(node);
  const Value *reduction = reduces ? value : group->reduction;
  kernel_start(&builder, lowering, reduction ? reduction->producer->location : node->location);
  if (reduction) {
    const Equation *equation = reduction->producer->equation;
    axes_of_labels(&builder, equation, of_label);
    at = points = access_substitute(&builder, &equation->result, of_label);
    if (!reduces) reorder(&builder, reduction, value->type.rank, &at);
  } else {
    axes_of_type(&builder, &value->type, plain);
  }
  if (value->type.rank) memcpy(place, at, value->type.rank * sizeof *place);
  uint32_t out = kernel_place(&builder, value, BUFFER_OUT, place); /* the first parameter */
  AxisMap map = {.builder = &builder, .group = group};
  map_axes(&map, at, of_label);
  for (uint32_t i = group->stage_count; i-- > 0;) row_stage(&map, group->stages[i]);
  if (group->reduction) local_stage(&builder, group->reduction, of_label, points);
  if (reduces)
    reduction_stage(&builder, value, of_label, out, place);
  else
    stored_stage(&builder, value, at);
  kernel_finish(&builder);
}

/* One kernel per operand that is not in place already, each writing its part. */
static void lower_concat(Lowering *lowering, Value *value) {
  const Node *node = value->producer;
  DimContext *dims = lowering->module->dims;
  uint32_t axis = (uint32_t)node_int(node, "axis");
  Dim offset = dim_constant(dims, 0);
  for (uint32_t k = 0; k < node->operand_count; k++) {
    const Value *part = node->operands[k];
    Dim from = offset;
    offset = dim_add(dims, offset, part->type.dims[axis]);
    if (lower_is_in_place(lowering, part, value, from)) continue;
    KernelBuilder builder;
    Subscript at[RANK_LIMIT], target[RANK_LIMIT];
    kernel_start(&builder, lowering, node->location);
    axes_of_type(&builder, &part->type, at);
    memcpy(target, at, sizeof target);
    target[axis].offset = from;
    uint32_t out = kernel_place(&builder, value, BUFFER_OUT, target);
    kernel_stage(&builder, "y", out, target, SCALAR_COUNT, 0, NULL, expr_of_value(&builder, part, at));
    kernel_finish(&builder);
  }
}

void lower_push(Lowering *lowering, Step step) {
  Program *program = lowering->program;
  arena_push(program->arena, program->steps, program->step_count, program->step_capacity) = step;
}

void lower_store(Lowering *lowering, Location location, uint32_t buffer, const Type *type,
                 const Symbol *iteration, const Value *value) {
  KernelBuilder builder;
  Subscript target[RANK_LIMIT], *at = target;
  kernel_start(&builder, lowering, location);
  if (iteration) *at++ = subscript_symbol(&builder, iteration);
  axes_of_type(&builder, &value->type, at);
  uint32_t out = kernel_parameter(&builder, buffer, BUFFER_OUT, type);
  kernel_stage(&builder, "y", out, target, SCALAR_COUNT, 0, NULL, expr_of_value(&builder, value, at));
  kernel_finish(&builder);
}

/* Computes the status, then checks it. */
static void lower_require(Lowering *lowering, const Node *node) {
  KernelBuilder builder;
  Program *program = lowering->program;
  Type type = type_scalar(ELEMENT_I32);
  uint32_t buffer = program_add_buffer(lowering, STORAGE_WORKSPACE, 0, NULL, &type);
  kernel_start(&builder, lowering, node->location);
  uint32_t out = kernel_parameter(&builder, buffer, BUFFER_OUT, &type);
  const Expr *choice[3] = {expr_of_value(&builder, node->operands[0], NULL),
                           expr_literal(&builder, ELEMENT_I32, 0),
                           expr_literal(&builder, ELEMENT_I32, (uint64_t)node_int(node, "status"))};
  kernel_stage(&builder, "y", out, NULL, SCALAR_COUNT, 0, NULL,
               expr_call(&builder, SCALAR_SELECT, ELEMENT_I32, choice, 3));
  kernel_finish(&builder);
  Step step = {.kind = STEP_CHECK, .buffer_count = 1, .location = node->location};
  step.buffers = arena_copy(program->arena, &buffer, sizeof buffer);
  lower_push(lowering, step);
}

static void lower_requirement(Lowering *lowering, const Node *node) {
  const Attribute *zero = node_attribute(node, "zero");
  for (size_t i = 0; i < zero->count; i++)
    lower_push(lowering, (Step){.kind = STEP_REQUIRE, .form = zero->dims[i], .location = node->location});
}

static void lower_node(Lowering *lowering, const Node *node) {
  if (node->region_count) {
    lower_control(lowering, node);
    return;
  }
  if (node->kind == PRIMITIVE_REQUIRE) {
    lower_require(lowering, node);
    return;
  }
  if (node->kind == PRIMITIVE_REQUIRE_DIMS) return; /* stands before all others */
  Value *value = node->results[0];
  ValuePlan *plan = plan_of(lowering, value);
  if (!plan->materialised || plan->stage || value->use_count == 0) return;
  Value *root = lower_alias_root(lowering, value);
  if (root != value) {
    plan->buffer = (int32_t)value_buffer(lowering, root);
    return;
  }
  switch (node->kind) {
  case PRIMITIVE_CONSTANT:
    break; /* placed where it is read */
  case PRIMITIVE_CONCAT:
    lower_concat(lowering, value);
    break;
  default:
    lower_value(lowering, value);
    break;
  }
}

void lower_nodes(Lowering *lowering, const Region *region) {
  for (const Node *node = region->first; node; node = node->next)
    if (node->kind == PRIMITIVE_REQUIRE_DIMS) lower_requirement(lowering, node);
  for (const Node *node = region->first; node; node = node->next) lower_node(lowering, node);
}

/* Results that no kernel writes in place: arguments, constants, and values that are results twice. */
static void copy_results(Lowering *lowering, Region *region) {
  for (uint32_t i = 0; i < region->result_count; i++) {
    Value *value = region->results[i];
    uint32_t number = value_buffer(lowering, value); /* may add a buffer */
    const ProgramBuffer *buffer = &lowering->program->buffers[number];
    if (buffer->storage == STORAGE_RESULT && buffer->index == i) continue;
    Location location =
        value->producer ? value->producer->location : (Location){.file = lowering->module->name};
    uint32_t result = program_add_buffer(lowering, STORAGE_RESULT, i, NULL, &value->type);
    lower_store(lowering, location, result, &value->type, NULL, value);
  }
}

/* The status of indices is 0 before anything else. */
static void clear_status(Lowering *lowering) {
  Program *program = lowering->program;
  Type type = type_scalar(ELEMENT_I32);
  KernelBuilder builder;
  size_t first = 0;
  if (lowering->status == NO_BUFFER) return;
  kernel_start(&builder, lowering, (Location){.file = lowering->module->name});
  uint32_t out = kernel_parameter(&builder, (uint32_t)lowering->status, BUFFER_OUT, &type);
  kernel_stage(&builder, "y", out, NULL, SCALAR_COUNT, 0, NULL, expr_literal(&builder, ELEMENT_I32, 0));
  kernel_finish(&builder);
  Step step = program->steps[program->step_count - 1];
  while (program->steps[first].kind == STEP_REQUIRE) first++;
  memmove(&program->steps[first + 1], &program->steps[first], (program->step_count - 1 - first) * sizeof step);
  program->steps[first] = step;
}

Lowering *lower_group(Module *module, const Entry *entry) {
  if (!lower_check(module, entry)) return NULL;
  Lowering *lowering = arena_new(module->arena, Lowering);
  Program *program = arena_new(module->arena, Program);
  *program = (Program){.arena = module->arena,
                       .diagnostics = module->diagnostics,
                       .dims = module->dims,
                       .module = module,
                       .entry = entry};
  *lowering = (Lowering){.module = module, .program = program, .arena = module->arena, .status = NO_BUFFER};
  softmax_expand(module, entry->body);
  if (!pass_dead_code(module)) return NULL;
  lowering->plans = arena_array(module->arena, ValuePlan, module->value_count);
  for (uint32_t i = 0; i < module->value_count; i++) lowering->plans[i].buffer = NO_BUFFER;
  lower_decide(lowering, entry->body);
  return lowering;
}

Lowering *lower_group_module(Module *module) {
  if (module->entry_count == 1) return lower_group(module, module->entries[0]);
  report(module->diagnostics, &(Location){.file = module->name}, MESSAGE_ENTRY_COUNT, module->entry_count);
  return NULL;
}

Program *lower_emit(Lowering *lowering) {
  Diagnostics *diagnostics = lowering->module->diagnostics;
  Region *body = lowering->program->entry->body;
  uint32_t errors = diagnostics_error_count(diagnostics);
  place_interface(lowering, body);
  lower_place(lowering, body);
  lower_pitch(lowering, body);
  lower_nodes(lowering, body);
  copy_results(lowering, body);
  clear_status(lowering);
  return diagnostics_error_count(diagnostics) == errors ? lowering->program : NULL;
}
