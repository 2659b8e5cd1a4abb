/* SPDX-License-Identifier: Apache-2.0 */
#include "base/identifier.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *const reserved_names[] = {
#include "base/reserved_names.def"
};

static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return is_upper(c) || is_lower(c) || c == '_'; }

/* Compilers define macros of any name that C leaves to them: __linux__, _WIN32. */
static bool is_of_compiler(const char *name) {
  return name[0] == '_' && (is_upper(name[1]) || (name[1] == '_' && name[2] && name[2] != '_'));
}

/* What C reserves in <inttypes.h>: PRId64. */
static bool is_of_inttypes(const char *name) {
  return (strncmp(name, "PRI", 3) == 0 || strncmp(name, "SCN", 3) == 0) && (is_lower(name[3]) || name[3] == 'X');
}

static int compare_names(const void *left, const void *right) {
  return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static bool is_reserved(const char *name) {
  return is_of_compiler(name) || is_of_inttypes(name) || strncmp(name, "AICC_", 5) == 0 ||
         bsearch(&name, reserved_names, sizeof reserved_names / sizeof *reserved_names, sizeof *reserved_names,
                 compare_names) != NULL;
}

char *identifier_from(Arena *arena, const char *name) {
  size_t length = strlen(name), at = 0;
  char *out = arena_allocate(arena, length + 3);
  if (length == 0 || is_digit(name[0])) out[at++] = '_';
  for (size_t i = 0; i < length; i++) out[at++] = is_letter(name[i]) || is_digit(name[i]) ? name[i] : '_';
  if (is_reserved(out)) out[at++] = '_';
  return out;
}

static bool is_among(const char *const *names, size_t count, const char *name) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(names[i], name) == 0) return true;
  return false;
}

const char **identifiers_from(Arena *arena, const char *const *names, size_t count, const char *const *own,
                              size_t own_count) {
  const char **out = arena_array(arena, const char *, count);
  for (size_t i = 0; i < count; i++) {
    const char *plain = identifier_from(arena, names[i]);
    if (is_among(own, own_count, plain)) plain = arena_format(arena, "%s_", plain);
    out[i] = plain;
    for (unsigned number = 2; is_among(out, i, out[i]) || is_among(own, own_count, out[i]); number++)
      out[i] = arena_format(arena, "%s_%u", plain, number);
  }
  return out;
}
