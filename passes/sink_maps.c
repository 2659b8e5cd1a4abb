/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise nodes over a concatenation go into its parts: map(concat(a, b)) is concat(map(a), map(b)).
   There they join the kernel that computes the part, or the one that copies it, and the joined tensor is
   written once. So do batch normalisation and activation behind a transposed convolution, whose phases are
   joined, and behind the concatenations of a dense block. */
#include "ir/build.h"
#include "ir/uses.h"
#include "passes/passes.h"
#include "passes/reshape_groups.h"

enum { MAP_LIMIT = 32, EXTRA_LIMIT = 2 * MAP_LIMIT };

/* Maps over a joined value, numbers and views; results of the earlier ones among them. */
typedef struct Sinking {
  Builder builder;
  const Uses *uses; /* of the values that there were when the pass began */
  const Value *joined;
  Node *maps[MAP_LIMIT];
  uint32_t map_count;
  Value *extras[EXTRA_LIMIT]; /* the views, in the order in which the maps have them */
  uint32_t extra_count;
} Sinking;

/* --- The other operands: numbers, and views that repeat something. --- */

static bool is_plain_view(DimContext *dims, const Value *value) {
  const Node *view = value_view(value);
  return view && view_has_plain_result(dims, view);
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

/* All views, over other axes. */
static bool respell_extras(Sinking *s, Value *const *extras, Value **respelled, const int32_t *to,
                           const Dim *start, const Type *type) {
  for (uint32_t i = 0; i < s->extra_count; i++) {
    respelled[i] = respell(&s->builder, extras[i], to, start, type->rank, type->dims);
    if (!respelled[i]) return false;
  }
  return true;
}

/* --- The joined value. --- */

static Value *apply(Sinking *s, Value *value, Value *const *extras);

/* Where the value stands among the results of the first `count` maps; `count` where it does not. */
static uint32_t place_of(const Sinking *s, const Value *value, uint32_t count) {
  uint32_t place = 0;
  while (place < count && s->maps[place]->results[0] != value) place++;
  return place;
}

/* The maps of a part. */
static Value *apply_here(Sinking *s, Value *part, Value *const *extras) {
  Value *results[MAP_LIMIT];
  for (uint32_t i = 0, extra = 0; i < s->map_count; i++) {
    const Node *map = s->maps[i];
    Value *operands[3];
    for (uint32_t k = 0; k < map->operand_count; k++) {
      uint32_t place = place_of(s, map->operands[k], i);
      if (map->operands[k] == s->joined)
        operands[k] = part;
      else if (place < i)
        operands[k] = results[place];
      else
        operands[k] = map->operands[k]->type.rank ? extras[extra++] : map->operands[k];
    }
    Node *copy = node_copy(s->builder.module, map, operands);
    region_insert_before(s->builder.region, s->builder.position, copy);
    Type type = part->type;
    type.element = map->results[0]->type.element;
    results[i] = node_add_result(s->builder.module, copy, type, NULL);
  }
  return results[s->map_count - 1];
}

/* maps(reshape(x)) as reshape(maps(x)); null where a view varies along axes that the reshape joins or splits.
 */
static Value *apply_under_reshape(Sinking *s, const Value *value, Value *const *extras) {
  Value *inner = value->producer->operands[0], *respelled[EXTRA_LIMIT];
  ReshapeGroups groups;
  int32_t to[RANK_LIMIT];
  Dim start[RANK_LIMIT] = {NULL};
  if (!reshape_groups(s->builder.module->dims, &inner->type, &value->type, &groups)) return NULL;
  for (uint32_t g = 0; g < groups.count; g++) {
    bool kept = groups.from_start[g] < groups.from_start[g + 1];
    for (uint32_t i = groups.to_start[g]; i < groups.to_start[g + 1]; i++) {
      bool first =
          i == groups.to_start[g] && kept && value->type.dims[i] == inner->type.dims[groups.from_start[g]];
      to[i] = first ? (int32_t)groups.from_start[g] : -1;
    }
  }
  if (!respell_extras(s, extras, respelled, to, start, &inner->type)) return NULL;
  Value *mapped = apply(s, inner, respelled);
  return mapped ? build_reshape(&s->builder, mapped, value->type.rank, value->type.dims) : NULL;
}

static Value *apply_under_concat(Sinking *s, const Value *value, Value *const *extras) {
  const Node *concat = value->producer;
  Builder *builder = &s->builder;
  uint32_t axis = (uint32_t)node_int(concat, "axis");
  int32_t to[RANK_LIMIT];
  Dim start[RANK_LIMIT] = {NULL}, offset = dim_constant(builder->module->dims, 0);
  Value **parts = arena_array(builder->module->arena, Value *, concat->operand_count);
  for (uint32_t i = 0; i < value->type.rank; i++) to[i] = (int32_t)i;
  for (uint32_t k = 0; k < concat->operand_count; k++) {
    Value *part = concat->operands[k], *respelled[EXTRA_LIMIT];
    start[axis] = offset;
    if (!respell_extras(s, extras, respelled, to, start, &part->type)) return NULL;
    parts[k] = apply(s, part, respelled);
    if (!parts[k]) return NULL;
    offset = dim_add(builder->module->dims, offset, part->type.dims[axis]);
  }
  return build_concat(builder, parts, concat->operand_count, axis);
}

static bool has_producer(const Value *value, PrimitiveKind kind) {
  return value->producer && value->producer->kind == kind;
}

/* The maps of a value, as deep as it was joined. What others read too stays whole. */
static Value *apply(Sinking *s, Value *value, Value *const *extras) {
  Value *result = NULL;
  if (value == s->joined || value->use_count == 1) {
    if (has_producer(value, PRIMITIVE_RESHAPE)) result = apply_under_reshape(s, value, extras);
    if (has_producer(value, PRIMITIVE_CONCAT)) result = apply_under_concat(s, value, extras);
  }
  return result ? result : apply_here(s, value, extras);
}

/* A concatenation, or reshapes of one that nobody else reads. */
static bool is_joined(const Value *value) {
  while (has_producer(value, PRIMITIVE_RESHAPE)) {
    value = value->producer->operands[0];
    if (value->use_count != 1) return false;
  }
  return has_producer(value, PRIMITIVE_CONCAT);
}

/* --- Which maps. --- */

/* How many uses of the value are not by the first `count` maps. */
static uint32_t outer_uses(const Sinking *s, const Value *value, uint32_t count) {
  uint32_t uses = value->use_count;
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t k = 0; k < s->maps[i]->operand_count; k++) uses -= s->maps[i]->operands[k] == value;
  return uses;
}

