/* SPDX-License-Identifier: Apache-2.0 */
/* Prints subscripts and labels. A label's extent is printed only where the types do not give it, and the
   labels' order only where it is not the one that reading the equation gives. */
#include "ir/text_internal.h"
#include <ctype.h>
#include <string.h>

bool label_is_reserved(const char *name) {
  static const char *const words[] = {"floordiv", "mod", "min", "max", "bdim", "inf", "nan", "_"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(name, words[i]) == 0) return true;
  return false;
}

static bool is_word(const char *name) {
  if (!isalpha((unsigned char)name[0]) && name[0] != '_') return false;
  for (const char *at = name; *at; at++)
    if (!isalnum((unsigned char)*at) && *at != '_' && *at != '.') return false;
  return !label_is_reserved(name);
}

static bool name_taken(const Module *module, const char *const *names, uint32_t count, const char *name) {
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(names[i], name) == 0) return true;
  return dim_symbol_find(module->dims, name) != NULL;
}

static uint32_t count_labels(const Access *access, uint32_t count) {
  for (uint32_t i = 0; i < access->rank; i++)
    for (uint32_t j = 0; j < access->subscripts[i].term_count; j++)
      if (access->subscripts[i].terms[j].label >= count) count = access->subscripts[i].terms[j].label + 1;
  return count;
}

/* More than label_count where the equation is broken: it is still printed. */
static uint32_t highest_label_count(const Equation *equation) {
  uint32_t count = count_labels(&equation->result, equation->label_count);
  for (uint32_t k = 0; k < equation->operand_count; k++) count = count_labels(&equation->operands[k], count);
  return count;
}

const char **equation_label_names(Arena *arena, const Module *module, const Equation *equation) {
  uint32_t count = highest_label_count(equation);
  const char **names = arena_array(arena, const char *, count);
  for (uint32_t i = equation->label_count; i < count; i++) names[i] = "?";
  for (uint32_t i = 0; i < equation->label_count; i++) {
    const char *own = equation->labels[i].name;
    const char *base = own && is_word(own) ? own : "l";
    names[i] = base;
    for (uint32_t suffix = 1; name_taken(module, names, i, names[i]); suffix++)
      names[i] = arena_format(arena, "%s_%u", base, suffix);
  }
  return names;
}

/* "2*", "N*", "(N-1)*"; the sign has been printed and `magnitude` is without it. */
static void print_coefficient(Text *text, Dim coefficient) {
  int64_t value;
  bool single =
      dim_is_valid(coefficient) && coefficient->term_count == 1 && coefficient->terms[0].coefficient > 0;
  if (dim_is_constant(coefficient, &value) && value == 1) return;
  if (!single) text_add(text, "(");
  dim_print(text, coefficient);
  text_add(text, single ? "*" : ")*");
}

static void print_subscript(Text *text, const Subscript *subscript, const char *const *names) {
  int64_t value;
  for (uint32_t i = 0; i < subscript->term_count; i++) {
    const AffineTerm *term = &subscript->terms[i];
    if (dim_is_constant(term->coefficient, &value) && value < 0) {
      uint64_t magnitude = 0 - (uint64_t)value;
      text_add(text, "-");
      if (magnitude != 1) text_format(text, "%llu*", (unsigned long long)magnitude);
    } else {
      if (i) text_add(text, "+");
      print_coefficient(text, term->coefficient);
    }
    text_add(text, names[term->label]);
  }
  if (subscript->term_count && dim_equals_constant(subscript->offset, 0)) return;
  Text offset = {0};
  dim_print(&offset, subscript->offset);
  if (subscript->term_count && text_string(&offset)[0] != '-') text_add(text, "+");
  text_add(text, text_string(&offset));
  text_free(&offset);
}

void access_print(Text *text, const Access *access, const char *const *names) {
  text_add(text, "[");
  for (uint32_t i = 0; i < access->rank; i++) {
    if (i) text_add(text, ", ");
    print_subscript(text, &access->subscripts[i], names);
  }
  text_add(text, "]");
}

void equation_print_index(Text *text, const Equation *equation, uint32_t operand, const char *const *names) {
  for (uint32_t i = 0; operand && i < equation->label_count; i++)
    if (equation->labels[i].index == operand) text_format(text, "%s=", names[i]);
}

typedef struct LabelOrder {
  uint32_t *order, count, limit;
} LabelOrder;

static void order_access(LabelOrder *labels, const Access *access) {
  for (uint32_t i = 0; i < access->rank; i++)
    for (uint32_t j = 0; j < access->subscripts[i].term_count; j++) {
      uint32_t label = access->subscripts[i].terms[j].label, k = 0;
      while (k < labels->count && labels->order[k] != label) k++;
      if (k == labels->count && label < labels->limit) labels->order[labels->count++] = label;
    }
}

void equation_default_order(PrimitiveKind kind, const Equation *equation, uint32_t *order) {
  LabelOrder labels = {order, 0, equation->label_count};
  if (kind != PRIMITIVE_REDUCE) order_access(&labels, &equation->result);
  for (uint32_t k = 0; k < equation->operand_count; k++) order_access(&labels, &equation->operands[k]);
  if (kind == PRIMITIVE_REDUCE) order_access(&labels, &equation->result);
  for (uint32_t label = 0; label < equation->label_count; label++) {
    uint32_t k = 0;
    while (k < labels.count && order[k] != label) k++;
    if (k == labels.count) order[labels.count++] = label;
  }
}

static Dim plain_dim(const Access *access, const Type *type, uint32_t label) {
  uint32_t found;
  for (uint32_t i = 0; i < access->rank && i < type->rank; i++)
    if (subscript_is_plain(&access->subscripts[i], &found) && found == label) return type->dims[i];
  return NULL;
}

Dim equation_derived_extent(const Node *node, const Equation *equation, uint32_t label) {
  Dim dim = NULL;
  if (node->result_count == 1 && node->results[0]->type.kind == VALUE_TENSOR)
    dim = plain_dim(&equation->result, &node->results[0]->type, label);
  for (uint32_t k = 0; !dim && k < equation->operand_count && k < node->operand_count; k++)
    if (node->operands[k] && node->operands[k]->type.kind == VALUE_TENSOR)
      dim = plain_dim(&equation->operands[k], &node->operands[k]->type, label);
  return dim;
}

void equation_print_rest(Text *text, const Node *node, const char *const *names) {
  const Equation *equation = node->equation;
  uint32_t order[POINT_LIMIT];
  bool stated = equation->label_count > POINT_LIMIT; /* the verifier refuses it */
  if (!stated) equation_default_order(node->kind, equation, order);
  for (uint32_t i = 0; !stated && i < equation->label_count; i++) stated = order[i] != i;
  bool any = false;
  for (uint32_t i = 0; i < equation->label_count; i++) {
    Dim extent = equation->labels[i].extent;
    bool derived = equation_derived_extent(node, equation, i) == extent;
    if (derived && !stated) continue;
    text_add(text, any ? ", " : " {");
    any = true;
    text_add(text, names[i]);
    if (derived) continue;
    text_add(text, "=");
    dim_print(text, extent);
  }
  if (any) text_add(text, "}");
}
