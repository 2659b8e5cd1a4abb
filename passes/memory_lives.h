/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by memory_plan.c and memory_lives.c: when buffers live. */
#ifndef AICC_PASSES_MEMORY_LIVES_H
#define AICC_PASSES_MEMORY_LIVES_H
#include "loop/program.h"

typedef struct Life {
  uint32_t buffer, first, last; /* positions of steps, inclusive; first is UINT32_MAX where no step uses it */
  uint64_t bytes;               /* aligned; set by the plan */
  uint64_t offset;
} Life;

/* The positions of all steps, nested ones in the order of the text, and between which of them each buffer of
   the program must keep its memory: `lives` has room for one per buffer. The number of positions. */
uint32_t program_lives(const Program *program, Life *lives);
#endif
