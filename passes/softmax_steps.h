/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax in its steps: m = max x, e = exp(x - m), s = sum e, y = e / s; or with the logarithm y = x - m - log s. It is one
   node until it is lowered, so that passes know it; whether the steps are one kernel is a matter of groups. */
#ifndef AICC_PASSES_SOFTMAX_STEPS_H
#define AICC_PASSES_SOFTMAX_STEPS_H
#include "ir/build.h"

/* The steps before the builder's position, in elements of that type; the result has the node's. */
Value *softmax_steps(Builder *builder, const Node *softmax, ElementType element);
/* Puts the steps in the place of every softmax of a region and those within it; where a contraction takes the rows, it is
   what it gives that is divided by s. */
void softmax_expand(Module *module, Region *region);
#endif
