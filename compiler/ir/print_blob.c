/* SPDX-License-Identifier: Apache-2.0 */
/* Prints constant data: file-backed blobs by reference, small ones as numbers, others as hexadecimal bytes or
   into a side file. Elements print so that they read back to the same bits. */
#include "base/hash.h"
#include "ir/number.h"
#include "ir/text_internal.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t slot_of(const BlobTable *table, const Blob *blob) {
  size_t slot = (size_t)hash_bytes(&blob, sizeof blob, 0) & (table->slot_count - 1);
  while (table->slots[slot] && table->blobs[table->slots[slot] - 1] != blob)
    slot = (slot + 1) & (table->slot_count - 1);
  return slot;
}

static void table_grow(BlobTable *table) {
  table->slot_count = table->slot_count ? table->slot_count * 2 : 64;
  table->capacity = table->slot_count / 2;
  table->blobs = heap_resize(table->blobs, table->capacity * sizeof *table->blobs);
  table->slots = heap_resize(table->slots, table->slot_count * sizeof *table->slots);
  memset(table->slots, 0, table->slot_count * sizeof *table->slots);
  for (size_t i = 0; i < table->count; i++) table->slots[slot_of(table, table->blobs[i])] = (uint32_t)i + 1;
}

static void table_add(BlobTable *table, const Blob *blob) {
  if (!blob) return;
  if (table->count == table->capacity) table_grow(table);
  size_t slot = slot_of(table, blob);
  if (table->slots[slot]) return;
  table->blobs[table->count++] = blob;
  table->slots[slot] = (uint32_t)table->count;
}

static void add_region(BlobTable *table, const Region *region) {
  const Node *previous = NULL;
  for (const Node *node = region->first; node && node->previous == previous;
       previous = node, node = node->next) {
    for (uint32_t i = 0; i < node->attribute_count; i++)
      if (node->attributes[i].kind == ATTRIBUTE_BLOB) table_add(table, node->attributes[i].blob);
    for (uint32_t i = 0; i < node->region_count; i++) add_region(table, node->regions[i]);
  }
}

void blob_table_fill(BlobTable *table, const Module *module) {
  *table = (BlobTable){0};
  for (size_t i = 0; i < module->entry_count; i++) add_region(table, module->entries[i]->body);
}

void blob_table_free(BlobTable *table) {
  free(table->blobs);
  free(table->slots);
}

size_t blob_table_find(const BlobTable *table, const Blob *blob) {
  if (!blob || !table->slot_count) return SIZE_MAX;
  uint32_t index = table->slots[slot_of(table, blob)];
  return index ? index - 1 : SIZE_MAX;
}

bool element_is_printable(ElementType element) {
  ElementClass class = element_info(element)->class;
  return class == CLASS_BOOL || class == CLASS_INT || class == CLASS_UINT || class == CLASS_FLOAT;
}

uint64_t element_get(ElementType element, const uint8_t *dense, int64_t index) {
  uint32_t bits = element_info(element)->bits;
  uint64_t value = 0;
  if (bits >= 8) {
    memcpy(&value, dense + (uint64_t)index * (bits / 8), bits / 8);
    return value;
  }
  uint64_t at = (uint64_t)index * bits;
  return (uint64_t)(dense[at / 8] >> at % 8) & ((1u << bits) - 1);
}

void element_set(ElementType element, uint8_t *dense, int64_t index, uint64_t value) {
  uint32_t bits = element_info(element)->bits;
  if (bits >= 8) {
    memcpy(dense + (uint64_t)index * (bits / 8), &value, bits / 8);
    return;
  }
  uint64_t at = (uint64_t)index * bits;
  dense[at / 8] = (uint8_t)(dense[at / 8] | (value & ((1u << bits) - 1)) << at % 8);
}

/* The bits of the quiet NaN that is written as plain "nan"; 0 for types without conversions. */
static uint64_t default_nan(ElementType element) {
  switch (element) {
  case ELEMENT_F64:
    return UINT64_C(0x7ff8000000000000);
  case ELEMENT_F32:
    return 0x7fc00000;
  case ELEMENT_F16:
    return 0x7e00;
  case ELEMENT_BF16:
    return 0x7fc0;
  default:
    return 0;
  }
}

