/* SPDX-License-Identifier: Apache-2.0 */
#include "base/identifier.h"
#include <stdbool.h>
#include <string.h>

/* C23 and C++23, in one list. */
static const char *const keywords[] = {
    "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char",
    "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return", "co_yield", "compl", "concept", "const",
    "const_cast", "consteval", "constexpr", "constinit", "continue", "decltype", "default", "delete", "do", "double",
    "dynamic_cast", "else", "enum", "explicit", "export", "extern", "false", "float", "for", "friend", "goto", "if",
    "inline", "int", "long", "mutable", "namespace", "new", "noexcept", "not", "not_eq", "nullptr", "operator", "or",
    "or_eq", "private", "protected", "public", "register", "reinterpret_cast", "requires", "restrict", "return", "short",
    "signed", "sizeof", "static", "static_assert", "static_cast", "struct", "switch", "template", "this",
    "thread_local", "throw", "true", "try", "typedef", "typeid", "typename", "typeof", "typeof_unqual", "union",
    "unsigned", "using", "virtual", "void", "volatile", "wchar_t", "while", "xor", "xor_eq", "linux", "unix"};

static bool is_keyword(const char *text) {
  for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
    if (strcmp(keywords[i], text) == 0) return true;
  return false;
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

char *identifier_from(Arena *arena, const char *name) {
  size_t length = strlen(name), at = 0;
  char *out = arena_allocate(arena, length + 3);
  if (length == 0 || is_digit(name[0])) out[at++] = '_';
  for (size_t i = 0; i < length; i++) out[at++] = is_letter(name[i]) || is_digit(name[i]) ? name[i] : '_';
  if (is_keyword(out)) out[at++] = '_';
  return out;
}

static bool is_taken(const char *const *names, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(names[i], name) == 0) return true;
  return false;
}

const char **identifiers_from(Arena *arena, const char *const *names, size_t count) {
  const char **out = arena_array(arena, const char *, count);
  for (size_t i = 0; i < count; i++) {
    const char *plain = identifier_from(arena, names[i]);
    out[i] = plain;
    for (unsigned number = 2; is_taken(out, i, out[i]); number++) out[i] = arena_format(arena, "%s_%u", plain, number);
  }
  return out;
}
