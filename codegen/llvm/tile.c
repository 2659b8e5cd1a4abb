/* SPDX-License-Identifier: Apache-2.0 */
/* A leaf of register tiles: the iterations of its row and column axes are cut into tiles of rows by vectors,
   whose accumulators stay in registers through the whole reduction; the stages behind it run on them before
   the store. What remains of the columns is masked, what remains of the rows is a smaller tile. */
#include "codegen/llvm/tile_internal.h"
#include <string.h>

enum {
  COUNT_UNKNOWN = -1,
  EDGE_UNROLL_LIMIT = 16,
  EDGE_CODE_LIMIT = 512,
  ENOUGH_ACCUMULATORS = 8,
  INLINE_COST = 16
};

/* The iterations of one of the leaf's axes. */
typedef struct Span {
  LLVMValueRef start, end;
  int64_t count;  /* COUNT_UNKNOWN: known when the object runs */
  int64_t most;   /* of a block: what all but the last have; 0 where there are no blocks */
  bool from_zero; /* the start is 0 */
  bool aligned;   /* the start is a multiple of the tile's run */
} Span;

static LLVMValueRef at_row(Tile *tile, uint32_t row) {
  return LLVMBuildAdd(tile->e->cg->builder, tile->row, emit_i64(tile->e->cg, row), "");
}

static LLVMValueRef at_vector(Tile *tile, uint32_t vector) {
  return LLVMBuildAdd(tile->e->cg->builder, tile->column, emit_i64(tile->e->cg, vector * tile->lanes), "");
}

/* Binds one vector of the tile: axis values and mask are those of its first lane. */
static void bind_vector(Tile *tile, uint32_t row, uint32_t vector) {
  KernelEmitter *e = tile->e;
  if (tile->row) e->axis_values[tile->row_axis] = at_row(tile, row);
  e->axis_values[tile->column_axis] = at_vector(tile, vector);
  e->mask = vector + 1 == tile->vectors ? tile->last_mask : NULL;
  memset(e->lane_values, 0, sizeof e->lane_values);
}

static void unbind_vector(Tile *tile) {
  KernelEmitter *e = tile->e;
  if (tile->row) e->axis_values[tile->row_axis] = tile->row;
  e->axis_values[tile->column_axis] = tile->column;
  e->mask = NULL;
  memset(e->lane_values, 0, sizeof e->lane_values);
}

/* The values of every stage so far, per vector of the tile. */
typedef struct TileValues {
  LLVMValueRef of[TILE_STAGE_LIMIT][TILE_ROW_LIMIT][TILE_VECTOR_LIMIT];
} TileValues;

static void bind_earlier(Tile *tile, const TileValues *values, uint32_t stage, uint32_t row,
                         uint32_t vector) {
  for (uint32_t s = 0; s < stage; s++) {
    const KernelBuffer *target =
        &tile->e->kernel->buffers[tile->e->kernel->stages[tile->leaf->stages[s]].target];
    if (element_info(target->element)->compute == target->element) /* else it is read back as it was stored */
      tile->e->lane_values[tile->e->kernel->stages[tile->leaf->stages[s]].target] =
          values->of[s][row][vector];
  }
}

/* All values of a stage before any of its stores, so that what its vectors share is computed once. */
static void finish_stage(Tile *tile, TileValues *values, uint32_t index) {
  KernelEmitter *e = tile->e;
  const Stage *stage = &e->kernel->stages[tile->leaf->stages[index]];
  for (uint32_t r = 0; index && r < tile->rows; r++)
    for (uint32_t v = 0; v < tile->vectors; v++) {
      bind_vector(tile, r, v);
      bind_earlier(tile, values, index, r, v);
      values->of[index][r][v] = emit_expr(e, stage->expr);
    }
  for (uint32_t r = 0; !e->storage[stage->target].in_register && r < tile->rows; r++)
    for (uint32_t v = 0; v < tile->vectors; v++) {
      bind_vector(tile, r, v);
      emit_store(e, stage->target, stage->subscripts, values->of[index][r][v]);
    }
  unbind_vector(tile);
}