static void print_float(Text *text, ElementType element, uint64_t bits) {
  double value = 0;
  uint64_t quiet = default_nan(element), back;
  if (bits == quiet && quiet) {
    text_add(text, "nan");
    return;
  }
  if (!quiet || (number_load(element, &bits, &value) && isnan(value))) {
    text_format(text, "0x%0*" PRIx64, (int)(element_info(element)->bits + 3) / 4, bits);
    return;
  }
  if (isinf(value)) {
    text_add(text, value < 0 ? "-inf" : "inf");
    return;
  }
  if (fabs(value) < 1e9 && value == trunc(value)) {
    text_format(text, "%.1f", value);
    return;
  }
  char shortest[40];
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(shortest, sizeof shortest, "%.*g", digits, value);
    back = 0;
    if (number_store(element, strtod(shortest, NULL), &back) && back == bits) break;
  }
  text_add(text, shortest);
  if (!strpbrk(shortest, ".e")) text_add(text, ".0");
}

void element_print(Text *text, ElementType element, uint64_t bits) {
  const ElementInfo *info = element_info(element);
  if (info->class == CLASS_FLOAT)
    print_float(text, element, bits);
  else if (info->class == CLASS_INT)
    text_format(text, "%" PRId64, (int64_t)(bits << (64 - info->bits)) >> (64 - info->bits));
  else
    text_format(text, "%" PRIu64, bits);
}

/* A negative integer or one of 2^63 or more: the magnitude's bits are `token.integer`. */
static bool fits_integer(const ElementInfo *info, bool minus, uint64_t magnitude) {
  if (info->class == CLASS_BOOL) return !minus && magnitude <= 1;
  if (info->class == CLASS_UINT)
    return (!minus || !magnitude) && (info->bits == 64 || magnitude >> info->bits == 0);
  uint64_t limit = UINT64_C(1) << (info->bits - 1);
  return minus ? magnitude <= limit : magnitude < limit;
}

bool element_parse(Lexer *lexer, ElementType element, uint64_t *bits) {
  const ElementInfo *info = element_info(element);
  const uint64_t mask = info->bits == 64 ? UINT64_MAX : (UINT64_C(1) << info->bits) - 1;
  bool minus = lexer_accept(lexer, '-');
  const Token token = lexer->token;
  uint64_t magnitude = (uint64_t)token.integer;
  lexer_next(lexer);
  *bits = 0;
  if (info->class != CLASS_FLOAT) {
    if ((token.kind != TOKEN_INTEGER && token.kind != TOKEN_WIDE_INTEGER) ||
        !fits_integer(info, minus, magnitude))
      return false;
    *bits = (minus ? 0 - magnitude : magnitude) & mask;
    return true;
  }
  if (token.kind == TOKEN_INTEGER || token.kind == TOKEN_WIDE_INTEGER) { /* the bits */
    *bits = magnitude;
    return token.hexadecimal && !minus && (magnitude & ~mask) == 0;
  }
  if (token.kind == TOKEN_WORD && strcmp(token.string, "nan") == 0) {
    *bits = default_nan(element);
    return *bits != 0 && !minus;
  }
  return token.kind == TOKEN_FLOAT && number_store(element, minus ? -token.number : token.number, bits);
}

size_t module_directory_length(const char *module_name) {
  const char *slash = strrchr(module_name, '/');
  return slash ? (size_t)(slash - module_name) + 1 : 0;
}

static void print_file(Text *text, const char *path, uint64_t offset, const Blob *blob) {
  text_add(text, "file ");
  text_add_quoted(text, path);
  text_format(text, " offset %" PRIu64 " bytes %" PRIu64 " hash \"%016" PRIx64 "\"", offset, blob->byte_count,
              blob_hash(blob));
}

static void print_strings(Text *text, const Blob *blob) {
  text_add(text, "[");
  for (int64_t i = 0; i < blob->element_count; i++) {
    if (i) text_add(text, ", ");
    text_add_quoted(text, blob->strings[i]);
  }
  text_add(text, "]");
}

static void print_hex(Text *text, const uint8_t *dense, uint64_t byte_count) {
  static const char digits[] = "0123456789abcdef";
  text_add(text, "hex");
  for (uint64_t line = 0; line < byte_count; line += HEX_BYTES_PER_LINE) {
    char buffer[2 * HEX_BYTES_PER_LINE];
    uint64_t count = byte_count - line < HEX_BYTES_PER_LINE ? byte_count - line : HEX_BYTES_PER_LINE;
    for (uint64_t i = 0; i < count; i++) {
      buffer[2 * i] = digits[dense[line + i] >> 4];
      buffer[2 * i + 1] = digits[dense[line + i] & 15];
    }
    text_add(text, byte_count > HEX_BYTES_PER_LINE ? "\n    \"" : " \"");
    text_add_bytes(text, buffer, 2 * count);
    text_add(text, "\"");
  }
}

