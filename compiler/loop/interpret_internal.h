/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the interpret*.c files only. The interpreter works on strips: up to STRIP_LENGTH consecutive
   points along one axis, one typed buffer per expression node, so that no element costs a walk of the tree.
 */
#ifndef AICC_LOOP_INTERPRET_INTERNAL_H
#define AICC_LOOP_INTERPRET_INTERNAL_H
#include "loop/program.h"

enum { STRIP_LENGTH = 256 };

/* out[k] = f(operands[0][k], ...) for k < count; each pointer is to elements of a compute type. `out` may be
   one of the operands. */
typedef void (*StripFunction)(size_t count, const void *const *operands, void *out);
/* Converts `count` elements, `step` bytes apart in storage, of any alignment, from or to a strip. */
typedef void (*StripLoad)(size_t count, const uint8_t *storage, int64_t step, void *strip);
typedef void (*StripStore)(size_t count, const void *strip, uint8_t *storage, int64_t step);

/* The scalar function over operands of that compute type (of select: the last two; of casts: also the
   result's); null where it is not defined. */
StripFunction strip_function(Scalar scalar, ElementType operand, ElementType result);
StripFunction strip_cast_function(ElementType from, ElementType to);
StripFunction strip_integer_function(Scalar scalar, ElementType operand);
StripFunction strip_float_function(Scalar scalar, ElementType operand);
/* Null for element types that have no interpreter: strings, complex numbers, float8 and below a byte. */
StripLoad strip_load_function(ElementType storage);
StripStore strip_store_function(ElementType storage);
/* Bytes of an element of a compute type; 0 where the type is none. */
size_t compute_byte_count(ElementType compute);
/* Writes the element with these bits `count` times. */
void strip_fill(ElementType compute, uint64_t bits, size_t count, void *strip);

/* A monoid over strips. Sums and products of f32 are kept in f64, those of f64 with a second number that
   holds what rounding lost; all else is exact in its own type. */
typedef struct Accumulator {
  Scalar monoid;
  ElementType type;
  StripFunction combine; /* null for sums and products of floats */
  uint64_t identity;
  double values[STRIP_LENGTH]; /* as elements of `type` where `combine` is set */
  double lost[STRIP_LENGTH];
} Accumulator;

/* False where the monoid is not defined for the type. */
bool accumulator_create(Accumulator *accumulator, Scalar monoid, ElementType type);
void accumulator_reset(Accumulator *accumulator, size_t count);
/* values[k] = values[k] op strip[k]. */
void accumulator_add(Accumulator *accumulator, size_t count, const void *strip);
/* values[0] = values[0] op strip[0] op ... op strip[count - 1]; the strip may be overwritten. */
void accumulator_fold(Accumulator *accumulator, size_t count, void *strip);
void accumulator_finish(const Accumulator *accumulator, size_t count, void *strip);
#endif
