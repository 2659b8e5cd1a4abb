/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the verify*.c files only. */
#ifndef AICC_IR_VERIFY_INTERNAL_H
#define AICC_IR_VERIFY_INTERNAL_H
#include "ir/text_internal.h"

typedef struct Verifier {
  Module *module;
  const char *pass; /* null: none */
  uint32_t *numbers, number_count;
  const Value **defined; /* by Value.id: every value met so far */
  bool *visible;         /* by Value.id: may be used at this point */
  const Node *node;      /* null outside of nodes */
  bool tracked;          /* value tracking has been done */
  bool ok;
} Verifier;

/* Reports a violated rule at the current node; false. */
bool verify_fail(Verifier *verifier, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The dim is valid, not provably negative and over declared symbols; `what` is named in the message. */
bool verify_dim(Verifier *verifier, const char *what, Dim dim);
/* As verify_dim, but negative values are fine. */
bool verify_integer(Verifier *verifier, const char *what, Dim dim);

/* The rules of the node's own kind; counts, operands and result types have been found in order. */
void verify_kind(Verifier *verifier, const Node *node);
/* Accesses, labels and ranges of a view, reduce or contract. */
void verify_equation(Verifier *verifier, const Node *node);
/* Arguments, results and types of the regions of an if, loop or scan. */
void verify_control(Verifier *verifier, const Node *node);
#endif
