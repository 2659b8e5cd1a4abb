/* SPDX-License-Identifier: Apache-2.0 */
/* What a value is: its kind, element type and dims. */
#ifndef AICC_IR_TYPE_H
#define AICC_IR_TYPE_H
#include "ir/dim.h"
#include "ir/limits.h"
#include <stdbool.h>
#include <stdint.h>

/* The numbers of ONNX TensorProto.DataType, which the binary interface uses too. */
typedef enum ElementType {
  ELEMENT_UNDEFINED = 0,
#define ELEMENT(constant, number, name, bits, class, compute, onnx, c) ELEMENT_##constant = number,
#include "ir/element.def"
#undef ELEMENT
  ELEMENT_COUNT
} ElementType;

typedef enum ElementClass {
  CLASS_NONE,
  CLASS_BOOL,
  CLASS_INT,
  CLASS_UINT,
  CLASS_FLOAT,
  CLASS_COMPLEX,
  CLASS_STRING
} ElementClass;

typedef struct ElementInfo {
  const char *name;      /* in the textual form: "f32" */
  const char *onnx_name; /* in messages and headers: "float32" */
  const char *c_type;    /* of the binary interface */
  uint32_t bits;         /* storage */
  ElementClass class;
  ElementType compute;
} ElementInfo;

/* The row of an element type; the undefined type has a row too ("undefined", 0 bits). */
const ElementInfo *element_info(ElementType type);
/* ELEMENT_UNDEFINED where no type has that textual name. */
ElementType element_find(const char *name);
bool element_is_float(ElementType type);
bool element_is_integer(ElementType type); /* signed or unsigned, not bool */
bool element_is_numeric(ElementType type); /* integer or float */
/* Bytes to which an element is aligned in the interface: those of what it is made of (strings: pointers). */
uint32_t element_alignment(ElementType type);
/* There are loads, stores and scalar functions for it; the others can be moved as they are. */
bool element_is_computed(ElementType type);
/* At least a byte, so that an element has an address of its own. */
bool element_is_addressable(ElementType type);
/* What a program can address: 47 bits, as x86-64 gives a process. */
#define ADDRESSABLE_BYTES (UINT64_C(1) << 47)
/* Bytes of `count` densely packed elements; false where a program cannot address so many. */
bool element_byte_count(ElementType type, int64_t count, uint64_t *byte_count);

typedef enum ValueKind { VALUE_TENSOR, VALUE_SEQUENCE, VALUE_OPTIONAL, VALUE_MAP } ValueKind;

typedef struct Type {
  ValueKind kind;
  ElementType element; /* tensor: of its elements; map: of its keys */
  uint32_t rank;
  const Dim *dims;          /* tensor */
  const struct Type *inner; /* sequence, optional: of the content; map: of the values */
  Dim length;               /* sequence: the most elements, null where unknown */
} Type;

struct Arena;
struct Text;
/* A tensor type; `dims` is copied. */
Type type_tensor(struct Arena *arena, ElementType element, uint32_t rank, const Dim *dims);
Type type_scalar(ElementType element);
/* Same kind, element type and dims. */
bool type_equal(const Type *a, const Type *b);
bool type_same_dims(const Type *a, const Type *b);
/* Tensors of one element type whose dims are equal for all values of the symbols. */
bool type_provably_equal(DimContext *context, const Type *a, const Type *b);
/* True and `*count` set where all dims are constants and the product fits; a rank-0 tensor has one element. */
bool type_static_count(const Type *type, int64_t *count);
/* The number of elements as an expression; the invalid dim where it overflows whatever the symbols are. */
Dim type_count(DimContext *context, const Type *type);
/* False where the tensor is larger than memory whatever the symbols are. */
bool type_is_addressable(DimContext *context, const Type *type);
/* "f32[N,3,224,224]"; sequences "seq<T>", optionals "opt<T>", maps "map<string,T>". */
void type_print(struct Text *text, const Type *type);
/* As type_print, with ONNX's names: "float32[N,3]". */
void type_print_onnx(struct Text *text, const Type *type);
struct Lexer;
/* False on a syntax error (nothing is reported). */
bool type_parse(struct Arena *arena, DimContext *context, struct Lexer *lexer, Type *type);
#endif
