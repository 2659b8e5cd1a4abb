/* SPDX-License-Identifier: Apache-2.0 */
/* Contractions of one tensor with constant weights of their own, as the projections of attention or the
   branches of an inception block, become one over the joined weights: fewer vectors are cut short, and fewer
   kernels wait for one another. What follows each alike (bias, activation, a reshape that splits the columns)
   follows the joined one, so that it stays in its kernel; each result is then a slice, which readers see
   through. */
#include "ir/build.h"
#include "ir/uses.h"
#include "passes/contract_operands.h"
#include "passes/contract_plan.h"
#include "passes/passes.h"
#include <stdlib.h>
#include <string.h>

/* A contraction with what follows it: nodes over results of the chain and constants alone, in order. */
typedef struct Sibling {
  Node **chain; /* [0]: the contraction */
  size_t count, capacity;
  uint32_t weights;      /* which operand */
  uint32_t label;        /* of the columns: of the weights and the result alone */
  uint32_t weights_axis; /* where it stands in the weights */
  uint32_t axis; /* and in the results of the chain: reshapes split columns, and leave them where they are */
  uint32_t mark; /* result i of the chain has Value.mark `mark + i` */
  bool settled;  /* merged, or never to be */
  uint32_t next; /* sibling of the region that reads the same tensor, counted from 1; 0: none */
} Sibling;

typedef struct Merging {
  Module *module;
  Uses uses;
  Sibling *siblings; /* of one region */
  Use *pending; /* of the chain that is followed */
  size_t pending_count, pending_capacity;
  size_t count, capacity;
  uint32_t *first; /* by id of the tensor that they read: the first of those found so far, counted from 1 */
  uint32_t next_mark;
} Merging;

static const Blob *own_constant(const Value *value) {
  const Node *node = value->producer;
  if (!node || node->kind != PRIMITIVE_CONSTANT || element_info(value->type.element)->bits < 8) return NULL;
  return value->type.element == ELEMENT_STRING ? NULL : node_attribute(node, "value")->blob;
}

/* The place of a value in the chain; false where it is of another one or of none. */
static bool place_in(const Sibling *sibling, const Value *value, uint32_t *place) {
  *place = value->mark - sibling->mark;
  return value->mark >= sibling->mark && *place < sibling->count;
}

static bool find_columns(const Merging *m, Sibling *sibling) {
  const Node *node = sibling->chain[0];
  const Equation *equation = node->equation;
  bool constant[2] = {own_constant(node->operands[0]), own_constant(node->operands[1])};
  uint32_t weights = constant[1];
  if (constant[0] == constant[1] || node->operands[1 - weights]->use_count < 2)
    return false;
  for (uint32_t label = 0; label < equation->label_count; label++) {
    DimContext *dims = m->module->dims;
    int32_t from = access_whole_axis(dims, equation, &equation->operands[weights],
                                     &node->operands[weights]->type, label);
    int32_t to = access_whole_axis(dims, equation, &equation->result, &node->results[0]->type, label);
    if (from < 0 || to < 0 || !contract_label_is_of(node, weights, label)) continue;
    sibling->weights = weights;
    sibling->label = label;
    sibling->weights_axis = (uint32_t)from;
    sibling->axis = (uint32_t)to;
    return true;
  }
  return false;
}

/* Equal but for how far one label goes. */
static bool equations_alike(const Equation *a, const Equation *b, uint32_t label) {
  if (a->label_count != b->label_count) return false;
  Label *labels = heap_resize(NULL, b->label_count * sizeof *labels);
  for (uint32_t i = 0; i < b->label_count; i++) labels[i] = (i == label ? a : b)->labels[i];
  Equation same = *b;
  same.labels = labels;
  bool alike = equation_equal(a, &same);
  free(labels);
  return alike;
}

/* A view that repeats a constant, or parts of it: the label along one axis of its result, and the constant's
   axis that this label walks, -1 where it repeats along it. */
static bool repeats_constant(DimContext *dims, const Value *value, uint32_t axis, uint32_t *label,
                             int32_t *own) {
  const Node *view = value_view(value);
  if (!view || !own_constant(view->operands[0]) || axis >= view->equation->result.rank ||
      !subscript_is_plain(&view->equation->result.subscripts[axis], label))
    return false;
  const Equation *equation = view->equation;
  *own = access_whole_axis(dims, equation, &equation->operands[0], &view->operands[0]->type, *label);
  return access_whole_axis(dims, equation, &equation->result, &value->type, *label) >= 0 &&
         (*own >= 0 || !access_uses_label(&equation->operands[0], *label));
}

