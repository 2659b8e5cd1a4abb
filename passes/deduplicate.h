/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AICC_PASSES_DEDUPLICATE_H
#define AICC_PASSES_DEDUPLICATE_H
#include "loop/program.h"

/* Merges kernels of the same meaning and schedule; runs after scheduling. */
void deduplicate_kernels(Program *program);
#endif
