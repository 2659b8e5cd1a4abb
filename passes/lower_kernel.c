/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel under construction, and values as expressions over its axes. */
#include "base/text.h"
#include "passes/lower_internal.h"
#include <string.h>

void kernel_start(KernelBuilder *builder, Lowering *lowering, Location location) {
  memset(builder, 0, sizeof *builder);
  builder->lowering = lowering;
  builder->location = location;
}

/* Limits are generous; a graph that passes them is split by materialising more, which lowering does not do
   yet, so it is reported. */
static bool kernel_fail(KernelBuilder *builder, const char *why) {
  if (!builder->failed)
    report(builder->lowering->module->diagnostics, &builder->location, MESSAGE_KERNEL_LIMIT, why);
  builder->failed = true;
  return false;
}

static bool kernel_full(KernelBuilder *builder, const char *what) {
  return kernel_fail(builder,
                     arena_format(builder->lowering->arena, "one fused kernel would need too many %s", what));
}

uint32_t kernel_axis(KernelBuilder *builder, const char *name, Dim extent) {
  if (builder->axis_count == LABEL_LIMIT) return kernel_full(builder, "axes");
  builder->axes[builder->axis_count] = (KernelAxis){.name = name, .extent = extent};
  return builder->axis_count++;
}

/* One status serves the whole program: it is checked behind every kernel that may set it. */
static uint32_t status_buffer(Lowering *lowering) {
  Type type = type_scalar(ELEMENT_I32);
  if (lowering->status == NO_BUFFER)
    lowering->status = (int32_t)program_add_buffer(lowering, STORAGE_WORKSPACE, 0, NULL, &type);
  return (uint32_t)lowering->status;
}

uint32_t kernel_index(KernelBuilder *builder, Dim extent, const Expr *value) {
  Type type = type_scalar(ELEMENT_I32);
  if (builder->index_count == INDEX_LIMIT) return kernel_full(builder, "indices");
  kernel_parameter(builder, status_buffer(builder->lowering), BUFFER_STATUS, &type);
  uint32_t label = LABEL_LIMIT + builder->index_count++;
  builder->axes[label] = (KernelAxis){"r", extent, value};
  return label;
}

/* Parameters stand before locals: locals live at the far end of the array until kernel_finish joins them. */
uint32_t kernel_parameter(KernelBuilder *builder, uint32_t program_buffer, BufferRole role,
                          const Type *type) {
  for (uint32_t i = 0; i < builder->parameter_count; i++) {
    const KernelBuffer *buffer = &builder->buffers[i];
    Type own = {.kind = VALUE_TENSOR, .element = buffer->element, .rank = buffer->rank, .dims = buffer->dims};
    if (builder->bound[i] == program_buffer && type_equal(&own, type)) {
      if (role == BUFFER_OUT) builder->buffers[i].role = BUFFER_OUT;
      return i;
    }
  }
  if (builder->parameter_count + builder->local_count == BUFFER_LIMIT)
    return kernel_full(builder, "buffers");
  const ProgramBuffer *target = &builder->lowering->program->buffers[program_buffer];
  bool ours = target->storage == STORAGE_CONSTANT || target->storage == STORAGE_WORKSPACE;
  builder->bound[builder->parameter_count] = program_buffer;
  builder->buffers[builder->parameter_count] =
      (KernelBuffer){.role = role,
                     .element = type->element,
                     .rank = type->rank,
                     .dims = type->dims,
                     .alignment = ours ? WORKSPACE_ALIGNMENT : element_alignment(type->element)};
  return builder->parameter_count++;
}

uint32_t kernel_local(KernelBuilder *builder, const char *name, ElementType element, uint32_t rank,
                      const Dim *dims) {
  if (builder->parameter_count + builder->local_count == BUFFER_LIMIT)
    return kernel_full(builder, "buffers");
  uint32_t at = BUFFER_LIMIT - ++builder->local_count;
  builder->buffers[at] =
      (KernelBuffer){.name = name,
                     .role = BUFFER_LOCAL,
                     .element = element,
                     .rank = rank,
                     .dims = arena_copy(builder->lowering->arena, dims, rank * sizeof *dims),
                     .alignment = element_alignment(element)};
  return at;
}

/* The scalar function that rounds to a float type narrower than what it is computed in; SCALAR_COUNT where there is none. */
static Scalar rounding_to(ElementType element) {
  return element == ELEMENT_F16 ? SCALAR_ROUND_F16 : element == ELEMENT_BF16 ? SCALAR_ROUND_BF16 : SCALAR_COUNT;
}