static bool dims_equal(DimContext *context, const Type *a, const Type *b, uint32_t first, uint32_t end) {
  for (uint32_t i = first; i < end; i++)
    if (dim_equal(context, a->dims[i], b->dims[i]) != TRUTH_YES) return false;
  return true;
}

/* The reshape makes several axes of the columns, the last axis, and keeps what is before. */
static bool splits_columns(const Merging *m, const Sibling *sibling, const Node *reshape) {
  const Type *from = &reshape->operands[0]->type, *to = &reshape->results[0]->type;
  uint32_t axis = sibling->axis;
  if (axis + 1 != from->rank || to->rank <= axis || !dims_equal(m->module->dims, from, to, 0, axis))
    return false;
  for (uint32_t i = axis; i < to->rank; i++)
    if (!dim_is_constant(to->dims[i], &(int64_t){0})) return false;
  return true;
}

/* What the joined node can read instead: a number, a constant of all dims, or one that a view repeats. */
static bool is_joinable(const Merging *m, const Sibling *sibling, const Value *operand) {
  uint32_t label;
  int32_t own;
  return own_constant(operand) || repeats_constant(m->module->dims, operand, sibling->axis, &label, &own);
}

/* Takes the node into the chain, or leaves it as a reader of slices. False where such a reader would have
   computed in the contraction's kernel, or would need the slice as a tensor of its own. */
static bool follow(Merging *m, Sibling *sibling, Node *node) {
  uint32_t place;
  bool joins = node->kind == PRIMITIVE_MAP;
  if (node->kind == PRIMITIVE_VIEW || node->kind == PRIMITIVE_REDUCE || node->kind == PRIMITIVE_CONTRACT)
    return true;
  for (uint32_t i = 0; i < node->operand_count && joins; i++)
    joins = place_in(sibling, node->operands[i], &place) || is_joinable(m, sibling, node->operands[i]);
  if (node->kind == PRIMITIVE_RESHAPE) joins = splits_columns(m, sibling, node);
  if (!joins) return false;
  arena_push(m->module->arena, sibling->chain, sibling->count, sibling->capacity) = node;
  node->results[0]->mark = m->next_mark++;
  return true;
}

/* A binary heap of uses: the first in the region is at the front. */
static void push_use(Merging *m, Use use) {
  arena_push(m->module->arena, m->pending, m->pending_count, m->pending_capacity) = use;
  for (size_t at = m->pending_count - 1; at > 0 && m->pending[(at - 1) / 2].position > use.position; at = (at - 1) / 2) {
    m->pending[at] = m->pending[(at - 1) / 2];
    m->pending[(at - 1) / 2] = use;
  }
}

static Use pop_use(Merging *m) {
  Use first = m->pending[0], last = m->pending[--m->pending_count];
  size_t at = 0, child;
  while ((child = 2 * at + 1) < m->pending_count) {
    if (child + 1 < m->pending_count && m->pending[child + 1].position < m->pending[child].position) child++;
    if (m->pending[child].position >= last.position) break;
    m->pending[at] = m->pending[child];
    at = child;
  }
  m->pending[at] = last;
  return first;
}

/* Follows what reads the contraction, and what reads that, in the order of the region. */
static bool find_chain(Merging *m, Sibling *sibling) {
  uint32_t position = 0;
  size_t taken = 0;
  sibling->mark = m->next_mark;
  sibling->chain[0]->results[0]->mark = m->next_mark++;
  m->pending_count = 0;
  for (;;) {
    for (; taken < sibling->count; taken++) {
      uint32_t id = sibling->chain[taken]->results[0]->id;
      for (uint32_t i = m->uses.starts[id]; i < m->uses.starts[id + 1]; i++) push_use(m, m->uses.uses[i]);
    }
    if (!m->pending_count) return true;
    Use use = pop_use(m);
    if (use.position == position) continue; /* it reads two values of the chain */
    position = use.position;
    if (!use.node || !follow(m, sibling, use.node)) return false;
  }
}

/* Constants of equal dims but along one axis. */
static bool constants_join(DimContext *context, const Value *a, const Value *b, uint32_t axis) {
  const Type *x = &a->type, *y = &b->type;
  return own_constant(a) && own_constant(b) && x->element == y->element && x->rank == y->rank &&
         axis < x->rank && dims_equal(context, x, y, 0, axis) && dims_equal(context, x, y, axis + 1, x->rank);
}

