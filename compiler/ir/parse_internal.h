/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the parse*.c files only. */
#ifndef AICC_IR_PARSE_INTERNAL_H
#define AICC_IR_PARSE_INTERNAL_H
#include "base/file.h"
#include "ir/text_internal.h"

typedef struct Binding {
  const char *name;
  void *target;  /* null: not defined yet, or by something with an error */
  bool visible;  /* false: its region has ended */
  bool in_error; /* its definition had an error, which was reported */
} Binding;

/* Names of values, blobs or files. */
typedef struct NameTable {
  Binding *bindings;
  size_t count, capacity;
  uint32_t *slots; /* open addressing: index + 1 */
  size_t slot_count;
} NameTable;

typedef struct Parser {
  Module *module;
  Arena *scratch; /* tokens and tables; freed after parsing */
  Lexer lexer;
  const char *file;      /* of the text, for messages */
  const char *directory; /* of the weights; null: that of the module's name */
  NameTable values, blobs, files;
} Parser;

/* Null where the table has no such name. */
Binding *name_find(const NameTable *table, const char *name);
/* The name must be new and live as long as the table. */
void name_bind(Parser *parser, NameTable *table, const char *name, void *target);

/* Reports at a token; false. */
bool parse_error(Parser *parser, const Token *token, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Moves on over the punctuation or word, or reports that it is expected. */
bool parse_expect(Parser *parser, char punctuation);
bool parse_expect_word(Parser *parser, const char *word);
bool parse_quoted(Parser *parser, const char **string); /* copied into the module's arena */
bool parse_int64(Parser *parser, int64_t *value);
/* "%8" with a number of at least 1, which the lexer takes for a name. `found`: whether a name is there at all. */
bool parse_modulus(Parser *parser, int64_t *value, bool *found);
/* "[1/16, 0, 1%16]", sound for that rank. */
bool parse_storage_order(Parser *parser, uint32_t rank, const StorageOrder **order);
/* A dim over declared symbols that does not overflow. */
bool parse_dim(Parser *parser, Dim *dim);
bool parse_type(Parser *parser, Type *type);
/* After something was read that may have used undeclared symbols: reports one, given the count before. */
bool parse_check_symbols(Parser *parser, const Token *start, size_t symbol_count);

/* "#3 : f32 x 2 = [1.0, 2.0]" after the word blob. */
bool parse_blob(Parser *parser);

/* The equation under construction: labels are numbered as they appear until it is finished. */
typedef struct EquationParser {
  Parser *parser;
  uint32_t label_count;
  const char *names[POINT_LIMIT];
  Dim extents[POINT_LIMIT];     /* null: not stated */
  uint32_t listed[POINT_LIMIT]; /* the labels in braces, in order */
  uint32_t listed_count;
  uint32_t indices[POINT_LIMIT]; /* the operand that gives the label's value; 0: none */
  Access *operands;
  size_t operand_count, operand_capacity;
  Access result;
} EquationParser;

/* "r=" before operand `index`: the label whose value that operand gives. */
bool parse_index_label(EquationParser *equation, uint32_t index);
/* "2*p+i-1" */
bool parse_subscript(EquationParser *equation, Subscript *subscript);
/* "[n, 2*p+i-1]" */
bool parse_access(EquationParser *equation, Access *access);
/* "{i=3}", or nothing. */
bool parse_equation_rest(EquationParser *equation);
/* Numbers the labels in their final order and finds the extents that were not stated; the node has its
   operands and results. */
bool parse_equation_finish(EquationParser *equation, Node *node, const Token *start);
#endif
