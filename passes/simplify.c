/* SPDX-License-Identifier: Apache-2.0 */
/* Canonicalisation: one forward walk, also through regions. Every rule keeps each element's bits, NaN and
   signed zeros included. */
#include "ir/build.h"
#include "passes/join_late.h"
#include "passes/passes.h"

typedef struct Simplifier {
  Module *module;
  Builder builder;
} Simplifier;

static bool constant_number(const Value *value, double *number) {
  const Blob *blob = value ? value_constant(value) : NULL;
  return blob && (blob->splat || blob->element_count == 1) && element_info(blob->element)->bits >= 8 &&
         blob_float_at(blob, 0, number);
}

static bool is_number(const Value *value, double wanted) {
  double number;
  return constant_number(value, &number) && number == wanted;
}

static bool keeps_dims(const Node *node, const Value *value) {
  return type_equal(&value->type, &node->results[0]->type);
}

/* x - 0, x * 1, x / 1 and -(-x); x + 0 is no identity: it turns -0 into 0. */
static Value *simplify_map(Simplifier *s, Node *node) {
  Value *a = node->operands[0], *b = node->operand_count > 1 ? node->operands[1] : NULL;
  (void)s;
  switch (node->scalar) {
  case SCALAR_MUL:
    if (is_number(b, 1) && keeps_dims(node, a)) return a;
    return is_number(a, 1) && keeps_dims(node, b) ? b : NULL;
  case SCALAR_DIV:
    return is_number(b, 1) && keeps_dims(node, a) ? a : NULL;
  case SCALAR_SUB: {
    double zero;
    bool positive = constant_number(b, &zero) && zero == 0 && !__builtin_signbit(zero);
    return positive && keeps_dims(node, a) ? a : NULL;
  }
  case SCALAR_NEG:
  case SCALAR_NOT: {
    const Node *inner = a->producer;
    return inner && inner->kind == PRIMITIVE_MAP && inner->scalar == node->scalar ? inner->operands[0] : NULL;
  }
  case SCALAR_SELECT:
    if (node->operands[1] == node->operands[2] && keeps_dims(node, node->operands[1]))
      return node->operands[1];
    return NULL;
  default:
    return NULL;
  }
}

/* A number that is broadcast to an elementwise node stands as rank 0, where kernels see a literal. */
static void shrink_operands(Simplifier *s, Node *node) {
  uint32_t ranked = 0;
  for (uint32_t i = 0; i < node->operand_count; i++) ranked += node->operands[i]->type.rank != 0;
  for (uint32_t i = 0; i < node->operand_count; i++) {
    Value *operand = node->operands[i];
    const Node *view = operand->producer;
    if (!operand->type.rank || ranked < 2) continue; /* the last ranked operand carries the dims */
    const Blob *blob = value_constant(operand);
    if (!blob && view && view->kind == PRIMITIVE_VIEW && view->operand_count == 1) {
      const Equation *equation = view->equation;
      bool repeats = true; /* no label reaches the operand, and nothing can leave it */
      int64_t count;
      for (uint32_t k = 0; k < equation->operands[0].rank; k++)
        repeats = repeats && equation->operands[0].subscripts[k].term_count == 0;
      if (repeats && type_static_count(&view->operands[0]->type, &count) && count == 1)
        blob = value_constant(view->operands[0]);
    }
    if (!blob || (!blob->splat && blob->element_count != 1) || blob->decode) continue;
    const Blob *one = blob_splat(s->module->arena, blob->element, 1, blob->bytes);
    node->operands[i] = build_blob(&s->builder, one, type_scalar(blob->element));
    ranked--;
  }
}

static Value *simplify_reshape(Simplifier *s, Node *node) {
  Value *operand = node->operands[0];
  if (keeps_dims(node, operand)) return operand;
  const Node *inner = operand->producer;
  const Type *type = &node->results[0]->type;
  const Blob *blob = value_constant(operand);
  if (blob) return build_blob(&s->builder, blob, *type);
  if (!inner || inner->kind != PRIMITIVE_RESHAPE) return NULL;
  return build_reshape(&s->builder, inner->operands[0], type->rank, type->dims);
}

