/* SPDX-License-Identifier: Apache-2.0 */
/* Growing text, slices, and the lexer that every textual form (tensor graph, loop program) is read with. */
#ifndef AICC_BASE_TEXT_H
#define AICC_BASE_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Owns its bytes (heap); always null-terminated once something was added. Zero-initialise to start. */
typedef struct Text {
  char *bytes;
  size_t length, capacity;
} Text;

void text_add(Text *text, const char *string);
void text_add_bytes(Text *text, const char *bytes, size_t length);
void text_format(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A quoted string with C escapes; bytes that are no printable ASCII are written \xNN. */
void text_add_quoted(Text *text, const char *string);
/* A float that reads back to the same bits: decimal when short, else hexadecimal; nan(0xBITS), inf, -inf. */
void text_add_f64(Text *text, double value);
const char *text_string(const Text *text);
void text_free(Text *text);

typedef enum TokenKind {
  TOKEN_END,
  TOKEN_WORD,    /* letters, digits, '_', '.', '/', not starting with a digit; '-' inside words is an operator */
  TOKEN_INTEGER, /* decimal or 0x..., value in `integer`; 2^63 wraps */
  TOKEN_WIDE_INTEGER, /* 2^63+1 to 2^64-1: `integer` has the bits of the unsigned value */
  TOKEN_FLOAT,   /* decimal or hexadecimal with '.', 'e', 'p'; value in `number` */
  TOKEN_STRING,  /* quoted; unescaped bytes in `string` */
  TOKEN_NAME,    /* %word or %"any bytes" */
  TOKEN_GLOBAL,  /* @word or @"any bytes" */
  TOKEN_PUNCTUATION, /* one character in `punctuation`, or the two of "->" as '>' with `arrow` set */
  TOKEN_INVALID
} TokenKind;

typedef struct Token {
  TokenKind kind;
  char punctuation;
  bool arrow;
  const char *string; /* WORD, STRING, NAME, GLOBAL: null-terminated, in the lexer's arena */
  size_t length;
  int64_t integer;
  bool hexadecimal; /* of an integer */
  double number;
  uint32_t line, column;
} Token;

struct Arena;
/* Reads tokens from `bytes`; `//` starts a comment to the end of the line. One token of lookahead. */
typedef struct Lexer {
  struct Arena *arena;
  const char *bytes;
  size_t length, position;
  uint32_t line;
  size_t line_start;
  Token token; /* the current token */
} Lexer;

void lexer_start(Lexer *lexer, struct Arena *arena, const char *bytes, size_t length);
void lexer_next(Lexer *lexer);
/* True, and moves on, when the current token is that word or punctuation. */
bool lexer_accept_word(Lexer *lexer, const char *word);
bool lexer_accept(Lexer *lexer, char punctuation);
bool lexer_accept_arrow(Lexer *lexer);
bool lexer_is_word(const Lexer *lexer, const char *word);
bool lexer_is(const Lexer *lexer, char punctuation);
#endif
