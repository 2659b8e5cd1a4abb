/* SPDX-License-Identifier: Apache-2.0 */
/* Parses the textual form of the tensor graph (see print.c). After an error the rest of the line is skipped;
   values whose definition had an error are known as such, so that one mistake gives one message. Types and
   rules are the verifier's business, which runs at the end. */
#include "ir/build_internal.h"
#include "ir/parse_internal.h"
#include <string.h>

/* A value's definition "%3 "name": f32[N]" as it is read, before the node exists. */
typedef struct Definition {
  const char *number;
  const char *name;
  Type type;
} Definition;

typedef struct DefinitionList {
  Definition *items;
  size_t count, capacity;
} DefinitionList;

/* Binds the number to nothing at first: whoever reads on completes it. */
static bool parse_definition(Parser *parser, DefinitionList *list) {
  const Token token = parser->lexer.token;
  Definition definition = {.number = token.string};
  if (token.kind != TOKEN_NAME) return parse_error(parser, &token, "expected a value such as %%3");
  lexer_next(&parser->lexer);
  if (name_find(&parser->values, token.string))
    return parse_error(parser, &token, "value %%%s is defined twice", token.string);
  name_bind(parser, &parser->values, token.string, NULL);
  if (parser->lexer.token.kind == TOKEN_STRING && !parse_quoted(parser, &definition.name)) return false;
  if (!parse_expect(parser, ':') || !parse_type(parser, &definition.type)) return false;
  arena_push(parser->scratch, list->items, list->count, list->capacity) = definition;
  return true;
}

static void define(Parser *parser, const Definition *definition, Value *value) {
  name_find(&parser->values, definition->number)->target = value;
}

/* False without a message where the value's own definition had an error. */
static bool parse_use(Parser *parser, Value **value) {
  const Token token = parser->lexer.token;
  if (token.kind != TOKEN_NAME) return parse_error(parser, &token, "expected a value such as %%3");
  lexer_next(&parser->lexer);
  const Binding *binding = name_find(&parser->values, token.string);
  if (!binding || (!binding->target && !binding->in_error))
    return parse_error(parser, &token, "nothing before this defines %%%s", token.string);
  if (!binding->visible)
    return parse_error(parser, &token, "%%%s is defined in a region that has ended", token.string);
  *value = binding->target;
  return *value != NULL;
}

typedef struct ValueList {
  Value **items;
  size_t count, capacity;
} ValueList;

/* A node as it is read. */
typedef struct Statement {
  Token start;
  DefinitionList results;
  PrimitiveKind kind;
  Scalar scalar;
  ValueList operands;
  EquationParser equation;
  bool has_equation;
  Attribute *attributes;
  size_t attribute_count, attribute_capacity;
  const char *location;
} Statement;

static bool parse_mnemonic(Parser *parser, Statement *statement) {
  const Token token = parser->lexer.token;
  if (token.kind != TOKEN_WORD) return parse_error(parser, &token, "expected the name of an operation");
  lexer_next(&parser->lexer);
  statement->scalar = scalar_find(token.string);
  statement->kind = PRIMITIVE_MAP;
  if (statement->scalar != SCALAR_COUNT) return true;
  for (unsigned kind = 0; kind < PRIMITIVE_COUNT; kind++) {
    if (kind == PRIMITIVE_MAP || strcmp(primitive_info((PrimitiveKind)kind)->name, token.string) != 0)
      continue;
    statement->kind = (PrimitiveKind)kind;
    return true;
  }
  return parse_error(parser, &token, "there is no operation '%s'", token.string);
}

static void add_attribute(Parser *parser, Statement *statement, Attribute attribute) {
  arena_push(parser->module->arena, statement->attributes, statement->attribute_count,
             statement->attribute_capacity) = attribute;
}

static bool parse_blob_reference(Parser *parser, const Blob **blob) {
  const Token start = parser->lexer.token;
  int64_t number;
  if (!parse_expect(parser, '#') || !parse_int64(parser, &number)) return false;
  const char *name = arena_format(parser->scratch, "%lld", (long long)number);
  const Binding *binding = name_find(&parser->blobs, name);
  if (!binding) return parse_error(parser, &start, "there is no blob #%s", name);
  *blob = binding->target;
  return *blob != NULL;
}

