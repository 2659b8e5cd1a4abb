/* SPDX-License-Identifier: Apache-2.0 */
/* The schedule of contractions, pooling and other reductions that make adjacent results side by side:
   register tiles of rows and columns inside, and loops around them that keep what is read again near. */
#include "passes/schedule.h"

enum {
  NO_AXIS = 64,
  NODE_LIMIT = 40,          /* of the reduction's expression */
  COLUMN_TILE = 64,         /* columns of one leaf: whole tiles of every level */
  COLUMN_TILE_NARROW = 48,  /* where it divides the columns and 64 does not */
  COLUMN_TILE_SINGLE = 128, /* with one row: so many streams hide the latency of memory */
  ROW_BYTES = 128 * 1024,   /* of the operand that the rows read, for one block of rows */
  NEAR_BYTES = 256 * 1024,  /* what can be read again and again without leaving the second-level cache */
  ROW_TILE_LEAST = 56,
  FEW_ROWS = 4
};

/* The loads of an expression. */
typedef struct Loads {
  const Expr *items[NODE_LIMIT];
  uint32_t count, nodes;
  bool guarded; /* a guard stands below the root */
} Loads;

static void collect(const Expr *expr, Loads *loads) {
  if (++loads->nodes > NODE_LIMIT) return;
  if (expr->kind == EXPR_LOAD) loads->items[loads->count++] = expr;
  if (expr->kind == EXPR_GUARD) loads->guarded = true;
  for (uint32_t i = 0; i < expr->operand_count; i++) collect(expr->operands[i], loads);
}

typedef struct Candidate {
  Program *program;
  Kernel *kernel;
  const Expr *guard; /* around the reduction's expression, or null */
  Loads loads;       /* of the reduction */
  uint32_t column, row;
} Candidate;

static Dim load_stride(const Candidate *c, const Expr *load, uint32_t axis) {
  return access_stride(c->program->dims, c->kernel, load->buffer, load->subscripts, axis);
}

/* Every axis of the target alone in one of its subscripts with coefficient 1, or (groups) with others in the
 * last. */