/* Whether what follows the reduction is so long that a copy per vector of the tile would not pay. */
static bool is_costly(const Tile *tile) {
  uint32_t cost = 0;
  for (uint32_t s = 1; s < tile->leaf->stage_count; s++)
    cost += expr_cost(tile->e->kernel->stages[tile->leaf->stages[s]].expr);
  return tile->row && tile->rows > 1 && cost > INLINE_COST;
}

/* The stages behind the reduction row by row, in a loop over the rows: the sums wait in memory on the stack.
 */
static void finish_in_loop(Tile *tile, LLVMTypeRef type, TileValues *values) {
  KernelEmitter *e = tile->e;
  Codegen *cg = e->cg;
  LLVMValueRef memory = emit_alloca(cg, LLVMArrayType2(type, (uint64_t)tile->rows * tile->vectors), "tile"),
               first = tile->row;
  for (uint32_t r = 0; r < tile->rows; r++)
    for (uint32_t v = 0; v < tile->vectors; v++) {
      LLVMValueRef at = emit_i64(cg, (int64_t)r * tile->vectors + v);
      LLVMBuildStore(cg->builder, values->of[0][r][v],
                     LLVMBuildInBoundsGEP2(cg->builder, type, memory, &at, 1, ""));
    }
  Loop loop = loop_open(cg, emit_i64(cg, 0), emit_i64(cg, tile->rows), 1);
  uint32_t rows = tile->rows;
  tile->row = LLVMBuildAdd(cg->builder, first, loop.index, "");
  tile->rows = 1;
  for (uint32_t v = 0; v < tile->vectors; v++) {
    LLVMValueRef at = LLVMBuildMul(cg->builder, loop.index, emit_i64(cg, tile->vectors), "");
    at = LLVMBuildAdd(cg->builder, at, emit_i64(cg, v), "");
    values->of[0][0][v] =
        LLVMBuildLoad2(cg->builder, type, LLVMBuildInBoundsGEP2(cg->builder, type, memory, &at, 1, ""), "");
  }
  for (uint32_t s = 0; s < tile->leaf->stage_count; s++) finish_stage(tile, values, s);
  tile->row = first;
  tile->rows = rows;
  loop_close(cg, &loop);
}

/* The accumulators of all sets, joined by halving. */
static LLVMValueRef joined_sets(Tile *tile, LLVMTypeRef type, uint32_t row, uint32_t vector) {
  LLVMValueRef values[TILE_SET_LIMIT];
  for (uint32_t set = 0; set < tile->sets; set++)
    values[set] = LLVMBuildLoad2(tile->e->cg->builder, type, tile->accumulators[set][row][vector], "");
  for (uint32_t half = tile->sets / 2; half > 0; half /= 2)
    for (uint32_t set = 0; set < half; set++)
      values[set] = emit_combine(tile->e, tile->stage, values[set], values[set + half]);
  return values[0];
}

/* One register tile. */
static void emit_register_tile(Tile *tile) {
  KernelEmitter *e = tile->e;
  Codegen *cg = e->cg;
  TileValues values;
  LLVMTypeRef type = emit_type(cg, tile->stage->expr->type, tile->lanes);
  e->lanes = tile->lanes;
  e->vector_axis = tile->column_axis;
  unbind_vector(tile);
  tile->sets = 1;
  while (tile->sets < TILE_SET_LIMIT && 2 * tile->sets * tile->rows * tile->vectors <= ENOUGH_ACCUMULATORS)
    tile->sets *= 2;
  for (uint32_t set = 0; set < tile->sets; set++)
    for (uint32_t r = 0; r < tile->rows; r++)
      for (uint32_t v = 0; v < tile->vectors; v++) {
        tile->accumulators[set][r][v] = emit_alloca(cg, type, "sum");
        LLVMBuildStore(cg->builder, emit_identity(e, tile->stage), tile->accumulators[set][r][v]);
      }
  tile_reduce(tile);
  for (uint32_t r = 0; r < tile->rows; r++)
    for (uint32_t v = 0; v < tile->vectors; v++) values.of[0][r][v] = joined_sets(tile, type, r, v);
  if (is_costly(tile))
    finish_in_loop(tile, type, &values);
  else
    for (uint32_t s = 0; s < tile->leaf->stage_count; s++) finish_stage(tile, &values, s);
  if (tile->row) e->axis_values[tile->row_axis] = NULL;
  e->axis_values[tile->column_axis] = NULL;
  e->vector_axis = NO_VECTOR_AXIS;
  e->lanes = 1;
}