/* The blob of a constant, the monoid of a reduce: the attributes that need no name. */
static bool parse_leading_attribute(Parser *parser, Statement *statement) {
  Attribute attribute = {0};
  if (statement->kind == PRIMITIVE_CONSTANT && lexer_is(&parser->lexer, '#')) {
    attribute = (Attribute){.name = "value", .kind = ATTRIBUTE_BLOB};
    if (!parse_blob_reference(parser, &attribute.blob)) return false;
    add_attribute(parser, statement, attribute);
  } else if (statement->kind == PRIMITIVE_REDUCE && parser->lexer.token.kind == TOKEN_WORD) {
    const Token *token = &parser->lexer.token;
    attribute = (Attribute){.name = "monoid", .kind = ATTRIBUTE_STRING};
    attribute.string = arena_copy_text(parser->module->arena, token->string, token->length);
    add_attribute(parser, statement, attribute);
    lexer_next(&parser->lexer);
  }
  return true;
}

static bool parse_operand(Parser *parser, Statement *statement) {
  Value *value = NULL;
  Arena *arena = parser->module->arena;
  const Token start = parser->lexer.token;
  size_t index = statement->operands.count;
  if (statement->kind == PRIMITIVE_GATHER && index && !parse_index_label(&statement->equation, (uint32_t)index)) return false;
  bool absent = lexer_accept_word(&parser->lexer, "_");
  if (!absent && !parse_use(parser, &value)) return false;
  arena_push(parser->scratch, statement->operands.items, statement->operands.count,
             statement->operands.capacity) = value;
  if (!lexer_is(&parser->lexer, '[')) return true;
  if (absent || !primitive_info(statement->kind)->has_equation || statement->equation.operand_count != index)
    return parse_error(parser, &start, "this operand has no subscripts");
  Access access;
  if (!parse_access(&statement->equation, &access)) return false;
  arena_push(arena, statement->equation.operands, statement->equation.operand_count,
             statement->equation.operand_capacity) = access;
  return true;
}

static bool parse_operands(Parser *parser, Statement *statement) {
  if (!lexer_accept(&parser->lexer, '(')) return true;
  while (!lexer_is(&parser->lexer, ')')) {
    if (statement->operands.count && !parse_expect(parser, ',')) return false;
    if (!parse_operand(parser, statement)) return false;
  }
  lexer_next(&parser->lexer);
  return true;
}

static bool parse_equation(Parser *parser, Statement *statement) {
  const Token arrow = parser->lexer.token;
  if (!lexer_accept_arrow(&parser->lexer))
    return !statement->equation.operand_count ||
           parse_error(parser, &arrow, "expected '->' and the result's subscripts");
  if (!primitive_info(statement->kind)->has_equation)
    return parse_error(parser, &arrow, "this operation has no subscripts");
  statement->has_equation = true;
  return parse_access(&statement->equation, &statement->equation.result) &&
         parse_equation_rest(&statement->equation);
}

static bool parse_f64(Parser *parser, double *value) {
  bool minus = lexer_accept(&parser->lexer, '-');
  const Token token = parser->lexer.token;
  if (token.kind != TOKEN_FLOAT && token.kind != TOKEN_INTEGER)
    return parse_error(parser, &token, "expected a number");
  *value = minus ? -token.number : token.number;
  lexer_next(&parser->lexer);
  return true;
}

/* One number, string or dim of a list, pushed as 8 bytes. */
typedef union ListItem {
  int64_t integer;
  double number;
  const char *string;
  Dim dim;
} ListItem;

static bool parse_list_item(Parser *parser, AttributeKind kind, ListItem *item) {
  switch (kind) {
  case ATTRIBUTE_INTS:
    return parse_int64(parser, &item->integer);
  case ATTRIBUTE_FLOATS:
    return parse_f64(parser, &item->number);
  case ATTRIBUTE_STRINGS:
    return parse_quoted(parser, &item->string);
  default:
    return parse_dim(parser, &item->dim);
  }
}

