/* SPDX-License-Identifier: Apache-2.0 */
/* Expansions written as text, in the row of their operator:
     "select(X < 0, alpha * expm1(X), X)"
   Names are the row's inputs and attributes (int and float); functions are the scalar functions; operators are
   + - * / < <= > >= == != & | and unary minus, with C's precedence. A number takes the element type of the
   operand that it meets, which becomes wider where it must to hold the number (element_beside); the result is cast back. */
#ifndef AICC_OPS_EXPRESSION_H
#define AICC_OPS_EXPRESSION_H
#include "ops/operator.h"

/* Null after reporting. */
Value *expression_build(const OperatorCall *call);
#endif
