/* SPDX-License-Identifier: Apache-2.0 */
/* A reshape that joins axes, as of batch and heads, or of batch and positions before a product of flattened rows, comes
   behind what reads it, where that may as well run over the axes as they were. There it meets the reshape that splits them
   again, or is a matter of names. Where one of the axes repeats what is there, as the heads of grouped queries do with keys
   and values, a contraction's other operand is split likewise, so that nobody needs the repetition in memory. */
#ifndef AICC_PASSES_JOIN_LATE_H
#define AICC_PASSES_JOIN_LATE_H
#include "ir/build.h"

/* The node's value, made before the builder's position over axes that are joined behind it; null where nothing is joined,
   or the node looks at the joined axis as a whole. */
Value *join_late(Builder *builder, const Node *node);
#endif