static bool parse_list(Parser *parser, Attribute *attribute) {
  ListItem *items = NULL;
  size_t count = 0, capacity = 0;
  if (!parse_expect(parser, '[')) return false;
  while (!lexer_is(&parser->lexer, ']')) {
    ListItem item;
    if (count && !parse_expect(parser, ',')) return false;
    if (!parse_list_item(parser, attribute->kind, &item)) return false;
    arena_push(parser->scratch, items, count, capacity) = item;
  }
  lexer_next(&parser->lexer);
  Arena *arena = parser->module->arena;
  int64_t *integers = arena_array(arena, int64_t, count);
  double *numbers = arena_array(arena, double, count);
  const char **strings = arena_array(arena, const char *, count);
  Dim *dims = arena_array(arena, Dim, count);
  for (size_t i = 0; i < count; i++) {
    if (attribute->kind == ATTRIBUTE_INTS) integers[i] = items[i].integer;
    if (attribute->kind == ATTRIBUTE_FLOATS) numbers[i] = items[i].number;
    if (attribute->kind == ATTRIBUTE_STRINGS) strings[i] = items[i].string;
    if (attribute->kind == ATTRIBUTE_DIMS) dims[i] = items[i].dim;
  }
  attribute->count = count;
  attribute->integers = integers;
  attribute->numbers = numbers;
  attribute->strings = strings;
  attribute->dims = dims;
  return true;
}

static bool parse_attribute_value(Parser *parser, Attribute *attribute) {
  switch (attribute->kind) {
  case ATTRIBUTE_INT:
    return parse_int64(parser, &attribute->integer);
  case ATTRIBUTE_FLOAT:
    return parse_f64(parser, &attribute->number);
  case ATTRIBUTE_STRING:
    return parse_quoted(parser, &attribute->string);
  case ATTRIBUTE_TYPE:
    return parse_type(parser, &attribute->type);
  case ATTRIBUTE_BLOB:
    if (!parse_blob_reference(parser, &attribute->blob)) return false;
    return parser->lexer.token.kind != TOKEN_WORD || parse_type(parser, &attribute->type);
  default:
    return parse_list(parser, attribute);
  }
}

static bool parse_attributes(Parser *parser, Statement *statement) {
  if (!lexer_accept(&parser->lexer, '<')) return true;
  do {
    const Token name = parser->lexer.token;
    bool optional;
    if (name.kind != TOKEN_WORD) return parse_error(parser, &name, "expected the name of an attribute");
    Attribute attribute = {.kind = primitive_attribute_kind(statement->kind, name.string, &optional)};
    if (!attribute.kind)
      return parse_error(parser, &name, "the operation has no attribute '%s'", name.string);
    attribute.name = arena_copy_text(parser->module->arena, name.string, name.length);
    for (size_t i = 0; i < statement->attribute_count; i++)
      if (strcmp(statement->attributes[i].name, attribute.name) == 0)
        return parse_error(parser, &name, "attribute '%s' is given twice", attribute.name);
    lexer_next(&parser->lexer);
    if (!parse_expect(parser, '=') || !parse_attribute_value(parser, &attribute)) return false;
    add_attribute(parser, statement, attribute);
  } while (lexer_accept(&parser->lexer, ','));
  return parse_expect(parser, '>');
}

static bool parse_head(Parser *parser, Statement *statement) {
  Lexer *lexer = &parser->lexer;
  if (lexer->token.kind == TOKEN_NAME) {
    do
      if (!parse_definition(parser, &statement->results)) return false;
    while (lexer_accept(lexer, ','));
    if (!parse_expect(parser, '=')) return false;
  }
  if (!parse_mnemonic(parser, statement) || !parse_leading_attribute(parser, statement) ||
      !parse_operands(parser, statement) || !parse_equation(parser, statement) ||
      !parse_attributes(parser, statement))
    return false;
  return !lexer_accept_word(lexer, "loc") || parse_quoted(parser, &statement->location);
}

