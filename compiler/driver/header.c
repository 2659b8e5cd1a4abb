/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/header.h"
#include "base/hash.h"
#include "base/identifier.h"
#include "driver/version.h"
#include "loop/storage.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The shared part, from runtime/include/aicc/abi.h (abi_text.c is written by the build). */
extern const char aicc_abi_text[];

static const char hash_zeros[] = "00000000";

typedef struct SymbolList {
  bool *seen; /* by Symbol.index */
  const Symbol **symbols;
  uint32_t count;
} SymbolList;

static bool add_symbol(void *user, const Symbol *symbol) {
  SymbolList *list = user;
  if (!list->seen[symbol->index]) list->symbols[list->count++] = symbol;
  return list->seen[symbol->index] = true;
}

const Symbol **header_symbols(const Program *program, uint32_t *count) {
  const Region *body = program->entry->body;
  size_t most = dim_symbol_count(program->dims) + 1;
  SymbolList list = {.seen = arena_array(program->arena, bool, most),
                     .symbols = arena_array(program->arena, const Symbol *, most)};
  for (uint32_t i = 0; i < body->argument_count; i++)
    for (uint32_t d = 0; d < body->arguments[i]->type.rank; d++)
      dim_visit_symbols(body->arguments[i]->type.dims[d], add_symbol, &list);
  *count = list.count;
  return list.symbols;
}

static char *in_capitals(Arena *arena, const char *name) {
  char *upper = arena_copy_text(arena, name, strlen(name));
  for (char *at = upper; *at; at++) *at = (char)toupper((unsigned char)*at);
  return upper;
}

/* What the header declares for the model: macros first. */
enum { OWN_MACROS = 6, OWN_NAMES = 9 };
static const char **own_names(Arena *arena, const char *name) {
  static const char *const capitals[] = {"WORKSPACE_ALIGN", "WORKSPACE_BYTES", "WORKSPACE_BYTES_FOR"};
  static const char *const exact[] = {"run", "workspace_bytes", "AICC_H", "inputs", "outputs", "model"};
  const char **names = arena_array(arena, const char *, OWN_NAMES);
  const char *upper = in_capitals(arena, name);
  for (int i = 0; i < 3; i++) names[i] = arena_format(arena, "%s_%s", upper, capitals[i]);
  for (int i = 0; i < 6; i++) names[3 + i] = arena_format(arena, "%s_%s", name, exact[i]);
  return names;
}

static bool is_word_part(char c) { return isalnum((unsigned char)c) || c == '_'; }

static bool has_word(const char *text, const char *word) {
  size_t length = strlen(word);
  for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
    if ((at == text || !is_word_part(at[-1])) && !is_word_part(at[length])) return true;
  return false;
}

bool header_name_clashes(Arena *arena, const char *name) {
  const char **names = own_names(arena, name);
  for (int i = 0; i < OWN_NAMES; i++)
    if (has_word(aicc_abi_text, names[i])) return true;
  return false;
}

/* Comments must not end early, whatever the model calls its dims. */
static void add_type_comment(Text *text, const Type *type) {
  Text plain = {0};
  type_print_onnx(&plain, type);
  text_add(text, "/* ");
  for (const char *at = text_string(&plain); *at; at++) {
    unsigned char c = (unsigned char)*at;
    bool closes = c == '*' && at[1] == '/', opens = c == '/' && at[1] == '*';
    text_format(text, "%c", closes || opens || c < 0x20 || c > 0x7e || c == '\\' ? '?' : c);
  }
  text_add(text, " */");
  text_free(&plain);
}

typedef struct Writer {
  Text *text;
  const Program *program;
  const char *name;
  const char *upper;
} Writer;


static void write_struct(Writer *w, bool inputs, const Symbol *const *symbols, uint32_t symbol_count) {
  const Entry *entry = w->program->entry;
  Arena *arena = w->program->arena;
  uint32_t count = inputs ? entry->body->argument_count : entry->body->result_count;
  uint32_t dims = inputs ? symbol_count : 0;
  const char **names = arena_array(arena, const char *, count + dims);
  for (uint32_t i = 0; i < count; i++) names[i] = (inputs ? entry->argument_names : entry->result_names)[i];
  for (uint32_t i = 0; i < dims; i++) names[count + i] = arena_format(arena, "dim_%s", symbols[i]->name);
  const char **fields = identifiers_from(arena, names, count + dims, own_names(arena, w->name), OWN_MACROS);
  text_format(w->text, "typedef struct %s_%s {\n", w->name, inputs ? "inputs" : "outputs");
  for (uint32_t i = 0; i < count; i++) {
    const Type *type = inputs ? &entry->body->arguments[i]->type : &entry->body->results[i]->type;
    text_format(w->text, "  %s%s *%s; ", inputs ? "const " : "", element_info(type->element)->c_type, fields[i]);
    add_type_comment(w->text, type);
    text_add(w->text, "\n");
  }
  for (uint32_t i = 0; i < dims; i++) text_format(w->text, "  int64_t %s;\n", fields[count + i]);
  if (count + dims == 0) text_add(w->text, "  char unused;\n");
  text_format(w->text, "} %s_%s;\n\n", w->name, inputs ? "inputs" : "outputs");
}