/* Tiles of `rows` rows while they fit; the first row that is left. */
static LLVMValueRef loop_rows(Tile *tile, uint32_t rows, LLVMValueRef from, LLVMValueRef to) {
  Loop loop = loop_open(tile->e->cg, from, to, rows);
  tile->rows = rows;
  tile->row = loop.index;
  emit_register_tile(tile);
  loop_close(tile->e->cg, &loop);
  return loop.index;
}

/* Whether the ranges along the rows hold for all of [row, row + rows), whatever the reduced axes are. */
static bool rows_hold(const Tile *tile, int64_t row, int64_t rows) {
  for (uint32_t k = 0; k < tile->range_count; k++) {
    const GuardRange *range = &tile->ranges[k];
    int64_t least = 0, low = 0, high = 0, coefficient, extent, most;
    if (!range_uses_rows(tile, range)) continue;
    dim_is_constant(range->form.offset, &least);
    dim_is_constant(range->low, &low);
    dim_is_constant(range->high, &high);
    most = least;
    for (uint32_t i = 0; i < range->form.term_count; i++) {
      const AffineTerm *term = &range->form.terms[i];
      dim_is_constant(term->coefficient, &coefficient);
      int64_t first = 0, last = 0;
      if (term->label == tile->row_axis) {
        first = row;
        last = row + rows - 1;
      } else if (dim_is_constant(tile->e->kernel->axes[term->label].extent, &extent)) {
        last = extent - 1;
      }
      least += coefficient * (coefficient < 0 ? last : first);
      most += coefficient * (coefficient < 0 ? first : last);
    }
    if (least < low || most >= high) return false;
  }
  return true;
}

/* Whether rows are known so well that tiles at the edges can be specialised: every range along them speaks of
   nothing else but short reduced axes, all is static, and there is not too much of it. */
static bool edges_are_static(const Tile *tile, const Span *rows, uint32_t most) {
  int64_t ignored, extent, copies = (int64_t)most * tile->vectors;
  if (rows->count == COUNT_UNKNOWN || !rows->from_zero) return false;
  for (uint32_t k = 0; k < tile->range_count; k++) {
    const GuardRange *range = &tile->ranges[k];
    uint32_t others = 0;
    if (!range_uses_rows(tile, range)) continue;
    if (!dim_is_constant(range->form.offset, &ignored) || !dim_is_constant(range->low, &ignored) ||
        !dim_is_constant(range->high, &ignored))
      return false;
    for (uint32_t i = 0; i < range->form.term_count; i++) {
      uint32_t axis = range->form.terms[i].label;
      if (!dim_is_constant(range->form.terms[i].coefficient, &ignored)) return false;
      if (axis == tile->row_axis) continue;
      others++;
      if (!stage_reduces(tile->stage, axis) ||
          !dim_is_constant(tile->e->kernel->axes[axis].extent, &extent) || extent > EDGE_UNROLL_LIMIT)
        return false;
      copies *= extent;
    }
    if (others > 1) return false;
  }
  return copies <= EDGE_CODE_LIMIT;
}

/* A static number of rows, cut evenly; runs of alike tiles are loops. */
static void emit_static_rows(Tile *tile, const Span *rows, uint32_t most) {
  Codegen *cg = tile->e->cg;
  int64_t tiles = (rows->count + most - 1) / most, base = rows->count / tiles, larger = rows->count % tiles,
          row = 0;
  for (int64_t k = 0; k < tiles;) {
    uint32_t size = (uint32_t)(base + (k < larger));
    int64_t run = 0;
    while (k + run < tiles && base + (k + run < larger) == size && rows_hold(tile, row + run * size, size))
      run++;
    tile->rows_inside = run > 0;
    tile->known_row = run > 0 ? -1 : row;
    if (run == 0) run = 1;
    LLVMValueRef from = LLVMBuildAdd(cg->builder, rows->start, emit_i64(cg, row), "");
    if (run == 1) {
      tile->rows = size;
      tile->row = from;
      emit_register_tile(tile);
    } else {
      loop_rows(tile, size, from, LLVMBuildAdd(cg->builder, rows->start, emit_i64(cg, row + run * size), ""));
    }
    k += run;
    row += run * size;
  }
}