static bool parse_body(Parser *parser, Region *region, uint32_t depth);

/* "(%0: f32[N], ...)": the opening parenthesis has been read. */
static bool parse_arguments(Parser *parser, Region *region, const char ***names) {
  DefinitionList list = {0};
  size_t name_count = 0, name_capacity = 0;
  while (!lexer_is(&parser->lexer, ')')) {
    if (list.count && !parse_expect(parser, ',')) return false;
    if (!parse_definition(parser, &list)) return false;
    const Definition *definition = &list.items[list.count - 1];
    define(parser, definition,
           region_add_argument(parser->module, region, definition->type, definition->name));
    if (!names) continue;
    const char *name = definition->name;
    if (lexer_accept_word(&parser->lexer, "as")) {
      bool none = lexer_accept_word(&parser->lexer, "_");
      if (none) name = NULL;
      if (!none && !parse_quoted(parser, &name)) return false;
    }
    arena_push(parser->module->arena, *names, name_count, name_capacity) = name;
  }
  lexer_next(&parser->lexer);
  return true;
}

static bool parse_region(Parser *parser, Node *node, uint32_t depth) {
  const Token start = parser->lexer.token;
  if (depth == REGION_DEPTH_LIMIT)
    return parse_error(parser, &start, "regions nested deeper than %d", REGION_DEPTH_LIMIT);
  Region *region = region_create(parser->module, node);
  Region **regions = arena_array(parser->module->arena, Region *, node->region_count + 1);
  if (node->region_count) memcpy(regions, node->regions, node->region_count * sizeof *regions);
  regions[node->region_count++] = region;
  node->regions = regions;
  size_t outer = parser->values.count;
  bool ok = (!lexer_accept(&parser->lexer, '(') || parse_arguments(parser, region, NULL)) &&
            parse_expect(parser, '{') && parse_body(parser, region, depth + 1);
  for (size_t i = outer; i < parser->values.count; i++) parser->values.bindings[i].visible = false;
  return ok;
}

static bool parse_node(Parser *parser, Region *region, uint32_t depth) {
  Statement statement = {.start = parser->lexer.token, .equation = {.parser = parser}};
  if (!parse_head(parser, &statement)) return false;
  Location location = {parser->file, statement.location, statement.start.line, statement.start.column};
  Node *node = node_create(parser->module, statement.kind, statement.operands.items,
                           (uint32_t)statement.operands.count, location);
  node->scalar = statement.scalar;
  node->attributes = statement.attributes;
  node->attribute_count = (uint32_t)statement.attribute_count;
  bool ok = true;
  while (lexer_accept_word(&parser->lexer, "region")) ok = parse_region(parser, node, depth) && ok;
  if (!ok) return false;
  for (size_t i = 0; i < statement.results.count; i++) {
    const Definition *definition = &statement.results.items[i];
    define(parser, definition, node_add_result(parser->module, node, definition->type, definition->name));
  }
  region_append(region, node);
  const Attribute *zero = node->kind == PRIMITIVE_REQUIRE_DIMS ? node_attribute(node, "zero") : NULL;
  for (size_t i = 0; zero && zero->kind == ATTRIBUTE_DIMS && i < zero->count; i++)
    module_add_requirement(parser->module, region, zero->dims[i]);
  return !statement.has_equation || parse_equation_finish(&statement.equation, node, &statement.start);
}

/* Goes on at the next line, or behind the regions that begin on this one: nothing else tells where a statement
   ends. */
static void skip_line(Parser *parser, uint32_t line) {
  Lexer *lexer = &parser->lexer;
  for (uint32_t depth = 0; lexer->token.kind != TOKEN_END && (depth || lexer->token.line <= line);
       lexer_next(lexer)) {
    if (lexer_is(lexer, '{')) depth++;
    if (!lexer_is(lexer, '}') || !depth) continue;
    if (--depth == 0) line = lexer->token.line;
  }
}

