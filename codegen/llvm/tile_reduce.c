/* SPDX-License-Identifier: Apache-2.0 */
/* The loops of a tile's reduction. A range that has to hold becomes the bounds of the last loop that it
   speaks of. Where a range speaks of the rows too, its axis is unrolled, and each step leaves out the rows
   for which it fails. */
#include "codegen/llvm/tile_internal.h"

/* Steps of the innermost loop at once; tiles at edges have a copy of it per tap, in which a big tile hides
 * the loop. */
enum { UNROLL = 4, EDGE_UNROLLED_VECTORS = 8 };

typedef struct Reduction {
  TileOffsets offsets;
  uint32_t row_set;
  uint32_t applied; /* ranges that are seen to */
} Reduction;

bool range_uses_rows(const Tile *tile, const GuardRange *range) {
  return tile->row_axis != NO_VECTOR_AXIS && subscript_uses(&range->form, tile->row_axis);
}

/* Every axis of the range but `axis` has a value. */
static bool is_last(const Tile *tile, const GuardRange *range, uint32_t axis) {
  for (uint32_t i = 0; i < range->form.term_count; i++) {
    uint32_t label = range->form.terms[i].label;
    if (label != axis && !tile->e->axis_values[label]) return false;
  }
  return true;
}

/* low <= form < high where form = coefficient * axis + the rest, which has a value: the bounds of the axis.
 */
static void bound_axis(Tile *tile, const GuardRange *range, uint32_t axis, LLVMValueRef *from,
                       LLVMValueRef *to) {
  Codegen *cg = tile->e->cg;
  LLVMBuilderRef builder = cg->builder;
  Subscript rest = range->form;
  AffineTerm terms[POINT_LIMIT];
  int64_t coefficient = 1;
  rest.term_count = 0;
  for (uint32_t i = 0; i < range->form.term_count; i++)
    if (range->form.terms[i].label == axis)
      dim_is_constant(range->form.terms[i].coefficient, &coefficient);
    else
      terms[rest.term_count++] = range->form.terms[i];
  rest.terms = terms;
  LLVMValueRef known = emit_form(tile->e, &rest), one = emit_i64(cg, 1), ignored;
  LLVMValueRef least = LLVMBuildSub(builder, emit_dim(cg, range->low, tile->e->symbols), known, "");
  LLVMValueRef most = LLVMBuildSub(
      builder, LLVMBuildSub(builder, emit_dim(cg, range->high, tile->e->symbols), one, ""), known, "");
  if (coefficient < 0) { /* -c * axis in [least, most]: c * axis in [-most, -least] */
    LLVMValueRef negated = LLVMBuildNeg(builder, most, "");
    most = LLVMBuildNeg(builder, least, "");
    least = negated;
    coefficient = -coefficient;
  }
  if (coefficient != 1) {
    LLVMValueRef c = emit_i64(cg, coefficient);
    least =
        emit_floor_divide(cg, LLVMBuildAdd(builder, least, emit_i64(cg, coefficient - 1), ""), c, &ignored);
    most = emit_floor_divide(cg, most, c, &ignored);
  }
  LLVMValueRef lows[2] = {*from, least}, highs[2] = {*to, LLVMBuildAdd(builder, most, one, "")};
  *from = emit_intrinsic(cg, "llvm.smax", &cg->i64, 1, lows, 2);
  *to = emit_intrinsic(cg, "llvm.smin", &cg->i64, 1, highs, 2);
}

static void reduce_from(Tile *tile, const Reduction *state, uint32_t at);

/* An axis that shares a range with the rows, its values and the first row known: rows for which it fails stay
 * out. */
static bool row_inside(const GuardRange *range, uint32_t axis, int64_t value, int64_t row) {
  int64_t form = 0, low = 0, high = 0, coefficient;
  dim_is_constant(range->form.offset, &form);
  dim_is_constant(range->low, &low);
  dim_is_constant(range->high, &high);
  for (uint32_t i = 0; i < range->form.term_count; i++) {
    const AffineTerm *term = &range->form.terms[i];
    if (dim_is_constant(term->coefficient, &coefficient))
      form += coefficient * (term->label == axis ? value : row);
  }
  return form >= low && form < high;
}