/* Rows that are known when the object runs: those at the edges one by one, tiles of falling sizes between. */
static void emit_dynamic_rows(Tile *tile, const Span *rows, uint32_t most) {
  KernelEmitter *e = tile->e;
  LLVMValueRef low = rows->start, high = rows->end, at = rows->start;
  bool ranged = false;
  tile->known_row = -1;
  for (uint32_t k = 0; k < tile->range_count; k++) {
    if (!range_uses_rows(tile, &tile->ranges[k])) continue;
    emit_tighten(e, &tile->ranges[k], tile->row_axis, &low, &high);
    ranged = true;
  }
  tile->rows_inside = false;
  if (ranged) {
    LLVMValueRef stop[2] = {low, rows->end};
    at = loop_rows(tile, 1, at, emit_intrinsic(e->cg, "llvm.smin", &e->cg->i64, 1, stop, 2));
  }
  tile->rows_inside = true;
  for (uint32_t size = most; size > 1; size /= 2) at = loop_rows(tile, size, at, high);
  tile->rows_inside = !ranged;
  loop_rows(tile, 1, at, rows->end);
}

/* Rows of which most blocks have a known number, that does not come out even in the largest tiles. */
static void emit_full_rows(Tile *tile, const Span *rows) {
  KernelEmitter *e = tile->e;
  Codegen *cg = e->cg;
  Span full = *rows;
  full.count = rows->most;
  LLVMBasicBlockRef blocks[2] = {emit_block(cg, "full"), emit_block(cg, "rest")}, join = emit_block(cg, "join");
  LLVMValueRef size = LLVMBuildSub(cg->builder, rows->end, rows->start, "");
  LLVMBuildCondBr(cg->builder, LLVMBuildICmp(cg->builder, LLVMIntEQ, size, emit_i64(cg, rows->most), ""), blocks[0], blocks[1]);
  LLVMPositionBuilderAtEnd(cg->builder, blocks[0]);
  emit_static_rows(tile, &full, tile_rows(e->level, &tile->demand, tile->vectors, (uint64_t)full.count));
  LLVMBuildBr(cg->builder, join);
  LLVMPositionBuilderAtEnd(cg->builder, blocks[1]);
  emit_dynamic_rows(tile, rows, tile_rows(e->level, &tile->demand, tile->vectors, 0));
  LLVMBuildBr(cg->builder, join);
  LLVMPositionBuilderAtEnd(cg->builder, join);
}

static void emit_rows(Tile *tile, const Span *rows) {
  KernelEmitter *e = tile->e;
  if (tile->row_axis == NO_VECTOR_AXIS) {
    tile->rows = 1;
    tile->row = NULL;
    tile->rows_inside = true;
    tile->known_row = -1;
    emit_register_tile(tile);
    return;
  }
  uint64_t count = rows->count == COUNT_UNKNOWN ? 0 : (uint64_t)rows->count;
  uint32_t most = tile_rows(e->level, &tile->demand, tile->vectors, count);
  bool ranged = false;
  for (uint32_t k = 0; k < tile->range_count; k++) ranged = ranged || range_uses_rows(tile, &tile->ranges[k]);
  if (rows->count == 0) return;
  if (rows->count != COUNT_UNKNOWN && (!ranged || edges_are_static(tile, rows, most)))
    emit_static_rows(tile, rows, most);
  else if (!ranged && rows->most && rows->most % most)
    emit_full_rows(tile, rows);
  else
    emit_dynamic_rows(tile, rows, most);
}

/* Whether so many columns from the start of a run on another one starts. */
static bool is_aligned(const Tile *tile, uint64_t columns) {
  return tile->run == INT64_MAX || columns % (uint64_t)tile->run == 0;
}

