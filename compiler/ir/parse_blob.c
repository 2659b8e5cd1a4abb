/* SPDX-License-Identifier: Apache-2.0 */
/* Parses constant data. Nothing is allocated by a count that the text does not pay for in length, and files
   are mapped once and checked against the hash. */
#include "ir/number.h"
#include "ir/parse_internal.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void unmap(void *file) {
  file_unmap(file);
}

static const MappedFile *map_file(Parser *parser, const Token *token, const char *path) {
  const char *base = parser->module->name;
  size_t base_length = module_directory_length(base);
  const char *full = path;
  if (path[0] != '/' && parser->directory)
    full = arena_format(parser->scratch, "%s/%s", parser->directory, path);
  else if (path[0] != '/')
    full = arena_format(parser->scratch, "%.*s%s", (int)base_length, base, path);
  const Binding *known = name_find(&parser->files, full);
  if (known) return known->target;
  MappedFile *file = arena_new(parser->module->arena, MappedFile);
  struct stat status;
  bool regular = stat(full, &status) == 0;
  if (regular && !S_ISREG(status.st_mode)) {
    regular = false;
    errno = EINVAL;
  }
  if (!regular || !file_map(full, file)) {
    parse_error(parser, token, "cannot read '%s': %s", full, strerror(errno));
    return NULL;
  }
  arena_at_destroy(parser->module->arena, unmap, file);
  name_bind(parser, &parser->files, full, file);
  return file;
}

static bool parse_uint64(Parser *parser, uint64_t *value) {
  int64_t integer;
  const Token token = parser->lexer.token;
  if (!parse_int64(parser, &integer)) return false;
  *value = (uint64_t)integer;
  return integer >= 0 || parse_error(parser, &token, "expected a number that is not negative");
}

/* The path in Blob.file is that relative to the module's directory again: it stays valid beside the model. */
static bool parse_file(Parser *parser, Blob *blob) {
  uint64_t byte_count;
  const char *path, *hash;
  const Token start = parser->lexer.token;
  if (!parse_quoted(parser, &path) || !parse_expect_word(parser, "offset") ||
      !parse_uint64(parser, &blob->file_offset) || !parse_expect_word(parser, "bytes") ||
      !parse_uint64(parser, &byte_count) || !parse_expect_word(parser, "hash"))
    return false;
  const Token hash_token = parser->lexer.token;
  if (!parse_quoted(parser, &hash)) return false;
  if (blob->element == ELEMENT_STRING)
    return parse_error(parser, &start, "strings cannot be read from a file");
  if (byte_count != blob->byte_count)
    return parse_error(parser, &start, "%" PRIu64 " bytes are stated, the elements have %" PRIu64, byte_count,
                       blob->byte_count);
  const MappedFile *file = map_file(parser, &start, path);
  if (!file) return false;
  if (blob->file_offset > file->length || byte_count > file->length - blob->file_offset)
    return parse_error(parser, &start, "the data reaches beyond the file's %zu bytes", file->length);
  const char *base = parser->module->name;
  blob->file = path;
  if (path[0] != '/')
    blob->file =
        arena_format(parser->module->arena, "%.*s%s", (int)module_directory_length(base), base, path);
  blob->bytes = file->bytes + blob->file_offset;
  char actual[17];
  snprintf(actual, sizeof actual, "%016" PRIx64, blob_hash(blob));
  if (strcmp(actual, hash) != 0)
    return parse_error(parser, &hash_token,
                       "the file's data has hash %s: it is not what this text was made with", actual);
  return true;
}

static bool expect_count(Parser *parser, const Token *start, int64_t expected, int64_t found) {
  if (expected == found) return true;
  return parse_error(parser, start, "%" PRId64 " elements are stated, %" PRId64 " are given", expected,
                     found);
}

/* One element takes two characters or more of the text. */
static bool check_payable(Parser *parser, const Token *start, int64_t count) {
  if ((uint64_t)count <= parser->lexer.length) return true;
  return parse_error(parser, start, "%" PRId64 " elements are more than the text has", count);
}

