/* SPDX-License-Identifier: Apache-2.0 */
/* The passes over the tensor graph. Each works on a whole module and reports what it cannot do. */
#ifndef AICC_PASSES_PASSES_H
#define AICC_PASSES_PASSES_H
#include "ir/graph.h"

/* Elementwise nodes over a concatenation that nobody else reads go into its parts. */
bool pass_sink_maps(Module *module);
/* Factors per output channel go into the weights of the contraction before. */
bool pass_fold_scales(Module *module);
/* Elementwise nodes over what is repeated alike are computed before it is repeated; contractions read it as it was. */
bool pass_lift_repeats(Module *module);
/* Padding that does not count where it is read goes into the subscripts of the contraction or reduction. */
bool pass_fold_pads(Module *module);
/* Reshapes that join axes over which a contraction with constant weights sums become labels of it. */
bool pass_fold_reshapes(Module *module);
/* Chooses the order of every value's axes in memory; results of convolutions have their channels last. */
bool pass_layout(Module *module);
/* Removes nodes whose results nobody uses; checks stay. */
bool pass_dead_code(Module *module);
/* Equal nodes over equal operands, and constants of equal content, become one. */
bool pass_common_subexpressions(Module *module);
/* Contractions of one value with constant weights of their own, followed alike, become one. */
bool pass_merge_siblings(Module *module);
/* Rewrites towards one form: identities vanish, chains of reshapes collapse, known integers become constants,
   numbers that are broadcast to an elementwise node become rank-0 operands; an `if` on a known condition
   becomes its branch, a loop without iterations its initial values. */
bool pass_simplify(Module *module);
/* Of these rewrites the ones that newly known constants let do something. */
bool simplify_constants(Module *module);
/* Evaluates nodes over constants with the interpreter, unless the result would be much larger than its
 * inputs. */
bool pass_fold_constants(Module *module);
#endif
