/* SPDX-License-Identifier: Apache-2.0 */
/* How much a tensor, an equation and a kernel may have of each. Whoever makes one reports what passes them.
 */
#ifndef AICC_IR_LIMITS_H
#define AICC_IR_LIMITS_H

enum {
  RANK_LIMIT = 32,                         /* axes of a tensor */
  LABEL_LIMIT = 48,                        /* labels of an equation that range; axes of a kernel */
  INDEX_LIMIT = 16,                        /* labels that operands give; indices of a kernel */
  POINT_LIMIT = LABEL_LIMIT + INDEX_LIMIT, /* both; sets of them are 64 bits */
  BUFFER_LIMIT = 64                        /* parameters and locals of a kernel */
};
#endif