static bool parse_strings(Parser *parser, Blob *blob) {
  const Token start = parser->lexer.token;
  if (!check_payable(parser, &start, blob->element_count)) return false;
  const char **strings = arena_array(parser->module->arena, const char *, (size_t)blob->element_count);
  int64_t count = 0;
  while (!lexer_is(&parser->lexer, ']')) {
    const char *string;
    if ((count && !parse_expect(parser, ',')) || !parse_quoted(parser, &string)) return false;
    if (count < blob->element_count) strings[count] = string;
    count++;
  }
  lexer_next(&parser->lexer);
  blob->strings = strings;
  return expect_count(parser, &start, blob->element_count, count);
}

static bool parse_element(Parser *parser, const Blob *blob, uint64_t *bits) {
  const Token token = parser->lexer.token;
  if (element_parse(&parser->lexer, blob->element, bits)) return true;
  return parse_error(parser, &token, "expected an element of type %s", element_info(blob->element)->name);
}

static bool parse_list(Parser *parser, Blob *blob) {
  const Token start = parser->lexer.token;
  if (blob->element == ELEMENT_STRING) return parse_strings(parser, blob);
  if (!element_is_printable(blob->element))
    return parse_error(parser, &start, "elements of type %s are given as hex",
                       element_info(blob->element)->name);
  if (!check_payable(parser, &start, blob->element_count)) return false;
  uint8_t *dense = arena_allocate(parser->module->arena, blob->byte_count);
  int64_t count = 0;
  while (!lexer_is(&parser->lexer, ']')) {
    uint64_t bits;
    if ((count && !parse_expect(parser, ',')) || !parse_element(parser, blob, &bits)) return false;
    if (count < blob->element_count) element_set(blob->element, dense, count, bits);
    count++;
  }
  lexer_next(&parser->lexer);
  blob->bytes = dense;
  return expect_count(parser, &start, blob->element_count, count);
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Quoted strings of hexadecimal digits, up to the first other token. */
static bool parse_hex(Parser *parser, uint64_t byte_count, const uint8_t **bytes) {
  const Token start = parser->lexer.token;
  Text collected = {0};
  bool ok = true;
  for (; ok && parser->lexer.token.kind == TOKEN_STRING; lexer_next(&parser->lexer)) {
    const Token token = parser->lexer.token;
    for (size_t i = 0; ok && i < token.length; i += 2) {
      int high = hex_value(token.string[i]), low = i + 1 < token.length ? hex_value(token.string[i + 1]) : -1;
      ok = high >= 0 && low >= 0;
      char byte = (char)(high * 16 + low);
      if (ok) text_add_bytes(&collected, &byte, 1);
    }
    if (!ok) parse_error(parser, &token, "expected pairs of hexadecimal digits");
  }
  if (ok && collected.length != byte_count)
    ok = parse_error(parser, &start, "%" PRIu64 " bytes are needed, %zu are given", byte_count,
                     collected.length);
  if (ok) *bytes = arena_copy(parser->module->arena, collected.bytes, collected.length);
  text_free(&collected);
  return ok;
}

static bool parse_splat(Parser *parser, Blob *blob) {
  const Token start = parser->lexer.token;
  if (blob->element == ELEMENT_STRING) return parse_error(parser, &start, "strings cannot be a splat");
  blob->splat = true;
  if (lexer_accept_word(&parser->lexer, "hex"))
    return parse_hex(parser, (element_info(blob->element)->bits + 7) / 8, &blob->bytes);
  if (!element_is_printable(blob->element))
    return parse_error(parser, &start, "elements of type %s are given as hex",
                       element_info(blob->element)->name);
  uint64_t bits;
  if (!parse_element(parser, blob, &bits)) return false;
  blob->bytes = arena_copy(parser->module->arena, &bits, sizeof bits);
  return true;
}

static bool parse_body(Parser *parser, Blob *blob, bool may_pack);

static bool parse_integers(Parser *parser, int64_t *integers, uint32_t *count) {
  const Token start = parser->lexer.token;
  *count = 0;
  if (!parse_expect(parser, '[')) return false;
  do {
    if (*count == RANK_LIMIT) return parse_error(parser, &start, "more than %d numbers", RANK_LIMIT);
    if (!parse_int64(parser, &integers[(*count)++])) return false;
  } while (lexer_accept(&parser->lexer, ','));
  return parse_expect(parser, ']');
}

/* Whether every element that the packing names lies in its source, and how many it makes. */
static bool packing_is_sound(const BlobPacking *packing, int64_t *count) {
  int64_t least = packing->offset, most = packing->offset, reach, places[RANK_LIMIT + 1];
  for (uint32_t i = 0; i < packing->rank; i++) {
    int64_t extent = packing->extents[i], *end = packing->strides[i] < 0 ? &least : &most;
    if (extent < 1 || __builtin_mul_overflow(packing->strides[i], extent - 1, &reach) ||
        __builtin_add_overflow(*end, reach, end))
      return false;
  }
  return storage_places(packing->order, packing->rank, packing->extents, places, count) && least >= 0 &&
         most < packing->source->element_count;
}

/* "[3, 32] strides [1, 3] offset 0 stored [1/16, 0, 1%16] of f32 x 96 = ...". */
static bool parse_packed(Parser *parser, Blob *blob) {
  BlobPacking packing = {0};
  Blob *source = arena_new(parser->module->arena, Blob);
  const Token start = parser->lexer.token;
  uint32_t stride_count;
  int64_t count;
  if (!parse_integers(parser, packing.extents, &packing.rank) || !parse_expect_word(parser, "strides") ||
      !parse_integers(parser, packing.strides, &stride_count) || !parse_expect_word(parser, "offset") ||
      !parse_int64(parser, &packing.offset) ||
      (lexer_accept_word(&parser->lexer, "stored") && !parse_storage_order(parser, packing.rank, &packing.order)) ||
      !parse_expect_word(parser, "of") || !parse_body(parser, source, false))
    return false;
  packing.source = source;
  if (!packing.rank || stride_count != packing.rank || source->element != blob->element ||
      element_info(blob->element)->bits < 8 || source->strings || !packing_is_sound(&packing, &count) ||
      count != blob->element_count)
    return parse_error(parser, &start, "the packing does not fit its source or the element count");
  *blob = *blob_packed(parser->module->arena, &packing);
  return true;
}

static bool parse_data(Parser *parser, Blob *blob, bool may_pack) {
  Lexer *lexer = &parser->lexer;
  if (may_pack && lexer_accept_word(lexer, "pack")) return parse_packed(parser, blob);
  if (lexer_accept_word(lexer, "file")) return parse_file(parser, blob);
  if (lexer_accept_word(lexer, "splat")) return parse_splat(parser, blob);
  if (lexer_accept(lexer, '[')) return parse_list(parser, blob);
  const Token start = lexer->token;
  if (!lexer_accept_word(lexer, "hex")) return parse_error(parser, &start, "expected file, splat, pack, hex or [");
  if (blob->element == ELEMENT_STRING) return parse_error(parser, &start, "strings are given as a list");
  return parse_hex(parser, blob->byte_count, &blob->bytes);
}

/* "f32 x 4 = ..."; what a packing is made of is no packing itself. */
static bool parse_body(Parser *parser, Blob *blob, bool may_pack) {
  Lexer *lexer = &parser->lexer;
  const Token type = lexer->token;
  blob->element = type.kind == TOKEN_WORD ? element_find(type.string) : ELEMENT_UNDEFINED;
  if (!blob->element) return parse_error(parser, &type, "expected an element type");
  lexer_next(lexer);
  if (!parse_expect_word(parser, "x")) return false;
  const Token count = lexer->token;
  if (!parse_int64(parser, &blob->element_count)) return false;
  if (!element_byte_count(blob->element, blob->element_count, &blob->byte_count))
    return parse_error(parser, &count, "the element count is out of range");
  return parse_expect(parser, '=') && parse_data(parser, blob, may_pack);
}

bool parse_blob(Parser *parser) {
  Lexer *lexer = &parser->lexer;
  Blob *blob = arena_new(parser->module->arena, Blob);
  const Token start = lexer->token;
  int64_t number;
  if (!parse_expect(parser, '#') || !parse_int64(parser, &number)) return false;
  const char *name = arena_format(parser->scratch, "%" PRId64, number);
  if (name_find(&parser->blobs, name)) return parse_error(parser, &start, "blob #%s is defined twice", name);
  name_bind(parser, &parser->blobs, name, NULL);
  if (!parse_expect(parser, ':') || !parse_body(parser, blob, true)) return false;
  name_find(&parser->blobs, name)->target = blob;
  return true;
}