static bool operands_join(DimContext *dims, const Value *a, const Value *b, uint32_t axis) {
  uint32_t label, other;
  int32_t own, others;
  if (own_constant(a) && !a->type.rank) return a == b;
  if (!repeats_constant(dims, a, axis, &label, &own)) return constants_join(dims, a, b, axis);
  if (!repeats_constant(dims, b, axis, &other, &others) || label != other ||
      a->type.element != b->type.element ||
      !equations_alike(a->producer->equation, b->producer->equation, label))
    return false;
  const Value *x = a->producer->operands[0], *y = b->producer->operands[0];
  return own < 0 ? x == y : constants_join(dims, x, y, (uint32_t)own);
}

static bool nodes_join(const Merging *m, const Sibling *a, const Sibling *b, uint32_t i) {
  const Node *x = a->chain[i], *y = b->chain[i];
  uint32_t axis = a->axis;
  if (x->kind != y->kind || x->scalar != y->scalar || x->operand_count != y->operand_count ||
      x->results[0]->type.element != y->results[0]->type.element)
    return false;
  for (uint32_t k = 0; k < x->operand_count; k++) {
    uint32_t place, other;
    bool inside = place_in(a, x->operands[k], &place);
    if (inside != place_in(b, y->operands[k], &other)) return false;
    if (inside ? place != other : !operands_join(m->module->dims, x->operands[k], y->operands[k], axis))
      return false;
  }
  const Type *to = &x->results[0]->type;
  return x->kind != PRIMITIVE_RESHAPE ||
         (to->rank == y->results[0]->type.rank &&
          dims_equal(m->module->dims, to, &y->results[0]->type, axis + 1, to->rank));
}

static bool are_siblings(const Merging *m, const Sibling *a, const Sibling *b) {
  const Node *x = a->chain[0], *y = b->chain[0];
  if (a->weights != b->weights || a->label != b->label || a->count != b->count ||
      x->operands[1 - a->weights] != y->operands[1 - a->weights] ||
      x->results[0]->type.element != y->results[0]->type.element ||
      !equations_alike(x->equation, y->equation, a->label) ||
      !constants_join(m->module->dims, x->operands[a->weights], y->operands[a->weights], a->weights_axis))
    return false;
  for (uint32_t i = 1; i < a->count; i++)
    if (!nodes_join(m, a, b, i)) return false;
  return true;
}

/* Siblings that become one, and what is built for them. */
typedef struct Family {
  Builder builder;
  Sibling *const *members;
  uint32_t count;
  Value **joined; /* by place in the chain */
} Family;

static Type type_with_dim(const Family *f, const Type *like, uint32_t axis, Dim dim) {
  Type type = *like;
  Dim *dims = arena_copy(f->builder.module->arena, like->dims, like->rank * sizeof *dims);
  dims[axis] = dim;
  type.dims = dims;
  return type;
}

/* The sum of the members' extents along an axis of the types at a place in the chain. */
static Dim joined_dim(const Family *f, uint32_t place, uint32_t axis) {
  Dim sum = dim_constant(f->builder.module->dims, 0);
  for (uint32_t i = 0; i < f->count; i++)
    sum = dim_add(f->builder.module->dims, sum, f->members[i]->chain[place]->results[0]->type.dims[axis]);
  return sum;
}

/* One constant of the given ones, along an axis. */
static Value *join_constants(Family *f, Value *const *parts, uint32_t axis) {
  Arena *arena = f->builder.module->arena;
  const Type *like = &parts[0]->type;
  Dim along = dim_constant(f->builder.module->dims, 0);
  uint64_t bytes = 0, *steps = arena_array(arena, uint64_t, f->count), at = 0;
  int64_t outer = 1, extent, elements = 0;
  for (uint32_t i = 0; i < axis; i++)
    if (dim_is_constant(like->dims[i], &extent)) outer *= extent;
  for (uint32_t i = 0; i < f->count; i++) {
    const Blob *blob = own_constant(parts[i]);
    along = dim_add(f->builder.module->dims, along, parts[i]->type.dims[axis]);
    elements += blob->element_count;
    bytes += blob->byte_count;
    steps[i] = outer ? blob->byte_count / (uint64_t)outer : 0;
  }
  uint8_t *joined = arena_allocate(arena, bytes);
  uint64_t row = outer ? bytes / (uint64_t)outer : 0;
  for (uint32_t i = 0; i < f->count; at += steps[i++]) {
    const Blob *blob = own_constant(parts[i]);
    uint8_t *dense = heap_resize(NULL, blob->byte_count);
    blob_read(blob, dense);
    for (int64_t k = 0; k < outer; k++)
      if (steps[i]) memcpy(joined + (uint64_t)k * row + at, dense + (uint64_t)k * steps[i], steps[i]);
    free(dense);
  }
  return build_blob(&f->builder, blob_dense(arena, like->element, elements, joined),
                    type_with_dim(f, like, axis, along));
}

