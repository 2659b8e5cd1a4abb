/* SPDX-License-Identifier: Apache-2.0 */
/* What the CPUs of a target have in common, as far as the speed of code depends on it: plain data, which the table of targets
   (codegen/llvm/target.c) names. One program serves all levels of a target; what differs between levels stands there. */
#ifndef AICC_IR_MACHINE_H
#define AICC_IR_MACHINE_H
#include <stdint.h>

typedef struct Machine {
  uint32_t line_bytes; /* of a cache line */
  uint32_t set_bytes;  /* of the first-level data cache: what lies that far apart shares a set */
  uint32_t set_lines;  /* which has room for so many lines */
  uint32_t core_bytes; /* of the second-level cache, which a core has for itself */
  uint32_t latency;    /* cycles from the start of a multiply-add to its end; two of them, and two loads, start in a cycle */
} Machine;

/* Of targets whose CPUs have no machine of their own, and of modules that nobody has said a target of. */
extern const Machine machine_common;
#endif