/* Vectors stay within runs, wherever blocks of columns start. */
static void choose_lanes(Tile *tile, uint32_t bits, const AxisPart *columns) {
  tile->lanes = tile->e->level->vector_bits / bits;
  if (tile->lanes > LANE_LIMIT) tile->lanes = LANE_LIMIT;
  if (tile->run == INT64_MAX) return;
  while (tile->run % tile->lanes || (columns->part == PART_INNER && columns->tile % tile->lanes)) tile->lanes /= 2;
}

/* Tiles of `vectors` vectors while they fit; the first column that is left. */
static LLVMValueRef loop_columns(Tile *tile, const Span *rows, uint32_t vectors, LLVMValueRef from,
                                 LLVMValueRef to) {
  Loop loop = loop_open(tile->e->cg, from, to, vectors * tile->lanes);
  tile->vectors = vectors;
  tile->column = loop.index;
  tile->column_aligned = tile->column_aligned && is_aligned(tile, (uint64_t)vectors * tile->lanes);
  tile->last_mask = NULL;
  emit_rows(tile, rows);
  loop_close(tile->e->cg, &loop);
  return loop.index;
}

static void emit_static_columns(Tile *tile, const Span *rows, const Span *columns, uint32_t vectors) {
  Codegen *cg = tile->e->cg;
  int64_t width = (int64_t)vectors * tile->lanes, full = columns->count / width,
          rest = columns->count % width;
  LLVMValueRef at = columns->start;
  bool aligned = columns->aligned;
  tile->column_aligned = aligned;
  if (full == 1) {
    tile->vectors = vectors;
    tile->column = at;
    tile->last_mask = NULL;
    emit_rows(tile, rows);
  } else if (full > 1) {
    loop_columns(tile, rows, vectors, at, LLVMBuildAdd(cg->builder, at, emit_i64(cg, full * width), ""));
  }
  if (!rest) return;
  int64_t remaining = rest % tile->lanes;
  tile->vectors = (uint32_t)((rest + tile->lanes - 1) / tile->lanes);
  tile->column = LLVMBuildAdd(cg->builder, at, emit_i64(cg, full * width), "");
  tile->column_aligned = aligned && is_aligned(tile, (uint64_t)(full * width));
  tile->last_mask = remaining ? emit_lane_mask(cg, emit_i64(cg, remaining), tile->lanes) : NULL;
  emit_rows(tile, rows);
}

static void emit_dynamic_columns(Tile *tile, const Span *rows, const Span *columns, uint32_t vectors) {
  Codegen *cg = tile->e->cg;
  tile->column_aligned = columns->aligned;
  LLVMValueRef at = loop_columns(tile, rows, vectors, columns->start, columns->end);
  if (vectors > 1) at = loop_columns(tile, rows, 1, at, columns->end);
  LLVMBasicBlockRef some = emit_block(cg, "some"), none = emit_block(cg, "none");
  LLVMBuildCondBr(cg->builder, LLVMBuildICmp(cg->builder, LLVMIntSLT, at, columns->end, ""), some, none);
  LLVMPositionBuilderAtEnd(cg->builder, some);
  tile->vectors = 1;
  tile->column = at;
  tile->last_mask = emit_lane_mask(cg, LLVMBuildSub(cg->builder, columns->end, at, ""), tile->lanes);
  emit_rows(tile, rows);
  LLVMBuildBr(cg->builder, none);
  LLVMPositionBuilderAtEnd(cg->builder, none);
}

static void emit_columns(Tile *tile, const Span *rows, const Span *columns) {
  uint64_t row_count = tile->row_axis == NO_VECTOR_AXIS ? 1
                       : rows->count == COUNT_UNKNOWN   ? 0
                                                        : (uint64_t)rows->count;
  uint64_t count = columns->count == COUNT_UNKNOWN ? 0 : (uint64_t)columns->count;
  uint32_t vectors = tile_vectors(tile->e->level, &tile->demand, tile->lanes, count, row_count);
  if (columns->count == 0) return;
  if (columns->count == COUNT_UNKNOWN)
    emit_dynamic_columns(tile, rows, columns, vectors);
  else
    emit_static_columns(tile, rows, columns, vectors);
}