void kernel_stage(KernelBuilder *builder, const char *name, uint32_t target, const Subscript *subscripts,
                  Scalar monoid, uint32_t reduce_count, const uint32_t *reduce_axes, const Expr *expr) {
  Arena *arena = builder->lowering->arena;
  if (builder->stage_count == KERNEL_STAGE_LIMIT) {
    kernel_full(builder, "stages");
    return;
  }
  /* The store rounds by itself. */
  if (monoid == SCALAR_COUNT && expr->kind == EXPR_CALL && expr->scalar != SCALAR_COUNT && expr->type == ELEMENT_F32 &&
      expr->scalar == rounding_to(builder->buffers[target].element))
    expr = expr->operands[0];
  builder->stages[builder->stage_count++] =
      (Stage){.name = name,
              .target = target,
              .subscripts = arena_copy(arena, subscripts, builder->buffers[target].rank * sizeof *subscripts),
              .monoid = monoid,
              .reduce_count = reduce_count,
              .reduce_axes = arena_copy(arena, reduce_axes, reduce_count * sizeof *reduce_axes),
              .expr = expr};
}

/* A copy in which indices have their final numbers, behind the axes. */
static const Subscript *own_subscripts(KernelBuilder *builder, const Subscript *subscripts, uint32_t count) {
  Subscript *copies = arena_copy(builder->lowering->arena, subscripts, count * sizeof *subscripts);
  for (uint32_t i = 0; i < count; i++) {
    AffineTerm *terms = arena_copy(builder->lowering->arena, copies[i].terms, copies[i].term_count * sizeof *terms);
    for (uint32_t j = 0; j < copies[i].term_count; j++)
      if (terms[j].label >= LABEL_LIMIT) terms[j].label += builder->axis_count - LABEL_LIMIT;
    copies[i].terms = terms;
  }
  return copies;
}

/* A deep copy in which locals have their final numbers, behind the parameters: later passes edit expressions
   in place, so no two places of a kernel may share one. */
static const Expr *own_copy(KernelBuilder *builder, const Expr *expr) {
  Arena *arena = builder->lowering->arena;
  Expr *copy = arena_copy(arena, expr, sizeof *expr);
  uint32_t rank = expr->kind == EXPR_LOAD ? builder->buffers[expr->buffer].rank : expr->kind == EXPR_INDEX;
  copy->subscripts = own_subscripts(builder, expr->subscripts, rank);
  copy->ranges = arena_copy(arena, expr->ranges, expr->range_count * sizeof *expr->ranges);
  if (copy->kind == EXPR_LOAD && copy->buffer >= builder->parameter_count)
    copy->buffer = builder->parameter_count + (BUFFER_LIMIT - 1 - copy->buffer);
  for (uint32_t i = 0; i < expr->operand_count; i++) copy->operands[i] = own_copy(builder, expr->operands[i]);
  return copy;
}

/* a, b, ... z, then p26, p27, ... */
static const char *parameter_name(Arena *arena, uint32_t index) {
  return index < 26 ? arena_format(arena, "%c", 'a' + (int)index) : arena_format(arena, "p%u", index);
}

static Kernel *kernel_assemble(KernelBuilder *builder) {
  Arena *arena = builder->lowering->arena;
  uint32_t parameters = builder->parameter_count, locals = builder->local_count;
  Kernel *kernel = arena_new(arena, Kernel);
  kernel->location = builder->location;
  kernel->buffer_count = parameters + locals;
  kernel->buffers = arena_array(arena, KernelBuffer, kernel->buffer_count);
  for (uint32_t i = 0; i < parameters; i++) {
    kernel->buffers[i] = builder->buffers[i];
    kernel->buffers[i].name = parameter_name(arena, i);
  }
  for (uint32_t i = 0; i < locals; i++)
    kernel->buffers[parameters + i] = builder->buffers[BUFFER_LIMIT - 1 - i];
  kernel->axis_count = builder->axis_count;
  kernel->index_count = builder->index_count;
  kernel->axes = arena_array(arena, KernelAxis, kernel->axis_count + kernel->index_count);
  for (uint32_t i = 0; i < kernel->axis_count; i++) kernel->axes[i] = builder->axes[i];
  for (uint32_t i = 0; i < kernel->index_count; i++) {
    KernelAxis *index = &kernel->axes[kernel->axis_count + i];
    *index = builder->axes[LABEL_LIMIT + i];
    index->value = own_copy(builder, index->value);
  }
  kernel->stage_count = builder->stage_count;
  kernel->stages = arena_copy(arena, builder->stages, builder->stage_count * sizeof *builder->stages);
  for (uint32_t i = 0; i < kernel->stage_count; i++) {
    Stage *stage = &kernel->stages[i];
    if (stage->target >= parameters) stage->target = parameters + (BUFFER_LIMIT - 1 - stage->target);
    stage->expr = own_copy(builder, stage->expr);
  }
  kernel->task_count = dim_constant(builder->lowering->module->dims, 1);
  return kernel;
}

