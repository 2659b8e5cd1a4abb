/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the verify*.c files only. */
#ifndef AICC_LOOP_VERIFY_KERNEL_H
#define AICC_LOOP_VERIFY_KERNEL_H
#include "loop/program.h"

enum { GUARD_LIMIT = 64 };

typedef struct KernelVerifier {
  const Program *program;
  const char *pass; /* null: none */
  Arena *arena;
  const Kernel *kernel;
  const Stage *stage;                    /* null outside of stages */
  uint64_t axes;                         /* that the stage runs over */
  bool in_index;                         /* the expression is an index's value */
  const GuardRange *guards[GUARD_LIMIT]; /* that hold where the current expression is evaluated */
  uint32_t guard_count;
  bool ok;
} KernelVerifier;

/* Reports a violated rule of the current kernel and stage; false. */
bool kernel_fail(KernelVerifier *verifier, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool kernel_dim_ok(KernelVerifier *verifier, const char *what, Dim dim);
/* Labels in range, once each and sorted; coefficients valid and not 0; indices only where they are allowed. */
bool kernel_subscript_ok(KernelVerifier *verifier, const Subscript *subscript, bool indices);
/* The stage's expression: operands, types, buffers that were written, bounds of loads. */
void verify_expression(KernelVerifier *verifier, const Expr *expr);
/* True where the form lies in [low, high) at every point at which the current guards hold. */
bool form_proved_within(KernelVerifier *verifier, const Subscript *form, Dim low, Dim high);
/* Stages covered once, axes bound, dependences kept. The stages have been found in order. */
void verify_schedule(KernelVerifier *verifier);
/* The program's steps. Its kernels and buffers have been found in order. */
void verify_steps(KernelVerifier *verifier);
/* The same number for every value of the symbols. */
bool verify_same_count(DimContext *dims, Dim a, Dim b);
/* Same element type, and the same number of elements for every value of the symbols. */
bool verify_same_size(DimContext *dims, const Type *a, const Type *b);
#endif
