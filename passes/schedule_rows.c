/* SPDX-License-Identifier: Apache-2.0 */
/* The schedule of kernels with products among other stages, as attention: tasks of a block of rows each, whose
   intermediate results stay near; within a block products are register tiles or, where their operands lie along the sum,
   dot products, and what stands between them goes row by row, in lanes. */
#include "passes/schedule.h"

/* Stages that stand in leaves of their own. */
typedef enum PhaseKind { PHASE_ROWS, PHASE_TILE, PHASE_DOT } PhaseKind;

typedef struct Phase {
  PhaseKind kind;
  StageRange range;
  TileCandidate tile;
} Phase;

typedef struct Phases {
  Phase items[8];
  uint32_t count;
} Phases;

/* A sum of products of two tensors. */
static bool is_product(const Stage *stage) {
  const Expr *expr = stage->expr;
  if (expr->kind == EXPR_GUARD) expr = expr->operands[0];
  return stage->monoid == SCALAR_ADD && expr->kind == EXPR_CALL && expr->scalar == SCALAR_MUL && expr->operands[0]->kind == EXPR_LOAD &&
         expr->operands[1]->kind == EXPR_LOAD && expr->operands[0]->buffer != expr->operands[1]->buffer;
}

/* Both operands of the product lie along the sum. */
static bool is_dot(Program *program, const Kernel *kernel, const Stage *stage) {
  const Expr *expr = stage->expr->kind == EXPR_GUARD ? stage->expr->operands[0] : stage->expr;
  for (uint32_t i = 0; i < stage->reduce_count; i++) {
    bool along = true;
    for (uint32_t k = 0; k < 2; k++) {
      const Expr *load = expr->operands[k];
      Dim stride = access_stride(program->dims, kernel, load->buffer, load->subscripts, stage->reduce_axes[i]);
      along = along && dim_equals_constant(stride, 1);
    }
    if (along) return true;
  }
  return false;
}

/* How far the phase that begins with the stage goes. */
static bool find_phase(Program *program, Kernel *kernel, uint32_t first, Phase *phase) {
  *phase = (Phase){.range = {first, first + 1}};
  if (!is_product(&kernel->stages[first])) {
    while (phase->range.end < kernel->stage_count && !is_product(&kernel->stages[phase->range.end])) phase->range.end++;
    return true;
  }
  if (!tile_candidate(program, kernel, phase->range, &phase->tile)) {
    phase->kind = PHASE_DOT;
    return is_dot(program, kernel, &kernel->stages[first]);
  }
  phase->kind = PHASE_TILE;
  for (; phase->range.end < kernel->stage_count; phase->range.end++) {
    TileCandidate longer;
    if (!tile_candidate(program, kernel, (StageRange){first, phase->range.end + 1}, &longer)) break;
    phase->tile = longer;
  }
  return true;
}

/* Cuts the stages into phases; false where no stage is a product in register tiles, or one is neither that nor dots. */
static bool find_phases(Program *program, Kernel *kernel, Phases *phases) {
  bool any = false;
  phases->count = 0;
  for (uint32_t i = 0; i < kernel->stage_count;) {
    if (phases->count == sizeof phases->items / sizeof *phases->items) return false;
    Phase *phase = &phases->items[phases->count++];
    if (!find_phase(program, kernel, i, phase)) return false;
    any = any || phase->kind == PHASE_TILE;
    i = phase->range.end;
  }
  return any && phases->count > 1;
}

/* The axis that gives all products rows, the most of them; NO_AXIS where none does. */
static uint32_t choose_row(const Kernel *kernel, const Phases *phases, uint64_t outer) {
  uint32_t best = NO_AXIS;
  int64_t most = 1;
  for (uint32_t axis = 0; axis < kernel->axis_count; axis++) {
    int64_t least = INT64_MAX;
    for (uint32_t i = 0; outer >> axis & 1 && i < phases->count; i++) {
      int64_t rows = phases->items[i].kind == PHASE_TILE ? tile_rows_along(&phases->items[i].tile, axis) : INT64_MAX;
      if (rows < least) least = rows;
    }
    if (least == INT64_MAX || least < most || least == 1) continue;
    most = least;
    best = axis;
  }
  return best;
}

