/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that move elements and compute nothing. */
#include "ops/families.h"

static bool expand_transpose(OperatorCall *call, Value **results) {
  Value *x = call->inputs[0];
  const Attribute *given = call_attribute(call, "perm");
  uint32_t permutation[RANK_LIMIT], rank = x->type.rank;
  uint64_t seen = 0;
  if (given && given->count != rank) return call_invalid(call, "perm has %zu numbers for an input of rank %u", given->count, rank);
  for (uint32_t i = 0; i < rank; i++) {
    permutation[i] = rank - 1 - i;
    if (given && !call_axis(call, given->integers[i], rank, &permutation[i])) return false;
    if (seen >> permutation[i] & 1) return call_invalid(call, "perm has axis %u twice", permutation[i]);
    seen |= UINT64_C(1) << permutation[i];
  }
  results[0] = build_transpose(call->builder, x, permutation);
  return results[0] != NULL;
}

static bool expand_concat(OperatorCall *call, Value **results) {
  uint32_t axis, rank = call->inputs[0]->type.rank;
  for (uint32_t i = 0; i < call->input_count; i++) {
    if (!call->inputs[i]) return call_invalid(call, "input %u is absent", i);
    if (call->inputs[i]->type.rank != rank) return call_invalid(call, "the inputs differ in rank");
  }
  if (!call_axis(call, call_int(call, "axis"), rank, &axis)) return false;
  results[0] = build_concat(call->builder, call->inputs, call->input_count, axis);
  return results[0] != NULL;
}

const Operator movement_operators[] = {
    {.name = "Transpose", .since = 1, .inputs = {INPUT("data", ANY)}, .attributes = {INTS_ATTRIBUTE("perm")},
     .expand = expand_transpose, .doc = "The axes in another order; reversed where none is given."},
    {.name = "Concat", .since = 1, .until = 3, .inputs = {INPUT("inputs", ANY)}, .variadic = true,
     .attributes = {INT_ATTRIBUTE("axis", 1)}, .expand = expand_concat, .doc = "The inputs joined along an axis."},
    {.name = "Concat", .since = 4, .inputs = {INPUT("inputs", ANY)}, .variadic = true,
     .attributes = {REQUIRED_ATTRIBUTE("axis", INT)}, .expand = expand_concat, .doc = "The inputs joined along an axis."},
    {0}};
