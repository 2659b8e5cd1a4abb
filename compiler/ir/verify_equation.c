/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of subscripts: accesses match their tensors, labels are used and have extents, results are
   written once and wholly. */
#include "ir/verify_internal.h"

/* Where an access belongs, for messages; else it is the operand of that number. */
enum { PLACE_RESULT = -1 };

static const char *place_name(Verifier *verifier, int place) {
  return place == PLACE_RESULT ? "the result" : arena_format(verifier->module->arena, "operand %d", place);
}

static bool verify_subscript(Verifier *verifier, const Equation *equation, const Subscript *subscript,
                             int place, uint32_t axis) {
  const char *name = place_name(verifier, place);
  bool ok = verify_integer(verifier, "the offset of a subscript", subscript->offset);
  for (uint32_t i = 0; i < subscript->term_count; i++) {
    const AffineTerm *term = &subscript->terms[i];
    if (term->label >= equation->label_count)
      return verify_fail(verifier, "%s, axis %u: there is no label %u", name, axis, term->label);
    if (i && subscript->terms[i - 1].label >= term->label)
      ok = verify_fail(verifier, "%s, axis %u: the terms are not sorted by label", name, axis);
    if (!verify_integer(verifier, "a coefficient", term->coefficient)) return false;
    if (dim_equals_constant(term->coefficient, 0))
      ok = verify_fail(verifier, "%s, axis %u: a coefficient is 0", name, axis);
  }
  return ok;
}

static bool verify_access(Verifier *verifier, const Equation *equation, const Access *access,
                          const Type *type, int place) {
  bool ok = true;
  if (access->rank != type->rank)
    ok = verify_fail(verifier, "%s has rank %u and %u subscripts", place_name(verifier, place), type->rank,
                     access->rank);
  for (uint32_t i = 0; i < access->rank; i++)
    ok = verify_subscript(verifier, equation, &access->subscripts[i], place, i) && ok;
  return ok;
}

/* An index stands in the first operand only, alone where it is, and does not go beyond the axis. */
static void verify_index(Verifier *verifier, const Node *node, uint32_t label, const char *name) {
  const Equation *equation = node->equation;
  const Type *type = &node->operands[0]->type;
  Dim extent = equation->labels[label].extent;
  for (uint32_t i = 0; i < type->rank; i++) {
    const Subscript *subscript = &equation->operands[0].subscripts[i];
    uint32_t plain;
    if (!subscript_uses(subscript, label)) continue;
    if (!subscript_is_plain(subscript, &plain))
      verify_fail(verifier, "label '%s' is an index, and not alone at axis %u", name, i);
    else if (dim_less_equal(verifier->module->dims, extent, type->dims[i]) != TRUTH_YES)
      verify_fail(verifier, "label '%s' is an index, and may go beyond axis %u", name, i);
  }
  bool elsewhere = access_uses_label(&equation->result, label);
  for (uint32_t k = 1; k < equation->operand_count; k++)
    elsewhere = elsewhere || access_uses_label(&equation->operands[k], label);
  if (elsewhere)
    verify_fail(verifier, "label '%s' is an index, and stands outside of the first operand", name);
  if (equation->labels[label].index >= equation->operand_count)
    verify_fail(verifier, "label '%s' is given by operand %u, which is none", name,
                equation->labels[label].index);
}

static void verify_labels(Verifier *verifier, const Node *node) {
  const Equation *equation = node->equation;
  for (uint32_t label = 0; label < equation->label_count; label++) {
    const char *name = equation->labels[label].name ? equation->labels[label].name : "?";
    verify_dim(verifier, "the extent of a label", equation->labels[label].extent);
    bool used = access_uses_label(&equation->result, label);
    for (uint32_t k = 0; !used && k < equation->operand_count; k++)
      used = access_uses_label(&equation->operands[k], label);
    if (!used) verify_fail(verifier, "label '%s' is not used", name);
    if (equation->labels[label].index) {
      verify_index(verifier, node, label, name);
      continue;
    }
    if (used && !node_reduces(node) && !access_uses_label(&equation->result, label))
      verify_fail(verifier, "label '%s' ranges, and is not in the result", name);
  }
}

