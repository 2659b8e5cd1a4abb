/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by schedule.c and schedule_tile.c: making schedule trees. */
#ifndef AICC_PASSES_SCHEDULE_H
#define AICC_PASSES_SCHEDULE_H
#include "passes/lower.h"

const Schedule *schedule_leaf(Program *program, ScheduleKind kind, const AxisPart *parts, uint32_t part_count,
                              const uint32_t *stages, uint32_t stage_count);
const Schedule *schedule_nest(Program *program, ScheduleKind kind, const AxisPart *parts, uint32_t part_count,
                              const Schedule *const *children, uint32_t child_count);
/* Makes `nest` the kernel's schedule and sets its task count from the parts of the outermost node. */
void schedule_finish(Program *program, Kernel *kernel, const Schedule *nest);

/* Register tiles for a kernel that reduces first and goes on element by element, where its results lie side
   by side along an axis that no operand reads across. False where that is not so: another schedule must do.
 */
bool schedule_tiles(Program *program, Kernel *kernel);
#endif
