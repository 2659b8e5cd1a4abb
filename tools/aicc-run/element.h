/* SPDX-License-Identifier: Apache-2.0 */
/* The element types of tensors by their ONNX numbers: sizes, names, and access to single elements, packed
   ones included. Everything here is for checking and printing, so it is exact rather than fast. */
#ifndef AICC_RUN_ELEMENT_H
#define AICC_RUN_ELEMENT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ONNX TensorProto.DataType; those that code has to name. */
enum {
  TYPE_FLOAT = 1,
  TYPE_INT64 = 7,
  TYPE_STRING = 8,
  TYPE_BOOL = 9,
  TYPE_FLOAT16 = 10,
  TYPE_DOUBLE = 11,
  TYPE_UINT32 = 12,
  TYPE_UINT64 = 13,
  TYPE_COMPLEX64 = 14,
  TYPE_COMPLEX128 = 15,
  TYPE_BFLOAT16 = 16
};

typedef enum ElementKind {
  ELEMENT_FLOAT,
  ELEMENT_SIGNED,
  ELEMENT_UNSIGNED,
  ELEMENT_BOOL,
  ELEMENT_COMPLEX, /* two floats, real part first */
  ELEMENT_STRING   /* an aicc_string */
} ElementKind;

typedef struct ElementType {
  const char *name; /* "float32" */
  ElementKind kind;
  unsigned bits; /* 2 and 4: packed, first element in the low bits */
  size_t alignment;
} ElementType;

/* Null for a number that is not an element type. */
const ElementType *element_type(uint32_t dtype);

/* The bits of one element (one component of a complex one: index counts components), and their storing. Not
   for strings. */
uint64_t element_code(uint32_t dtype, const void *data, size_t index);
void element_store(uint32_t dtype, void *data, size_t index, uint64_t code);

/* The value of a float element, or of a component of a complex one. Exact. */
double element_float(uint32_t dtype, const void *data, size_t index);

/* The value of an integer element; an unsigned 64-bit one wraps. */
int64_t element_integer(uint32_t dtype, const void *data, size_t index);

/* Prints one element, with as many digits as tell it from its neighbours. */
void element_print(FILE *file, uint32_t dtype, const void *data, size_t index);

#endif
