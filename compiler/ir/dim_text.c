/* SPDX-License-Identifier: Apache-2.0 */
/* The textual form of dims: sums of products, with the opaque atoms written as calls. */
#include "base/text.h"
#include "ir/dim.h"
#include <ctype.h>
#include <string.h>

enum { NESTING_LIMIT = 64 };

/* Row k names DimAtomKind k. */
static const char *const atom_names[] = {NULL, "floordiv", "mod", "min", "max", "bdim"};

static bool is_plain_word(const char *name) {
  if (!isalpha((unsigned char)name[0]) && name[0] != '_') return false;
  for (const char *at = name; *at; at++)
    if (!isalnum((unsigned char)*at) && *at != '_' && *at != '.') return false;
  for (size_t kind = 1; kind < sizeof atom_names / sizeof *atom_names; kind++)
    if (strcmp(name, atom_names[kind]) == 0) return false;
  static const char *const others[] = {"inf", "nan", "clamp", "mirror", "wrap"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (strcmp(name, others[i]) == 0) return false;
  return true;
}

void dim_symbol_print(Text *text, const Symbol *symbol) {
  if (is_plain_word(symbol->name))
    text_add(text, symbol->name);
  else
    text_add_quoted(text, symbol->name);
}

static void print_atom(Text *text, const DimAtom *atom) {
  if (atom->kind == DIM_SYMBOL) {
    dim_symbol_print(text, atom->symbol);
    return;
  }
  text_format(text, "%s(", atom_names[atom->kind]);
  dim_print(text, atom->left);
  text_add(text, ",");
  dim_print(text, atom->right);
  text_add(text, ")");
}

void dim_print(Text *text, Dim dim) {
  if (!dim->valid) {
    text_add(text, "?");
    return;
  }
  if (!dim->term_count) text_add(text, "0");
  for (uint32_t i = 0; i < dim->term_count; i++) {
    const DimTerm *term = &dim->terms[i];
    bool minus = term->coefficient < 0;
    uint64_t magnitude = minus ? 0 - (uint64_t)term->coefficient : (uint64_t)term->coefficient;
    if (minus || i) text_add(text, minus ? "-" : "+");
    if (magnitude != 1 || !term->factor_count) text_format(text, "%llu", (unsigned long long)magnitude);
    for (uint32_t j = 0; j < term->factor_count; j++) {
      if (j || magnitude != 1) text_add(text, "*");
      print_atom(text, term->factors[j]);
    }
  }
}

static Dim parse_sum(DimContext *context, Lexer *lexer, int depth);

static Dim parse_call(DimContext *context, Lexer *lexer, DimAtomKind kind, int depth) {
  lexer_next(lexer);
  if (!lexer_accept(lexer, '(')) return NULL;
  Dim left = parse_sum(context, lexer, depth + 1);
  if (!left || !lexer_accept(lexer, ',')) return NULL;
  Dim right = parse_sum(context, lexer, depth + 1);
  if (!right || !lexer_accept(lexer, ')')) return NULL;
  switch (kind) {
  case DIM_FLOOR_DIVIDE: return dim_floor_divide(context, left, right);
  case DIM_MODULO: return dim_modulo(context, left, right);
  case DIM_MIN: return dim_min(context, left, right);
  case DIM_MAX: return dim_max(context, left, right);
  case DIM_BROADCAST: return dim_broadcast(context, left, right);
  case DIM_SYMBOL: break;
  }
  return NULL;
}

static Dim parse_factor(DimContext *context, Lexer *lexer, int depth) {
  const Token token = lexer->token;
  if (depth > NESTING_LIMIT) return NULL;
  if (token.kind == TOKEN_INTEGER) { /* a literal of 2^63 stands only after a minus: parse_product */
    lexer_next(lexer);
    return token.integer < 0 ? dim_invalid(context) : dim_constant(context, token.integer);
  }
  if (lexer_accept(lexer, '(')) {
    Dim inner = parse_sum(context, lexer, depth + 1);
    return inner && lexer_accept(lexer, ')') ? inner : NULL;
  }
  if (token.kind == TOKEN_WORD)
    for (size_t kind = 1; kind < sizeof atom_names / sizeof *atom_names; kind++)
      if (strcmp(token.string, atom_names[kind]) == 0) return parse_call(context, lexer, (DimAtomKind)kind, depth);
  if (token.kind != TOKEN_WORD && token.kind != TOKEN_STRING) return NULL;
  lexer_next(lexer);
  return dim_symbol(context, token.string);
}

static Dim parse_product(DimContext *context, Lexer *lexer, int depth, bool minus) {
  const Token first = lexer->token;
  Dim product = parse_factor(context, lexer, depth);
  if (minus && product && first.kind == TOKEN_INTEGER)
    product = dim_constant(context, (int64_t)(0 - (uint64_t)first.integer));
  else if (minus && product)
    product = dim_subtract(context, dim_constant(context, 0), product);
  while (product && lexer_accept(lexer, '*')) {
    Dim factor = parse_factor(context, lexer, depth);
    product = factor ? dim_multiply(context, product, factor) : NULL;
  }
  return product;
}

static Dim parse_sum(DimContext *context, Lexer *lexer, int depth) {
  Dim sum = dim_constant(context, 0);
  bool minus = lexer_accept(lexer, '-');
  for (;;) {
    Dim product = parse_product(context, lexer, depth, minus);
    if (!product) return NULL;
    sum = dim_add(context, sum, product);
    minus = lexer_is(lexer, '-');
    if (!minus && !lexer_is(lexer, '+')) return sum;
    lexer_next(lexer);
  }
}

Dim dim_parse(DimContext *context, Lexer *lexer) {
  return parse_sum(context, lexer, 0);
}
Dim dim_parse_factor(DimContext *context, Lexer *lexer) {
  return parse_factor(context, lexer, 0);
}

static bool words_are_symbols(const DimContext *context, Lexer *lexer) {
  for (; lexer->token.kind != TOKEN_END; lexer_next(lexer)) {
    const Token *token = &lexer->token;
    if (token->kind == TOKEN_WORD ? !dim_symbol_is_known(context, token->string) : token->kind != TOKEN_INTEGER && token->kind != TOKEN_PUNCTUATION)
      return false;
  }
  return true;
}

Dim dim_spelled(DimContext *context, struct Arena *scratch, const char *name) {
  Lexer lexer;
  if (is_plain_word(name)) return NULL; /* of something else than itself */
  lexer_start(&lexer, scratch, name, strlen(name));
  if (!words_are_symbols(context, &lexer)) return NULL;
  lexer_start(&lexer, scratch, name, strlen(name));
  Dim dim = dim_parse(context, &lexer);
  return dim && lexer.token.kind == TOKEN_END && dim_is_valid(dim) ? dim : NULL;
}
