/* SPDX-License-Identifier: Apache-2.0 */
/* From the tensor graph to the loop program. */
#ifndef AICC_PASSES_LOWER_H
#define AICC_PASSES_LOWER_H
#include "loop/program.h"

/* What the kernels of an entry will be: which values they compute, and what is in memory (group.h). */
typedef struct Lowering Lowering;

/* Expands what is named and composite, and decides. Everything lives in the module's arena. Null after reporting. */
Lowering *lower_group(Module *module, const Entry *entry);
/* The same for the one entry of a module; one that has others is refused. */
Lowering *lower_group_module(Module *module);
/* The module, and a comment for each group. */
void lower_print_groups(struct Text *text, const Lowering *lowering);
/* Makes the kernels and steps, once. The kernels are scheduled by schedule_program, memory is assigned by plan_memory.
   Null after reporting. */
Program *lower_emit(Lowering *lowering);

/* Merges adjacent axes of every kernel that all accesses walk as one, and drops those of extent 1. */
void rebase_kernels(Program *program);
void coalesce_kernels(Program *program);

/* Gives every kernel its default schedule and task count. */
void schedule_program(Program *program);

/* Assigns workspace offsets: best fit, largest first, 64-byte aligned, by lifetime over the steps. */
/* Reports a workspace that no program can address. */
void plan_memory(Program *program);
#endif
