/* SPDX-License-Identifier: Apache-2.0 */
/* Growing text and the lexer of the textual forms. */
#include "base/text.h"
#include "base/arena.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void text_reserve(Text *text, size_t more) {
  if (text->capacity - text->length > more) return;
  size_t capacity = text->capacity ? text->capacity : 256;
  while (capacity - text->length <= more) {
    if (capacity > SIZE_MAX / 2) memory_exhausted();
    capacity *= 2;
  }
  text->bytes = heap_resize(text->bytes, capacity);
  text->capacity = capacity;
}

void text_add_bytes(Text *text, const char *bytes, size_t length) {
  text_reserve(text, length + 1);
  if (length) memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
  text->bytes[text->length] = 0;
}

void text_add(Text *text, const char *string) { text_add_bytes(text, string, strlen(string)); }

void text_format(Text *text, const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (length < 0) memory_exhausted();
  text_reserve(text, (size_t)length + 1);
  vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
  va_end(again);
  text->length += (size_t)length;
}

void text_add_quoted(Text *text, const char *string) {
  text_add(text, "\"");
  for (const unsigned char *at = (const unsigned char *)string; *at; at++) {
    if (*at == '"' || *at == '\\')
      text_format(text, "\\%c", *at);
    else if (*at == '\n')
      text_add(text, "\\n");
    else if (*at < 0x20 || *at >= 0x7f)
      text_format(text, "\\x%02x", *at);
    else
      text_add_bytes(text, (const char *)at, 1);
  }
  text_add(text, "\"");
}

void text_add_f64(Text *text, double value) {
  if (isnan(value)) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    text_format(text, "nan(0x%016llx)", (unsigned long long)bits);
    return;
  }
  if (isinf(value)) {
    text_add(text, value < 0 ? "-inf" : "inf");
    return;
  }
  char shortest[40];
  snprintf(shortest, sizeof shortest, "%.9g", value);
  if (strtod(shortest, NULL) != value) snprintf(shortest, sizeof shortest, "%.17g", value);
  text_add(text, shortest);
  if (!strpbrk(shortest, ".e")) text_add(text, ".0");
}

const char *text_string(const Text *text) { return text->bytes ? text->bytes : ""; }

void text_free(Text *text) {
  free(text->bytes);
  *text = (Text){0};
}

static int lexer_peek(const Lexer *lexer, size_t ahead) {
  size_t at = lexer->position + ahead;
  return at < lexer->length ? (unsigned char)lexer->bytes[at] : -1;
}

static bool is_word_start(int c) { return c == '_' || isalpha(c); }
static bool is_word_part(int c) { return c == '_' || c == '.' || isalnum(c); }

static void skip_blank(Lexer *lexer) {
  for (;;) {
    int c = lexer_peek(lexer, 0);
    if (c == '\n') {
      lexer->line++;
      lexer->line_start = ++lexer->position;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      lexer->position++;
    } else if (c == '/' && lexer_peek(lexer, 1) == '/') {
      while (lexer_peek(lexer, 0) != '\n' && lexer_peek(lexer, 0) >= 0) lexer->position++;
    } else {
      return;
    }
  }
}