/* The axes of what the stages write and reduce. */
static uint64_t range_axes(const Kernel *kernel, StageRange range) {
  uint64_t axes = 0;
  for (uint32_t i = range.first; i < range.end; i++) {
    const Stage *stage = &kernel->stages[i];
    axes |= stage_axes(kernel, stage);
    for (uint32_t k = 0; k < stage->reduce_count; k++) axes |= UINT64_C(1) << stage->reduce_axes[k];
  }
  return axes;
}

/* Rows of a block: fewer where they are long. */
static int64_t block_rows(const Program *program, const Kernel *kernel, const Phases *phases, uint32_t row) {
  int64_t longest = 1, extent;
  for (uint32_t i = 0; i < phases->count; i++)
    if (phases->items[i].kind == PHASE_TILE && dim_is_constant(kernel->axes[phases->items[i].tile.column].extent, &extent) && extent > longest)
      longest = extent;
  return contract_even_block(axis_extent_or(program, kernel, row, INT64_MAX), contract_rows_of_block(longest, program->module->machine));
}

static const Schedule *product_leaf(Program *program, const Phase *phase, const AxisPart *row) {
  AxisPart parts[2];
  uint32_t count = 0, stages[16], stage_count = 0;
  if (row) parts[count++] = *row;
  parts[count++] = (AxisPart){phase->tile.column, PART_WHOLE, 0};
  for (uint32_t i = phase->range.first; i < phase->range.end; i++) stages[stage_count++] = i;
  return schedule_leaf(program, SCHEDULE_TILE, parts, count, stages, stage_count);
}

bool schedule_row_blocks(Program *program, Kernel *kernel) {
  Phases *phases = arena_new(program->arena, Phases);
  uint64_t outer = UINT64_MAX;
  AxisPart parts[LABEL_LIMIT + 1], inner = {.axis = NO_AXIS};
  Leaves children = {.count = 0};
  uint32_t count = 0;
  for (uint32_t i = 0; i < kernel->stage_count; i++) outer &= stage_axes(kernel, &kernel->stages[i]);
  if (!outer || !find_phases(program, kernel, phases)) return false;
  uint32_t row = choose_row(kernel, phases, outer);
  for (uint32_t a = 0; a < kernel->axis_count; a++)
    if (outer >> a & 1 && a != row) parts[count++] = (AxisPart){a, PART_WHOLE, 0};
  if (row != NO_AXIS) {
    int64_t rows = block_rows(program, kernel, phases, row);
    inner = rows == INT64_MAX ? (AxisPart){row, PART_WHOLE, 0} : (AxisPart){row, PART_INNER, rows};
    if (rows != INT64_MAX) parts[count++] = (AxisPart){row, PART_OUTER, rows};
  }
  const AxisPart *rows = row == NO_AXIS ? NULL : &inner;
  for (uint32_t i = 0; i < phases->count; i++) {
    const Phase *phase = &phases->items[i];
    if (phase->kind == PHASE_TILE) {
      children.items[children.count++] = product_leaf(program, phase, rows);
      continue;
    }
    AxisPart lanes = {schedule_vector_axis(program, kernel, phase->range, range_axes(kernel, phase->range) & ~outer), PART_WHOLE, 0};
    Leaves own = {.count = 0}, *leaves = rows ? &own : &children;
    if (lanes.axis == NO_AXIS) return false;
    schedule_leaves(program, kernel, phase->range, &lanes, outer, leaves);
    if (rows) children.items[children.count++] = schedule_nest(program, SCHEDULE_FOR, rows, 1, own.items, own.count);
  }
  schedule_finish(program, kernel, schedule_nest(program, SCHEDULE_PAR, parts, count, children.items, children.count));
  return true;
}
