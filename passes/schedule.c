/* SPDX-License-Identifier: Apache-2.0 */
/* Default schedules: the outer axes in order, cut into tasks, and one vector axis inside, chosen for
   contiguous access. Better schedules (contractions) replace the tree and nothing else. */
#include "passes/schedule.h"
#include <string.h>

/* How much a vector axis hurts in one access: contiguous and broadcast are free. Within the runs of an order vectors are
   contiguous, and where they do not begin with one still better off than those of another axis. */
static uint32_t access_penalty(Program *program, const Kernel *kernel, uint32_t buffer, const Subscript *subscripts,
                               uint32_t axis, bool target) {
  Dim stride = access_run_stride(program->dims, kernel, buffer, subscripts, axis);
  if (dim_equals_constant(stride, 1)) return 0;
  return dim_equals_constant(stride, 0) && !target ? 0 : COST_SCATTERED;
}

static uint32_t expr_penalty(Program *program, const Kernel *kernel, const Expr *expr, uint32_t axis) {
  uint32_t penalty = 0;
  if (expr->kind == EXPR_LOAD)
    penalty = access_penalty(program, kernel, expr->buffer, expr->subscripts, axis, false);
  for (uint32_t i = 0; i < expr->operand_count; i++)
    penalty += expr_penalty(program, kernel, expr->operands[i], axis);
  return penalty;
}

static uint32_t axis_penalty(Program *program, const Kernel *kernel, StageRange range, uint32_t axis) {
  uint32_t penalty = 0;
  int64_t extent;
  for (uint32_t i = range.first; i < range.end; i++) {
    const Stage *stage = &kernel->stages[i];
    uint32_t weight = stage->reduce_count ? 4 : 1;
    bool in_target = stage_axes(kernel, stage) >> axis & 1;
    if (in_target)
      penalty += access_penalty(program, kernel, stage->target, stage->subscripts, axis, true);
    else if (!stage_reduces(stage, axis))
      penalty += stage->reduce_count ? weight * COST_ABSENT : 0; /* a scalar afterthought costs nothing */
    penalty += weight * expr_penalty(program, kernel, stage->expr, axis);
  }
  if (dim_is_constant(kernel->axes[axis].extent, &extent) && extent < 16 && extent >= 0)
    penalty += (uint32_t)(16 - extent) + (extent < COST_SHORT_LANES ? COST_SHORT : 0); /* hardly a vector */
  return penalty;
}

/* The axes that one stage reduces and another runs along too, as in a softmax: the stages are leaves of their own, and what
   is reduced is one number per iteration of the loops around them all. */
static uint64_t row_axes(const Kernel *kernel) {
  uint64_t rows = 0;
  for (uint32_t axis = 0; axis < kernel->axis_count; axis++) {
    uint32_t reduced = 0, written = 0;
    for (uint32_t i = 0; i < kernel->stage_count; i++) {
      reduced += stage_reduces(&kernel->stages[i], axis) ? 1 : 0;
      written += stage_axes(kernel, &kernel->stages[i]) >> axis & 1 ? 1 : 0;
    }
    if (reduced && reduced + written > 1) rows |= UINT64_C(1) << axis;
  }
  return rows;
}

uint32_t schedule_vector_axis(Program *program, const Kernel *kernel, StageRange range, uint64_t axes) {
  uint32_t best = NO_AXIS, least = UINT32_MAX;
  for (uint32_t axis = kernel->axis_count; axis-- > 0;) {
    if (!(axes >> axis & 1)) continue;
    uint32_t penalty = axis_penalty(program, kernel, range, axis);
    if (penalty < least) {
      least = penalty;
      best = axis;
    }
  }
  return best;
}

const Schedule *schedule_leaf(Program *program, ScheduleKind kind, const AxisPart *parts, uint32_t part_count,
                              const uint32_t *stages, uint32_t stage_count) {
  Schedule *leaf = arena_new(program->arena, Schedule);
  *leaf = (Schedule){.kind = kind,
                     .part_count = part_count,
                     .parts = arena_copy(program->arena, parts, part_count * sizeof *parts),
                     .stage_count = stage_count,
                     .stages = arena_copy(program->arena, stages, stage_count * sizeof *stages)};
  return leaf;
}

