/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of nodes with regions. */
#include "ir/verify_internal.h"

static bool same_type(Verifier *verifier, const Type *a, const Type *b, const char *what, uint32_t index) {
  if (type_provably_equal(verifier->module->dims, a, b)) return true;
  Text left = {0}, right = {0};
  type_print(&left, a);
  type_print(&right, b);
  verify_fail(verifier, "%s %u has type %s, %s is needed", what, index, text_string(&left),
              text_string(&right));
  text_free(&left);
  text_free(&right);
  return false;
}

static bool has_count(Verifier *verifier, uint32_t found, uint32_t wanted, const char *what) {
  return found == wanted || verify_fail(verifier, "%s: %u, needed are %u", what, found, wanted);
}

static bool is_complete(const Region *region) {
  for (uint32_t i = 0; i < region->argument_count; i++)
    if (!region->arguments[i]) return false;
  for (uint32_t i = 0; i < region->result_count; i++)
    if (!region->results[i]) return false;
  return true;
}

static void verify_if(Verifier *verifier, const Node *node) {
  Type condition = type_scalar(ELEMENT_BOOL);
  same_type(verifier, &node->operands[0]->type, &condition, "operand", 0);
  for (uint32_t k = 0; k < node->region_count; k++) {
    const Region *region = node->regions[k];
    has_count(verifier, region->argument_count, 0, "arguments of a branch");
    if (!has_count(verifier, region->result_count, node->result_count, "results of a branch")) continue;
    for (uint32_t i = 0; i < node->result_count; i++)
      same_type(verifier, &region->results[i]->type, &node->results[i]->type, "a branch's result", i);
  }
}

/* What a body gives in each iteration, against the stacked result. */
static void verify_stacked(Verifier *verifier, const Node *node, uint32_t index, const Type *part) {
  const Type *whole = &node->results[index]->type;
  if (!whole->rank) {
    verify_fail(verifier, "stacked result %u has rank 0", index);
    return;
  }
  Type rest = {
      .kind = VALUE_TENSOR, .element = whole->element, .rank = whole->rank - 1, .dims = whole->dims + 1};
  same_type(verifier, part, &rest, "the body's result", index);
  Dim trip = node_trip(verifier->module, node);
  if (!trip) {
    verify_fail(verifier, "result %u is stacked, but the trip count is not known", index);
  } else if (dim_equal(verifier->module->dims, trip, whole->dims[0]) != TRUTH_YES) {
    verify_fail(verifier, "the first dim of stacked result %u is not the trip count", index);
  } else if (!node_runs_whole_trip(node) && !dim_equals_constant(trip, 0)) {
    verify_fail(verifier, "result %u is stacked, but the condition may end the loop", index);
  }
}

/* Results of the body, the first `lead` left out, against the node's. */
static void verify_results(Verifier *verifier, const Node *node, uint32_t lead, uint32_t carried) {
  const Region *body = node->regions[0];
  if (!has_count(verifier, body->result_count, node->result_count + lead, "results of the body")) return;
  if (node->result_count < carried) {
    verify_fail(verifier, "has %u results, but %u carried values", node->result_count, carried);
    return;
  }
  for (uint32_t i = 0; i < carried; i++) {
    same_type(verifier, &node->results[i]->type, &body->arguments[2 * lead + i]->type, "result", i);
    same_type(verifier, &body->results[lead + i]->type, &body->arguments[2 * lead + i]->type,
              "the body's result for carried value", i);
  }
  if (!verifier->tracked) return; /* the trip count is not known yet */
  for (uint32_t i = carried; i < node->result_count; i++)
    verify_stacked(verifier, node, i, &body->results[lead + i]->type);
}

static void verify_loop(Verifier *verifier, const Node *node) {
  const Region *body = node->regions[0];
  Type trip = type_scalar(ELEMENT_I64), condition = type_scalar(ELEMENT_BOOL);
  int64_t carried = node_int(node, "carried");
  if (!node->operands[0] && !node->operands[1])
    verify_fail(verifier, "has neither a trip count nor a condition");
  if (node->operands[0]) same_type(verifier, &node->operands[0]->type, &trip, "operand", 0);
  if (node->operands[1]) same_type(verifier, &node->operands[1]->type, &condition, "operand", 1);
  if (carried != (int64_t)node->operand_count - 2) {
    verify_fail(verifier, "carries %lld values, but has %u operands", (long long)carried,
                node->operand_count);
    return;
  }
  if (!has_count(verifier, body->argument_count, node->operand_count, "arguments of the body")) return;
  same_type(verifier, &body->arguments[0]->type, &trip, "argument", 0);
  same_type(verifier, &body->arguments[1]->type, &condition, "argument", 1);
  for (uint32_t i = 2; i < node->operand_count; i++)
    if (!same_type(verifier, &body->arguments[i]->type, &node->operands[i]->type, "argument", i)) return;
  if (body->result_count && !same_type(verifier, &body->results[0]->type, &condition, "the body's result", 0))
    return;
  verify_results(verifier, node, 1, (uint32_t)carried);
}

static void verify_scan(Verifier *verifier, const Node *node) {
  const Region *body = node->regions[0];
  int64_t carried = node_int(node, "carried");
  if (carried < 0 || carried >= (int64_t)node->operand_count) {
    verify_fail(verifier, "carries %lld values and has %u operands: there is nothing to scan",
                (long long)carried, node->operand_count);
    return;
  }
  if (!has_count(verifier, body->argument_count, node->operand_count, "arguments of the body")) return;
  for (uint32_t i = 0; i < node->operand_count; i++) {
    const Type *type = &node->operands[i]->type;
    if (i < carried) {
      if (!same_type(verifier, &body->arguments[i]->type, type, "argument", i)) return;
      continue;
    }
    if (!type->rank) {
      verify_fail(verifier, "operand %u has rank 0 and no slices", i);
      return;
    }
    Type slice = {
        .kind = VALUE_TENSOR, .element = type->element, .rank = type->rank - 1, .dims = type->dims + 1};
    same_type(verifier, &body->arguments[i]->type, &slice, "argument", i);
    if (dim_equal(verifier->module->dims, type->dims[0], node->operands[carried]->type.dims[0]) != TRUTH_YES)
      verify_fail(verifier, "operand %u is not provably as long as operand %lld", i, (long long)carried);
  }
  verify_results(verifier, node, 0, (uint32_t)carried);
}

void verify_control(Verifier *verifier, const Node *node) {
  for (uint32_t k = 0; k < node->region_count; k++)
    if (!is_complete(node->regions[k])) return; /* reported already */
  if (node->kind == PRIMITIVE_IF) verify_if(verifier, node);
  if (node->kind == PRIMITIVE_LOOP) verify_loop(verifier, node);
  if (node->kind == PRIMITIVE_SCAN) verify_scan(verifier, node);
}