/* True where writing the elements as numbers and reading them back gives the same bytes. */
static bool list_is_exact(const Blob *blob, const uint8_t *dense) {
  if (blob->element_count > LIST_ELEMENT_LIMIT || !element_is_printable(blob->element)) return false;
  uint64_t bits = (uint64_t)blob->element_count * element_info(blob->element)->bits;
  if (bits % 8 && dense[bits / 8] >> bits % 8) return false;
  for (int64_t i = 0; blob->element == ELEMENT_BOOL && i < blob->element_count; i++)
    if (dense[i] > 1) return false;
  return true;
}

static bool print_side(Text *text, const Blob *blob, const uint8_t *dense, FILE *side,
                       const char *side_name) {
  static const char zeros[64] = {0};
  long at = ftell(side);
  size_t padding = at < 0 ? 0 : (size_t)-at % sizeof zeros;
  bool ok = at >= 0 && fwrite(zeros, 1, padding, side) == padding &&
            fwrite(dense, 1, blob->byte_count, side) == blob->byte_count;
  print_file(text, side_name, at < 0 ? 0 : (uint64_t)at + padding, blob);
  return ok;
}

static bool print_dense(Text *text, const Blob *blob, const uint8_t *dense, FILE *side,
                        const char *side_name) {
  if (!list_is_exact(blob, dense)) {
    if (side && blob->byte_count) return print_side(text, blob, dense, side, side_name);
    print_hex(text, dense, blob->byte_count);
    return true;
  }
  text_add(text, "[");
  for (int64_t i = 0; i < blob->element_count; i++) {
    if (i) text_add(text, ", ");
    element_print(text, blob->element, element_get(blob->element, dense, i));
  }
  text_add(text, "]");
  return true;
}

static void print_integers(Text *text, const char *before, const int64_t *integers, uint32_t count) {
  text_add(text, before);
  for (uint32_t i = 0; i < count; i++) text_format(text, "%s%" PRId64, i ? ", " : " [", integers[i]);
  text_add(text, "]");
}

/* The recipe, and then the source as a blob of its own. */
static bool print_packed(Text *text, const Module *module, const BlobPacking *packing, FILE *side, const char *side_name) {
  print_integers(text, "pack", packing->extents, packing->rank);
  print_integers(text, " strides", packing->strides, packing->rank);
  text_format(text, " offset %" PRId64, packing->offset);
  if (packing->order) {
    text_add(text, " stored ");
    storage_order_print(text, packing->order);
  }
  text_add(text, " of ");
  return blob_print(text, module, packing->source, side, side_name);
}

bool blob_print(Text *text, const Module *module, const Blob *blob, FILE *side, const char *side_name) {
  text_format(text, "%s x %" PRId64 " = ", element_info(blob->element)->name, blob->element_count);
  if (blob->element == ELEMENT_STRING) {
    print_strings(text, blob);
    return true;
  }
  if (blob->splat && element_is_printable(blob->element) &&
      !(blob->element == ELEMENT_BOOL && blob->bytes[0] > 1)) {
    text_add(text, "splat ");
    element_print(text, blob->element, element_get(blob->element, blob->bytes, 0));
    return true;
  }
  if (blob->splat) {
    text_add(text, "splat ");
    print_hex(text, blob->bytes, (element_info(blob->element)->bits + 7) / 8);
    return true;
  }
  if (blob->packing) return print_packed(text, module, blob->packing, side, side_name);
  if (blob->file && !blob->decode) {
    size_t base = module_directory_length(module->name);
    bool below = strncmp(blob->file, module->name, base) == 0;
    print_file(text, below ? blob->file + base : blob->file, blob->file_offset, blob);
    return true;
  }
  if (!blob->decode) return print_dense(text, blob, blob->bytes, side, side_name);
  uint8_t *dense = heap_resize(NULL, blob->byte_count);
  blob_read(blob, dense);
  bool ok = print_dense(text, blob, dense, side, side_name);
  free(dense);
  return ok;
}