static const Schedule *make_leaf(Program *program, const AxisPart *part, const uint32_t *stages,
                                 uint32_t count) {
  return schedule_leaf(program, SCHEDULE_VEC, part, part != NULL, stages, count);
}

/* Without any axis: every stage once. */
static const Schedule *make_scalar_leaf(Program *program, const Kernel *kernel) {
  uint32_t all[64];
  for (uint32_t i = 0; i < kernel->stage_count; i++) all[i] = i;
  return make_leaf(program, NULL, all, kernel->stage_count);
}

/* A leaf within loops over axes of its stages' targets that the loops around all leaves do not bind. */
static const Schedule *make_looped_leaf(Program *program, const AxisPart *part, uint64_t loops, const uint32_t *stages,
                                        uint32_t count) {
  AxisPart parts[LABEL_LIMIT];
  uint32_t part_count = 0;
  for (uint32_t a = 0; a < LABEL_LIMIT; a++)
    if (loops >> a & 1) parts[part_count++] = (AxisPart){a, PART_WHOLE, 0};
  const Schedule *leaf = make_leaf(program, part, stages, count);
  return part_count ? schedule_nest(program, SCHEDULE_FOR, parts, part_count, &leaf, 1) : leaf;
}

/* Stages share a leaf unless one needs the finished reduction of another over the vector axis, or a reduction
   over it has further axes, which must loop around the leaf alone. `outer`: the axes of the loops around all. */
void schedule_leaves(Program *program, const Kernel *kernel, StageRange range, const AxisPart *part, uint64_t outer, Leaves *leaves) {
  uint32_t group[64], count = 0;
  bool open_to_more = true, leaf_vector = false;
  uint64_t loops = 0;
  for (uint32_t i = range.first; i < range.end; i++) {
    const Stage *stage = &kernel->stages[i];
    bool reduces = stage_reduces(stage, part->axis);
    bool vector = reduces || stage_axes(kernel, stage) >> part->axis & 1;
    uint64_t own = stage_axes(kernel, stage) & ~outer & ~(UINT64_C(1) << part->axis);
    bool joins = count > 0 && open_to_more && vector == leaf_vector && own == loops && !(reduces && stage->reduce_count > 1);
    for (uint32_t k = 0; joins && k < count; k++) {
      const Stage *earlier = &kernel->stages[group[k]];
      if (stage_reduces(earlier, part->axis) && expr_loads(stage->expr, earlier->target)) joins = false;
    }
    if (!joins && count) {
      leaves->items[leaves->count++] = make_looped_leaf(program, leaf_vector ? part : NULL, loops, group, count);
      count = 0;
    }
    group[count++] = i;
    leaf_vector = vector;
    loops = own;
    open_to_more = !(reduces && stage->reduce_count > 1);
  }
  leaves->items[leaves->count++] = make_looped_leaf(program, leaf_vector ? part : NULL, loops, group, count);
}

const Schedule *schedule_nest(Program *program, ScheduleKind kind, const AxisPart *parts, uint32_t part_count,
                              const Schedule *const *children, uint32_t child_count) {
  Schedule *nest = arena_new(program->arena, Schedule);
  *nest = (Schedule){.kind = kind,
                     .part_count = part_count,
                     .parts = arena_copy(program->arena, parts, part_count * sizeof *parts),
                     .child_count = child_count,
                     .children = arena_copy(program->arena, children, child_count * sizeof *children)};
  return nest;
}

