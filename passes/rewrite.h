/* SPDX-License-Identifier: Apache-2.0 */
/* The driver of rewrites that look at one node at a time and at what makes its operands. It visits the nodes of all entries
   and their regions in order, what a rule makes included, and begins again while a rule finds anything, a few times. */
#ifndef AICC_PASSES_REWRITE_H
#define AICC_PASSES_REWRITE_H
#include "ir/build.h"

typedef struct Rewriter {
  Module *module;
  Builder builder; /* new nodes go before the node that is visited, with its location */
  bool changed;    /* set by a rule that changes the node itself, or removes it */
  bool *constant;  /* by Value.id, of values that were visited */
  size_t constant_count, constant_capacity;
} Rewriter;

/* Looks at a node whose operands are current. Gives a value for its one result, which takes its place; or null, where it
   finds nothing, changes the node's operands or equation, or removes the node (then `changed` is set). A rule must get
   nearer to a form in which it finds nothing. The use_count of values that were visited is at least that of
   the uses there are; what is made where a rule removes the node is counted in the next sweep. */
typedef Value *(*RewriteRule)(Rewriter *rewriter, Node *node);

/* Runs the rules over the module, each node's in their order. */
bool rewrite_module(Module *module, const RewriteRule *rules, uint32_t count);
/* Whether the value is computed from constants alone; false of what the rule itself has just made. */
bool rewrite_is_constant(const Rewriter *rewriter, const Value *value);
#endif
