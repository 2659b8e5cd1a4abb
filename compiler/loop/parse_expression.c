/* SPDX-License-Identifier: Apache-2.0 */
/* Parses expressions of kernels. Types follow from the operands; what does not fit together is left for the
   verifier, but every index is in range and every count is what the kind needs. */
#include "loop/text_internal.h"
#include <string.h>

static bool use_declared_axes(KernelParser *kernel, const Token *start) {
  EquationParser *equation = &kernel->equation;
  if (equation->label_count == kernel->axis_count) return true;
  const char *name = equation->names[kernel->axis_count];
  equation->label_count = (uint32_t)kernel->axis_count;
  return parse_error(kernel->parser, start, "'%s' is no axis and no symbol", name);
}

/* Terms in the order of the axes, as everything but the parser makes them. */
static void sort_terms(Arena *arena, Subscript *subscript) {
  AffineTerm *terms = arena_array(arena, AffineTerm, subscript->term_count);
  for (uint32_t i = 0; i < subscript->term_count; i++) {
    uint32_t at = i;
    for (; at > 0 && terms[at - 1].label > subscript->terms[i].label; at--) terms[at] = terms[at - 1];
    terms[at] = subscript->terms[i];
  }
  subscript->terms = terms;
}

bool parse_subscripts(KernelParser *kernel, uint32_t rank, const Subscript **subscripts) {
  Parser *parser = kernel->parser;
  const Token start = parser->lexer.token;
  Access access;
  if (!parse_access(&kernel->equation, &access) || !use_declared_axes(kernel, &start)) return false;
  if (access.rank != rank)
    return parse_error(parser, &start, "%u subscripts, expected %u", access.rank, rank);
  Subscript *sorted = arena_copy(parser->module->arena, access.subscripts, rank * sizeof *sorted);
  for (uint32_t i = 0; i < rank; i++) sort_terms(parser->module->arena, &sorted[i]);
  *subscripts = sorted;
  return true;
}

bool parse_buffer_name(KernelParser *kernel, uint32_t *buffer) {
  const Token token = kernel->parser->lexer.token;
  if (token.kind != TOKEN_NAME) return parse_error(kernel->parser, &token, "expected a buffer such as %%x");
  for (*buffer = 0; *buffer < kernel->buffer_count; ++*buffer)
    if (strcmp(kernel->kernel->buffers[*buffer].name, token.string) == 0) {
      lexer_next(&kernel->parser->lexer);
      return true;
    }
  return parse_error(kernel->parser, &token, "the kernel has no buffer '%s'", token.string);
}

bool parse_axis_name(KernelParser *kernel, uint32_t *axis) {
  const Token token = kernel->parser->lexer.token;
  for (*axis = 0; token.kind == TOKEN_WORD && *axis < kernel->kernel->axis_count; ++*axis)
    if (strcmp(kernel->kernel->axes[*axis].name, token.string) == 0) {
      lexer_next(&kernel->parser->lexer);
      return true;
    }
  return parse_error(kernel->parser, &token, "expected an axis of the kernel");
}

static bool parse_load(KernelParser *kernel, Expr *expr) {
  expr->kind = EXPR_LOAD;
  if (!parse_buffer_name(kernel, &expr->buffer)) return false;
  const KernelBuffer *buffer = &kernel->kernel->buffers[expr->buffer];
  expr->type = element_info(buffer->element)->compute;
  return parse_subscripts(kernel, buffer->rank, &expr->subscripts);
}

static bool add_operand(KernelParser *kernel, Expr *expr, uint32_t depth) {
  const Expr *operand = parse_expression(kernel, depth + 1);
  if (operand) expr->operands[expr->operand_count++] = operand;
  return operand != NULL;
}

/* "p+i in [0, 28), ..." */
static bool parse_ranges(KernelParser *kernel, Expr *expr) {
  Parser *parser = kernel->parser;
  const Token start = parser->lexer.token;
  GuardRange *ranges = NULL;
  size_t count = 0, capacity = 0;
  do {
    GuardRange range;
    if (!parse_subscript(&kernel->equation, &range.form) || !parse_expect_word(parser, "in") ||
        !parse_expect(parser, '[') || !parse_dim(parser, &range.low) || !parse_expect(parser, ',') ||
        !parse_dim(parser, &range.high) || !parse_expect(parser, ')'))
      return false;
    sort_terms(parser->module->arena, &range.form);
    arena_push(parser->module->arena, ranges, count, capacity) = range;
  } while (lexer_accept(&parser->lexer, ','));
  expr->ranges = ranges;
  expr->range_count = (uint32_t)count;
  return use_declared_axes(kernel, &start);
}