static int hex_digit(int c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The position is at the opening quote. */
static bool lex_quoted(Lexer *lexer) {
  size_t start = ++lexer->position;
  size_t end = start;
  while (end < lexer->length && lexer->bytes[end] != '"' && lexer->bytes[end] != '\n')
    end += lexer->bytes[end] == '\\' ? 2 : 1;
  if (end >= lexer->length || lexer->bytes[end] != '"') return false;
  char *out = arena_allocate(lexer->arena, end - start + 1);
  size_t length = 0;
  for (size_t at = start; at < end; at++) {
    int c = (unsigned char)lexer->bytes[at];
    if (c == '\\') {
      c = (unsigned char)lexer->bytes[++at];
      if (c == '\n') return false; /* a string ends on its line */
      if (c == 'n') {
        c = '\n';
      } else if (c == 'x') {
        if (at + 2 >= end) return false;
        int high = hex_digit((unsigned char)lexer->bytes[at + 1]);
        int low = hex_digit((unsigned char)lexer->bytes[at + 2]);
        if (high < 0 || low < 0) return false;
        c = high * 16 + low;
        at += 2;
      }
    }
    if (c == 0) return false; /* names and strings are null-terminated throughout */
    out[length++] = (char)c;
  }
  lexer->position = end + 1;
  lexer->token.string = out;
  lexer->token.length = length;
  return true;
}

static void lex_word(Lexer *lexer) {
  size_t start = lexer->position;
  while (is_word_part(lexer_peek(lexer, 0))) lexer->position++;
  lexer->token.length = lexer->position - start;
  lexer->token.string = arena_copy_text(lexer->arena, lexer->bytes + start, lexer->token.length);
}

/* "nan(0x...)" after the word nan: the payload decides the bits. */
static void lex_special_float(Lexer *lexer) {
  Token *token = &lexer->token;
  if (strcmp(token->string, "inf") == 0) {
    token->kind = TOKEN_FLOAT;
    token->number = INFINITY;
  } else if (strcmp(token->string, "nan") == 0 && lexer_peek(lexer, 0) == '(') {
    uint64_t bits = 0;
    size_t at = lexer->position + 1;
    if (at + 18 >= lexer->length || lexer->bytes[at] != '0' || lexer->bytes[at + 1] != 'x') return;
    for (size_t i = 0; i < 16; i++) {
      int digit = hex_digit((unsigned char)lexer->bytes[at + 2 + i]);
      if (digit < 0) return;
      bits = bits << 4 | (uint64_t)digit;
    }
    if (lexer->bytes[at + 18] != ')') return;
    lexer->position = at + 19;
    token->kind = TOKEN_FLOAT;
    memcpy(&token->number, &bits, sizeof bits);
  }
}

static void lex_number(Lexer *lexer) {
  Token *token = &lexer->token;
  size_t start = lexer->position, at = start;
  bool is_float = false;
  bool hexadecimal = lexer_peek(lexer, 0) == '0' && lexer_peek(lexer, 1) == 'x';
  if (hexadecimal) at += 2;
  for (; at < lexer->length; at++) {
    int c = (unsigned char)lexer->bytes[at];
    bool exponent = hexadecimal ? c == 'p' : (c == 'e' || c == 'E');
    if (exponent && at + 1 < lexer->length && (lexer->bytes[at + 1] == '-' || lexer->bytes[at + 1] == '+')) at++;
    if (exponent || c == '.')
      is_float = true;
    else if (!(hexadecimal ? isxdigit(c) : isdigit(c)))
      break;
  }
  char *copy = arena_copy_text(lexer->arena, lexer->bytes + start, at - start);
  lexer->position = at;
  errno = 0;
  if (is_float) {
    token->kind = TOKEN_FLOAT;
    token->number = strtod(copy, NULL);
  } else {
    token->kind = TOKEN_INTEGER;
    unsigned long long value = strtoull(copy, NULL, hexadecimal ? 16 : 10);
    if (value > (unsigned long long)INT64_MAX + 1) token->kind = TOKEN_WIDE_INTEGER;
    if (errno == ERANGE) token->kind = TOKEN_INVALID;
    token->hexadecimal = hexadecimal;
    token->integer = (int64_t)value; /* 2^63 wraps: "-9223372036854775808" is minus that */
    token->number = (double)value;
  }
}

void lexer_next(Lexer *lexer) {
  skip_blank(lexer);
  lexer->token = (Token){.line = lexer->line, .column = (uint32_t)(lexer->position - lexer->line_start + 1)};
  Token *token = &lexer->token;
  int c = lexer_peek(lexer, 0);
  if (c < 0) {
    token->kind = TOKEN_END;
  } else if (is_word_start(c)) {
    token->kind = TOKEN_WORD;
    lex_word(lexer);
    lex_special_float(lexer);
  } else if (isdigit(c)) {
    lex_number(lexer);
  } else if (c == '"') {
    token->kind = lex_quoted(lexer) ? TOKEN_STRING : TOKEN_INVALID;
    if (token->kind == TOKEN_INVALID) lexer->position = lexer->length;
  } else if ((c == '%' || c == '@') && (lexer_peek(lexer, 1) == '"' || is_word_part(lexer_peek(lexer, 1)))) {
    token->kind = c == '%' ? TOKEN_NAME : TOKEN_GLOBAL;
    lexer->position++;
    if (lexer_peek(lexer, 0) != '"')
      lex_word(lexer);
    else if (!lex_quoted(lexer))
      token->kind = TOKEN_INVALID;
    if (token->kind == TOKEN_INVALID) lexer->position = lexer->length;
  } else {
    token->kind = TOKEN_PUNCTUATION;
    token->punctuation = (char)c;
    lexer->position++;
    if (c == '-' && lexer_peek(lexer, 0) == '>') {
      token->punctuation = '>';
      token->arrow = true;
      lexer->position++;
    }
  }
}

void lexer_start(Lexer *lexer, Arena *arena, const char *bytes, size_t length) {
  *lexer = (Lexer){.arena = arena, .bytes = bytes, .length = length, .line = 1};
  lexer_next(lexer);
}

bool lexer_is_word(const Lexer *lexer, const char *word) {
  return lexer->token.kind == TOKEN_WORD && strcmp(lexer->token.string, word) == 0;
}

bool lexer_is(const Lexer *lexer, char punctuation) {
  return lexer->token.kind == TOKEN_PUNCTUATION && !lexer->token.arrow &&
         lexer->token.punctuation == punctuation;
}

bool lexer_accept_word(Lexer *lexer, const char *word) {
  if (!lexer_is_word(lexer, word)) return false;
  lexer_next(lexer);
  return true;
}

bool lexer_accept(Lexer *lexer, char punctuation) {
  if (!lexer_is(lexer, punctuation)) return false;
  lexer_next(lexer);
  return true;
}

bool lexer_accept_arrow(Lexer *lexer) {
  if (lexer->token.kind != TOKEN_PUNCTUATION || !lexer->token.arrow) return false;
  lexer_next(lexer);
  return true;
}
