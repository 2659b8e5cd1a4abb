/* SPDX-License-Identifier: Apache-2.0 */
/* From the tensor graph to the loop program. */
#ifndef AICC_PASSES_LOWER_H
#define AICC_PASSES_LOWER_H
#include "loop/program.h"

/* Lowers an entry: fuses elementwise chains, views and epilogues into kernels; every remaining value gets a
   buffer. The kernels are scheduled by schedule_program, memory is assigned by plan_memory. Null after
   reporting. */
Program *lower_entry(Module *module, const Entry *entry);
/* Lowers the one entry of a module; one that has others is refused. */
Program *lower_module(Module *module);

/* Gives every kernel its default schedule and task count. */
void schedule_program(Program *program);

/* Merges adjacent axes that every access walks as one. */
void kernel_coalesce(Program *program, Kernel *kernel);

/* Assigns workspace offsets: best fit, largest first, 64-byte aligned, by lifetime over the steps. */
/* Reports a workspace that no program can address. */
void plan_memory(Program *program);
#endif
