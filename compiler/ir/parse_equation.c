/* SPDX-License-Identifier: Apache-2.0 */
/* Parses subscripts and labels. A word in a subscript is a symbol where one of that name is declared, else a
   label; how labels are ordered and extents are found is the printer's rule (text_internal.h). */
#include "ir/parse_internal.h"
#include <string.h>

static bool find_label(EquationParser *equation, const Token *token, uint32_t *label) {
  for (*label = 0; *label < equation->label_count; ++*label)
    if (strcmp(equation->names[*label], token->string) == 0) return true;
  if (equation->label_count == POINT_LIMIT)
    return parse_error(equation->parser, token, "more than %d labels in an equation", POINT_LIMIT);
  Arena *arena = equation->parser->module->arena;
  equation->names[equation->label_count++] = arena_copy_text(arena, token->string, token->length);
  return true;
}

static bool is_label(const Parser *parser) {
  const Token *token = &parser->lexer.token;
  return token->kind == TOKEN_WORD && !label_is_reserved(token->string) &&
         !dim_symbol_find(parser->module->dims, token->string);
}

/* The sum under construction; terms in order of appearance. */
typedef struct Affine {
  Dim offset;
  uint32_t term_count;
  AffineTerm terms[POINT_LIMIT];
} Affine;

static bool check_dim(Parser *parser, const Token *start, Dim dim) {
  if (!dim) return parse_error(parser, &parser->lexer.token, "expected an integer, a symbol or a label");
  if (dim_is_valid(dim)) return true;
  return parse_error(parser, start, "the subscript overflows or divides by what may be 0");
}

/* "2*N*i": at most one factor is a label. */
static bool parse_product(EquationParser *equation, Affine *affine, bool minus) {
  Parser *parser = equation->parser;
  DimContext *context = parser->module->dims;
  const Token start = parser->lexer.token;
  Dim product = dim_constant(context, minus ? -1 : 1);
  uint32_t label = 0;
  bool labelled = false;
  do {
    const Token token = parser->lexer.token;
    if (is_label(parser)) {
      if (labelled) return parse_error(parser, &token, "a product of two labels: subscripts are affine");
      if (!find_label(equation, &token, &label)) return false;
      labelled = true;
      lexer_next(&parser->lexer);
      continue;
    }
    bool least = minus && token.kind == TOKEN_INTEGER && token.integer == INT64_MIN;
    Dim factor = dim_parse_factor(context, &parser->lexer);
    if (least && dim_equals_constant(product, -1)) /* -9223372036854775808 */
      product = dim_constant(context, INT64_MIN);
    else
      product = factor ? dim_multiply(context, product, factor) : NULL;
    if (!check_dim(parser, &start, product)) return false;
  } while (lexer_accept(&parser->lexer, '*'));
  if (!labelled) {
    affine->offset = dim_add(context, affine->offset, product);
    return check_dim(parser, &start, affine->offset);
  }
  uint32_t k = 0;
  while (k < affine->term_count && affine->terms[k].label != label) k++;
  if (k == affine->term_count)
    affine->terms[affine->term_count++] = (AffineTerm){label, dim_constant(context, 0)};
  affine->terms[k].coefficient = dim_add(context, affine->terms[k].coefficient, product);
  return check_dim(parser, &start, affine->terms[k].coefficient);
}

bool parse_subscript(EquationParser *equation, Subscript *subscript) {
  Parser *parser = equation->parser;
  Affine affine = {.offset = dim_constant(parser->module->dims, 0)};
  const Token start = parser->lexer.token;
  size_t symbols = dim_symbol_count(parser->module->dims);
  bool minus = lexer_accept(&parser->lexer, '-');
  for (;;) {
    if (!parse_product(equation, &affine, minus)) return false;
    minus = lexer_is(&parser->lexer, '-');
    if (!minus && !lexer_is(&parser->lexer, '+')) break;
    lexer_next(&parser->lexer);
  }
  uint32_t kept = 0;
  for (uint32_t i = 0; i < affine.term_count; i++)
    if (!dim_equals_constant(affine.terms[i].coefficient, 0)) affine.terms[kept++] = affine.terms[i];
  subscript->offset = affine.offset;
  subscript->term_count = kept;
  subscript->terms = arena_copy(parser->module->arena, affine.terms, kept * sizeof *affine.terms);
  return parse_check_symbols(parser, &start, symbols);
}