static bool parse_return(Parser *parser, Region *region) {
  ValueList results = {0};
  if (!lexer_is(&parser->lexer, '}')) do {
      Value *value;
      if (!parse_use(parser, &value)) return false;
      arena_push(parser->scratch, results.items, results.count, results.capacity) = value;
    } while (lexer_accept(&parser->lexer, ','));
  region_set_results(parser->module, region, results.items, (uint32_t)results.count);
  return true;
}

/* The statements up to the closing brace; false where any of them had an error. */
static bool parse_body(Parser *parser, Region *region, uint32_t depth) {
  Lexer *lexer = &parser->lexer;
  bool ok = true;
  while (!lexer_is_word(lexer, "return")) {
    const Token start = lexer->token;
    if (start.kind == TOKEN_END || lexer_is(lexer, '}'))
      return parse_error(parser, &start, "expected 'return'");
    size_t defined = parser->values.count;
    if (parse_node(parser, region, depth)) continue;
    ok = false;
    for (size_t i = defined; i < parser->values.count; i++)
      if (!parser->values.bindings[i].target) parser->values.bindings[i].in_error = true;
    skip_line(parser, start.line);
  }
  uint32_t line = lexer->token.line;
  lexer_next(lexer);
  if (!parse_return(parser, region)) {
    ok = false;
    skip_line(parser, line);
  }
  return parse_expect(parser, '}') && ok;
}

typedef struct ResultHeader {
  const char *name;
  Type type;
  Token token;
} ResultHeader;

static bool parse_result_header(Parser *parser, ResultHeader *header) {
  header->name = NULL;
  header->token = parser->lexer.token;
  if (!lexer_accept_word(&parser->lexer, "_") && !parse_quoted(parser, &header->name)) return false;
  return parse_expect(parser, ':') && parse_type(parser, &header->type);
}

static bool check_results(Parser *parser, const Token *start, const Region *body, const ResultHeader *headers,
                          size_t count) {
  if (body->result_count != count)
    return parse_error(parser, start, "the entry states %zu results and returns %u", count,
                       body->result_count);
  for (size_t i = 0; i < count; i++) {
    if (type_equal(&headers[i].type, &body->results[i]->type)) continue;
    Text found = {0};
    type_print(&found, &body->results[i]->type);
    parse_error(parser, &headers[i].token, "the entry returns a value of type %s here", text_string(&found));
    text_free(&found);
    return false;
  }
  return true;
}

static bool parse_entry(Parser *parser) {
  Module *module = parser->module;
  Lexer *lexer = &parser->lexer;
  const Token name = lexer->token;
  if (name.kind != TOKEN_GLOBAL) return parse_error(parser, &name, "expected a name such as @run");
  lexer_next(lexer);
  for (size_t i = 0; i < module->entry_count; i++)
    if (strcmp(module->entries[i]->name, name.string) == 0)
      return parse_error(parser, &name, "entry '%s' is defined twice", name.string);
  parser->values = (NameTable){0};
  Region *body = region_create(module, NULL);
  const char **argument_names = NULL;
  if (!parse_expect(parser, '(') || !parse_arguments(parser, body, &argument_names)) return false;
  const Token arrow = lexer->token;
  if (!lexer_accept_arrow(lexer)) return parse_error(parser, &arrow, "expected '->' and the results");
  if (!parse_expect(parser, '(')) return false;
  ResultHeader *headers = NULL;
  size_t count = 0, capacity = 0;
  while (!lexer_is(lexer, ')')) {
    ResultHeader header;
    if ((count && !parse_expect(parser, ',')) || !parse_result_header(parser, &header)) return false;
    arena_push(parser->scratch, headers, count, capacity) = header;
  }
  lexer_next(lexer);
  if (!parse_expect(parser, '{') || !parse_body(parser, body, 0)) return false;
  if (!check_results(parser, &name, body, headers, count)) return false;
  const char **result_names = arena_array(module->arena, const char *, count);
  for (size_t i = 0; i < count; i++) result_names[i] = headers[i].name;
  module_add_entry(module, arena_copy_text(module->arena, name.string, name.length), body, argument_names,
                   result_names);
  return true;
}