/* The term whose coefficient is `unit`, of those that are not in `used`; first one whose label has extent 1,
   as that leaves the unit what it is. The count of terms where there is none. */
static uint32_t digit_of(DimContext *dims, const Equation *equation, const Subscript *subscript,
                         uint64_t used, Dim unit) {
  uint32_t found = subscript->term_count;
  for (uint32_t i = 0; i < subscript->term_count; i++) {
    const AffineTerm *term = &subscript->terms[i];
    if (used >> i & 1 || dim_equal(dims, term->coefficient, unit) != TRUTH_YES) continue;
    if (found == subscript->term_count || dim_equals_constant(equation->labels[term->label].extent, 1))
      found = i;
  }
  return found;
}

/* The labels are the digits of a number below `dim`, so that each number is met, and once. */
static bool covers_axis(DimContext *dims, const Equation *equation, const Subscript *subscript, Dim dim) {
  Dim unit = dim_constant(dims, 1);
  uint64_t used = 0;
  if (!dim_equals_constant(subscript->offset, 0)) return false;
  for (uint32_t i = 0; i < subscript->term_count; i++) {
    uint32_t digit = digit_of(dims, equation, subscript, used, unit);
    if (digit == subscript->term_count) return false;
    used |= UINT64_C(1) << digit;
    unit = dim_multiply(dims, unit, equation->labels[subscript->terms[digit].label].extent);
  }
  return dim_equal(dims, unit, dim) == TRUTH_YES;
}

/* Each element of the result is written once: what a reduction gives at two points would be written twice,
   not reduced, and what nothing writes has no value. */
static void verify_result(Verifier *verifier, const Node *node) {
  const Equation *equation = node->equation;
  const Type *type = &node->results[0]->type;
  uint64_t taken = 0;
  for (uint32_t i = 0; i < type->rank; i++) {
    const Subscript *subscript = &equation->result.subscripts[i];
    if (!node_reduces(node) && subscript->term_count > 1)
      verify_fail(verifier, "the result's axis %u has more than one label", i);
    for (uint32_t j = 0; j < subscript->term_count; j++) {
      uint64_t label = UINT64_C(1) << subscript->terms[j].label;
      if (taken & label) verify_fail(verifier, "a label stands twice in the result, again at axis %u", i);
      taken |= label;
    }
    if (!covers_axis(verifier->module->dims, equation, subscript, type->dims[i]))
      verify_fail(verifier, "the result's axis %u is not written from end to end, each element once", i);
  }
}

static bool verify_counts(Verifier *verifier, const Node *node) {
  const Equation *equation = node->equation;
  uint32_t expected = node->kind == PRIMITIVE_CONTRACT ? 2
                      : node->kind == PRIMITIVE_GATHER ? node->operand_count
                                                       : 1;
  uint32_t indices = 0;
  if (equation->operand_count != expected)
    return verify_fail(verifier, "has subscripts for %u operands, %u are needed", equation->operand_count,
                       expected);
  for (uint32_t i = 0; i < equation->label_count; i++) indices += equation->labels[i].index != 0;
  if (equation->label_count - indices <= LABEL_LIMIT && indices <= INDEX_LIMIT) return true;
  return verify_fail(verifier, "has %u labels and %u indices, %d and %d are the most",
                     equation->label_count - indices, indices, LABEL_LIMIT, INDEX_LIMIT);
}

void verify_equation(Verifier *verifier, const Node *node) {
  const Equation *equation = node->equation;
  const Type *result = &node->results[0]->type;
  if (!verify_counts(verifier, node)) return;
  bool ok = true;
  for (uint32_t k = 0; k < equation->operand_count; k++)
    ok = verify_access(verifier, equation, &equation->operands[k], &node->operands[k]->type, (int)k) && ok;
  ok = verify_access(verifier, equation, &equation->result, result, PLACE_RESULT) && ok;
  if (!ok) return;
  verify_labels(verifier, node);
  verify_result(verifier, node);
}