void kernel_finish(KernelBuilder *builder) {
  Program *program = builder->lowering->program;
  if (builder->failed) return;
  Kernel *kernel = kernel_assemble(builder);
  kernel->name = arena_format(program->arena, "k%zu", program->kernel_count);
  Step step = {.kind = STEP_KERNEL,
               .kernel = (uint32_t)program->kernel_count,
               .buffer_count = builder->parameter_count,
               .buffers = arena_copy(program->arena, builder->bound,
                                     builder->parameter_count * sizeof *builder->bound),
               .location = builder->location};
  arena_push(program->arena, program->kernels, program->kernel_count, program->kernel_capacity) = kernel;
  lower_push(builder->lowering, step);
  if (!builder->index_count) return;
  uint32_t status = status_buffer(builder->lowering);
  Step check = {.kind = STEP_CHECK, .buffer_count = 1, .location = builder->location};
  check.buffers = arena_copy(program->arena, &status, sizeof status);
  lower_push(builder->lowering, check);
}

static Expr *expr_new(KernelBuilder *builder, ExprKind kind, ElementType type) {
  Expr *expr = arena_new(builder->lowering->arena, Expr);
  expr->kind = kind;
  expr->type = type;
  expr->scalar = SCALAR_COUNT;
  return expr;
}

const Expr *expr_literal(KernelBuilder *builder, ElementType type, uint64_t bits) {
  Expr *expr = expr_new(builder, EXPR_LITERAL, type);
  expr->bits = bits;
  return expr;
}

const Expr *expr_call(KernelBuilder *builder, Scalar scalar, ElementType type, const Expr *const *operands,
                      uint32_t count) {
  Expr *expr = expr_new(builder, EXPR_CALL, type);
  expr->scalar = scalar;
  expr->operand_count = count;
  if (count) memcpy(expr->operands, operands, count * sizeof *operands);
  return expr;
}

const Expr *expr_load(KernelBuilder *builder, uint32_t buffer, const Subscript *subscripts) {
  const KernelBuffer *source = &builder->buffers[buffer];
  Expr *expr = expr_new(builder, EXPR_LOAD, element_info(source->element)->compute);
  expr->buffer = buffer;
  expr->subscripts = arena_copy(builder->lowering->arena, subscripts, source->rank * sizeof *subscripts);
  return expr;
}

Subscript subscript_axis(KernelBuilder *builder, uint32_t axis) {
  DimContext *dims = builder->lowering->module->dims;
  AffineTerm term = {axis, dim_constant(dims, 1)};
  return (Subscript){.offset = dim_constant(dims, 0),
                     .term_count = 1,
                     .terms = arena_copy(builder->lowering->arena, &term, sizeof term)};
}

Subscript subscript_symbol(KernelBuilder *builder, const Symbol *symbol) {
  return (Subscript){.offset = dim_symbol(builder->lowering->module->dims, symbol->name)};
}

Subscript subscript_substitute(KernelBuilder *builder, const Subscript *form, const Subscript *of) {
  DimContext *dims = builder->lowering->module->dims;
  Dim coefficients[POINT_LIMIT];
  AffineTerm terms[POINT_LIMIT];
  Subscript result = {.offset = form->offset};
  for (uint32_t a = 0; a < POINT_LIMIT; a++) coefficients[a] = NULL;
  for (uint32_t i = 0; i < form->term_count; i++) {
    const Subscript *inner = &of[form->terms[i].label];
    Dim scale = form->terms[i].coefficient;
    result.offset = dim_add(dims, result.offset, dim_multiply(dims, scale, inner->offset));
    for (uint32_t j = 0; j < inner->term_count; j++) {
      Dim more = dim_multiply(dims, scale, inner->terms[j].coefficient);
      Dim *sum = &coefficients[inner->terms[j].label];
      *sum = *sum ? dim_add(dims, *sum, more) : more;
    }
  }
  for (uint32_t a = 0; a < POINT_LIMIT; a++)
    if (coefficients[a] && !dim_equals_constant(coefficients[a], 0))
      terms[result.term_count++] = (AffineTerm){a, coefficients[a]};
  result.terms = arena_copy(builder->lowering->arena, terms, result.term_count * sizeof *terms);
  return result;
}