/* The reduction at one value of an unrolled axis: rows whose ranges fail are left out. */
static Reduction at_value(Tile *tile, const Reduction *state, uint32_t axis, int64_t value) {
  Reduction inner = *state;
  for (uint32_t k = 0; k < tile->range_count; k++) {
    const GuardRange *range = &tile->ranges[k];
    if (!range_uses_rows(tile, range) || !subscript_uses(&range->form, axis)) continue;
    inner.applied |= 1u << k;
    for (uint32_t r = 0; r < tile->rows; r++)
      if (!row_inside(range, axis, value, tile->known_row + r)) inner.row_set &= ~(1u << r);
  }
  tile_advance(tile, &inner.offsets, axis, emit_i64(tile->e->cg, value));
  return inner;
}

static void reduce_unrolled(Tile *tile, const Reduction *state, uint32_t at) {
  uint32_t axis = tile->stage->reduce_axes[at];
  int64_t extent = 0;
  dim_is_constant(tile->e->kernel->axes[axis].extent, &extent);
  /* As in the innermost loop: row by row where windows of adjacent rows overlap. */
  uint32_t turns = at + 1 == tile->stage->reduce_count && tile->demand.vector_per_row ? tile->rows : 1;
  for (uint32_t turn = 0; turn < turns; turn++)
    for (int64_t value = 0; value < extent; value++) {
      Reduction inner = at_value(tile, state, axis, value);
      if (turns > 1) inner.row_set &= 1u << turn;
      if (!inner.row_set) continue;
      tile->e->axis_values[axis] = emit_i64(tile->e->cg, value);
      reduce_from(tile, &inner, at + 1);
    }
  tile->e->axis_values[axis] = NULL;
}

/* The innermost loop: UNROLL steps at once, then what remains. */
static void reduce_innermost(Tile *tile, const Reduction *state, uint32_t axis, LLVMValueRef from,
                             LLVMValueRef to, uint32_t unroll) {
  Codegen *cg = tile->e->cg;
  Loop loop = loop_open(cg, from, to, unroll);
  Reduction steps[UNROLL];
  for (uint32_t u = 0; u < unroll; u++) {
    steps[u] = *state;
    tile_advance(tile, &steps[u].offsets, axis, loop.index);
    tile_advance(tile, &steps[u].offsets, axis, emit_i64(cg, u));
  }
  /* Where rows read vectors of their own, the windows of adjacent rows overlap: row by row, what they share
     is loaded once and soon used up. Else all rows share what a step loads. */
  uint32_t turns = tile->demand.vector_per_row ? tile->rows : 1;
  for (uint32_t turn = 0; turn < turns; turn++)
    for (uint32_t u = 0; u < unroll; u++) {
      uint32_t rows = turns > 1 ? steps[u].row_set & 1u << turn : steps[u].row_set;
      tile->e->axis_values[axis] = LLVMBuildAdd(cg->builder, loop.index, emit_i64(cg, u), "");
      tile_accumulate(tile, &steps[u].offsets, rows, u % tile->sets);
    }
  tile->e->axis_values[axis] = NULL;
  loop_close(cg, &loop);
  if (unroll > 1 && !(LLVMIsConstant(from) && LLVMIsConstant(to) &&
                      (LLVMConstIntGetSExtValue(to) - LLVMConstIntGetSExtValue(from)) % unroll == 0))
    reduce_innermost(tile, state, axis, loop.index, to, 1);
}

/* Ranges that this axis completes bound its loop; a range along the rows that is known to hold is left out.
 */
static void bound_loop(Tile *tile, Reduction *state, uint32_t axis, LLVMValueRef *from, LLVMValueRef *to) {
  for (uint32_t k = 0; k < tile->range_count; k++) {
    const GuardRange *range = &tile->ranges[k];
    if (state->applied >> k & 1 || !subscript_uses(&range->form, axis) || !is_last(tile, range, axis))
      continue;
    state->applied |= 1u << k;
    bound_axis(tile, range, axis, from, to);
  }
}

/* Whether a range that is still to be seen to speaks of the axis. */
static bool is_ranged(const Tile *tile, const Reduction *state, uint32_t axis) {
  for (uint32_t k = 0; k < tile->range_count; k++)
    if (!(state->applied >> k & 1) && subscript_uses(&tile->ranges[k].form, axis)) return true;
  return false;
}

static bool shares_range_with_rows(const Tile *tile, const Reduction *state, uint32_t axis) {
  for (uint32_t k = 0; k < tile->range_count; k++)
    if (!(state->applied >> k & 1) && subscript_uses(&tile->ranges[k].form, axis) &&
        range_uses_rows(tile, &tile->ranges[k]))
      return true;
  return false;
}