/* "(A where p+i in [0, 28), ... else B)" */
static bool parse_guard(KernelParser *kernel, Expr *expr, uint32_t depth) {
  Parser *parser = kernel->parser;
  expr->kind = EXPR_GUARD;
  if (!parse_expect(parser, '(') || !add_operand(kernel, expr, depth)) return false;
  if (lexer_accept_word(&parser->lexer, "where") && !parse_ranges(kernel, expr)) return false;
  if (!parse_expect_word(parser, "else") || !add_operand(kernel, expr, depth)) return false;
  expr->type = expr->operands[0]->type;
  return parse_expect(parser, ')');
}

static bool parse_literal(KernelParser *kernel, Expr *expr, ElementType element) {
  Parser *parser = kernel->parser;
  expr->kind = EXPR_LITERAL;
  expr->type = element;
  if (!parse_expect(parser, '(')) return false;
  const Token token = parser->lexer.token;
  if (!element_is_printable(element) || !element_parse(&parser->lexer, element, &expr->bits))
    return parse_error(parser, &token, "expected a literal of type %s", element_info(element)->name);
  return parse_expect(parser, ')');
}

/* "cast.f32": the function and the type that it gives. */
static Scalar find_function(Arena *arena, const Token *token, ElementType *given) {
  const char *dot = strchr(token->string, '.');
  *given = dot ? element_find(dot + 1) : ELEMENT_UNDEFINED;
  size_t length = dot ? (size_t)(dot - token->string) : token->length;
  Scalar scalar = scalar_find(arena_copy_text(arena, token->string, length));
  bool states_type = scalar != SCALAR_COUNT && scalar_info(scalar)->result == RESULT_GIVEN;
  return states_type == (*given != ELEMENT_UNDEFINED) && states_type == (dot != NULL) ? scalar : SCALAR_COUNT;
}

static bool parse_call(KernelParser *kernel, Expr *expr, const Token *token, uint32_t depth) {
  Parser *parser = kernel->parser;
  ElementType given;
  expr->kind = EXPR_CALL;
  expr->scalar = find_function(parser->scratch, token, &given);
  if (expr->scalar == SCALAR_COUNT)
    return parse_error(parser, token, "'%s' is no scalar function%s", token->string,
                       strncmp(token->string, "cast", 4) == 0 ? " (casts state a type: cast.f32)" : "");
  const ScalarInfo *info = scalar_info(expr->scalar);
  if (!parse_expect(parser, '(')) return false;
  for (uint32_t i = 0; i < info->arity; i++)
    if ((i && !parse_expect(parser, ',')) || !add_operand(kernel, expr, depth)) return false;
  expr->type = info->result == RESULT_BOOL    ? ELEMENT_BOOL
               : info->result == RESULT_GIVEN ? given
                                              : expr->operands[info->arity - 1]->type;
  return parse_expect(parser, ')');
}

const Expr *parse_expression(KernelParser *kernel, uint32_t depth) {
  Parser *parser = kernel->parser;
  const Token token = parser->lexer.token;
  Expr *expr = arena_new(parser->module->arena, Expr);
  *expr = (Expr){.scalar = SCALAR_COUNT};
  bool ok;
  if (depth > EXPRESSION_DEPTH_LIMIT) {
    ok = parse_error(parser, &token, "expressions nested deeper than %d", EXPRESSION_DEPTH_LIMIT);
  } else if (token.kind == TOKEN_NAME) {
    ok = parse_load(kernel, expr);
  } else if (lexer_is(&parser->lexer, '(')) {
    ok = parse_guard(kernel, expr, depth);
  } else if (token.kind != TOKEN_WORD) {
    ok = parse_error(parser, &token, "expected an expression");
  } else {
    lexer_next(&parser->lexer);
    ElementType element = element_find(token.string);
    if (strcmp(token.string, "index") == 0) {
      expr->kind = EXPR_INDEX;
      expr->type = ELEMENT_I64;
      ok = parse_subscripts(kernel, 1, &expr->subscripts);
    } else {
      ok = element ? parse_literal(kernel, expr, element) : parse_call(kernel, expr, &token, depth);
    }
  }
  return ok ? expr : NULL;
}