static bool target_is_plain(const Candidate *c, const Stage *stage) {
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
static bool stages_fit(Candidate *c) {
  const Kernel *kernel = c->kernel;
  const Stage *first = &kernel->stages[0];
  const Expr *expr = first->expr;
  if (first->monoid == SCALAR_COUNT || kernel->stage_count > 8 || !target_is_plain(c, first)) return false;
  uint64_t axes = stage_axes(kernel, first);
  for (uint32_t i = 1; i < kernel->stage_count; i++)
    if (kernel->stages[i].monoid != SCALAR_COUNT || stage_axes(kernel, &kernel->stages[i]) != axes)
      return false;
  uint64_t identity = scalar_identity_bits(first->monoid, expr->type);
  if (expr->kind == EXPR_GUARD && expr->operands[1]->kind == EXPR_LITERAL &&
      expr->operands[1]->bits == identity) {
    c->guard = expr;
    expr = expr->operands[0];
  }
  collect(expr, &c->loads);
  return c->loads.nodes <= NODE_LIMIT && !c->loads.guarded && (!c->guard || c->guard->range_count <= 32);
}

/* Ranges become bounds of loops: what they say of reduced axes must have a known step. */
static bool guard_fits(const Candidate *c) {
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
static bool is_column(const Candidate *c, uint32_t axis) {
  const Kernel *kernel = c->kernel;
  DimContext *dims = c->program->dims;
  for (uint32_t i = 0; i < kernel->stage_count; i++) {
    const Stage *stage = &kernel->stages[i];
    const KernelBuffer *target = &kernel->buffers[stage->target];
    if (target->role != BUFFER_LOCAL &&
        !dim_equals_constant(access_stride(dims, kernel, stage->target, stage->subscripts, axis), 1))
      return false;
  }
  for (uint32_t i = 0; i < c->loads.count; i++) {
    Dim stride = load_stride(c, c->loads.items[i], axis);
    const KernelBuffer *buffer = &kernel->buffers[c->loads.items[i]->buffer];
    if (!dim_equals_constant(stride, 0) && !dim_equals_constant(stride, 1)) return false;
    if (buffer->panel && dim_equals_constant(stride, 0)) return false;
  }
  for (uint32_t k = 0; c->guard && k < c->guard->range_count; k++)
    if (subscript_uses(&c->guard->ranges[k].form, axis)) return false;
  return true;
}

/* An extent that is known, or known to be small: then the most it can be. */
static int64_t extent_or(const Candidate *c, uint32_t axis, int64_t otherwise) {
  enum { SMALL = 16 };
  int64_t extent, most = dim_range(c->program->dims, c->kernel->axes[axis].extent).high;
  if (dim_is_constant(c->kernel->axes[axis].extent, &extent)) return extent;
  return most <= SMALL ? most : otherwise;
}

/* An axis that some operand does not depend on, so that what is loaded serves several rows; the longest up to
   a tile, a later one where alike. What is not known may be 1: it serves where no axis is known to have a few rows. */
static uint32_t choose_row(const Candidate *c, uint64_t axes) {
  uint32_t best = NO_AXIS;
  int64_t most = 1;
  const int64_t unknown = FEW_ROWS - 1;
  for (uint32_t axis = 0; axis < c->kernel->axis_count; axis++) {
    if (axis == c->column || !(axes >> axis & 1)) continue;
    bool shared = c->loads.count == 1, read = false;
    for (uint32_t i = 0; i < c->loads.count; i++) {
      bool still = dim_equals_constant(load_stride(c, c->loads.items[i], axis), 0);
      shared = shared || still;
      read = read || !still;
    }
    int64_t extent = extent_or(c, axis, unknown);
    if (extent > 16) extent = 16;
    if (shared && read && extent >= most && extent > 1) {
      most = extent;
      best = axis;
    }
  }
  return best;
}

/* The product of the extents of the axes in the set, with a guess for symbolic ones. */
static double points(const Candidate *c, uint64_t axes) {
  double product = 1;
  for (uint32_t a = 0; a < c->kernel->axis_count; a++)
    if (axes >> a & 1) product *= (double)extent_or(c, a, 64);
  return product;
}

static uint64_t reduced_axes(const Candidate *c) {
  uint64_t axes = 0;
  const Stage *stage = &c->kernel->stages[0];
  for (uint32_t i = 0; i < stage->reduce_count; i++) axes |= UINT64_C(1) << stage->reduce_axes[i];
  return axes;
}

static double element_bytes(const Candidate *c) {
  return element_info(c->kernel->stages[0].expr->type)->bits / 8.0;
}

/* Columns per leaf. */
static int64_t column_tile(const Candidate *c) {
  int64_t extent = extent_or(c, c->column, INT64_MAX);
  int64_t tile = c->row == NO_AXIS ? COLUMN_TILE_SINGLE : COLUMN_TILE;
  if (c->row != NO_AXIS && extent % COLUMN_TILE && extent % COLUMN_TILE_NARROW == 0)
    tile = COLUMN_TILE_NARROW;
  return extent <= tile + tile / 2 ? INT64_MAX : tile;
}

/* Rows per leaf: so many that what they read stays near while the columns pass by; whole where ranges bound
   them, whose edges are told apart by their place. */
static int64_t row_tile(const Candidate *c) {
  int64_t extent = extent_or(c, c->row, INT64_MAX);
  for (uint32_t k = 0; c->guard && k < c->guard->range_count; k++)
    if (subscript_uses(&c->guard->ranges[k].form, c->row)) return INT64_MAX;
  double bytes = points(c, reduced_axes(c)) * element_bytes(c);
  int64_t rows = (int64_t)(ROW_BYTES / (bytes < 1 ? 1 : bytes)) / ROW_TILE_LEAST * ROW_TILE_LEAST;
  if (rows < ROW_TILE_LEAST) rows = ROW_TILE_LEAST;
  if (extent == INT64_MAX) return rows;
  if (extent <= rows + rows / 2) return INT64_MAX;
  int64_t tiles = (extent + rows - 1) / rows; /* evenly, in whole register tiles as far as possible */
  return (extent + tiles - 1) / tiles;
}

/* What the columns' operand is in all: read again for every block of rows, unless the columns are the outer
 * loop. */
static bool columns_outside(const Candidate *c, uint64_t outer) {
  double weights = points(c, reduced_axes(c) | UINT64_C(1) << c->column) * element_bytes(c);
  double rows =
      points(c, reduced_axes(c) | outer | (c->row == NO_AXIS ? 0 : UINT64_C(1) << c->row)) * element_bytes(c);
  return weights > NEAR_BYTES && rows <= weights;
}

static void build(Candidate *c) {
  Kernel *kernel = c->kernel;
  AxisPart parts[66], tile[2];
  uint32_t part_count = 0, tile_count = 0, all[8];
  uint64_t axes = stage_axes(kernel, &kernel->stages[0]);
  uint64_t outer = axes & ~(UINT64_C(1) << c->column);
  if (c->row != NO_AXIS) outer &= ~(UINT64_C(1) << c->row);
  int64_t columns = column_tile(c), rows = c->row == NO_AXIS ? INT64_MAX : row_tile(c);
  AxisPart column_outer = {c->column, PART_OUTER, columns}, row_outer = {c->row, PART_OUTER, rows};
  bool first = columns_outside(c, outer);
  if (columns != INT64_MAX && first) parts[part_count++] = column_outer;
  for (uint32_t a = 0; a < kernel->axis_count; a++)
    if (outer >> a & 1) parts[part_count++] = (AxisPart){a, PART_WHOLE, 0};
  if (rows != INT64_MAX) parts[part_count++] = row_outer;
  if (columns != INT64_MAX && !first) parts[part_count++] = column_outer;
  if (c->row != NO_AXIS)
    tile[tile_count++] =
        rows == INT64_MAX ? (AxisPart){c->row, PART_WHOLE, 0} : (AxisPart){c->row, PART_INNER, rows};
  tile[tile_count++] = columns == INT64_MAX ? (AxisPart){c->column, PART_WHOLE, 0}
                                            : (AxisPart){c->column, PART_INNER, columns};
  for (uint32_t i = 0; i < kernel->stage_count; i++) all[i] = i;
  const Schedule *leaf = schedule_leaf(c->program, SCHEDULE_TILE, tile, tile_count, all, kernel->stage_count);
  schedule_finish(c->program, kernel, schedule_nest(c->program, SCHEDULE_PAR, parts, part_count, &leaf, 1));
}

bool schedule_tiles(Program *program, Kernel *kernel) {
  Candidate c = {.program = program, .kernel = kernel, .column = NO_AXIS, .row = NO_AXIS};
  if (kernel->index_count || !stages_fit(&c) || !guard_fits(&c)) return false;
  uint64_t axes = stage_axes(kernel, &kernel->stages[0]);
  int64_t most = 0;
  for (uint32_t axis = 0; axis < kernel->axis_count; axis++)
    if (axes >> axis & 1 && is_column(&c, axis) && extent_or(&c, axis, 64) >= most) {
      most = extent_or(&c, axis, 64);
      c.column = axis;
    }
  if (c.column == NO_AXIS) return false;
  c.row = choose_row(&c, axes);
  build(&c);
  return true;
}