/* Cost of the whole kernel as an expression of the shapes. */
static Dim kernel_cost(Program *program, const Kernel *kernel) {
  DimContext *dims = program->dims;
  Dim total = dim_constant(dims, 0);
  for (uint32_t i = 0; i < kernel->stage_count; i++) {
    const Stage *stage = &kernel->stages[i];
    Dim points = dim_constant(dims, expr_cost(stage->expr) + 1);
    uint64_t axes = stage_axes(kernel, stage);
    for (uint32_t a = 0; a < kernel->axis_count; a++)
      if (axes >> a & 1 || stage_reduces(stage, a))
        points = dim_multiply(dims, points, kernel->axes[a].extent);
    total = dim_add(dims, total, points);
  }
  return total;
}

/* min(TASK_LIMIT, iterations of the parallel node, cost / COST_TASK), at least 1. */
static Dim task_count(Program *program, const Kernel *kernel, const Schedule *root) {
  DimContext *dims = program->dims;
  Dim one = dim_constant(dims, 1), iterations = one, cost = kernel_cost(program, kernel);
  for (uint32_t i = 0; i < root->part_count; i++) {
    Dim extent = kernel->axes[root->parts[i].axis].extent;
    if (root->parts[i].part == PART_OUTER)
      extent = dim_ceil_divide(dims, extent, dim_constant(dims, root->parts[i].tile));
    iterations = dim_multiply(dims, iterations, extent);
  }
  if (!dim_is_valid(iterations) || !dim_is_valid(cost)) return one;
  Dim wanted = dim_floor_divide(dims, cost, dim_constant(dims, COST_TASK));
  Dim count = dim_min(dims, dim_constant(dims, TASK_LIMIT), dim_min(dims, iterations, wanted));
  return dim_max(dims, one, count);
}

void schedule_finish(Program *program, Kernel *kernel, const Schedule *nest) {
  kernel->schedule = nest;
  kernel->task_count = task_count(program, kernel, nest);
}

/* How many leading outer axes the parallel node takes: enough iterations for all tasks, no more. */
static uint32_t parallel_axes(const Kernel *kernel, const AxisPart *outer, uint32_t count) {
  int64_t product = 1, extent;
  for (uint32_t i = 0; i < count; i++) {
    if (product >= 4 * TASK_LIMIT) return i;
    if (dim_is_constant(kernel->axes[outer[i].axis].extent, &extent)) product *= extent < 1 ? 1 : extent;
    if (product > INT32_MAX) return i + 1;
  }
  return count;
}

/* Whether elements that are adjacent along the axis are far apart in some access, and adjacent in another. */
static bool crosses(Program *program, const Kernel *kernel, uint32_t axis) {
  const Stage *stage = &kernel->stages[0];
  if (kernel->stage_count != 1 || stage->monoid != SCALAR_COUNT) return false;
  Dim stride = access_stride(program->dims, kernel, stage->target, stage->subscripts, axis);
  return !dim_equals_constant(stride, 1) || expr_penalty(program, kernel, stage->expr, axis) > 0;
}

/* Transposes: blocks of the vector axis outside and the axis that is contiguous on the other side inside, so
   that the lines which a block touches stay in the cache until they are full. */
static void schedule_transpose(Program *program, Kernel *kernel, uint32_t axis, const AxisPart *outer,
                               uint32_t count) {
  const Stage *stage = &kernel->stages[0];
  AxisPart loops[66], inner = outer[count - 1], lanes = {axis, PART_INNER, COST_TRANSPOSE_BLOCK};
  uint32_t loop_count = 0, all[1] = {0};
  for (uint32_t i = 0; i < count; i++) {
    Dim stride =
        access_stride(program->dims, kernel, stage->target, stage->subscripts, outer[i].axis);
    if (dim_equals_constant(stride, 1) || !expr_penalty(program, kernel, stage->expr, outer[i].axis))
      inner = outer[i];
  }
  for (uint32_t i = 0; i < count; i++)
    if (outer[i].axis != inner.axis) loops[loop_count++] = outer[i];
  loops[loop_count++] = (AxisPart){axis, PART_OUTER, COST_TRANSPOSE_BLOCK};
  const Schedule *leaf = make_leaf(program, &lanes, all, 1);
  const Schedule *nest = schedule_nest(program, SCHEDULE_FOR, &inner, 1, &leaf, 1);
  schedule_finish(program, kernel, schedule_nest(program, SCHEDULE_PAR, loops, loop_count, &nest, 1));
}