static Value *join_node(Family *f, const Node *like, Value *const *operands, const Equation *equation,
                        Type type) {
  Node *node = node_copy(f->builder.module, like, operands);
  node->equation = equation;
  region_insert_before(f->builder.region, f->builder.position, node);
  return node_add_result(f->builder.module, node, type, NULL);
}

static const Equation *with_extent(const Family *f, const Equation *like, uint32_t label, Dim extent) {
  Arena *arena = f->builder.module->arena;
  Equation *equation = arena_copy(arena, like, sizeof *like);
  Label *labels = arena_copy(arena, like->labels, like->label_count * sizeof *labels);
  labels[label].extent = extent;
  equation->labels = labels;
  return equation;
}

/* Operand k at a place in the chain, of all members; null operands of none. */
static Value *join_operand(Family *f, uint32_t place, uint32_t k) {
  const Sibling *first = f->members[0];
  uint32_t inside, label, axis = first->axis;
  Value *operand = first->chain[place]->operands[k];
  if (place_in(first, operand, &inside)) return f->joined[inside];
  if (!operand->type.rank) return build_blob(&f->builder, own_constant(operand), operand->type);
  int32_t own_axis;
  bool repeats = repeats_constant(f->builder.module->dims, operand, axis, &label, &own_axis);
  if (!repeats) own_axis = (int32_t)axis;
  Value **parts = arena_array(f->builder.module->arena, Value *, f->count), *part;
  for (uint32_t i = 0; i < f->count; i++) {
    Value *own = f->members[i]->chain[place]->operands[k];
    parts[i] = repeats ? own->producer->operands[0] : own;
  }
  part = own_axis < 0 ? build_blob(&f->builder, own_constant(parts[0]), parts[0]->type)
                      : join_constants(f, parts, (uint32_t)own_axis);
  if (!repeats) return part;
  Dim extent = joined_dim(f, place, axis);
  return join_node(f, operand->producer, &part, with_extent(f, operand->producer->equation, label, extent),
                   type_with_dim(f, &operand->type, axis, extent));
}

static void join_contraction(Family *f) {
  const Sibling *first = f->members[0];
  const Node *node = first->chain[0];
  uint32_t axis = first->axis;
  Dim extent = joined_dim(f, 0, axis);
  Value **parts = arena_array(f->builder.module->arena, Value *, f->count);
  for (uint32_t i = 0; i < f->count; i++) parts[i] = f->members[i]->chain[0]->operands[first->weights];
  Value *operands[2] = {node->operands[0], node->operands[1]};
  operands[first->weights] = join_constants(f, parts, first->weights_axis);
  f->joined[0] = join_node(f, node, operands, with_extent(f, node->equation, first->label, extent),
                           type_with_dim(f, &node->results[0]->type, axis, extent));
}

/* What the members had at a place in the chain are slices of the joined value. */
static void slice_members(Family *f, uint32_t place, uint32_t axis) {
  DimContext *context = f->builder.module->dims;
  Dim start = dim_constant(context, 0);
  for (uint32_t i = 0; i < f->count; i++) {
    Value *value = f->members[i]->chain[place]->results[0];
    Dim starts[RANK_LIMIT];
    int64_t steps[RANK_LIMIT];
    for (uint32_t k = 0; k < value->type.rank; k++) {
      starts[k] = k == axis ? start : dim_constant(context, 0);
      steps[k] = 1;
    }
    f->builder.location = f->members[i]->chain[place]->location;
    value->replacement = build_slice(&f->builder, f->joined[place], starts, steps, value->type.dims);
    value->replacement->name = value->name;
    start = dim_add(context, start, value->type.dims[axis]);
  }
}

