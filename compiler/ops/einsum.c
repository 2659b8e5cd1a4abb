/* SPDX-License-Identifier: Apache-2.0 */
/* Einsum: letters are labels. One operand is a sum, two are one contraction, more are contracted from the left, which keeps
   the letters that are still needed. An ellipsis stands for labels of its own, counted from the right. */
#include "ops/families.h"
#include <ctype.h>
#include <string.h>

enum { LETTERS = 52, ELLIPSIS_LIMIT = RANK_LIMIT, LABELS = LETTERS + ELLIPSIS_LIMIT };

/* The labels of a tensor's axes: below LETTERS letters, above what an ellipsis stands for, the last axis of it first. */
typedef struct Term {
  uint32_t rank;
  uint32_t labels[RANK_LIMIT];
} Term;

typedef struct Einsum {
  OperatorCall *call;
  Builder *builder;
  Dim extents[LABELS]; /* null: a label that does not occur */
  uint32_t ellipsis;   /* the most axes that an ellipsis stands for */
} Einsum;

static int letter_number(char letter) { return isupper((unsigned char)letter) ? letter - 'A' : letter - 'a' + 26; }

/* Reads one term up to the end, a comma or an arrow; `rank` (UINT32_MAX: unknown) says how long its ellipsis is. */
static bool read_term(Einsum *e, const char **at, uint32_t rank, uint32_t ellipsis, Term *term) {
  uint32_t letters = 0;
  for (const char *c = *at; *c && *c != ',' && *c != '-'; c++) letters += isalpha((unsigned char)*c) != 0;
  if (rank != UINT32_MAX) ellipsis = rank > letters ? rank - letters : 0;
  bool found = false;
  *term = (Term){0};
  for (; **at && **at != ',' && **at != '-'; ++*at) {
    char c = **at;
    if (c == ' ') continue;
    if (strncmp(*at, "...", 3) == 0 && !found) {
      found = true;
      for (uint32_t i = ellipsis; i-- > 0;) {
        if (term->rank == RANK_LIMIT) return call_invalid(e->call, "a term has more than %d axes", RANK_LIMIT);
        term->labels[term->rank++] = LETTERS + i;
      }
      *at += 2;
    } else if (isalpha((unsigned char)c) && term->rank < RANK_LIMIT) {
      term->labels[term->rank++] = (uint32_t)letter_number(c);
    } else {
      return call_invalid(e->call, "the equation has '%c' in a wrong place", c);
    }
  }
  if (rank != UINT32_MAX && term->rank != rank) return call_invalid(e->call, "a term has %u letters for an input of rank %u", letters, rank);
  if (found && ellipsis > e->ellipsis) e->ellipsis = ellipsis;
  return true;
}

/* Extents of labels that stand at several places are equal, or 1, which is repeated. */
static bool read_extents(Einsum *e, const Value *x, const Term *term) {
  for (uint32_t i = 0; i < term->rank; i++) {
    Dim *extent = &e->extents[term->labels[i]], own = x->type.dims[i];
    const Type a = {.kind = VALUE_TENSOR, .element = x->type.element, .rank = *extent ? 1 : 0, .dims = extent};
    const Type b = {.kind = VALUE_TENSOR, .element = x->type.element, .rank = 1, .dims = &own};
    const Type *const both[2] = {&a, &b};
    Dim joined;
    uint32_t rank;
    if (!build_broadcast_dims(e->builder, both, 2, &joined, &rank)) return false;
    *extent = joined;
  }
  return true;
}

/* Without an arrow: the ellipsis, then the letters that stand once, in alphabetical order. */
static void implicit_result(const Einsum *e, const Term *terms, uint32_t count, Term *result) {
  uint32_t seen[LETTERS] = {0};
  for (uint32_t k = 0; k < count; k++)
    for (uint32_t i = 0; i < terms[k].rank; i++)
      if (terms[k].labels[i] < LETTERS) seen[terms[k].labels[i]]++;
  for (uint32_t i = e->ellipsis; i-- > 0;) result->labels[result->rank++] = LETTERS + i;
  for (uint32_t i = 0; i < LETTERS; i++)
    if (seen[i] == 1 && result->rank < RANK_LIMIT) result->labels[result->rank++] = i;
}

/* The subscripts of an operand; an axis of 1 that is repeated stands still. */
static void operand_axes(Einsum *e, EquationBuilder *equation, uint32_t operand, const Value *x, const Term *term, const uint32_t *labels) {
  DimContext *context = e->builder->module->dims;
  Dim zero = dim_constant(context, 0), one = dim_constant(context, 1);
  for (uint32_t i = 0; i < term->rank; i++) {
    uint32_t label = labels[term->labels[i]];
    Dim own = x->type.dims[i], extent = e->extents[term->labels[i]];
    if (own == extent || dim_equal(context, own, extent) == TRUTH_YES) {
      equation_operand_label(equation, operand, label);
    } else if (dim_equals_constant(own, 1)) {
      equation_operand(equation, operand, zero, 0, NULL, NULL);
    } else {
      Dim stride = dim_min(context, dim_subtract(context, own, one), one);
      equation_operand(equation, operand, zero, 1, &label, &stride);
    }
  }
}