static void write_workspace(Writer *w, bool symbols) {
  int64_t bytes;
  text_format(w->text, "#define %s_WORKSPACE_ALIGN %uu\n", w->upper, (unsigned)WORKSPACE_ALIGNMENT);
  if (symbols || !dim_is_constant(w->program->workspace_bytes, &bytes)) return;
  const char *suffix = bytes > UINT32_MAX ? "ull" : "u";
  text_format(w->text, "#define %s_WORKSPACE_BYTES %lld%s\n", w->upper, (long long)bytes, suffix);
  int64_t scratch = 0;
  dim_is_constant(program_scratch_bytes(w->program), &scratch);
  text_format(w->text, "#define %s_WORKSPACE_BYTES_FOR(workers) (%lld%s + ((workers) > 1 ? (size_t)(workers) - 1u : 0u) * %lldu)\n",
              w->upper, (long long)bytes, suffix, (long long)scratch);
}

static void write_body(Writer *w, const Symbol *const *symbols, uint32_t symbol_count) {
  const char *n = w->name;
  Text *text = w->text;
  text_format(text, "/* %s.h: generated by aicc %s */\n", n, AICC_VERSION);
  text_format(text, "#ifndef %s_AICC_H\n#define %s_AICC_H\n", n, n); /* not in capitals: net and Net are two */
  text_add(text, aicc_abi_text);
  text_add(text, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
  text_add(text, "/* The digits are a hash over this header: a stale header fails the link. */\n");
  text_format(text, "#define %s_run %s_run_%s\n", n, n, hash_zeros);
  if (symbol_count) text_format(text, "#define %s_workspace_bytes %s_workspace_bytes_%s\n", n, n, hash_zeros);
  write_workspace(w, symbol_count > 0);
  text_add(text, "\n");
  write_struct(w, true, symbols, symbol_count);
  write_struct(w, false, symbols, symbol_count);
  if (symbol_count)
    text_format(text,
                "/* SIZE_MAX where a dim is invalid or the size overflows. */\n"
                "size_t %s_workspace_bytes(const %s_inputs *in, uint32_t workers);\n",
                n, n);
  text_format(text,
              "/* Returns AICC_OK or why not. options may be null. */\n"
              "aicc_status %s_run(const %s_inputs *in, const %s_outputs *out, void *workspace, size_t workspace_bytes,\n"
              "    const aicc_options *options);\n"
              "/* For tools: the same as data. */\n"
              "const aicc_model *%s_model(void);\n",
              n, n, n, n);
  text_add(text, "\n#ifdef __cplusplus\n}\n#endif\n#endif\n");
}

/* Replaces the zeros behind NAME_run_ and NAME_workspace_bytes_ in their two defines. */
static void insert_hash(Text *text, const char *name, const char *hash) {
  const char *const kinds[] = {"run", "workspace_bytes"};
  for (int i = 0; i < 2; i++) {
    Text mark = {0};
    text_format(&mark, "#define %s_%s %s_%s_%s\n", name, kinds[i], name, kinds[i], hash_zeros);
    char *found = strstr(text->bytes, text_string(&mark));
    if (found) memcpy(found + mark.length - 1 - strlen(hash_zeros), hash, strlen(hash_zeros));
    text_free(&mark);
  }
}

void header_write(Text *text, const Program *program, const char *name, const Symbol *const *symbols,
                  uint32_t symbol_count, char hash[9]) {
  Writer writer = {text, program, name, in_capitals(program->arena, name)};
  write_body(&writer, symbols, symbol_count);
  uint64_t full = hash_bytes(text->bytes, text->length, 0);
  snprintf(hash, 9, "%08x", (unsigned)(full ^ full >> 32));
  insert_hash(text, name, hash);
}
