/* SPDX-License-Identifier: Apache-2.0 */
/* The table of scalar functions: what an elementwise node computes and what kernel expressions are made of. */
#ifndef AICC_IR_SCALAR_H
#define AICC_IR_SCALAR_H
#include "ir/type.h"

typedef enum Scalar {
#define SCALAR(constant, name, arity, operands, result, cost, math) SCALAR_##constant,
#include "ir/scalar.def"
#undef SCALAR
  SCALAR_COUNT
} Scalar;

typedef enum ScalarOperands {
  OPERANDS_NUMERIC,
  OPERANDS_INTEGER,
  OPERANDS_FLOAT,
  OPERANDS_BITS,      /* bool or integers */
  OPERANDS_COMPARABLE /* bool, integers, floats */
} ScalarOperands;

typedef enum ScalarResult { RESULT_SAME, RESULT_BOOL, RESULT_GIVEN } ScalarResult;

typedef struct ScalarInfo {
  const char *name;
  uint32_t arity;
  ScalarOperands operands;
  ScalarResult result;
  uint32_t cost;
  bool math;
} ScalarInfo;

const ScalarInfo *scalar_info(Scalar scalar);
/* SCALAR_COUNT where there is none of that name. */
Scalar scalar_find(const char *name);
bool scalar_accepts(Scalar scalar, ElementType element);
/* The monoids of reductions are scalar functions: add, mul, max, min, and, or. */
bool scalar_is_monoid(Scalar scalar);
/* The neutral element of a monoid over a compute type, as the bits of that type: 0, 1, -inf or the least
   integer, +inf or the greatest, all ones, 0. */
uint64_t scalar_identity_bits(Scalar monoid, ElementType compute);
#endif
