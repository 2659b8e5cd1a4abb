/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise nodes over a concatenation go into its parts: map(concat(a, b)) is concat(map(a), map(b)).
   There they join the kernel that computes the part, or the one that copies it, and the joined tensor is
   written once. So do batch normalisation and activation behind a transposed convolution, whose phases are
   joined, and behind the concatenations of a dense block. */
#include "ir/build.h"
#include "passes/passes.h"
#include "passes/reshape_groups.h"

/* A map, and its operands as they apply to a part of what it is over. */
typedef struct Sinking {
  Builder builder;
  const Node *map;
  uint32_t over; /* the operand that is joined */
} Sinking;

/* --- The other operands: numbers, and views that repeat something. --- */

/* Result axis i is label i alone, of the whole extent, and no point is left out. */
static bool is_plain_view(DimContext *dims, const Value *value) {
  const Node *view = value->producer;
  if (!view || view->kind != PRIMITIVE_VIEW || view->operand_count != 1 || view->equation->where_count ||
      view->equation->label_count != view->equation->result.rank ||
      access_has_boundary(&view->equation->operands[0]))
    return false;
  const Equation *equation = view->equation;
  uint64_t seen = 0;
  for (uint32_t i = 0; i < equation->result.rank; i++) {
    uint32_t label;
    if (!subscript_is_plain(&equation->result.subscripts[i], &label) || seen >> label & 1 ||
        dim_equal(dims, equation->labels[label].extent, value->type.dims[i]) != TRUTH_YES)
      return false;
    seen |= (uint64_t)1 << label;
  }
  return true;
}

/* The view over other axes: axis i of its result becomes axis to[i] (-1: none, and the view must not vary
   along it) of a tensor of `dims`, from start[i] on. Null where it varies along what is lost. */
static Value *respell(Builder *builder, const Value *value, const int32_t *to, const Dim *start,
                      uint32_t rank, const Dim *dims) {
  const Node *view = value->producer;
  const Equation *old = view->equation;
  DimContext *context = builder->module->dims;
  EquationBuilder *equation = equation_start(builder);
  uint32_t labels[RANK_LIMIT], axis_of_label[RANK_LIMIT];
  for (uint32_t i = 0; i < rank; i++) {
    labels[i] = equation_label(equation, build_axis_name(i), dims[i]);
    equation_result_label(equation, labels[i]);
  }
  for (uint32_t i = 0; i < old->result.rank; i++) axis_of_label[old->result.subscripts[i].terms[0].label] = i;
  for (uint32_t k = 0; k < old->operands[0].rank; k++) {
    const Subscript *subscript = &old->operands[0].subscripts[k];
    uint32_t terms[RANK_LIMIT];
    Dim coefficients[RANK_LIMIT], offset = subscript->offset;
    for (uint32_t t = 0; t < subscript->term_count; t++) {
      uint32_t axis = axis_of_label[subscript->terms[t].label];
      if (to[axis] < 0) return NULL;
      terms[t] = labels[to[axis]];
      coefficients[t] = subscript->terms[t].coefficient;
      if (start[axis]) offset = dim_add(context, offset, dim_multiply(context, start[axis], coefficients[t]));
    }
    if (!dim_is_valid(offset)) return NULL;
    equation_operand(equation, 0, offset, subscript->term_count, terms, coefficients);
  }
  return build_view(equation, view->operands[0], NULL);
}

/* All operands but the joined one, over other axes. */
static bool respell_operands(Sinking *s, Value *const *operands, Value **respelled, const int32_t *to,
                             const Dim *start, uint32_t rank, const Dim *dims) {
  for (uint32_t i = 0; i < s->map->operand_count; i++) {
    respelled[i] = operands[i];
    if (i == s->over || operands[i]->type.rank == 0) continue;
    respelled[i] = respell(&s->builder, operands[i], to, start, rank, dims);
    if (!respelled[i]) return false;
  }
  return true;
}

/* --- The joined operand. --- */

static Value *apply(Sinking *s, Value *const *operands);

static Value *map_here(Sinking *s, Value *const *operands) {
  const Node *map = s->map;
  Node *copy = node_create(s->builder.module, PRIMITIVE_MAP, operands, map->operand_count, map->location);
  copy->scalar = map->scalar;
  copy->attributes = map->attributes;
  copy->attribute_count = map->attribute_count;
  region_insert_before(s->builder.region, s->builder.position, copy);
  Type type = operands[s->over]->type;
  type.element = map->results[0]->type.element;
  Value *result = node_add_result(s->builder.module, copy, type, NULL);
  result->use_count = 1;
  return result;
}

/* map(reshape(x)) as reshape(map(x)); null where an operand varies along axes that the reshape joins or
 * splits. */
