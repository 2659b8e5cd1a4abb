/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/reshape_groups.h"
#include <string.h>

/* Whether the dim times axes from `at` on is the product. */
static bool comes_to(DimContext *dims, Dim dim, const Type *type, uint32_t at, Dim product) {
  while (at < type->rank && dim != product) dim = dim_multiply(dims, dim, type->dims[at++]);
  return dim == product;
}

bool reshape_groups(DimContext *dims, const Type *from, const Type *to, ReshapeGroups *groups) {
  uint32_t i = 0, j = 0;
  groups->count = 0;
  while (i < from->rank || j < to->rank) {
    if (groups->count == RANK_LIMIT) return false;
    groups->from_start[groups->count] = i;
    groups->to_start[groups->count++] = j;
    if (i == from->rank || j == to->rank) { /* what remains is of extent 1 */
      i = from->rank;
      j = to->rank;
      break;
    }
    Dim a = from->dims[i++], b = to->dims[j++];
    while (a != b) { /* the side that is provably smaller takes another axis, or what may be 0 the one that comes to the other */
      if (i < from->rank && (dim_less_equal(dims, a, b) == TRUTH_YES || comes_to(dims, a, from, i, b)))
        a = dim_multiply(dims, a, from->dims[i++]);
      else if (j < to->rank && (dim_less_equal(dims, b, a) == TRUTH_YES || comes_to(dims, b, to, j, a)))
        b = dim_multiply(dims, b, to->dims[j++]);
      else
        return false;
    }
    while (i < from->rank && dim_equals_constant(from->dims[i], 1)) i++; /* stay beside what they follow */
    while (j < to->rank && dim_equals_constant(to->dims[j], 1)) j++;
  }
  groups->from_start[groups->count] = from->rank;
  groups->to_start[groups->count] = to->rank;
  return true;
}

const char *split_label_name(Arena *arena, const Label *labels, uint32_t count, const char *joined) {
  for (uint32_t number = 0;; number++) {
    const char *name = arena_format(arena, "%s%u", joined, number);
    bool taken = false;
    for (uint32_t i = 0; i < count; i++)
      taken = taken || (labels[i].name && strcmp(labels[i].name, name) == 0);
    if (!taken) return name;
  }
}

Subscript plain_subscript(const Module *module, uint32_t label) {
  AffineTerm *term = arena_new(module->arena, AffineTerm);
  *term = (AffineTerm){label, dim_constant(module->dims, 1)};
  return (Subscript){.offset = dim_constant(module->dims, 0), .term_count = 1, .terms = term};
}
