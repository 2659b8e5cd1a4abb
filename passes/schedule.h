/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the schedule*.c files: making schedule trees. */
#ifndef AICC_PASSES_SCHEDULE_H
#define AICC_PASSES_SCHEDULE_H
#include "passes/contract_plan.h"
#include "passes/lower.h"

const Schedule *schedule_leaf(Program *program, ScheduleKind kind, const AxisPart *parts, uint32_t part_count,
                              const uint32_t *stages, uint32_t stage_count);
const Schedule *schedule_nest(Program *program, ScheduleKind kind, const AxisPart *parts, uint32_t part_count,
                              const Schedule *const *children, uint32_t child_count);
/* Makes `nest` the kernel's schedule and sets its task count from the parts of the outermost node. */
void schedule_finish(Program *program, Kernel *kernel, const Schedule *nest);

enum { NO_AXIS = 64, TILE_NODES = 40 };

/* Some of a kernel's stages: [first, end). */
typedef struct StageRange {
  uint32_t first, end;
} StageRange;

typedef struct Leaves {
  const Schedule *items[64];
  uint32_t count;
} Leaves;

/* Of the set of axes, the one along which lanes are best for the stages; NO_AXIS where there is none. */
uint32_t schedule_vector_axis(Program *program, const Kernel *kernel, StageRange range, uint64_t axes);
/* Leaves with lanes along the part's axis, behind those that are there, within loops over the axes `outer`. */
void schedule_leaves(Program *program, const Kernel *kernel, StageRange range, const AxisPart *part, uint64_t outer, Leaves *leaves);

/* The loads of an expression. */
typedef struct Loads {
  const Expr *items[TILE_NODES];
  uint32_t count, nodes;
  bool guarded; /* a guard stands below the root */
} Loads;

/* Stages that register tiles may take: one reduction, then assignments of the same points. */
typedef struct TileCandidate {
  Program *program;
  Kernel *kernel;
  StageRange range;
  const Expr *guard; /* around the reduction's expression, or null */
  Loads loads;       /* of the reduction */
  uint32_t column, row;
} TileCandidate;

/* Whether register tiles may take the stages: results lie side by side along an axis, `column`, that no operand reads
   across. */
bool tile_candidate(Program *program, Kernel *kernel, StageRange range, TileCandidate *candidate);
/* How many rows of a tile the axis gives, at most 16, a guess where its extent is not known; 0 where it serves for none:
   every operand depends on it, or none. */
int64_t tile_rows_along(const TileCandidate *candidate, uint32_t axis);
/* The axis's extent where it is known, or known to be small: then the most that it can be. */
int64_t axis_extent_or(const Program *program, const Kernel *kernel, uint32_t axis, int64_t otherwise);

/* Register tiles for a kernel that reduces first and goes on element by element. False where they do not fit: another
   schedule must do. */
bool schedule_tiles(Program *program, Kernel *kernel);
/* For a kernel with products among other stages: blocks of rows, in which products are register tiles and the other stages
   go row by row. False where it is not so. */
bool schedule_row_blocks(Program *program, Kernel *kernel);
#endif
