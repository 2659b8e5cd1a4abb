/* SPDX-License-Identifier: Apache-2.0 */
/* Parser of expansion texts; builds nodes as it goes. The texts are our own: a syntax error is a bug that the
   table test finds, and is reported as an invalid node. */
#include "ops/expression.h"
#include "ops/families.h"
#include "base/text.h"
#include <math.h>
#include <string.h>

typedef struct Term {
  Value *value; /* null: the number */
  double number;
  bool ok;
} Term;

typedef struct Reader {
  const OperatorCall *call;
  Lexer lexer;
  ElementType narrow, wide; /* of the tensors, and what numbers made of it; undefined where they did not */
} Reader;

static const Term failed = {0};

static Term read_level(Reader *reader, int level);

static Term number_term(double number) { return (Term){.number = number, .ok = true}; }
static Term value_term(Value *value) { return (Term){.value = value, .ok = value != NULL}; }

/* All operands (of select: but the condition) in one type: that of the typed ones, or the wider one in which a number must
   take part, or already has. */
static bool materialise(Reader *reader, Term *terms, uint32_t count, Scalar scalar) {
  Builder *builder = reader->call->builder;
  uint32_t first = scalar == SCALAR_SELECT;
  const Value *typed = NULL;
  for (uint32_t i = 0; i < count; i++)
    if (!terms[i].ok) return false;
  for (uint32_t i = first; i < count; i++)
    if (terms[i].value && (!typed || terms[i].value->type.element == reader->wide)) typed = terms[i].value;
  ElementType element = typed ? typed->type.element : reader->call->inputs[0]->type.element, common = element;
  for (uint32_t i = first; i < count && common == element; i++)
    if (!terms[i].value) common = element_beside(element, terms[i].number);
  if (common != element) {
    reader->narrow = element;
    reader->wide = common;
  }
  for (uint32_t i = first; i < count; i++) {
    if (!terms[i].value) terms[i].value = build_number(builder, common, terms[i].number);
    else if (terms[i].value->type.element == reader->narrow && reader->wide == common)
      terms[i].value = build_cast(builder, terms[i].value, common);
    if (!terms[i].value) return false;
  }
  return !first || terms[0].value;
}

static Term apply(Reader *reader, Scalar scalar, Term *terms, uint32_t count) {
  Value *operands[3];
  if (!materialise(reader, terms, count, scalar)) return failed;
  for (uint32_t i = 0; i < count; i++) operands[i] = terms[i].value;
  return value_term(build_map(reader->call->builder, scalar, operands, count));
}

static Term read_function(Reader *reader, const char *name) {
  Scalar scalar = scalar_find(name);
  Term terms[3];
  uint32_t count = 0;
  if (scalar == SCALAR_COUNT) return failed;
  while (count < 3) {
    terms[count] = read_level(reader, 0);
    if (!terms[count++].ok) return failed;
    if (!lexer_accept(&reader->lexer, ',')) break;
  }
  if (!lexer_accept(&reader->lexer, ')') || count != scalar_info(scalar)->arity) return failed;
  return apply(reader, scalar, terms, count);
}

static Term read_name(Reader *reader, const char *name) {
  const Attribute *attribute = call_attribute(reader->call, name);
  if (attribute && attribute->kind == ATTRIBUTE_FLOAT) return number_term(attribute->number);
  if (attribute && attribute->kind == ATTRIBUTE_INT) return number_term((double)attribute->integer);
  return value_term(call_input(reader->call, name));
}

static Term read_primary(Reader *reader) {
  Lexer *lexer = &reader->lexer;
  Token token = lexer->token;
  lexer_next(lexer);
  if (token.kind == TOKEN_INTEGER || token.kind == TOKEN_FLOAT) return number_term(token.number);
  if (token.kind == TOKEN_WORD)
    return lexer_accept(lexer, '(') ? read_function(reader, token.string) : read_name(reader, token.string);
  if (token.kind != TOKEN_PUNCTUATION) return failed;
  if (token.punctuation == '(') {
    Term inner = read_level(reader, 0);
    return lexer_accept(lexer, ')') ? inner : failed;
  }
  if (token.punctuation != '-') return failed;
  Term inner = read_primary(reader);
  if (!inner.ok || !inner.value) return (Term){.number = -inner.number, .ok = inner.ok};
  return apply(reader, SCALAR_NEG, &inner, 1);
}

/* Binary operators by level of precedence, loosest first; two-character spellings before their prefixes. */
static const struct {
  int level;
  const char *spelling;
  Scalar scalar;
} binary_operators[] = {
    {0, "|", SCALAR_OR},  {1, "&", SCALAR_AND}, {2, "==", SCALAR_EQ}, {2, "!=", SCALAR_NE}, {3, "<=", SCALAR_LE},
    {3, ">=", SCALAR_GE}, {3, "<", SCALAR_LT},  {3, ">", SCALAR_GT},  {4, "+", SCALAR_ADD}, {4, "-", SCALAR_SUB},
    {5, "*", SCALAR_MUL}, {5, "/", SCALAR_DIV},
};
enum { LEVEL_COUNT = 6 };

static Scalar accept_operator(Lexer *lexer, int level) {
  for (size_t i = 0; i < sizeof binary_operators / sizeof *binary_operators; i++) {
    const char *spelling = binary_operators[i].spelling;
    if (binary_operators[i].level != level || !lexer_is(lexer, spelling[0])) continue;
    bool followed = lexer->position < lexer->length && lexer->bytes[lexer->position] == '=';
    if ((spelling[1] == '=') != followed) continue;
    lexer_next(lexer);
    if (followed) lexer_next(lexer);
    return binary_operators[i].scalar;
  }
  return SCALAR_COUNT;
}

static Term read_level(Reader *reader, int level) {
  if (level == LEVEL_COUNT) return read_primary(reader);
  Term left = read_level(reader, level + 1);
  while (left.ok) {
    Scalar scalar = accept_operator(&reader->lexer, level);
    if (scalar == SCALAR_COUNT) return left;
    Term pair[2] = {left, read_level(reader, level + 1)};
    if (!pair[1].ok) return failed;
    if (pair[0].value || pair[1].value) {
      left = apply(reader, scalar, pair, 2);
      continue;
    }
    double a = pair[0].number, b = pair[1].number;
    if (scalar == SCALAR_ADD || scalar == SCALAR_SUB)
      left = number_term(scalar == SCALAR_ADD ? a + b : a - b);
    else if (scalar == SCALAR_MUL || scalar == SCALAR_DIV)
      left = number_term(scalar == SCALAR_MUL ? a * b : a / b);
    else
      return failed;
  }
  return left;
}

Value *expression_build(const OperatorCall *call) {
  Reader reader = {.call = call};
  const char *text = call->operator->text;
  uint32_t errors = diagnostics_error_count(call->builder->module->diagnostics);
  lexer_start(&reader.lexer, call->builder->module->arena, text, strlen(text));
  Term term = read_level(&reader, 0);
  if (term.ok && reader.lexer.token.kind == TOKEN_END && materialise(&reader, &term, 1, SCALAR_COUNT))
    return reader.wide && term.value->type.element == reader.wide ? build_cast(call->builder, term.value, reader.narrow)
                                                                  : term.value;
  if (diagnostics_error_count(call->builder->module->diagnostics) == errors)
    call_invalid(call, "its expansion \"%s\" does not parse", text);
  return NULL;
}
