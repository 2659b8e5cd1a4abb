/* SPDX-License-Identifier: Apache-2.0 */
/* The schedule of contractions, pooling and other reductions that make adjacent results side by side:
   register tiles of rows and columns inside, and loops around them that keep what is read again near. */
#include "passes/schedule.h"

enum { STAGES = 8 /* of a leaf */ };

static void collect(const Expr *expr, Loads *loads) {
  if (++loads->nodes > TILE_NODES) return;
  if (expr->kind == EXPR_LOAD) loads->items[loads->count++] = expr;
  if (expr->kind == EXPR_GUARD) loads->guarded = true;
  for (uint32_t i = 0; i < expr->operand_count; i++) collect(expr->operands[i], loads);
}

/* Within a run: columns come in whole vectors, which do not leave one. */
static Dim column_stride(const TileCandidate *c, const Expr *load, uint32_t axis) {
  return access_run_stride(c->program->dims, c->kernel, load->buffer, load->subscripts, axis);
}

static Dim load_stride(const TileCandidate *c, const Expr *load, uint32_t axis) {
  return access_stride(c->program->dims, c->kernel, load->buffer, load->subscripts, axis);
}

/* Every axis of the target alone in one of its subscripts with coefficient 1, or (groups) with others in the
 * last. */
static bool target_is_plain(const TileCandidate *c, const Stage *stage) {
  const KernelBuffer *target = &c->kernel->buffers[stage->target];
  uint64_t seen = 0;
  for (uint32_t i = 0; i < target->rank; i++)
    for (uint32_t j = 0; j < stage->subscripts[i].term_count; j++) {
      uint64_t bit = UINT64_C(1) << stage->subscripts[i].terms[j].label;
      if (seen & bit) return false;
      seen |= bit;
    }
  return true;
}

/* One reduction, then assignments of the same points. */
static bool stages_fit(TileCandidate *c) {
  const Kernel *kernel = c->kernel;
  const Stage *first = &kernel->stages[c->range.first];
  const Expr *expr = first->expr;
  if (first->monoid == SCALAR_COUNT || c->range.end - c->range.first > STAGES || !target_is_plain(c, first)) return false;
  uint64_t axes = stage_axes(kernel, first);
  for (uint32_t i = c->range.first + 1; i < c->range.end; i++)
    if (kernel->stages[i].monoid != SCALAR_COUNT || stage_axes(kernel, &kernel->stages[i]) != axes)
      return false;
  uint64_t identity = scalar_identity_bits(first->monoid, expr->type);
  if (expr->kind == EXPR_GUARD && expr->operands[1]->kind == EXPR_LITERAL &&
      expr->operands[1]->bits == identity) {
    c->guard = expr;
    expr = expr->operands[0];
  }
  collect(expr, &c->loads);
  return c->loads.nodes <= TILE_NODES && !c->loads.guarded && (!c->guard || c->guard->range_count <= 32);
}

/* Steps along what is reduced are of one length. */
static bool loads_fit(const TileCandidate *c) {
  const Stage *stage = &c->kernel->stages[c->range.first];
  for (uint32_t i = 0; i < c->loads.count; i++)
    for (uint32_t k = 0; k < stage->reduce_count; k++)
      if (!dim_is_valid(load_stride(c, c->loads.items[i], stage->reduce_axes[k]))) return false;
  return true;
}

/* Ranges become bounds of loops: what they say of reduced axes must have a known step. */
static bool guard_fits(const TileCandidate *c) {
  for (uint32_t k = 0; c->guard && k < c->guard->range_count; k++) {
    const Subscript *form = &c->guard->ranges[k].form;
    for (uint32_t i = 0; i < form->term_count; i++) {
      int64_t coefficient;
      if (!dim_is_constant(form->terms[i].coefficient, &coefficient) || coefficient == INT64_MIN)
        return false;
    }
  }
  return true;
}