bool parse_access(EquationParser *equation, Access *access) {
  Parser *parser = equation->parser;
  Subscript subscripts[RANK_LIMIT];
  uint32_t rank = 0;
  if (!parse_expect(parser, '[')) return false;
  while (!lexer_is(&parser->lexer, ']')) {
    if (rank && !parse_expect(parser, ',')) return false;
    if (rank == RANK_LIMIT)
      return parse_error(parser, &parser->lexer.token, "more than %d subscripts", RANK_LIMIT);
    if (!parse_subscript(equation, &subscripts[rank])) return false;
    rank++;
  }
  lexer_next(&parser->lexer);
  *access = (Access){rank, arena_copy(parser->module->arena, subscripts, rank * sizeof *subscripts)};
  return true;
}

bool parse_index_label(EquationParser *equation, uint32_t index) {
  Parser *parser = equation->parser;
  const Token token = parser->lexer.token;
  uint32_t label;
  if (!is_label(parser)) return parse_error(parser, &token, "expected the label that this operand gives, as in r=%%1[n]");
  if (!find_label(equation, &token, &label)) return false;
  if (equation->indices[label]) return parse_error(parser, &token, "two operands give label '%s'", token.string);
  equation->indices[label] = index;
  lexer_next(&parser->lexer);
  return parse_expect(parser, '=');
}

static bool parse_labels(EquationParser *equation) {
  Parser *parser = equation->parser;
  do {
    const Token token = parser->lexer.token;
    uint32_t label;
    if (!is_label(parser)) return parse_error(parser, &token, "expected a label");
    if (!find_label(equation, &token, &label)) return false;
    for (uint32_t i = 0; i < equation->listed_count; i++)
      if (equation->listed[i] == label)
        return parse_error(parser, &token, "label '%s' is listed twice", token.string);
    equation->listed[equation->listed_count++] = label;
    lexer_next(&parser->lexer);
    if (lexer_accept(&parser->lexer, '=') && !parse_dim(parser, &equation->extents[label])) return false;
  } while (lexer_accept(&parser->lexer, ','));
  return parse_expect(parser, '}');
}

bool parse_equation_rest(EquationParser *equation) {
  return !lexer_accept(&equation->parser->lexer, '{') || parse_labels(equation);
}

static void renumber_subscript(Arena *arena, Subscript *subscript, const uint32_t *position) {
  AffineTerm *terms = arena_array(arena, AffineTerm, subscript->term_count);
  for (uint32_t i = 0; i < subscript->term_count; i++) {
    AffineTerm term = {position[subscript->terms[i].label], subscript->terms[i].coefficient};
    uint32_t at = i;
    for (; at > 0 && terms[at - 1].label > term.label; at--) terms[at] = terms[at - 1];
    terms[at] = term;
  }
  subscript->terms = terms;
}

static void renumber_access(Arena *arena, Access *access, const uint32_t *position) {
  Subscript *subscripts = arena_copy(arena, access->subscripts, access->rank * sizeof *subscripts);
  for (uint32_t i = 0; i < access->rank; i++) renumber_subscript(arena, &subscripts[i], position);
  access->subscripts = subscripts;
}

bool parse_equation_finish(EquationParser *equation, Node *node, const Token *start) {
  Arena *arena = equation->parser->module->arena;
  Equation *result = arena_new(arena, Equation);
  uint32_t order[POINT_LIMIT], position[POINT_LIMIT];
  *result = (Equation){.label_count = equation->label_count,
                       .operand_count = (uint32_t)equation->operand_count,
                       .operands = equation->operands,
                       .result = equation->result};
  if (equation->listed_count == equation->label_count)
    memcpy(order, equation->listed, sizeof order);
  else
    equation_default_order(node->kind, result, order);
  for (uint32_t i = 0; i < equation->label_count; i++) position[order[i]] = i;
  for (size_t k = 0; k < equation->operand_count; k++)
    renumber_access(arena, &equation->operands[k], position);
  renumber_access(arena, &result->result, position);
  Label *labels = arena_array(arena, Label, equation->label_count);
  result->labels = labels;
  for (uint32_t i = 0; i < equation->label_count; i++) {
    labels[i].name = equation->names[order[i]];
    labels[i].index = equation->indices[order[i]];
    labels[i].extent = equation->extents[order[i]];
    if (!labels[i].extent) labels[i].extent = equation_derived_extent(node, result, i);
    if (!labels[i].extent)
      return parse_error(equation->parser, start,
                         "the extent of label '%s' follows from no operand and no result: "
                         "state it as {%s=...}",
                         labels[i].name, labels[i].name);
  }
  node->equation = result;
  return true;
}
