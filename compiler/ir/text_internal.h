/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the print*.c, parse*.c and verify*.c files only: the conventions of the textual form.
   docs of the form itself: the head of print.c. */
#ifndef AICC_IR_TEXT_INTERNAL_H
#define AICC_IR_TEXT_INTERNAL_H
#include "base/text.h"
#include "ir/graph.h"
#include <stdio.h>

enum {
  LIST_ELEMENT_LIMIT = 64, /* blobs up to this size are written as a list */
  HEX_BYTES_PER_LINE = 48
};

/* As module_verify; without `tracked`, what follows from value tracking is left out. */
bool module_verify_form(Module *module, const char *pass, bool tracked);

/* "r=" where the operand gives the label r. */
void equation_print_index(Text *text, const Equation *equation, uint32_t operand, const char *const *names);
/* The names that an equation's labels are printed under: valid words, unique, no symbols. In `arena`. */
const char **equation_label_names(Arena *arena, const Module *module, const Equation *equation);
void access_print(Text *text, const Access *access, const char *const *names);
/* "{i=3}" with a leading blank, or nothing. */
void equation_print_rest(Text *text, const Node *node, const char *const *names);
/* The order that labels get where the text does not state one: order[k] is the k-th label. Views and
   contractions go through the result first, reductions through the operand. Labels used nowhere come last. */
void equation_default_order(PrimitiveKind kind, const Equation *equation, uint32_t *order);
/* The extent that follows from the types for a label: the dim of the first plain subscript, in the result,
   then in the operands; null where there is none. */
Dim equation_derived_extent(const Node *node, const Equation *equation, uint32_t label);
/* True for words that a label may not have: functions of dims, spellings of floats. */
bool label_is_reserved(const char *name);

/* Blobs of a module, each once, in order of appearance. */
typedef struct BlobTable {
  const Blob **blobs;
  size_t count, capacity;
  uint32_t *slots; /* open addressing by pointer: index + 1 */
  size_t slot_count;
} BlobTable;
void blob_table_fill(BlobTable *table, const Module *module);
void blob_table_free(BlobTable *table);
/* SIZE_MAX where the table has no such blob. */
size_t blob_table_find(const BlobTable *table, const Blob *blob);
/* Prints "f32 x 4 = [...]". Dense blobs in memory above LIST_ELEMENT_LIMIT go to `side` unless it is null.
   False where the side file could not be written. */
bool blob_print(Text *text, const Module *module, const Blob *blob, FILE *side, const char *side_name);

/* One element as a number; element types that have no arithmetic in the compiler as 0xBITS. */
void element_print(Text *text, ElementType element, uint64_t bits);
/* The element's bits; false where the text is no such element. */
bool element_parse(Lexer *lexer, ElementType element, uint64_t *bits);
/* True for types whose elements are written as numbers: all but strings and complex numbers. */
bool element_is_printable(ElementType element);
/* Element `index` of a dense array; sub-byte elements are packed from the low bits up. */
uint64_t element_get(ElementType element, const uint8_t *dense, int64_t index);
void element_set(ElementType element, uint8_t *dense, int64_t index, uint64_t bits);

/* The part of the module's name up to the last '/', whose length is returned: paths of weights are relative
   to it in the text. */
size_t module_directory_length(const char *module_name);

/* The kind of an attribute that primitive.def declares, ATTRIBUTE_NONE where it does not. */
AttributeKind primitive_attribute_kind(PrimitiveKind kind, const char *name, bool *optional);
/* Calls for each declared attribute until the callback returns false. */
void primitive_attributes(PrimitiveKind kind,
                          bool (*callback)(void *user, const char *name, AttributeKind, bool), void *user);
#endif