/* Integers that value tracking knows become constants. */
static Value *known_integers(Simplifier *s, Node *node) {
  const Value *value = node->results[0];
  Dim dims[TRACKED_ELEMENT_LIMIT];
  size_t count;
  if (node->kind == PRIMITIVE_CONSTANT || element_is_float(value->type.element)) return NULL;
  if (!value_track_surely(value, dims, &count)) return NULL;
  uint32_t size = element_info(value->type.element)->bits / 8;
  uint8_t *bytes = arena_allocate(s->module->arena, count * size);
  for (size_t i = 0; i < count; i++) {
    int64_t number;
    if (!dim_is_constant(dims[i], &number)) return NULL;
    for (uint32_t b = 0; b < size; b++) bytes[i * size + b] = (uint8_t)((uint64_t)number >> 8 * b);
  }
  return build_blob(&s->builder, blob_dense(s->module->arena, value->type.element, (int64_t)count, bytes),
                    value->type);
}

/* The branch of an `if` whose condition is known takes its place. */
static bool inline_branch(Node *node) {
  Dim known[1];
  size_t count;
  int64_t truth;
  if (!value_track_surely(node->operands[0], known, &count) || !dim_is_constant(known[0], &truth)) return false;
  Region *taken = node->regions[truth ? 0 : 1];
  region_inline(taken, node);
  for (uint32_t i = 0; i < node->result_count; i++) node->results[i]->replacement = taken->results[i];
  region_remove(node->parent, node);
  return true;
}

/* A loop without iterations gives its initial values, and nothing stacked. */
static bool remove_loop(Simplifier *s, Node *node) {
  Dim trip = node_trip(s->module, node);
  if (!trip || !dim_equals_constant(trip, 0)) return false;
  uint32_t carried = (uint32_t)node_int(node, "carried"), initial = node->kind == PRIMITIVE_LOOP ? 2 : 0;
  for (uint32_t i = carried; i < node->result_count; i++) {
    const Type *type = &node->results[i]->type;
    if (type->element == ELEMENT_STRING || element_info(type->element)->bits < 8) return false;
  }
  for (uint32_t i = 0; i < node->result_count; i++) {
    const Type *type = &node->results[i]->type;
    node->results[i]->replacement = i < carried
                                        ? node->operands[initial + i]
                                        : build_splat(&s->builder, type->element, 0, type->rank, type->dims);
  }
  region_remove(node->parent, node);
  return true;
}

static void simplify_region(Simplifier *s, Region *region);

static void simplify_control(Simplifier *s, Node *node) {
  if (node->kind == PRIMITIVE_IF ? inline_branch(node) : remove_loop(s, node)) return;
  for (uint32_t i = 0; i < node->region_count; i++) simplify_region(s, node->regions[i]);
}

static void simplify_node(Simplifier *s, Region *region, Node *node) {
  Dim truth[1];
  size_t count;
  if (node->kind == PRIMITIVE_REQUIRE) {
    if (value_track_surely(node->operands[0], truth, &count) && dim_equals_constant(truth[0], 1))
      region_remove(region, node);
    return;
  }
  if (node->kind == PRIMITIVE_REQUIRE_DIMS) return;
  s->builder.region = region;
  s->builder.position = node;
  s->builder.location = node->location;
  if (node->region_count) {
    simplify_control(s, node);
    return;
  }
  Value *better = known_integers(s, node);
  if (!better && node->kind == PRIMITIVE_MAP) {
    better = simplify_map(s, node);
    if (!better) shrink_operands(s, node);
  }
  if (!better && node->kind == PRIMITIVE_RESHAPE) better = simplify_reshape(s, node);
  if (!better && node->kind == PRIMITIVE_VIEW && view_is_identity(node)) better = node->operands[0];
  if (!better) better = join_late(&s->builder, node);
  if (better) node->results[0]->replacement = better;
}

/* Nodes of a branch that takes its `if`'s place are visited in turn. */
static void simplify_region(Simplifier *s, Region *region) {
  for (Node *node = region->first, *next; node; node = next) {
    Node *previous = node->previous;
    next = node->next;
    for (uint32_t k = 0; k < node->operand_count; k++) node->operands[k] = value_current(node->operands[k]);
    simplify_node(s, region, node);
    if (node->kind == PRIMITIVE_IF && !node->parent) next = previous ? previous->next : region->first;
  }
  for (uint32_t i = 0; i < region->result_count; i++) region->results[i] = value_current(region->results[i]);
}

bool pass_simplify(Module *module) {
  for (size_t i = 0; i < module->entry_count; i++) {
    Region *body = module->entries[i]->body;
    Simplifier s = {.module = module, .builder = {.module = module}};
    simplify_region(&s, body);
    region_apply_replacements(body);
  }
  return pass_dead_code(module);
}