Subscript *access_substitute(KernelBuilder *builder, const Access *access, const Subscript *of) {
  Subscript *result = arena_array(builder->lowering->arena, Subscript, access->rank);
  for (uint32_t i = 0; i < access->rank; i++)
    result[i] = subscript_substitute(builder, &access->subscripts[i], of);
  return result;
}

static bool provable(KernelBuilder *builder, const Subscript *form, Dim low, Dim high) {
  Kernel view = {.axis_count = builder->axis_count, .axes = builder->axes};
  return subscript_within(builder->lowering->module->dims, &view, form, low, high);
}

static bool range_among(const GuardRange *range, const GuardRange *ranges, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (subscript_equal(&range->form, &ranges[i].form) && range->low == ranges[i].low &&
        range->high == ranges[i].high)
      return true;
  return false;
}

/* The expression where the ranges hold: guards that they imply are gone. */
static const Expr *expr_within(KernelBuilder *builder, const Expr *expr, const GuardRange *ranges,
                               uint32_t count) {
  bool implied = expr->kind == EXPR_GUARD;
  for (uint32_t i = 0; implied && i < expr->range_count; i++)
    implied = range_among(&expr->ranges[i], ranges, count);
  if (implied) return expr_within(builder, expr->operands[0], ranges, count);
  Expr *copy = (Expr *)(uintptr_t)expr;
  for (uint32_t i = 0; i < expr->operand_count; i++) {
    const Expr *inner = expr_within(builder, expr->operands[i], ranges, count);
    if (inner == expr->operands[i]) continue;
    if (copy == expr) copy = arena_copy(builder->lowering->arena, expr, sizeof *expr);
    copy->operands[i] = inner;
  }
  return copy;
}

const Expr *expr_guard(KernelBuilder *builder, const Subscript *access, uint32_t rank, const Dim *dims,
                       const Expr *inner, const Expr *otherwise) {
  GuardRange ranges[RANK_LIMIT];
  uint32_t count = 0;
  Dim zero = dim_constant(builder->lowering->module->dims, 0);
  for (uint32_t i = 0; i < rank; i++) {
    int64_t at, extent;
    if (dim_is_constant(dims[i], &extent) &&
        (extent == 0 || (subscript_is_constant(&access[i], &at) && (at < 0 || at >= extent))))
      return otherwise; /* never inside */
    if (!provable(builder, &access[i], zero, dims[i]))
      ranges[count++] = (GuardRange){access[i], zero, dims[i]};
  }
  if (!count) return inner;
  inner = expr_within(builder, inner, ranges, count);
  Expr *expr = expr_new(builder, EXPR_GUARD, inner->type);
  expr->operand_count = 2;
  expr->operands[0] = inner;
  expr->operands[1] = otherwise;
  expr->range_count = count;
  expr->ranges = arena_copy(builder->lowering->arena, ranges, count * sizeof *ranges);
  return expr;
}

static ElementType compute_type(const Value *value) {
  return element_info(value->type.element)->compute;
}

/* The bits of a constant's only (or repeated) element, in its compute type. */
static const Expr *expr_of_constant(KernelBuilder *builder, const Value *value) {
  const Blob *blob = node_attribute(value->producer, "value")->blob;
  ElementType compute = compute_type(value);
  uint64_t bits = 0;
  double number = 0;
  int64_t integer = 0;
  if (element_is_integer(compute) || compute == ELEMENT_BOOL) {
    if (compute == ELEMENT_U64 && blob->bytes)
      memcpy(&bits, blob->bytes, sizeof bits);
    else if (blob_integer_at(blob, 0, &integer))
      bits = (uint64_t)integer;
    uint32_t width = element_info(compute)->bits;
    if (compute == ELEMENT_BOOL)
      bits = bits != 0;
    else if (width < 64)
      bits &= (UINT64_C(1) << width) - 1;
  } else {
    blob_float_at(blob, 0, &number);
    float narrow = (float)number;
    if (compute == ELEMENT_F32)
      memcpy(&bits, &narrow, sizeof narrow);
    else
      memcpy(&bits, &number, sizeof number);
  }
  return expr_literal(builder, compute, bits);
}

