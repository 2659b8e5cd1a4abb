/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/reshape_groups.h"

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
    while (a != b) { /* the side that is provably smaller takes another axis */
      if (i < from->rank && dim_less_equal(dims, a, b) == TRUTH_YES)
        a = dim_multiply(dims, a, from->dims[i++]);
      else if (j < to->rank && dim_less_equal(dims, b, a) == TRUTH_YES)
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
