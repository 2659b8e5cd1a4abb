/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/machine.h"

/* What the thresholds of loop/cost.h were found with, on one kind of x86-64 CPU. Others, and those of AArch64, were not measured
   and have no row of their own. */
const Machine machine_common = {.line_bytes = 64, .set_bytes = 4096, .set_lines = 8, .core_bytes = 512 * 1024, .latency = 4};