static const Expr *expr_index(KernelBuilder *builder, const Subscript *form, ElementType type) {
  Expr *index = expr_new(builder, EXPR_INDEX, ELEMENT_I64);
  index->subscripts = arena_copy(builder->lowering->arena, form, sizeof *form);
  if (type == ELEMENT_I64) return index;
  const Expr *operand = index;
  return expr_call(builder, SCALAR_CAST, type, &operand, 1);
}

/* Element `at` of a list of dims: a chain of selections unless the subscript is constant. */
static const Expr *expr_of_dims(KernelBuilder *builder, const Value *value, const Subscript *at) {
  const Attribute *dims = node_attribute(value->producer, "dims");
  int64_t constant;
  if (subscript_is_constant(at, &constant) && constant >= 0 && (size_t)constant < dims->count) {
    Subscript form = {.offset = dims->dims[constant]};
    return expr_index(builder, &form, ELEMENT_I64);
  }
  const Expr *result = expr_literal(builder, ELEMENT_I64, 0);
  const Expr *position = expr_index(builder, at, ELEMENT_I64);
  for (size_t i = 0; i < dims->count; i++) {
    Subscript form = {.offset = dims->dims[i]};
    const Expr *pair[2] = {position, expr_literal(builder, ELEMENT_I64, i)};
    const Expr *choice[3] = {expr_call(builder, SCALAR_EQ, ELEMENT_BOOL, pair, 2),
                             expr_index(builder, &form, ELEMENT_I64), result};
    result = expr_call(builder, SCALAR_SELECT, ELEMENT_I64, choice, 3);
  }
  return result;
}

/* The read at indices; where a subscript leaves its tensor it is 0, and no index is looked at. */
static const Expr *expr_of_gather(KernelBuilder *builder, const Value *value, const Subscript *at) {
  const Node *node = value->producer;
  const Equation *equation = node->equation;
  Subscript of_label[POINT_LIMIT], *accesses[INDEX_LIMIT + 1];
  for (uint32_t i = 0; i < equation->result.rank; i++) {
    uint32_t label;
    if (subscript_is_plain(&equation->result.subscripts[i], &label)) of_label[label] = at[i];
  }
  if (node->operand_count > INDEX_LIMIT + 1) {
    kernel_full(builder, "indices");
    return expr_literal(builder, compute_type(value), 0);
  }
  for (uint32_t i = 0; i < equation->label_count; i++) {
    uint32_t k = equation->labels[i].index;
    if (!k) continue;
    accesses[k] = access_substitute(builder, &equation->operands[k], of_label);
    const Expr *index = expr_of_value(builder, node->operands[k], accesses[k]);
    if (index->type != ELEMENT_I64) index = expr_call(builder, SCALAR_CAST, ELEMENT_I64, &index, 1);
    of_label[i] = subscript_axis(builder, kernel_index(builder, equation->labels[i].extent, index));
  }
  accesses[0] = access_substitute(builder, &equation->operands[0], of_label);
  const Expr *result = expr_of_value(builder, node->operands[0], accesses[0]);
  for (uint32_t k = 0; k < node->operand_count; k++) {
    const Type *type = &node->operands[k]->type;
    result = expr_guard(builder, accesses[k], type->rank, type->dims, result, expr_literal(builder, compute_type(value), 0));
  }
  return result;
}

static const Expr *expr_of_view(KernelBuilder *builder, const Value *value, const Subscript *at) {
  const Node *node = value->producer;
  const Value *operand = node->operands[0];
  Subscript of_label[LABEL_LIMIT];
  const Equation *equation = node->equation;
  for (uint32_t i = 0; i < equation->result.rank; i++) {
    uint32_t label;
    if (subscript_is_plain(&equation->result.subscripts[i], &label)) of_label[label] = at[i];
  }
  Subscript *access = access_substitute(builder, &equation->operands[0], of_label);
  const Expr *inner = expr_of_value(builder, operand, access);
  const Expr *fill = node->operand_count > 1 ? expr_of_value(builder, node->operands[1], NULL)
                                             : expr_literal(builder, compute_type(value), 0);
  return expr_guard(builder, access, operand->type.rank, operand->type.dims, inner, fill);
}

