/* SPDX-License-Identifier: Apache-2.0 */
/* Canonicalisation. Every rule keeps each element's bits, NaN and signed zeros included. */
#include "passes/join_late.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

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

/* A view that moves nothing, x - 0, x * 1, x / 1 and -(-x); x + 0 is no identity: it turns -0 into 0. */
static Value *identity(Rewriter *rewriter, Node *node) {
  if (node->kind == PRIMITIVE_VIEW) return view_is_identity(node) ? node->operands[0] : NULL;
  if (node->kind != PRIMITIVE_MAP) return NULL;
  Value *a = node->operands[0], *b = node->operand_count > 1 ? node->operands[1] : NULL;
  (void)rewriter;
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
static Value *shrink_operands(Rewriter *rewriter, Node *node) {
  uint32_t ranked = 0;
  if (node->kind != PRIMITIVE_MAP) return NULL;
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
    const Blob *one = blob_splat(rewriter->module->arena, blob->element, 1, blob->bytes);
    node->operands[i] = build_blob(&rewriter->builder, one, type_scalar(blob->element));
    rewriter->changed = true;
    ranked--;
  }
  return NULL;
}

static Value *shorter_reshape(Rewriter *rewriter, Node *node) {
  if (node->kind != PRIMITIVE_RESHAPE) return NULL;
  Value *operand = node->operands[0];
  if (keeps_dims(node, operand)) return operand;
  const Node *inner = operand->producer;
  const Type *type = &node->results[0]->type;
  const Blob *blob = value_constant(operand);
  if (blob) return build_blob(&rewriter->builder, blob, *type);
  if (!inner || inner->kind != PRIMITIVE_RESHAPE) return NULL;
  return build_reshape(&rewriter->builder, inner->operands[0], type->rank, type->dims);
}

/* Integers that value tracking knows become constants. */
static Value *known_integers(Rewriter *rewriter, Node *node) {
  if (node->result_count != 1 || node->region_count) return NULL;
  const Value *value = node->results[0];
  Dim dims[TRACKED_ELEMENT_LIMIT];
  size_t count;
  if (node->kind == PRIMITIVE_CONSTANT || element_is_float(value->type.element)) return NULL;
  if (!value_track_surely(value, dims, &count)) return NULL;
  uint32_t size = element_info(value->type.element)->bits / 8;
  uint8_t *bytes = arena_allocate(rewriter->module->arena, count * size);
  for (size_t i = 0; i < count; i++) {
    int64_t number;
    if (!dim_is_constant(dims[i], &number)) return NULL;
    for (uint32_t b = 0; b < size; b++) bytes[i * size + b] = (uint8_t)((uint64_t)number >> 8 * b);
  }
  return build_blob(&rewriter->builder, blob_dense(rewriter->module->arena, value->type.element, (int64_t)count, bytes),
                    value->type);
}

/* Of a node that a rule removes. */
static void take_place(Value *old, Value *value) {
  old->replacement = value;
  value->use_count += old->use_count;
}

/* The branch of an `if` whose condition is known takes its place. */
static Value *inline_branch(Rewriter *rewriter, Node *node) {
  Dim known[1];
  size_t count;
  int64_t truth;
  if (node->kind != PRIMITIVE_IF || !value_track_surely(node->operands[0], known, &count) || !dim_is_constant(known[0], &truth))
    return NULL;
  Region *taken = node->regions[truth ? 0 : 1];
  region_inline(taken, node);
  for (uint32_t i = 0; i < node->result_count; i++) take_place(node->results[i], taken->results[i]);
  region_remove(node->parent, node);
  rewriter->changed = true;
  return NULL;
}

/* A loop without iterations gives its initial values, and nothing stacked. */
static Value *remove_loop(Rewriter *rewriter, Node *node) {
  if (node->kind != PRIMITIVE_LOOP && node->kind != PRIMITIVE_SCAN) return NULL;
  Dim trip = node_trip(rewriter->module, node);
  if (!trip || !dim_equals_constant(trip, 0)) return NULL;
  uint32_t carried = (uint32_t)node_int(node, "carried"), initial = node->kind == PRIMITIVE_LOOP ? 2 : 0;
  for (uint32_t i = carried; i < node->result_count; i++) {
    const Type *type = &node->results[i]->type;
    if (type->element == ELEMENT_STRING || element_info(type->element)->bits < 8) return NULL;
  }
  for (uint32_t i = 0; i < node->result_count; i++) {
    const Type *type = &node->results[i]->type;
    take_place(node->results[i], i < carried ? node->operands[initial + i]
                                             : build_splat(&rewriter->builder, type->element, 0, type->rank, type->dims));
  }
  region_remove(node->parent, node);
  rewriter->changed = true;
  return NULL;
}

/* A check that is known to hold. */
static Value *drop_check(Rewriter *rewriter, Node *node) {
  Dim truth[1];
  size_t count;
  if (node->kind == PRIMITIVE_REQUIRE && value_track_surely(node->operands[0], truth, &count) && dim_equals_constant(truth[0], 1)) {
    region_remove(node->parent, node);
    rewriter->changed = true;
  }
  return NULL;
}

static Value *late_join(Rewriter *rewriter, Node *node) { return join_late(&rewriter->builder, node); }

bool simplify_constants(Module *module) {
  static const RewriteRule rules[] = {identity, shrink_operands, shorter_reshape};
  return rewrite_module(module, rules, sizeof rules / sizeof *rules);
}

bool pass_simplify(Module *module) {
  static const RewriteRule rules[] = {known_integers, identity,    shrink_operands, shorter_reshape,
                                      inline_branch,  remove_loop, drop_check,      late_join};
  return rewrite_module(module, rules, sizeof rules / sizeof *rules);
}
