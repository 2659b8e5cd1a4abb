/* SPDX-License-Identifier: Apache-2.0 */
/* What the parse*.c files share: name tables, messages, small tokens. */
#include "base/hash.h"
#include "ir/parse_internal.h"
#include <stdarg.h>
#include <string.h>

static size_t name_slot(const NameTable *table, const char *name) {
  size_t slot = (size_t)hash_bytes(name, strlen(name), 0) & (table->slot_count - 1);
  while (table->slots[slot] && strcmp(table->bindings[table->slots[slot] - 1].name, name) != 0)
    slot = (slot + 1) & (table->slot_count - 1);
  return slot;
}

Binding *name_find(const NameTable *table, const char *name) {
  if (!table->slot_count) return NULL;
  uint32_t index = table->slots[name_slot(table, name)];
  return index ? &table->bindings[index - 1] : NULL;
}

void name_bind(Parser *parser, NameTable *table, const char *name, void *target) {
  if (table->count * 2 >= table->slot_count) {
    table->slot_count = table->slot_count ? table->slot_count * 2 : 64;
    table->slots = arena_array(parser->scratch, uint32_t, table->slot_count);
    for (size_t i = 0; i < table->count; i++)
      table->slots[name_slot(table, table->bindings[i].name)] = (uint32_t)i + 1;
  }
  arena_push(parser->scratch, table->bindings, table->count, table->capacity) =
      (Binding){name, target, true, false};
  table->slots[name_slot(table, name)] = (uint32_t)table->count;
}

bool parse_error(Parser *parser, const Token *token, const char *format, ...) {
  char buffer[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(buffer, sizeof buffer, format, arguments);
  va_end(arguments);
  Location location = {.file = parser->file, .line = token->line, .column = token->column};
  return report(parser->module->diagnostics, &location, MESSAGE_SYNTAX, buffer);
}

bool parse_expect(Parser *parser, char punctuation) {
  return lexer_accept(&parser->lexer, punctuation) ||
         parse_error(parser, &parser->lexer.token, "expected '%c'", punctuation);
}

bool parse_expect_word(Parser *parser, const char *word) {
  return lexer_accept_word(&parser->lexer, word) ||
         parse_error(parser, &parser->lexer.token, "expected '%s'", word);
}

bool parse_quoted(Parser *parser, const char **string) {
  const Token token = parser->lexer.token;
  if (token.kind != TOKEN_STRING) return parse_error(parser, &token, "expected a quoted string");
  *string = arena_copy_text(parser->module->arena, token.string, token.length);
  lexer_next(&parser->lexer);
  return true;
}

bool parse_int64(Parser *parser, int64_t *value) {
  bool minus = lexer_accept(&parser->lexer, '-');
  const Token token = parser->lexer.token;
  if (token.kind != TOKEN_INTEGER || (token.integer < 0 && !minus))
    return parse_error(parser, &token, "expected a 64-bit integer");
  *value = minus ? (int64_t)(0 - (uint64_t)token.integer) : token.integer;
  lexer_next(&parser->lexer);
  return true;
}

bool parse_modulus(Parser *parser, int64_t *value, bool *found) {
  const Token token = parser->lexer.token;
  Lexer number;
  *found = token.kind == TOKEN_NAME;
  if (!*found) return true;
  lexer_start(&number, parser->scratch, token.string, token.length);
  if (number.token.kind != TOKEN_INTEGER || number.token.integer < 1)
    return parse_error(parser, &token, "expected a number of at least 1");
  *value = number.token.integer;
  lexer_next(&parser->lexer);
  return true;
}

bool parse_storage_order(Parser *parser, uint32_t rank, const StorageOrder **order) {
  Lexer *lexer = &parser->lexer;
  StorageOrder *made = arena_new(parser->module->arena, StorageOrder);
  const Token start = lexer->token;
  if (!parse_expect(parser, '[')) return false;
  do {
    int64_t dim, step = 1, count = 0;
    bool cut;
    if (!parse_int64(parser, &dim) || (lexer_accept(lexer, '/') && !parse_int64(parser, &step)) || !parse_modulus(parser, &count, &cut))
      return false;
    if (dim < 0 || dim >= rank || made->part_count == sizeof made->parts / sizeof *made->parts)
      return parse_error(parser, &start, "a part of the order is of no dim, or there are too many");
    made->parts[made->part_count++] = (StoragePart){(uint32_t)dim, step, count};
  } while (lexer_accept(lexer, ','));
  *order = made;
  return parse_expect(parser, ']') &&
         (storage_order_is_sound(made, rank) || parse_error(parser, &start, "the order does not give each element one place"));
}

bool parse_check_symbols(Parser *parser, const Token *start, size_t symbol_count) {
  DimContext *context = parser->module->dims;
  if (dim_symbol_count(context) == symbol_count) return true;
  return parse_error(parser, start, "symbol '%s' is not declared",
                     dim_symbol_at(context, symbol_count)->name);
}

bool parse_dim(Parser *parser, Dim *dim) {
  const Token start = parser->lexer.token;
  size_t symbols = dim_symbol_count(parser->module->dims);
  *dim = dim_parse(parser->module->dims, &parser->lexer);
  if (!*dim) return parse_error(parser, &parser->lexer.token, "expected a dim expression");
  if (!parse_check_symbols(parser, &start, symbols)) return false;
  return dim_is_valid(*dim) || parse_error(parser, &start, "the dim overflows or divides by what may be 0");
}

bool parse_type(Parser *parser, Type *type) {
  const Token start = parser->lexer.token;
  size_t symbols = dim_symbol_count(parser->module->dims);
  if (!type_parse(parser->module->arena, parser->module->dims, &parser->lexer, type))
    return parse_error(parser, &parser->lexer.token, "expected a type such as f32[N,3]");
  if (!parse_check_symbols(parser, &start, symbols)) return false;
  for (uint32_t i = 0; type->kind == VALUE_TENSOR && i < type->rank; i++)
    if (!dim_is_valid(type->dims[i]))
      return parse_error(parser, &start, "a dim overflows or divides by what may be 0");
  return true;
}