/* A cast to a narrow float rounds, whoever reads it, and only once: what is wider than the compute type rounds first. */
static const Expr *expr_of_cast(KernelBuilder *builder, ElementType from, ElementType to, const Expr *expr) {
  ElementType type = element_info(to)->compute;
  Scalar rounding = rounding_to(to);
  bool rounds = rounding != SCALAR_COUNT && from != to && (element_is_float(from) || element_info(from)->bits > 8);
  if (rounds && expr->type == ELEMENT_F64) expr = expr_call(builder, rounding, ELEMENT_F64, &expr, 1);
  bool is_rounded = rounds && expr->type == ELEMENT_F64;
  if (expr->type != type) expr = expr_call(builder, SCALAR_CAST, type, &expr, 1);
  return rounds && !is_rounded ? expr_call(builder, rounding, type, &expr, 1) : expr;
}

static const Expr *expr_of_map(KernelBuilder *builder, const Value *value, const Subscript *at) {
  const Node *node = value->producer;
  const Expr *operands[3];
  for (uint32_t i = 0; i < node->operand_count; i++)
    operands[i] = expr_of_value(builder, node->operands[i], at);
  ElementType type = compute_type(value);
  if (node->scalar == SCALAR_CAST) return expr_of_cast(builder, node->operands[0]->type.element, value->type.element, operands[0]);
  return expr_call(builder, node->scalar, type, operands, node->operand_count);
}

static const Expr *expr_of_reshape(KernelBuilder *builder, const Value *value, const Subscript *at) {
  const Value *operand = value->producer->operands[0];
  const Type *from = &operand->type, *to = &value->type;
  Subscript access[RANK_LIMIT];
  uint32_t j = 0;
  for (uint32_t i = 0; i < from->rank; i++) {
    access[i] = (Subscript){.offset = dim_constant(builder->lowering->module->dims, 0)};
    if (dim_equals_constant(from->dims[i], 1)) continue;
    while (dim_equals_constant(to->dims[j], 1)) j++;
    access[i] = at[j++];
  }
  return expr_of_value(builder, operand, access);
}

/* An argument of a nested region without a buffer. */
static const Expr *expr_of_argument(KernelBuilder *builder, const Value *value, const Subscript *at) {
  const ValuePlan *plan = plan_of(builder->lowering, value);
  if (plan->argument == ARGUMENT_TRUTH) return expr_literal(builder, ELEMENT_BOOL, 1);
  Subscript access[RANK_LIMIT] = {subscript_symbol(builder, plan->iteration)};
  if (plan->argument == ARGUMENT_ITERATION) return expr_index(builder, access, ELEMENT_I64);
  if (value->type.rank) memcpy(access + 1, at, value->type.rank * sizeof *at);
  return expr_of_value(builder, plan->sliced, access);
}

static const Expr *load_of_place(KernelBuilder *builder, const Value *value, const Subscript *at) {
  Subscript moved[RANK_LIMIT];
  if (value->type.rank) memcpy(moved, at, value->type.rank * sizeof *moved);
  uint32_t parameter = kernel_place(builder, value, BUFFER_IN, moved);
  return expr_load(builder, parameter, moved);
}

const Expr *expr_of_value(KernelBuilder *builder, const Value *value, const Subscript *at) {
  Lowering *lowering = builder->lowering;
  const ValuePlan *plan = plan_of(lowering, value);
  for (uint32_t i = 0; i < builder->value_count; i++)
    if (value == builder->local_of[i]) return expr_load(builder, builder->locals[i], at);
  if (plan->materialised) return load_of_place(builder, value, at);
  if (!value->producer) return expr_of_argument(builder, value, at);
  switch (value->producer->kind) {
  case PRIMITIVE_CONSTANT:
    return expr_of_constant(builder, value);
  case PRIMITIVE_IOTA:
    return expr_index(builder, &at[node_int(value->producer, "axis")], compute_type(value));
  case PRIMITIVE_DIMS:
    return expr_of_dims(builder, value, at);
  case PRIMITIVE_MAP:
    return expr_of_map(builder, value, at);
  case PRIMITIVE_VIEW:
    return expr_of_view(builder, value, at);
  case PRIMITIVE_GATHER:
    return expr_of_gather(builder, value, at);
  case PRIMITIVE_RESHAPE:
    return expr_of_reshape(builder, value, at);
  default:
    kernel_full(builder, "kinds of producers");
    return expr_literal(builder, compute_type(value), 0);
  }
}