/* The subscript of what the kernel writes in which the axis stands first; past the last where it stands in
 * none.
 */
static uint32_t place_in_target(const Kernel *kernel, uint32_t axis) {
  const Stage *last = &kernel->stages[kernel->stage_count - 1];
  for (uint32_t i = 0; i < kernel->buffers[last->target].rank; i++)
    if (subscript_uses(&last->subscripts[i], axis)) return i;
  return UINT32_MAX;
}

/* Loops in the order in which results lie in memory. */
static void sort_outer(const Kernel *kernel, AxisPart *outer, uint32_t count) {
  for (uint32_t i = 1; i < count; i++) {
    AxisPart part = outer[i];
    uint32_t place = place_in_target(kernel, part.axis), at = i;
    for (; at > 0 && place_in_target(kernel, outer[at - 1].axis) > place; at--) outer[at] = outer[at - 1];
    outer[at] = part;
  }
}

static void schedule_kernel(Program *program, Kernel *kernel) {
  const StageRange all = {0, kernel->stage_count};
  uint64_t target_axes = stage_axes(kernel, &kernel->stages[0]), rows = row_axes(kernel);
  AxisPart outer[64], vector = {.axis = schedule_vector_axis(program, kernel, all, rows ? rows : UINT64_MAX), .part = PART_WHOLE};
  uint32_t count = 0;
  for (uint32_t i = 0; i < kernel->stage_count; i++)
    target_axes = rows ? target_axes & stage_axes(kernel, &kernel->stages[i])
                       : target_axes | stage_axes(kernel, &kernel->stages[i]);
  for (uint32_t a = 0; a < kernel->axis_count; a++)
    if (a != vector.axis && target_axes >> a & 1) outer[count++] = (AxisPart){a, PART_WHOLE, 0};
  sort_outer(kernel, outer, count);
  bool reduced = false;
  for (uint32_t i = 0; i < kernel->stage_count; i++)
    reduced = reduced || stage_reduces(&kernel->stages[i], vector.axis);
  int64_t extent;
  bool tile = count == 0 && vector.axis != NO_AXIS && !reduced &&
              !(dim_is_constant(kernel->axes[vector.axis].extent, &extent) && extent <= COST_MAP_BLOCK);
  if (tile) {
    outer[count++] = (AxisPart){vector.axis, PART_OUTER, COST_MAP_BLOCK};
    vector.part = PART_INNER;
    vector.tile = COST_MAP_BLOCK;
  }
  if (vector.axis != NO_AXIS && !reduced && !tile && count > 0 && crosses(program, kernel, vector.axis)) {
    schedule_transpose(program, kernel, vector.axis, outer, count);
    return;
  }
  Leaves leaves = {.count = 0};
  if (vector.axis == NO_AXIS)
    leaves.items[leaves.count++] = make_scalar_leaf(program, kernel);
  else
    schedule_leaves(program, kernel, all, &vector, target_axes, &leaves);
  uint32_t parallel = parallel_axes(kernel, outer, count);
  const Schedule *const *children = leaves.items;
  uint32_t child_count = leaves.count;
  const Schedule *nest;
  if (parallel < count) {
    nest = schedule_nest(program, SCHEDULE_FOR, outer + parallel, count - parallel, children, child_count);
    children = &nest;
    child_count = 1;
  }
  schedule_finish(program, kernel,
                  schedule_nest(program, SCHEDULE_PAR, outer, parallel, children, child_count));
}

void schedule_program(Program *program) {
  for (size_t i = 0; i < program->kernel_count; i++)
    if (!schedule_tiles(program, program->kernels[i]) && !schedule_row_blocks(program, program->kernels[i]))
      schedule_kernel(program, program->kernels[i]);
}