static Span span_of(const Tile *tile, const AxisPart *part) {
  KernelEmitter *e = tile->e;
  Span span = {.start = emit_i64(e->cg, 0),
               .end = e->extents[part->axis],
               .count = COUNT_UNKNOWN,
               .from_zero = true,
               .aligned = true};
  int64_t extent;
  if (part->part == PART_INNER) {
    span.start = e->tile_starts[part->axis];
    span.end = e->tile_ends[part->axis];
    span.from_zero = false;
    span.aligned = is_aligned(tile, (uint64_t)part->tile);
    span.most = part->tile;
    if (dim_is_constant(e->kernel->axes[part->axis].extent, &extent) && extent % part->tile == 0)
      span.count = part->tile;
  } else if (dim_is_constant(e->kernel->axes[part->axis].extent, &extent)) {
    span.count = extent;
  }
  return span;
}

/* Where an inner part has a static extent, its last tile has another static size: both are emitted. */
typedef void (*SpanUser)(Tile *tile, const Span *rows, const Span *columns);

static void with_static_count(Tile *tile, const AxisPart *part, Span *span, Span *rows, Span *columns,
                              SpanUser use) {
  KernelEmitter *e = tile->e;
  Codegen *cg = e->cg;
  int64_t extent;
  if (!part || span->count != COUNT_UNKNOWN || part->part != PART_INNER ||
      !dim_is_constant(e->kernel->axes[part->axis].extent, &extent)) {
    use(tile, rows, columns);
    return;
  }
  int64_t counts[2] = {part->tile, extent % part->tile};
  LLVMBasicBlockRef blocks[2] = {emit_block(cg, "full"), emit_block(cg, "rest")},
                    join = emit_block(cg, "join");
  LLVMValueRef size = LLVMBuildSub(cg->builder, span->end, span->start, "");
  LLVMBuildCondBr(cg->builder, LLVMBuildICmp(cg->builder, LLVMIntEQ, size, emit_i64(cg, part->tile), ""),
                  blocks[0], blocks[1]);
  for (int i = 0; i < 2; i++) {
    LLVMPositionBuilderAtEnd(cg->builder, blocks[i]);
    span->count = counts[i];
    if (extent >= part->tile || i == 1) use(tile, rows, columns);
    LLVMBuildBr(cg->builder, join);
  }
  LLVMPositionBuilderAtEnd(cg->builder, join);
}

static void with_static_rows(Tile *tile, const Span *rows, const Span *columns) {
  const AxisPart *part = tile->leaf->part_count > 1 ? &tile->leaf->parts[0] : NULL;
  Span own = *rows;
  with_static_count(tile, part, &own, &own, (Span *)(uintptr_t)columns, emit_columns);
}

void emit_tile(KernelEmitter *e, const Schedule *node) {
  Tile *tile = arena_new(e->cg->program->arena, Tile);
  const AxisPart *last = &node->parts[node->part_count - 1];
  const Stage *stage = &e->kernel->stages[node->stages[0]];
  *tile = (Tile){.e = e, .leaf = node, .stage = stage, .column_axis = last->axis, .row_axis = NO_VECTOR_AXIS,
                 .demand = {.machine = e->cg->options->target->machine}};
  if (node->part_count > 1) tile->row_axis = node->parts[0].axis;
  tile->guarded = stage->expr;
  if (stage->expr->kind == EXPR_GUARD && expr_is_identity(stage, stage->expr->operands[1])) {
    tile->guarded = stage->expr->operands[0];
    tile->ranges = stage->expr->ranges;
    tile->range_count = stage->expr->range_count;
  }
  uint32_t bits = stage->expr->type == ELEMENT_BOOL ? 8 : element_info(stage->expr->type)->bits;
  tile_collect(tile);
  choose_lanes(tile, bits, last);
  Span rows = node->part_count > 1 ? span_of(tile, &node->parts[0]) : (Span){0}, columns = span_of(tile, last);
  with_static_count(tile, last, &columns, &rows, &columns, with_static_rows);
}
