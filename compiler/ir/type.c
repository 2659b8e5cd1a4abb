/* SPDX-License-Identifier: Apache-2.0 */
/* The element-type table and the textual form of types. */
#include "ir/type.h"
#include "base/arena.h"
#include "base/text.h"
#include <string.h>

static const ElementInfo element_table[ELEMENT_COUNT] = {
    [ELEMENT_UNDEFINED] = {"undefined", "undefined", "void", 0, CLASS_NONE, ELEMENT_UNDEFINED},
#define ELEMENT(constant, number, name, bits, class, compute, onnx, c)                                       \
  [ELEMENT_##constant] = {name, onnx, c, bits, CLASS_##class, ELEMENT_##compute},
#include "ir/element.def"
#undef ELEMENT
};

const ElementInfo *element_info(ElementType type) {
  return &element_table[(unsigned)type < ELEMENT_COUNT ? type : ELEMENT_UNDEFINED];
}

ElementType element_find(const char *name) {
  for (unsigned i = 1; i < ELEMENT_COUNT; i++)
    if (strcmp(element_table[i].name, name) == 0) return (ElementType)i;
  return ELEMENT_UNDEFINED;
}

bool element_is_float(ElementType type) { return element_info(type)->class == CLASS_FLOAT; }
bool element_is_integer(ElementType type) {
  return element_info(type)->class == CLASS_INT || element_info(type)->class == CLASS_UINT;
}
bool element_is_numeric(ElementType type) { return element_is_float(type) || element_is_integer(type); }

uint32_t element_alignment(ElementType type) {
  const ElementInfo *info = element_info(type);
  uint32_t bits = info->class == CLASS_COMPLEX || info->class == CLASS_STRING ? info->bits / 2 : info->bits;
  return (bits + 7) / 8;
}

bool element_is_computed(ElementType type) {
  const ElementInfo *info = element_info(type);
  if (info->class == CLASS_FLOAT) return info->bits >= 16;
  return info->class == CLASS_BOOL || (element_is_integer(type) && info->bits >= 8);
}

bool element_is_addressable(ElementType type) { return element_info(type)->bits >= 8; }

bool element_byte_count(ElementType type, int64_t count, uint64_t *byte_count) {
  uint64_t bits;
  if (count < 0 || __builtin_mul_overflow((uint64_t)count, (uint64_t)element_info(type)->bits, &bits)) return false;
  *byte_count = bits / 8 + (bits % 8 != 0);
  return *byte_count <= ADDRESSABLE_BYTES;
}

Type type_tensor(Arena *arena, ElementType element, uint32_t rank, const Dim *dims) {
  Type type = {.kind = VALUE_TENSOR, .element = element, .rank = rank};
  type.dims = arena_copy(arena, dims, rank * sizeof *dims);
  return type;
}

Type type_scalar(ElementType element) { return (Type){.kind = VALUE_TENSOR, .element = element}; }

bool type_same_dims(const Type *a, const Type *b) {
  if (a->rank != b->rank) return false;
  for (uint32_t i = 0; i < a->rank; i++)
    if (a->dims[i] != b->dims[i]) return false;
  return true;
}

bool type_equal(const Type *a, const Type *b) {
  if (a->kind != b->kind) return false;
  if (a->kind == VALUE_TENSOR) return a->element == b->element && type_same_dims(a, b);
  if (a->kind == VALUE_MAP && a->element != b->element) return false;
  return a->length == b->length && type_equal(a->inner, b->inner);
}

bool type_static_count(const Type *type, int64_t *count) {
  int64_t product = 1, dim;
  bool fits = true, empty = false;
  for (uint32_t i = 0; i < type->rank; i++) {
    if (!dim_is_constant(type->dims[i], &dim) || dim < 0) return false;
    if (dim == 0) empty = true;
    if (fits && dim) fits = !__builtin_mul_overflow(product, dim, &product);
  }
  if (!fits && !empty) return false;
  *count = empty ? 0 : product;
  return true;
}

bool type_provably_equal(DimContext *context, const Type *a, const Type *b) {
  if (a->kind != VALUE_TENSOR || b->kind != VALUE_TENSOR || a->element != b->element || a->rank != b->rank)
    return false;
  for (uint32_t i = 0; i < a->rank; i++)
    if (dim_equal(context, a->dims[i], b->dims[i]) != TRUTH_YES) return false;
  return true;
}

Dim type_count(DimContext *context, const Type *type) {
  Dim count = dim_constant(context, 1);
  for (uint32_t i = 0; i < type->rank; i++)
    if (dim_equals_constant(type->dims[i], 0)) return type->dims[i];
  for (uint32_t i = 0; i < type->rank; i++) count = dim_multiply(context, count, type->dims[i]);
  return count;
}

bool type_is_addressable(DimContext *context, const Type *type) {
  Dim dims = type_count(context, type);
  int64_t count;
  uint64_t bytes;
  return dim_is_valid(dims) && (!dim_is_constant(dims, &count) || element_byte_count(type->element, count, &bytes));
}

static void print_type(Text *text, const Type *type, bool onnx) {
  const ElementInfo *info = element_info(type->element);
  switch (type->kind) {
  case VALUE_TENSOR:
    text_format(text, "%s[", onnx ? info->onnx_name : info->name);
    for (uint32_t i = 0; i < type->rank; i++) {
      if (i) text_add(text, ",");
      dim_print(text, type->dims[i]);
    }
    text_add(text, "]");
    return;
  case VALUE_SEQUENCE: text_add(text, onnx ? "sequence<" : "seq<"); break;
  case VALUE_OPTIONAL: text_add(text, onnx ? "optional<" : "opt<"); break;
  case VALUE_MAP: text_format(text, "map<%s,", onnx ? info->onnx_name : info->name); break;
  }
  print_type(text, type->inner, onnx);
  if (type->length) {
    text_add(text, ",");
    dim_print(text, type->length);
  }
  text_add(text, ">");
}

void type_print(Text *text, const Type *type) { print_type(text, type, false); }
void type_print_onnx(Text *text, const Type *type) { print_type(text, type, true); }

static bool parse_inner(Arena *arena, DimContext *context, Lexer *lexer, Type *type, int depth);

static bool parse_container(Arena *arena, DimContext *context, Lexer *lexer, Type *type, ValueKind kind, int depth) {
  *type = (Type){.kind = kind};
  if (!lexer_accept(lexer, '<')) return false;
  if (kind == VALUE_MAP) {
    type->element = lexer->token.kind == TOKEN_WORD ? element_find(lexer->token.string) : ELEMENT_UNDEFINED;
    lexer_next(lexer);
    if (!type->element || !lexer_accept(lexer, ',')) return false;
  }
  Type *inner = arena_new(arena, Type);
  if (!parse_inner(arena, context, lexer, inner, depth + 1)) return false;
  type->inner = inner;
  if (kind == VALUE_SEQUENCE && lexer_accept(lexer, ',')) {
    type->length = dim_parse(context, lexer);
    if (!type->length) return false;
  }
  return lexer_accept(lexer, '>');
}

static bool parse_inner(Arena *arena, DimContext *context, Lexer *lexer, Type *type, int depth) {
  enum { NESTING_LIMIT = 16 };
  if (depth > NESTING_LIMIT) return false;
  if (lexer_accept_word(lexer, "seq")) return parse_container(arena, context, lexer, type, VALUE_SEQUENCE, depth);
  if (lexer_accept_word(lexer, "opt")) return parse_container(arena, context, lexer, type, VALUE_OPTIONAL, depth);
  if (lexer_accept_word(lexer, "map")) return parse_container(arena, context, lexer, type, VALUE_MAP, depth);
  ElementType element = lexer->token.kind == TOKEN_WORD ? element_find(lexer->token.string) : ELEMENT_UNDEFINED;
  if (!element) return false;
  lexer_next(lexer);
  if (!lexer_accept(lexer, '[')) return false;
  Dim dims[RANK_LIMIT];
  uint32_t rank = 0;
  while (!lexer_is(lexer, ']')) {
    if (rank == RANK_LIMIT || (rank && !lexer_accept(lexer, ','))) return false;
    dims[rank] = dim_parse(context, lexer);
    if (!dims[rank++]) return false;
  }
  lexer_next(lexer);
  *type = type_tensor(arena, element, rank, dims);
  return true;
}

bool type_parse(Arena *arena, DimContext *context, Lexer *lexer, Type *type) {
  return parse_inner(arena, context, lexer, type, 0);
}
