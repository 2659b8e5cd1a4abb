/* SPDX-License-Identifier: Apache-2.0 */
/* The scalar functions over integers and bool, as the rows of scalar.def define them: wrapping, without
   undefined behaviour for any operand. */
#include "loop/interpret_internal.h"

#define TYPE int8_t
#define UNSIGNED uint8_t
#define BITS 8
#define IS_SIGNED true
#define NAME(function) i8_##function
#include "loop/interpret_integer.inc.h"

#define TYPE int16_t
#define UNSIGNED uint16_t
#define BITS 16
#define IS_SIGNED true
#define NAME(function) i16_##function
#include "loop/interpret_integer.inc.h"

#define TYPE int32_t
#define UNSIGNED uint32_t
#define BITS 32
#define IS_SIGNED true
#define NAME(function) i32_##function
#include "loop/interpret_integer.inc.h"

#define TYPE int64_t
#define UNSIGNED uint64_t
#define BITS 64
#define IS_SIGNED true
#define NAME(function) i64_##function
#include "loop/interpret_integer.inc.h"

#define TYPE uint8_t
#define UNSIGNED uint8_t
#define BITS 8
#define IS_SIGNED false
#define NAME(function) u8_##function
#include "loop/interpret_integer.inc.h"

#define TYPE uint16_t
#define UNSIGNED uint16_t
#define BITS 16
#define IS_SIGNED false
#define NAME(function) u16_##function
#include "loop/interpret_integer.inc.h"

#define TYPE uint32_t
#define UNSIGNED uint32_t
#define BITS 32
#define IS_SIGNED false
#define NAME(function) u32_##function
#include "loop/interpret_integer.inc.h"

#define TYPE uint64_t
#define UNSIGNED uint64_t
#define BITS 64
#define IS_SIGNED false
#define NAME(function) u64_##function
#include "loop/interpret_integer.inc.h"

static void bool_not(size_t count, const void *const *operands, void *out) {
  const uint8_t *operand = operands[0];
  uint8_t *result = out;
  for (size_t k = 0; k < count; k++) result[k] = !operand[k];
}

/* Bools are bytes of 0 or 1: what keeps that is shared with u8. */
static StripFunction bool_function(Scalar scalar) {
  switch (scalar) {
  case SCALAR_NOT:
    return bool_not;
  case SCALAR_AND:
  case SCALAR_OR:
  case SCALAR_XOR:
  case SCALAR_EQ:
  case SCALAR_NE:
    return u8_functions[scalar];
  default:
    return NULL;
  }
}

StripFunction strip_integer_function(Scalar scalar, ElementType operand) {
  switch (operand) {
  case ELEMENT_BOOL:
    return bool_function(scalar);
  case ELEMENT_I8:
    return i8_functions[scalar];
  case ELEMENT_I16:
    return i16_functions[scalar];
  case ELEMENT_I32:
    return i32_functions[scalar];
  case ELEMENT_I64:
    return i64_functions[scalar];
  case ELEMENT_U8:
    return u8_functions[scalar];
  case ELEMENT_U16:
    return u16_functions[scalar];
  case ELEMENT_U32:
    return u32_functions[scalar];
  case ELEMENT_U64:
    return u64_functions[scalar];
  default:
    return NULL;
  }
}