static bool parse_symbol(Parser *parser) {
  enum { SYMBOL_LIMIT = 65536 };
  DimContext *context = parser->module->dims;
  const Token name = parser->lexer.token;
  DimRange range;
  if (name.kind != TOKEN_WORD && name.kind != TOKEN_STRING)
    return parse_error(parser, &name, "expected the name of a symbol");
  if (dim_symbol_find(context, name.string))
    return parse_error(parser, &name, "symbol '%s' is declared twice", name.string);
  if (dim_symbol_count(context) == SYMBOL_LIMIT)
    return parse_error(parser, &name, "more than %d symbols", SYMBOL_LIMIT);
  const Symbol *symbol = dim_symbol_declare(context, name.string);
  lexer_next(&parser->lexer);
  if (!parse_expect_word(parser, "in") || !parse_expect(parser, '[') || !parse_int64(parser, &range.low) ||
      !parse_expect(parser, ',') || !parse_int64(parser, &range.high) || !parse_expect(parser, ']'))
    return false;
  if (range.low > range.high)
    return parse_error(parser, &name, "the range of symbol '%s' is empty", name.string);
  dim_symbol_set_range(context, symbol, range);
  return true;
}

static bool parse_header(Parser *parser) {
  Module *module = parser->module;
  const char *name, *hash;
  if (!parse_expect_word(parser, "module") || !parse_quoted(parser, &name) ||
      !parse_expect_word(parser, "hash"))
    return false;
  module->name = name;
  const Token token = parser->lexer.token;
  if (!parse_quoted(parser, &hash)) return false;
  if (strlen(hash) != sizeof module->source_hash - 1)
    return parse_error(parser, &token, "expected %zu hexadecimal digits", sizeof module->source_hash - 1);
  memcpy(module->source_hash, hash, sizeof module->source_hash);
  return parse_expect(parser, '{');
}

static bool parse_module(Parser *parser) {
  Lexer *lexer = &parser->lexer;
  if (!parse_header(parser)) return false;
  while (!lexer_is(lexer, '}')) {
    const Token start = lexer->token;
    bool is_entry = lexer_is_word(lexer, "entry"), ok;
    if (start.kind == TOKEN_END) return parse_error(parser, &start, "expected '}'");
    if (lexer_accept_word(lexer, "symbol")) {
      ok = parse_symbol(parser);
    } else if (lexer_accept_word(lexer, "blob")) {
      ok = parse_blob(parser);
    } else if (lexer_accept_word(lexer, "entry")) {
      ok = parse_entry(parser);
    } else {
      return parse_error(parser, &start, "expected 'symbol', 'blob', 'entry' or '}'");
    }
    if (!ok && is_entry) return false;
    if (!ok) skip_line(parser, start.line);
  }
  lexer_next(lexer);
  return lexer->token.kind == TOKEN_END || parse_error(parser, &lexer->token, "expected the end of the text");
}

static void track_region(Module *module, Region *region) {
  for (Node *node = region->first; node; node = node->next) {
    if (node->region_count) node_track_arguments(module, node);
    for (uint32_t i = 0; i < node->region_count; i++) track_region(module, node->regions[i]);
    for (uint32_t i = 0; i < node->result_count; i++) value_track_new(module, node->results[i]);
  }
}

Module *module_parse(Diagnostics *diagnostics, const char *name, const char *bytes, size_t length,
                     const char *directory) {
  uint32_t errors = diagnostics_error_count(diagnostics);
  Parser parser = {
      .module = module_create(diagnostics, name), .scratch = arena_create(), .directory = directory};
  parser.file = parser.module->name;
  lexer_start(&parser.lexer, parser.scratch, bytes, length);
  bool ok = parse_module(&parser) && diagnostics_error_count(diagnostics) == errors &&
            module_verify_form(parser.module, NULL, false);
  arena_destroy(parser.scratch);
  for (size_t i = 0; ok && i < parser.module->entry_count; i++)
    track_region(parser.module, parser.module->entries[i]->body);
  ok = ok && module_verify(parser.module, NULL);
  if (ok) return parser.module;
  module_destroy(parser.module);
  return NULL;
}