/* Results adjacent, operands adjacent or alike, no range in the way. */
static bool is_column(const TileCandidate *c, uint32_t axis) {
  const Kernel *kernel = c->kernel;
  DimContext *dims = c->program->dims;
  bool whole = c->range.end - c->range.first == kernel->stage_count; /* then locals are registers */
  for (uint32_t i = c->range.first; i < c->range.end; i++) {
    const Stage *stage = &kernel->stages[i];
    const KernelBuffer *target = &kernel->buffers[stage->target];
    if ((target->role != BUFFER_LOCAL || !whole) &&
        !dim_equals_constant(access_stride(dims, kernel, stage->target, stage->subscripts, axis), 1))
      return false;
  }
  for (uint32_t i = 0; i < c->loads.count; i++) {
    Dim stride = column_stride(c, c->loads.items[i], axis);
    const KernelBuffer *buffer = &kernel->buffers[c->loads.items[i]->buffer];
    if (!dim_equals_constant(stride, 0) && !dim_equals_constant(stride, 1)) return false;
    if (buffer->order && dim_equals_constant(stride, 0)) return false;
  }
  for (uint32_t k = 0; c->guard && k < c->guard->range_count; k++)
    if (subscript_uses(&c->guard->ranges[k].form, axis)) return false;
  return true;
}

int64_t axis_extent_or(const Program *program, const Kernel *kernel, uint32_t axis, int64_t otherwise) {
  enum { SMALL = 16 };
  int64_t extent, most = dim_range(program->dims, kernel->axes[axis].extent).high;
  if (dim_is_constant(kernel->axes[axis].extent, &extent)) return extent;
  return most <= SMALL ? most : otherwise;
}

static int64_t extent_or(const TileCandidate *c, uint32_t axis, int64_t otherwise) { return axis_extent_or(c->program, c->kernel, axis, otherwise); }

int64_t tile_rows_along(const TileCandidate *c, uint32_t axis) {
  bool shared = c->loads.count == 1, read = false;
  for (uint32_t i = 0; i < c->loads.count; i++) {
    Dim stride = load_stride(c, c->loads.items[i], axis);
    bool still = dim_equals_constant(stride, 0);
    if (!dim_is_valid(stride)) return 0;
    shared = shared || still;
    read = read || !still;
  }
  if (axis == c->column || !shared || !read) return 0;
  int64_t extent = extent_or(c, axis, CONTRACT_ROWS_UNKNOWN);
  return extent < CONTRACT_ROWS_MOST ? extent : CONTRACT_ROWS_MOST;
}

/* An axis that some operand does not depend on, so that what is loaded serves several rows; the longest up to
   a tile, a later one where alike. What is not known may be 1: it serves where no axis is known to have a few rows. */
static uint32_t choose_row(const TileCandidate *c, uint64_t axes) {
  uint32_t best = NO_AXIS;
  int64_t most = 1;
  for (uint32_t axis = 0; axis < c->kernel->axis_count; axis++) {
    if (!(axes >> axis & 1)) continue;
    int64_t extent = tile_rows_along(c, axis);
    if (extent >= most && extent > 1) {
      most = extent;
      best = axis;
    }
  }
  return best;
}

/* The product of the extents of the axes in the set, with a guess for symbolic ones. */
static double points(const TileCandidate *c, uint64_t axes) {
  double product = 1;
  for (uint32_t a = 0; a < c->kernel->axis_count; a++)
    if (axes >> a & 1) product *= (double)extent_or(c, a, 64);
  return product;
}

static uint64_t reduced_axes(const TileCandidate *c) {
  uint64_t axes = 0;
  const Stage *stage = &c->kernel->stages[c->range.first];
  for (uint32_t i = 0; i < stage->reduce_count; i++) axes |= UINT64_C(1) << stage->reduce_axes[i];
  return axes;
}