/* The last of the first `count` maps alone is read by others. */
static bool is_closed(const Sinking *s, uint32_t count) {
  if (outer_uses(s, s->joined, count)) return false;
  for (uint32_t i = 0; i + 1 < count; i++)
    if (outer_uses(s, s->maps[i]->results[0], count)) return false;
  return true;
}

/* Takes a map whose operands are the joined value, results of earlier maps, numbers and views. */
static void consider(Sinking *s, Node *map) {
  Value *extras[3];
  uint32_t count = 0;
  bool over = false;
  for (uint32_t k = 0; k < map->operand_count; k++) {
    Value *operand = map->operands[k];
    bool within = operand == s->joined || place_of(s, operand, s->map_count) < s->map_count;
    over = over || within;
    if (within || !operand->type.rank) continue;
    if (!is_plain_view(s->builder.module->dims, operand)) return;
    extras[count++] = operand;
  }
  if (!over || s->map_count == MAP_LIMIT || s->extra_count + count > EXTRA_LIMIT) return;
  for (uint32_t k = 0; k < count; k++) s->extras[s->extra_count++] = extras[k];
  s->maps[s->map_count++] = map;
}

/* The first node behind position `after` that reads the joined value or a map's result; null where there is none. */
static const Use *next_reader(const Sinking *s, uint32_t *cursors, uint32_t after) {
  const Use *first = NULL;
  for (uint32_t i = 0; i <= s->map_count; i++) {
    uint32_t value = i ? s->maps[i - 1]->results[0]->id : s->joined->id, end = s->uses->starts[value + 1];
    if (!cursors[i]) cursors[i] = s->uses->starts[value];
    while (cursors[i] < end && s->uses->uses[cursors[i]].position <= after) cursors[i]++;
    if (cursors[i] < end && (!first || s->uses->uses[cursors[i]].position < first->position)) first = &s->uses->uses[cursors[i]];
  }
  return first;
}

/* As many maps as leave one value for others to read. */
static bool find_maps(Sinking *s) {
  uint32_t best = 0, best_extras = 0, cursors[MAP_LIMIT + 1] = {0}, position = 0;
  for (const Use *use; (use = next_reader(s, cursors, position));) {
    uint32_t before = s->map_count;
    position = use->position;
    if (!use->node || use->node->kind != PRIMITIVE_MAP) continue;
    consider(s, use->node);
    if (s->map_count == before || !is_closed(s, s->map_count)) continue;
    best = s->map_count;
    best_extras = s->extra_count;
  }
  s->map_count = best;
  s->extra_count = best_extras;
  return best > 0;
}

/* Values from `value_count` on were made by the pass: what reads them reads what they take the place of until it ends. */
static void sink_region(Module *module, Region *region, const Uses *uses, uint32_t value_count) {
  for (Node *node = region->first; node; node = node->next) {
    for (uint32_t i = 0; i < node->region_count; i++) sink_region(module, node->regions[i], uses, value_count);
    if (node->result_count != 1 || node->results[0]->id >= value_count || !is_joined(node->results[0])) continue;
    Sinking s = {.builder = {.module = module, .region = region}, .uses = uses, .joined = node->results[0]};
    if (!find_maps(&s)) continue;
    Node *last = s.maps[s.map_count - 1];
    Value *result = last->results[0];
    s.builder.position = last;
    s.builder.location = last->location;
    Value *sunk = apply(&s, node->results[0], s.extras);
    sunk->use_count = result->use_count;
    sunk->name = result->name;
    sunk->tracked = result->tracked;
    sunk->assumed = result->assumed;
    result->replacement = sunk;
  }
}

bool pass_sink_maps(Module *module) {
  for (size_t i = 0; i < module->entry_count; i++) {
    Region *body = module->entries[i]->body;
    region_count_uses(body);
    const Uses uses = uses_of(module->arena, module, body);
    sink_region(module, body, &uses, module->value_count);
    region_apply_replacements(body);
  }
  return pass_dead_code(module);
}