static Value *apply_under_reshape(Sinking *s, Value *const *operands) {
  const Value *value = operands[s->over];
  Value *inner = value->producer->operands[0], *respelled[3];
  ReshapeGroups groups;
  int32_t to[RANK_LIMIT];
  Dim start[RANK_LIMIT] = {NULL};
  if (!reshape_groups(s->builder.module->dims, &inner->type, &value->type, &groups)) return NULL;
  for (uint32_t g = 0; g < groups.count; g++)
    for (uint32_t i = groups.to_start[g]; i < groups.to_start[g + 1]; i++) {
      bool kept = groups.from_start[g] < groups.from_start[g + 1] &&
                  value->type.dims[i] == inner->type.dims[groups.from_start[g]];
      to[i] = kept ? (int32_t)groups.from_start[g] : -1;
      for (uint32_t k = groups.to_start[g]; k < i; k++)
        if (to[k] == to[i]) to[i] = -1;
    }
  if (!respell_operands(s, operands, respelled, to, start, inner->type.rank, inner->type.dims)) return NULL;
  respelled[s->over] = inner;
  Value *mapped = apply(s, respelled);
  return mapped ? build_reshape(&s->builder, mapped, value->type.rank, value->type.dims) : NULL;
}

static Value *apply_under_concat(Sinking *s, Value *const *operands) {
  const Value *value = operands[s->over];
  const Node *concat = value->producer;
  Builder *builder = &s->builder;
  uint32_t axis = (uint32_t)node_int(concat, "axis");
  int32_t to[RANK_LIMIT];
  Dim start[RANK_LIMIT] = {NULL}, offset = dim_constant(builder->module->dims, 0);
  Value **parts = arena_array(builder->module->arena, Value *, concat->operand_count);
  for (uint32_t i = 0; i < value->type.rank; i++) to[i] = (int32_t)i;
  for (uint32_t k = 0; k < concat->operand_count; k++) {
    Value *part = concat->operands[k], *respelled[3];
    start[axis] = offset;
    if (!respell_operands(s, operands, respelled, to, start, part->type.rank, part->type.dims)) return NULL;
    respelled[s->over] = part;
    parts[k] = apply(s, respelled);
    if (!parts[k]) return NULL;
    offset = dim_add(builder->module->dims, offset, part->type.dims[axis]);
  }
  return build_concat(builder, parts, concat->operand_count, axis);
}

static bool has_producer(const Value *value, PrimitiveKind kind) {
  return value->producer && value->producer->kind == kind && value->use_count == 1;
}

/* The map of its operands, as deep as what it is over goes. */
static Value *apply(Sinking *s, Value *const *operands) {
  Value *value = operands[s->over], *result = NULL;
  if (has_producer(value, PRIMITIVE_RESHAPE)) result = apply_under_reshape(s, operands);
  if (has_producer(value, PRIMITIVE_CONCAT)) result = apply_under_concat(s, operands);
  if (!result) return map_here(s, operands);
  result->use_count = 1;
  return result;
}

/* A concatenation, or reshapes of one, which nobody else reads. */
static bool is_joined(const Value *value) {
  while (has_producer(value, PRIMITIVE_RESHAPE)) value = value->producer->operands[0];
  return has_producer(value, PRIMITIVE_CONCAT);
}

/* Whether everything but one operand, which is joined, can be respelled. */
static bool finds_joined(Sinking *s, const Node *map) {
  bool found = false;
  for (uint32_t i = 0; i < map->operand_count; i++) {
    const Value *operand = map->operands[i];
    if (!found && operand->type.rank && is_joined(operand)) {
      s->over = i;
      found = true;
    } else if (operand->type.rank && !is_plain_view(s->builder.module->dims, operand)) {
      return false;
    }
  }
  return found;
}

static Value *current(Value *value) {
  while (value && value->replacement) value = value->replacement;
  return value;
}

static void sink_region(Module *module, Region *region) {
  for (Node *node = region->first; node; node = node->next) {
    for (uint32_t i = 0; i < node->region_count; i++) sink_region(module, node->regions[i]);
    if (node->kind != PRIMITIVE_MAP) continue;
    for (uint32_t i = 0; i < node->operand_count; i++) node->operands[i] = current(node->operands[i]);
    Sinking s = {.builder = {module, region, node, node->location}, .map = node};
    if (!finds_joined(&s, node)) continue;
    Value *sunk = apply(&s, node->operands);
    sunk->use_count = node->results[0]->use_count;
    sunk->name = node->results[0]->name;
    sunk->tracked = node->results[0]->tracked;
    node->results[0]->replacement = sunk;
  }
}

bool pass_sink_maps(Module *module) {
  for (size_t i = 0; i < module->entry_count; i++) {
    Region *body = module->entries[i]->body;
    region_count_uses(body);
    sink_region(module, body);
    region_apply_replacements(body);
  }
  return pass_dead_code(module);
}