static void reduce_from(Tile *tile, const Reduction *outside, uint32_t at) {
  KernelEmitter *e = tile->e;
  Codegen *cg = e->cg;
  const Stage *stage = tile->stage;
  Reduction state = *outside;
  if (at == stage->reduce_count) {
    tile_accumulate(tile, &state.offsets, state.row_set, 0);
    return;
  }
  uint32_t axis = stage->reduce_axes[at];
  if (tile->known_row >= 0 && shares_range_with_rows(tile, &state, axis)) {
    reduce_unrolled(tile, &state, at);
    return;
  }
  LLVMValueRef from = emit_i64(cg, 0), to = e->extents[axis];
  if (is_ranged(tile, &state, axis))
    bound_loop(tile, &state, axis, &from, &to);
  else /* adjacent axes that every load walks as one are one loop */
    while (at + 1 < stage->reduce_count && !is_ranged(tile, &state, stage->reduce_axes[at + 1]) &&
           tile_axes_merge(tile, axis, stage->reduce_axes[at + 1])) {
      axis = stage->reduce_axes[++at];
      to = LLVMBuildMul(cg->builder, to, e->extents[axis], "");
    }
  if (at + 1 == stage->reduce_count) {
    uint32_t unroll =
        tile->known_row >= 0 && tile->rows * tile->vectors >= EDGE_UNROLLED_VECTORS ? 1 : UNROLL;
    if (LLVMIsConstant(to) && LLVMConstIntGetSExtValue(to) < unroll && LLVMIsConstant(from))
      unroll = LLVMConstIntGetSExtValue(to) > 0 ? (uint32_t)LLVMConstIntGetSExtValue(to) : 1;
    reduce_innermost(tile, &state, axis, from, to, unroll);
    return;
  }
  Loop loop = loop_open(cg, from, to, 1);
  e->axis_values[axis] = loop.index;
  tile_advance(tile, &state.offsets, axis, loop.index);
  reduce_from(tile, &state, at + 1);
  e->axis_values[axis] = NULL;
  loop_close(cg, &loop);
}

/* The ranges that no reduced axis takes part in: rows that fail stay out, or nothing is reduced at all. */
static LLVMValueRef outer_condition(Tile *tile, Reduction *state) {
  Codegen *cg = tile->e->cg;
  LLVMValueRef all = NULL;
  for (uint32_t k = 0; k < tile->range_count; k++) {
    const GuardRange *range = &tile->ranges[k];
    if (state->applied >> k & 1 || !is_last(tile, range, NO_VECTOR_AXIS)) continue;
    state->applied |= 1u << k;
    if (tile->known_row >= 0 && range_uses_rows(tile, range)) {
      for (uint32_t r = 0; r < tile->rows; r++)
        if (!row_inside(range, NO_VECTOR_AXIS, 0, tile->known_row + r)) state->row_set &= ~(1u << r);
      continue;
    }
    LLVMValueRef value = emit_form(tile->e, &range->form);
    LLVMValueRef low = emit_dim(cg, range->low, tile->e->symbols),
                 high = emit_dim(cg, range->high, tile->e->symbols);
    LLVMValueRef inside = LLVMBuildAnd(cg->builder, LLVMBuildICmp(cg->builder, LLVMIntSGE, value, low, ""),
                                       LLVMBuildICmp(cg->builder, LLVMIntSLT, value, high, ""), "");
    all = all ? LLVMBuildAnd(cg->builder, all, inside, "") : inside;
  }
  return all;
}

void tile_reduce(Tile *tile) {
  KernelEmitter *e = tile->e;
  Codegen *cg = e->cg;
  Reduction state = {.row_set = (1u << tile->rows) - 1};
  for (uint32_t k = 0; k < tile->range_count; k++)
    if (tile->rows_inside && range_uses_rows(tile, &tile->ranges[k])) state.applied |= 1u << k;
  LLVMValueRef condition = outer_condition(tile, &state);
  LLVMBasicBlockRef join = NULL;
  if (condition) {
    LLVMBasicBlockRef inside = emit_block(cg, "inside");
    join = emit_block(cg, "join");
    LLVMBuildCondBr(cg->builder, condition, inside, join);
    LLVMPositionBuilderAtEnd(cg->builder, inside);
  }
  tile_start_offsets(tile, &state.offsets);
  if (state.row_set) reduce_from(tile, &state, 0);
  if (!join) return;
  LLVMBuildBr(cg->builder, join);
  LLVMPositionBuilderAtEnd(cg->builder, join);
}
