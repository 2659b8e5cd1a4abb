/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of subscripts: accesses match their tensors, labels are used and have extents. */
#include "ir/verify_internal.h"

/* Where an access belongs, for messages; else it is the operand of that number. */
enum { PLACE_RESULT = -1, PLACE_WHERE = -2 };

static const char *place_name(Verifier *verifier, int place) {
  if (place == PLACE_RESULT) return "the result";
  return place == PLACE_WHERE ? "a range" : arena_format(verifier->module->arena, "operand %d", place);
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
  if ((unsigned)subscript->boundary > BOUNDARY_WRAP)
    return verify_fail(verifier, "%s, axis %u: there is no boundary mode %d", name, axis,
                       (int)subscript->boundary);
  if (place < 0 && subscript->boundary != BOUNDARY_NONE)
    return verify_fail(verifier, "%s, axis %u: a boundary mode is for operands only", name, axis);
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

/* An index stands in the first operand only. */
static void verify_index(Verifier *verifier, const Equation *equation, uint32_t label, const char *name) {
  bool elsewhere = access_uses_label(&equation->result, label);
  for (uint32_t k = 1; k < equation->operand_count; k++)
    elsewhere = elsewhere || access_uses_label(&equation->operands[k], label);
  if (elsewhere) verify_fail(verifier, "label '%s' is an index, and stands outside of the first operand", name);
  if (equation->labels[label].index >= equation->operand_count)
    verify_fail(verifier, "label '%s' is given by operand %u, which is none", name, equation->labels[label].index);
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
      verify_index(verifier, equation, label, name);
      continue;
    }
    if ((node->kind == PRIMITIVE_VIEW || node->kind == PRIMITIVE_GATHER) && used && !access_uses_label(&equation->result, label))
      verify_fail(verifier, "label '%s' ranges, and is not in the result", name);
  }
}

static void verify_result_dims(Verifier *verifier, const Equation *equation, const Type *type) {
  for (uint32_t i = 0; i < type->rank; i++) {
    uint32_t label;
    if (!subscript_is_plain(&equation->result.subscripts[i], &label)) continue;
    Dim extent = equation->labels[label].extent;
    if (!extent || dim_equal(verifier->module->dims, extent, type->dims[i]) != TRUTH_YES)
      verify_fail(verifier, "the result's axis %u is not of the extent of its label '%s'", i,
                  equation->labels[label].name ? equation->labels[label].name : "?");
  }
}

void verify_equation(Verifier *verifier, const Node *node) {
  const Equation *equation = node->equation;
  const Type *result = &node->results[0]->type;
  uint32_t expected = node->kind == PRIMITIVE_CONTRACT ? 2 : node->kind == PRIMITIVE_GATHER ? node->operand_count : 1;
  if (equation->label_count > LABEL_LIMIT) {
    verify_fail(verifier, "has %u labels, %d are the most", equation->label_count, LABEL_LIMIT);
    return;
  }
  if (equation->operand_count != expected) {
    verify_fail(verifier, "has subscripts for %u operands, %u are needed", equation->operand_count, expected);
    return;
  }
  bool ok = true;
  for (uint32_t k = 0; k < equation->operand_count; k++)
    ok = verify_access(verifier, equation, &equation->operands[k], &node->operands[k]->type, (int)k) && ok;
  ok = verify_access(verifier, equation, &equation->result, result, PLACE_RESULT) && ok;
  for (uint32_t i = 0; i < equation->where_count; i++) {
    const WhereRange *range = &equation->where[i];
    verify_subscript(verifier, equation, &range->form, PLACE_WHERE, i);
    verify_integer(verifier, "the bound of a range", range->low);
    verify_integer(verifier, "the bound of a range", range->high);
  }
  if (!ok) return;
  verify_labels(verifier, node);
  verify_result_dims(verifier, equation, result);
}