static void merge(Merging *m, Sibling *const *members, uint32_t count) {
  const Sibling *first = members[0];
  Node *contract = first->chain[0];
  uint32_t axis = first->axis;
  Family f = {.builder = {m->module, contract->parent, contract->next, contract->location},
              .members = members,
              .count = count,
              .joined = arena_array(m->module->arena, Value *, first->count)};
  join_contraction(&f);
  for (uint32_t place = 1; place < first->count; place++) {
    const Node *node = first->chain[place];
    Value *operands[3] = {NULL};
    f.builder.location = node->location;
    for (uint32_t k = 0; k < node->operand_count; k++) operands[k] = join_operand(&f, place, k);
    f.joined[place] =
        join_node(&f, node, operands, NULL,
                  type_with_dim(&f, &node->results[0]->type, axis, joined_dim(&f, place, axis)));
  }
  for (uint32_t place = 0; place < first->count; place++) slice_members(&f, place, axis);
}

/* How many of the members, the last ones, are better joined. */
static uint32_t members_that_pay(const Machine *machine, Sibling *const *members, uint32_t count) {
  const Node *contract = members[0]->chain[0];
  const Type *type = &contract->results[0]->type;
  uint32_t axis = members[0]->axis, first = count;
  int64_t columns = 0, blocks = 0, extent;
  double row_bytes = (double)element_info(type->element)->bits / 8;
  for (uint32_t i = 0; i < type->rank; i++) /* a dim that is not known counts for nothing */
    if (i != axis && dim_is_constant(type->dims[i], &extent)) row_bytes *= (double)extent;
  for (uint32_t i = count; i-- > 0;) {
    dim_is_constant(members[i]->chain[0]->results[0]->type.dims[axis], &extent);
    columns += extent;
    blocks += contract_column_blocks(extent);
    if (contract_joining_pays(columns, blocks, row_bytes, machine)) first = i;
  }
  return count - first;
}

static void clear_marks(Region *region) {
  for (uint32_t i = 0; i < region->argument_count; i++) region->arguments[i]->mark = 0;
  for (Node *node = region->first; node; node = node->next) {
    for (uint32_t i = 0; i < node->result_count; i++) node->results[i]->mark = 0;
    for (uint32_t i = 0; i < node->region_count; i++) clear_marks(node->regions[i]);
  }
}

/* Siblings of sibling i, itself included, that are not settled; in order. */
static uint32_t collect_members(Merging *m, uint32_t i, Sibling **members) {
  uint32_t count = 0;
  for (uint32_t k = i + 1; k; k = m->siblings[k - 1].next)
    if (!m->siblings[k - 1].settled && are_siblings(m, &m->siblings[i], &m->siblings[k - 1]))
      members[count++] = &m->siblings[k - 1];
  return count;
}

static void find_siblings(Merging *m, Region *region) {
  m->count = 0;
  for (Node *node = region->first; node; node = node->next) {
    if (node->kind != PRIMITIVE_CONTRACT) continue;
    Sibling sibling = {0};
    arena_push(m->module->arena, sibling.chain, sibling.count, sibling.capacity) = node;
    if (find_columns(m, &sibling)) arena_push(m->module->arena, m->siblings, m->count, m->capacity) = sibling;
  }
  for (size_t i = m->count; i-- > 0;) {
    Sibling *sibling = &m->siblings[i];
    uint32_t *first = &m->first[sibling->chain[0]->operands[1 - sibling->weights]->id];
    sibling->next = *first;
    *first = (uint32_t)i + 1;
  }
  for (size_t i = 0; i < m->count; i++) {
    Sibling *sibling = &m->siblings[i];
    m->first[sibling->chain[0]->operands[1 - sibling->weights]->id] = 0; /* for the next region */
    sibling->settled = !find_chain(m, sibling);
  }
}

static void merge_region(Merging *m, Region *region) {
  for (Node *node = region->first; node; node = node->next)
    for (uint32_t i = 0; i < node->region_count; i++) merge_region(m, node->regions[i]);
  find_siblings(m, region);
  Sibling **members = arena_array(m->module->arena, Sibling *, m->count);
  for (uint32_t i = 0; i < m->count; i++) {
    if (m->siblings[i].settled) continue;
    uint32_t count = collect_members(m, i, members), paying = members_that_pay(m->module->machine, members, count);
    if (paying >= 2) merge(m, &members[count - paying], paying);
    for (uint32_t k = 0; k < count; k++) members[k]->settled = true;
  }
}

bool pass_merge_siblings(Module *module) {
  Merging m = {.module = module, .next_mark = 1, .first = arena_array(module->arena, uint32_t, module->value_count)};
  for (size_t i = 0; i < module->entry_count; i++) {
    Region *body = module->entries[i]->body;
    region_count_uses(body);
    m.uses = uses_of(module->arena, module, body);
    clear_marks(body);
    merge_region(&m, body);
    region_apply_replacements(body);
  }
  return pass_dead_code(module);
}