/* The sum of products of one or two operands over the labels that the result lacks. */
static Value *combine(Einsum *e, Value *a, const Term *of_a, Value *b, const Term *of_b, const Term *result) {
  uint32_t labels[LABELS];
  EquationBuilder *equation = equation_start(e->builder);
  const Term *terms[3] = {result, of_a, of_b};
  bool made[LABELS] = {false};
  if (!a || (of_b && !b)) return NULL;
  for (uint32_t k = 0; k < (of_b ? 3 : 2); k++)
    for (uint32_t i = 0; i < terms[k]->rank; i++) {
      uint32_t label = terms[k]->labels[i];
      if (made[label]) continue;
      const char *name = label < LETTERS ? arena_format(e->builder->module->arena, "%c", label < 26 ? 'A' + (char)label : 'a' + (char)label - 26)
                                         : build_axis_name(label - LETTERS);
      labels[label] = equation_label(equation, name, e->extents[label]);
      made[label] = true;
    }
  operand_axes(e, equation, 0, a, of_a, labels);
  if (of_b) operand_axes(e, equation, 1, b, of_b, labels);
  for (uint32_t i = 0; i < result->rank; i++) equation_result_label(equation, labels[result->labels[i]]);
  return of_b ? build_contract(equation, a, b) : build_reduction(equation, SCALAR_ADD, a);
}

static bool term_has(const Term *term, uint32_t label) {
  for (uint32_t i = 0; i < term->rank; i++)
    if (term->labels[i] == label) return true;
  return false;
}

/* What a product of two operands must keep: labels of the result and of the operands that are still to come. */
static bool kept_labels(Einsum *e, const Term *a, const Term *b, const Term *terms, uint32_t from, uint32_t count, const Term *result, Term *kept) {
  *kept = (Term){0};
  for (uint32_t label = 0; label < LABELS; label++) {
    bool needed = term_has(result, label);
    for (uint32_t k = from; !needed && k < count; k++) needed = term_has(&terms[k], label);
    if (!needed || !(term_has(a, label) || term_has(b, label))) continue;
    if (kept->rank == RANK_LIMIT) return call_invalid(e->call, "a product of two terms has more than %d axes", RANK_LIMIT);
    kept->labels[kept->rank++] = label;
  }
  return true;
}

static bool read_equation(Einsum *e, Term *terms, uint32_t count, Term *result) {
  const char *at = call_string(e->call, "equation");
  for (uint32_t k = 0; k < count; k++) {
    if (!e->call->inputs[k]) return call_invalid(e->call, "input %u is absent", k);
    if (!read_term(e, &at, e->call->inputs[k]->type.rank, 0, &terms[k]) || !read_extents(e, e->call->inputs[k], &terms[k])) return false;
    if (*at == ',' && k + 1 < count)
      at++;
    else if (k + 1 < count || *at == ',')
      return call_invalid(e->call, "the equation is not for %u inputs", count);
  }
  *result = (Term){0};
  if (!*at) {
    implicit_result(e, terms, count, result);
    return true;
  }
  if (strncmp(at, "->", 2) != 0) return call_invalid(e->call, "the equation has '%c' in a wrong place", *at);
  at += 2;
  if (!read_term(e, &at, UINT32_MAX, e->ellipsis, result)) return false;
  if (*at) return call_invalid(e->call, "the equation goes on behind its result");
  for (uint32_t i = 0; i < result->rank; i++) {
    if (!e->extents[result->labels[i]]) return call_invalid(e->call, "the result has a letter that no input has");
    for (uint32_t j = 0; j < i; j++)
      if (result->labels[j] == result->labels[i]) return call_invalid(e->call, "the result has a letter twice");
  }
  return true;
}

static bool expand_einsum(OperatorCall *call, Value **results) {
  Arena *arena = call->builder->module->arena;
  Einsum *e = arena_new(arena, Einsum);
  uint32_t count = call->input_count;
  Term *terms = arena_array(arena, Term, count), result, kept;
  *e = (Einsum){.call = call, .builder = call->builder};
  if (!read_equation(e, terms, count, &result)) return false;
  ElementType element = call->inputs[0]->type.element, wide = element_info(element)->compute;
  Value *product = build_cast(call->builder, call->inputs[0], wide);
  if (count == 1) product = combine(e, product, &terms[0], NULL, NULL, &result);
  for (uint32_t k = 1; k < count; k++) {
    bool last = k + 1 == count;
    if (!last && !kept_labels(e, &terms[0], &terms[k], terms, k + 1, count, &result, &kept)) return false;
    product = combine(e, product, &terms[0], build_cast(call->builder, call->inputs[k], wide), &terms[k], last ? &result : &kept);
    for (uint32_t i = 0; product && !last && i < kept.rank; i++) e->extents[kept.labels[i]] = product->type.dims[i];
    terms[0] = kept;
  }
  results[0] = build_cast(call->builder, product, element);
  return results[0] != NULL;
}

const Operator einsum_operators[] = {
    {.name = "Einsum", .since = 12, .inputs = {INPUT("Inputs", NUMERIC)}, .variadic = true,
     .attributes = {REQUIRED_ATTRIBUTE("equation", STRING)}, .expand = expand_einsum,
     .doc = "Sums of products over labelled axes, as the equation says."},
    {0}};
