/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the loop program share: a program to put kernels in, and the messages it caused. */
#ifndef AICC_TESTS_LOOP_COMMON_H
#define AICC_TESTS_LOOP_COMMON_H
/* cmocka.h needs the four headers before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "loop/program.h"
#include <cmocka.h>

typedef struct Fixture {
  Diagnostics *diagnostics;
  Text messages; /* one a line */
  Arena *arena;
  DimContext *dims;
  Program program; /* empty */
} Fixture;

void fixture_start(Fixture *fixture);
void fixture_end(Fixture *fixture);

/* Bits of a float as of a literal. */
uint64_t bits_f32(float value);
uint64_t bits_f64(double value);

/* Calls the scalar function on `count` elements through a kernel of one stage; operands and result are arrays
   in storage form. False where the interpreter refused. */
bool run_scalar(Fixture *fixture, Scalar scalar, ElementType operand, ElementType result, size_t count,
                const void *a, const void *b, const void *c, void *out);
#endif