static double element_bytes(const TileCandidate *c) {
  return element_info(c->kernel->stages[c->range.first].expr->type)->bits / 8.0;
}

/* The sizes of the first stage, over the axes `outer` besides its rows and columns. */
static ContractSizes sizes_of(const TileCandidate *c, uint64_t outer) {
  ContractSizes sizes = {.rows = c->row == NO_AXIS ? 0 : extent_or(c, c->row, INT64_MAX), .columns = extent_or(c, c->column, INT64_MAX),
                         .sum = points(c, reduced_axes(c)), .others = points(c, outer), .element_bytes = element_bytes(c)};
  for (uint32_t k = 0; c->guard && k < c->guard->range_count; k++)
    sizes.rows_whole = sizes.rows_whole || (c->row != NO_AXIS && subscript_uses(&c->guard->ranges[k].form, c->row));
  return sizes;
}

static void build(TileCandidate *c) {
  Kernel *kernel = c->kernel;
  AxisPart parts[66], tile[2];
  uint32_t part_count = 0, tile_count = 0, all[STAGES];
  uint64_t axes = stage_axes(kernel, &kernel->stages[0]);
  uint64_t outer = axes & ~(UINT64_C(1) << c->column);
  if (c->row != NO_AXIS) outer &= ~(UINT64_C(1) << c->row);
  const ContractSizes sizes = sizes_of(c, outer);
  const ContractPlan plan = contract_plan(&sizes, c->program->module->machine);
  int64_t columns = plan.column_block, rows = plan.row_block;
  AxisPart column_outer = {c->column, PART_OUTER, columns}, row_outer = {c->row, PART_OUTER, rows};
  if (columns != INT64_MAX && plan.columns_outside) parts[part_count++] = column_outer;
  for (uint32_t a = 0; a < kernel->axis_count; a++)
    if (outer >> a & 1) parts[part_count++] = (AxisPart){a, PART_WHOLE, 0};
  if (rows != INT64_MAX) parts[part_count++] = row_outer;
  if (columns != INT64_MAX && !plan.columns_outside) parts[part_count++] = column_outer;
  if (c->row != NO_AXIS)
    tile[tile_count++] =
        rows == INT64_MAX ? (AxisPart){c->row, PART_WHOLE, 0} : (AxisPart){c->row, PART_INNER, rows};
  tile[tile_count++] = columns == INT64_MAX ? (AxisPart){c->column, PART_WHOLE, 0}
                                            : (AxisPart){c->column, PART_INNER, columns};
  for (uint32_t i = 0; i < kernel->stage_count; i++) all[i] = i;
  const Schedule *leaf = schedule_leaf(c->program, SCHEDULE_TILE, tile, tile_count, all, kernel->stage_count);
  schedule_finish(c->program, kernel, schedule_nest(c->program, SCHEDULE_PAR, parts, part_count, &leaf, 1));
}

bool tile_candidate(Program *program, Kernel *kernel, StageRange range, TileCandidate *c) {
  *c = (TileCandidate){.program = program, .kernel = kernel, .range = range, .column = NO_AXIS, .row = NO_AXIS};
  if (kernel->index_count || !stages_fit(c) || !loads_fit(c) || !guard_fits(c)) return false;
  uint64_t axes = stage_axes(kernel, &kernel->stages[range.first]);
  int64_t most = 0;
  for (uint32_t axis = 0; axis < kernel->axis_count; axis++)
    if (axes >> axis & 1 && is_column(c, axis) && extent_or(c, axis, 64) >= most) {
      most = extent_or(c, axis, 64);
      c->column = axis;
    }
  return c->column != NO_AXIS;
}

bool schedule_tiles(Program *program, Kernel *kernel) {
  TileCandidate c;
  if (!tile_candidate(program, kernel, (StageRange){0, kernel->stage_count}, &c)) return false;
  c.row = choose_row(&c, stage_axes(kernel, &kernel->stages[0]));
  build(&c);
  return true;
}
