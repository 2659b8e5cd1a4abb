/* SPDX-License-Identifier: Apache-2.0 */
/* Walks a kernel's schedule tree: tasks, loops, and leaves with lanes along one axis. A leaf runs in strips
   of several widths, widest first, and one lane at a time where guards along the axis may fail and at its
   end; where the level has masks for what the leaf reads and writes, one masked strip is the end. */
#include "codegen/llvm/kernel_internal.h"
#include <stdio.h>
#include <string.h>

enum { WIDTH_LIMIT = 8, NARROWEST = 4 };

Loop loop_open(Codegen *cg, LLVMValueRef start, LLVMValueRef end, uint32_t step) {
  Loop loop = {.step = emit_i64(cg, step)};
  LLVMBasicBlockRef before = LLVMGetInsertBlock(cg->builder), body;
  loop.header = emit_block(cg, "loop");
  body = emit_block(cg, "body");
  loop.exit = emit_block(cg, "done");
  LLVMBuildBr(cg->builder, loop.header);
  LLVMPositionBuilderAtEnd(cg->builder, loop.header);
  loop.index = LLVMBuildPhi(cg->builder, cg->i64, "");
  LLVMAddIncoming(loop.index, &start, &before, 1);
  LLVMValueRef next = LLVMBuildAdd(cg->builder, loop.index, loop.step, "");
  LLVMValueRef fits = LLVMBuildICmp(cg->builder, LLVMIntSLE, next, end, "");
  LLVMBuildCondBr(cg->builder, fits, body, loop.exit);
  LLVMPositionBuilderAtEnd(cg->builder, body);
  return loop;
}

void loop_close(Codegen *cg, Loop *loop) {
  LLVMValueRef next = LLVMBuildAdd(cg->builder, loop->index, loop->step, "");
  LLVMBasicBlockRef from = LLVMGetInsertBlock(cg->builder);
  LLVMAddIncoming(loop->index, &next, &from, 1);
  LLVMBuildBr(cg->builder, loop->header);
  LLVMPositionBuilderAtEnd(cg->builder, loop->exit);
}

static bool reduces_vector(const KernelEmitter *e, const Stage *stage) {
  return e->vector_axis != NO_VECTOR_AXIS && stage_reduces(stage, e->vector_axis);
}

static LLVMValueRef combine(KernelEmitter *e, Scalar monoid, ElementType type, LLVMValueRef a,
                            LLVMValueRef b) {
  LLVMValueRef pair[2] = {a, b};
  return emit_scalar(e->cg, monoid, type, type, pair, e->lanes);
}

LLVMValueRef emit_identity(KernelEmitter *e, const Stage *stage) {
  return emit_bits(e->cg, stage->expr->type, scalar_identity_bits(stage->monoid, stage->expr->type),
                   e->lanes);
}

LLVMValueRef emit_combine(KernelEmitter *e, const Stage *stage, LLVMValueRef accumulator,
                          LLVMValueRef value) {
  return combine(e, stage->monoid, stage->expr->type, accumulator, value);
}

bool expr_is_identity(const Stage *stage, const Expr *expr) {
  return expr->kind == EXPR_LITERAL && expr->bits == scalar_identity_bits(stage->monoid, expr->type);
}

/* accumulator = accumulator monoid expr; points that a guard leaves out are skipped; products are added by
   fma where the level has it. */
static void emit_accumulate(KernelEmitter *e, const Stage *stage, const Expr *expr,
                            LLVMValueRef accumulator) {
  Codegen *cg = e->cg;
  LLVMTypeRef type = emit_type(cg, expr->type, e->lanes);
  if (expr->kind == EXPR_GUARD && expr_is_identity(stage, expr->operands[1])) {
    LLVMValueRef condition = emit_guard_condition(e, expr);
    if (!condition) {
      emit_accumulate(e, stage, expr->operands[0], accumulator);
      return;
    }
    LLVMBasicBlockRef inside = emit_block(cg, "inside"), join = emit_block(cg, "join");
    LLVMBuildCondBr(cg->builder, condition, inside, join);
    LLVMPositionBuilderAtEnd(cg->builder, inside);
    emit_accumulate(e, stage, expr->operands[0], accumulator);
    LLVMBuildBr(cg->builder, join);
    LLVMPositionBuilderAtEnd(cg->builder, join);
    return;
  }
  bool product = stage->monoid == SCALAR_ADD && expr->kind == EXPR_CALL && expr->scalar == SCALAR_MUL &&
                 element_is_float(expr->type);
  LLVMValueRef result;
  if (product) {
    LLVMValueRef a = emit_expr(e, expr->operands[0]), b = emit_expr(e, expr->operands[1]);
    LLVMValueRef arguments[3] = {a, b, LLVMBuildLoad2(cg->builder, type, accumulator, "")};
    result = emit_intrinsic(cg, "llvm.fmuladd", &type, 1, arguments, 3);
  } else {
    LLVMValueRef value = emit_expr(e, expr);
    result = combine(e, stage->monoid, expr->type, LLVMBuildLoad2(cg->builder, type, accumulator, ""), value);
  }
  if (e->mask)
    result =
        LLVMBuildSelect(cg->builder, e->mask, result, LLVMBuildLoad2(cg->builder, type, accumulator, ""), "");
  LLVMBuildStore(cg->builder, result, accumulator);
}

/* Loops over reduce axes from `from` on, without the vector axis. */
static void emit_reduce_loops(KernelEmitter *e, const Stage *stage, uint32_t from, LLVMValueRef accumulator) {
  while (from < stage->reduce_count && stage->reduce_axes[from] == e->vector_axis) from++;
  if (from == stage->reduce_count) {
    emit_accumulate(e, stage, stage->expr, accumulator);
    return;
  }
  uint32_t axis = stage->reduce_axes[from];
  Loop loop = loop_open(e->cg, emit_i64(e->cg, 0), e->extents[axis], 1);
  e->axis_values[axis] = loop.index;
  emit_reduce_loops(e, stage, from + 1, accumulator);
  e->axis_values[axis] = NULL;
  loop_close(e->cg, &loop);
}

/* One strip of a stage that does not reduce along the vector axis. */
static void emit_strip_stage(KernelEmitter *e, const Stage *stage) {
  Codegen *cg = e->cg;
  LLVMValueRef value;
  if (stage->monoid != SCALAR_COUNT) {
    LLVMTypeRef type = emit_type(cg, stage->expr->type, e->lanes);
    LLVMValueRef accumulator = emit_alloca(cg, type, "sum");
    uint64_t identity = scalar_identity_bits(stage->monoid, stage->expr->type);
    LLVMBuildStore(cg->builder, emit_bits(cg, stage->expr->type, identity, e->lanes), accumulator);
    emit_reduce_loops(e, stage, 0, accumulator);
    value = LLVMBuildLoad2(cg->builder, type, accumulator, "");
  } else {
    value = emit_expr(e, stage->expr);
  }
  emit_store(e, stage->target, stage->subscripts, value);
}

/* The accumulators of the stages that reduce along the vector axis: one per stage and width. */
typedef struct Leaf {
  const Schedule *node;
  uint32_t width_count;
  uint32_t widths[WIDTH_LIMIT]; /* descending; the last is 1, or the masked strip's */
  bool masked;                  /* what is left of the axis is a strip of the last width under a mask */
  LLVMValueRef accumulators[16][WIDTH_LIMIT];
} Leaf;

static void emit_strip(KernelEmitter *e, const Leaf *leaf, uint32_t width_index) {
  memset(e->lane_values, 0, sizeof e->lane_values);
  for (uint32_t i = 0; i < leaf->node->stage_count; i++) {
    const Stage *stage = &e->kernel->stages[leaf->node->stages[i]];
    if (reduces_vector(e, stage))
      emit_accumulate(e, stage, stage->expr, leaf->accumulators[i][width_index]);
    else
      emit_strip_stage(e, stage);
  }
  memset(e->lane_values, 0, sizeof e->lane_values);
}

/* Facts about a leaf's expressions that decide its widths. */
typedef struct LeafFacts {
  bool math, gathers;
  bool maskable; /* the level has masks for whatever is read and written along the vector axis, and no guard
                    is there */
  uint32_t widest_bits;
} LeafFacts;

/* Of a load or a store; gives whether its lanes are adjacent, or all the same. */
static bool collect_access(const KernelEmitter *e, uint32_t number, const Subscript *subscripts,
                           LeafFacts *facts) {
  const KernelBuffer *buffer = &e->kernel->buffers[number];
  if (e->storage[number].in_register) return true;
  Dim stride = access_stride(e->cg->program->dims, e->kernel, number, subscripts, e->vector_axis);
  if (dim_equals_constant(stride, 0)) return true;
  bool adjacent = dim_equals_constant(stride, 1);
  if (!adjacent || buffer->panel || !e->level->mask_bits || !dim_is_valid(stride) ||
      element_info(buffer->element)->bits < e->level->mask_bits)
    facts->maskable = false;
  return adjacent;
}

static void collect_expr(const KernelEmitter *e, const Expr *expr, LeafFacts *facts) {
  uint32_t bits = expr->type == ELEMENT_BOOL ? 8 : element_info(expr->type)->bits;
  if (bits > facts->widest_bits) facts->widest_bits = bits;
  if (expr->kind == EXPR_CALL && scalar_info(expr->scalar)->math) facts->math = true;
  if (expr->kind == EXPR_LOAD && !collect_access(e, expr->buffer, expr->subscripts, facts))
    facts->gathers = true;
  for (uint32_t i = 0; i < expr->range_count; i++)
    if (subscript_uses(&expr->ranges[i].form, e->vector_axis)) facts->maskable = false;
  for (uint32_t i = 0; i < expr->operand_count; i++) collect_expr(e, expr->operands[i], facts);
}

static void collect_stage(const KernelEmitter *e, const Stage *stage, LeafFacts *facts) {
  collect_expr(e, stage->expr, facts);
  if (!reduces_vector(e, stage)) collect_access(e, stage->target, stage->subscripts, facts);
}

/* Several vectors at once hide latency, unless math functions need the registers; short axes and what remains
   of long ones get narrower strips, or a masked one. */
static void choose_widths(KernelEmitter *e, Leaf *leaf) {
  LeafFacts facts = {.widest_bits = 8, .maskable = e->cg->options->optimisation > 0};
  for (uint32_t i = 0; i < leaf->node->stage_count; i++)
    collect_stage(e, &e->kernel->stages[leaf->node->stages[i]], &facts);
  uint32_t native = e->level->vector_bits / facts.widest_bits;
  if (native > LANE_LIMIT) native = LANE_LIMIT;
  uint32_t wide = native * 4 > LANE_LIMIT ? LANE_LIMIT : native * 4;
  int64_t extent;
  if (!dim_is_constant(e->kernel->axes[e->vector_axis].extent, &extent)) extent = INT64_MAX;
  while (native > 1 && (facts.maskable ? native / 2 >= extent : native > extent)) native /= 2;
  leaf->masked = facts.maskable && native > 1;
  leaf->width_count = 0;
  if (e->cg->options->optimisation > 0) {
    if (!facts.math && !facts.gathers && wide > native && wide <= extent)
      leaf->widths[leaf->width_count++] = wide;
    if (native > 1) leaf->widths[leaf->width_count++] = native;
    for (uint32_t width = native / 2; !facts.math && !leaf->masked && width >= NARROWEST; width /= 2)
      leaf->widths[leaf->width_count++] = width;
  }
  if (!leaf->masked) leaf->widths[leaf->width_count++] = 1;
}

void emit_tighten(KernelEmitter *e, const GuardRange *range, uint32_t axis, LLVMValueRef *low,
                  LLVMValueRef *high) {
  Codegen *cg = e->cg;
  DimContext *dims = cg->program->dims;
  Subscript rest = range->form;
  AffineTerm terms[POINT_LIMIT];
  int64_t coefficient = 0;
  LLVMValueRef known = emit_i64(cg, 0);
  rest.term_count = 0;
  for (uint32_t i = 0; i < range->form.term_count; i++) {
    const AffineTerm *term = &range->form.terms[i];
    if (term->label == axis) {
      if (!dim_is_constant(term->coefficient, &coefficient)) coefficient = 0;
    } else if (e->axis_values[term->label]) {
      LLVMValueRef factor = emit_dim(cg, term->coefficient, e->symbols);
      known = LLVMBuildAdd(cg->builder, known,
                           LLVMBuildMul(cg->builder, factor, e->axis_values[term->label], ""), "");
    } else {
      terms[rest.term_count++] = *term;
    }
  }
  rest.terms = terms;
  Dim least, most;
  subscript_bounds(dims, e->kernel, &rest, 0, &least, &most);
  if (coefficient < 1 || !dim_is_valid(least) || !dim_is_valid(most)) { /* nothing is provable: no vectors */
    *high = *low;
    return;
  }
  /* low <= c*v + known + least and c*v + known + most < high */
  LLVMValueRef c = emit_i64(cg, coefficient), one = emit_i64(cg, 1), zero = emit_i64(cg, 0);
  LLVMValueRef need = emit_dim(cg, dim_subtract(dims, range->low, least), e->symbols);
  need = LLVMBuildSub(cg->builder, need, known, "");
  LLVMValueRef room = emit_dim(cg, dim_subtract(dims, range->high, most), e->symbols);
  room = LLVMBuildSub(cg->builder, room, LLVMBuildAdd(cg->builder, known, one, ""), ""); /* c*v <= room */
  LLVMValueRef from = LLVMBuildSDiv(
      cg->builder, LLVMBuildAdd(cg->builder, need, LLVMBuildSub(cg->builder, c, one, ""), ""), c, "");
  LLVMValueRef negative = LLVMBuildICmp(cg->builder, LLVMIntSLT, room, zero, "");
  LLVMValueRef until = LLVMBuildAdd(cg->builder, LLVMBuildSDiv(cg->builder, room, c, ""), one, "");
  until = LLVMBuildSelect(cg->builder, negative, zero, until, "");
  LLVMValueRef lows[2] = {*low, from}, highs[2] = {*high, until};
  *low = emit_intrinsic(cg, "llvm.smax", &cg->i64, 1, lows, 2);
  *high = emit_intrinsic(cg, "llvm.smin", &cg->i64, 1, highs, 2);
}

static void tighten_expr(KernelEmitter *e, const Expr *expr, LLVMValueRef *low, LLVMValueRef *high,
                         bool *guarded) {
  for (uint32_t i = 0; i < expr->range_count; i++)
    if (subscript_uses(&expr->ranges[i].form, e->vector_axis)) {
      emit_tighten(e, &expr->ranges[i], e->vector_axis, low, high);
      *guarded = true;
    }
  for (uint32_t i = 0; i < expr->operand_count; i++) tighten_expr(e, expr->operands[i], low, high, guarded);
}

static LLVMValueRef run_strips(KernelEmitter *e, const Leaf *leaf, uint32_t width_index, LLVMValueRef from,
                               LLVMValueRef to) {
  Loop loop = loop_open(e->cg, from, to, leaf->widths[width_index]);
  e->lanes = leaf->widths[width_index];
  e->axis_values[e->vector_axis] = loop.index;
  emit_strip(e, leaf, width_index);
  e->axis_values[e->vector_axis] = NULL;
  e->lanes = 1;
  loop_close(e->cg, &loop);
  return loop.index;
}

/* What is left from `at` on, fewer points than the last width has lanes. */
static void emit_masked_strip(KernelEmitter *e, const Leaf *leaf, LLVMValueRef at, LLVMValueRef end) {
  Codegen *cg = e->cg;
  LLVMBasicBlockRef some = emit_block(cg, "some"), none = emit_block(cg, "none");
  LLVMBuildCondBr(cg->builder, LLVMBuildICmp(cg->builder, LLVMIntSLT, at, end, ""), some, none);
  LLVMPositionBuilderAtEnd(cg->builder, some);
  e->lanes = leaf->widths[leaf->width_count - 1];
  e->mask = emit_lane_mask(cg, LLVMBuildSub(cg->builder, end, at, ""), e->lanes);
  e->axis_values[e->vector_axis] = at;
  emit_strip(e, leaf, leaf->width_count - 1);
  e->axis_values[e->vector_axis] = NULL;
  e->mask = NULL;
  e->lanes = 1;
  LLVMBuildBr(cg->builder, none);
  LLVMPositionBuilderAtEnd(cg->builder, none);
}

/* Strips of all widths end where the axis does. */
static bool ends_whole(const KernelEmitter *e, const Leaf *leaf) {
  const AxisPart *part = &leaf->node->parts[0];
  int64_t extent, last = leaf->widths[leaf->width_count - 1];
  return dim_is_constant(e->kernel->axes[part->axis].extent, &extent) && extent % last == 0 &&
         (part->part != PART_INNER || part->tile % last == 0);
}

/* The strips along the vector axis from start to end. */
static void emit_strips(KernelEmitter *e, const Leaf *leaf, LLVMValueRef start, LLVMValueRef end) {
  LLVMValueRef low = start, high = end, at = start;
  bool guarded = false;
  if (leaf->masked) {
    for (uint32_t i = 0; i < leaf->width_count; i++) at = run_strips(e, leaf, i, at, end);
    if (!ends_whole(e, leaf)) emit_masked_strip(e, leaf, at, end);
    return;
  }
  for (uint32_t i = 0; i < leaf->node->stage_count; i++)
    tighten_expr(e, e->kernel->stages[leaf->node->stages[i]].expr, &low, &high, &guarded);
  uint32_t scalar = leaf->width_count - 1;
  if (guarded && scalar > 0) { /* one lane at a time up to the first point where no guard fails */
    LLVMValueRef stop[2] = {low, end};
    at = run_strips(e, leaf, scalar, at, emit_intrinsic(e->cg, "llvm.smin", &e->cg->i64, 1, stop, 2));
  }
  for (uint32_t i = 0; i < scalar; i++) at = run_strips(e, leaf, i, at, high);
  run_strips(e, leaf, scalar, at, end);
}

/* Reduce axes other than the vector axis of a stage that reduces along it loop around the strips. */
static void emit_outer_reductions(KernelEmitter *e, const Leaf *leaf, const Stage *stage, uint32_t from,
                                  LLVMValueRef start, LLVMValueRef end) {
  while (stage && from < stage->reduce_count && stage->reduce_axes[from] == e->vector_axis) from++;
  if (!stage || from >= stage->reduce_count) {
    emit_strips(e, leaf, start, end);
    return;
  }
  uint32_t axis = stage->reduce_axes[from];
  Loop loop = loop_open(e->cg, emit_i64(e->cg, 0), e->extents[axis], 1);
  e->axis_values[axis] = loop.index;
  emit_outer_reductions(e, leaf, stage, from + 1, start, end);
  e->axis_values[axis] = NULL;
  loop_close(e->cg, &loop);
}

static void start_accumulators(KernelEmitter *e, Leaf *leaf) {
  for (uint32_t i = 0; i < leaf->node->stage_count; i++) {
    const Stage *stage = &e->kernel->stages[leaf->node->stages[i]];
    if (!reduces_vector(e, stage)) continue;
    uint64_t identity = scalar_identity_bits(stage->monoid, stage->expr->type);
    for (uint32_t w = 0; w < leaf->width_count; w++) {
      LLVMTypeRef type = emit_type(e->cg, stage->expr->type, leaf->widths[w]);
      leaf->accumulators[i][w] = emit_alloca(e->cg, type, "lanes");
      LLVMBuildStore(e->cg->builder, emit_bits(e->cg, stage->expr->type, identity, leaf->widths[w]),
                     leaf->accumulators[i][w]);
    }
  }
}

/* Joins the lanes of every width, widest first, and stores the results. */
static void finish_accumulators(KernelEmitter *e, const Leaf *leaf) {
  for (uint32_t i = 0; i < leaf->node->stage_count; i++) {
    const Stage *stage = &e->kernel->stages[leaf->node->stages[i]];
    if (!reduces_vector(e, stage)) continue;
    LLVMValueRef total = NULL;
    for (uint32_t w = 0; w < leaf->width_count; w++) {
      LLVMTypeRef type = emit_type(e->cg, stage->expr->type, leaf->widths[w]);
      LLVMValueRef lanes = LLVMBuildLoad2(e->cg->builder, type, leaf->accumulators[i][w], "");
      LLVMValueRef one = emit_lane_tree(e->cg, stage->monoid, stage->expr->type, lanes, leaf->widths[w]);
      total = total ? combine(e, stage->monoid, stage->expr->type, total, one) : one;
    }
    emit_store(e, stage->target, stage->subscripts, total);
  }
  memset(e->lane_values, 0, sizeof e->lane_values);
}

/* The index does not change while the leaf runs: all that its value depends on is bound. */
static bool index_is_bound(const KernelEmitter *e, uint32_t index) {
  for (uint32_t a = 0; a < e->kernel->axis_count; a++)
    if (!e->axis_values[a] && index_depends(e->kernel, index, a)) return false;
  return true;
}

/* Computes the indices of what the expression reads wherever it is evaluated. */
static void bind_indices(KernelEmitter *e, const Expr *expr) {
  uint32_t rank = expr->kind == EXPR_LOAD ? e->kernel->buffers[expr->buffer].rank : 0;
  for (uint32_t i = 0; i < rank; i++)
    for (uint32_t j = 0; j < expr->subscripts[i].term_count; j++) {
      uint32_t label = expr->subscripts[i].terms[j].label;
      if (label < e->kernel->axis_count || e->axis_values[label] || !index_is_bound(e, label)) continue;
      e->axis_values[label] = emit_index_value(e, label);
    }
  for (uint32_t i = 0; expr->kind != EXPR_GUARD && i < expr->operand_count; i++) bind_indices(e, expr->operands[i]);
}

/* Stages with further loops of their own are left out: they may have no points. */
static bool has_inner_loops(const KernelEmitter *e, const Stage *stage) {
  for (uint32_t i = 0; i < stage->reduce_count; i++)
    if (stage->reduce_axes[i] != e->vector_axis) return true;
  return false;
}

static void unbind_indices(KernelEmitter *e) {
  for (uint32_t k = 0; k < e->kernel->index_count; k++) e->axis_values[e->kernel->axis_count + k] = NULL;
}

static void emit_leaf(KernelEmitter *e, const Schedule *node) {
  Leaf leaf = {.node = node, .width_count = 1, .widths = {1}};
  e->lanes = 1;
  if (!node->part_count) {
    emit_strip(e, &leaf, 0);
    return;
  }
  const AxisPart *part = &node->parts[0];
  e->vector_axis = part->axis;
  choose_widths(e, &leaf);
  bool tiled = part->part == PART_INNER;
  LLVMValueRef start = tiled ? e->tile_starts[part->axis] : emit_i64(e->cg, 0);
  LLVMValueRef end = tiled ? e->tile_ends[part->axis] : e->extents[part->axis];
  if (e->kernel->index_count) e->reached = LLVMBuildICmp(e->cg->builder, LLVMIntSLT, start, end, "");
  for (uint32_t i = 0; i < node->stage_count; i++)
    if (!has_inner_loops(e, &e->kernel->stages[node->stages[i]])) bind_indices(e, e->kernel->stages[node->stages[i]].expr);
  e->reached = NULL;
  start_accumulators(e, &leaf);
  const Stage *first = &e->kernel->stages[node->stages[0]];
  emit_outer_reductions(e, &leaf, reduces_vector(e, first) ? first : NULL, 0, start, end);
  finish_accumulators(e, &leaf);
  unbind_indices(e);
  e->vector_axis = NO_VECTOR_AXIS;
}

/* Binds one part of an axis to its iteration number. */
static void bind_part(KernelEmitter *e, const AxisPart *part, LLVMValueRef iteration) {
  Codegen *cg = e->cg;
  if (part->part == PART_WHOLE) {
    e->axis_values[part->axis] = iteration;
  } else if (part->part == PART_OUTER) {
    LLVMValueRef tile = emit_i64(cg, part->tile), start = LLVMBuildMul(cg->builder, iteration, tile, "");
    LLVMValueRef ends[2] = {LLVMBuildAdd(cg->builder, start, tile, ""), e->extents[part->axis]};
    e->tile_starts[part->axis] = start;
    e->tile_ends[part->axis] = emit_intrinsic(cg, "llvm.smin", &cg->i64, 1, ends, 2);
  } else {
    e->axis_values[part->axis] = LLVMBuildAdd(cg->builder, e->tile_starts[part->axis], iteration, "");
  }
}

static void unbind_part(KernelEmitter *e, const AxisPart *part) {
  if (part->part == PART_OUTER)
    e->tile_starts[part->axis] = e->tile_ends[part->axis] = NULL;
  else
    e->axis_values[part->axis] = NULL;
}

static LLVMValueRef part_extent(KernelEmitter *e, const AxisPart *part) {
  Codegen *cg = e->cg;
  Dim extent = e->kernel->axes[part->axis].extent;
  if (part->part == PART_WHOLE) return e->extents[part->axis];
  if (part->part == PART_INNER)
    return LLVMBuildSub(cg->builder, e->tile_ends[part->axis], e->tile_starts[part->axis], "");
  DimContext *dims = cg->program->dims;
  return emit_dim(cg, dim_ceil_divide(dims, extent, dim_constant(dims, part->tile)), e->symbols);
}

static void emit_schedule(KernelEmitter *e, const Schedule *node, LLVMValueRef task);

static void emit_children(KernelEmitter *e, const Schedule *node) {
  for (uint32_t i = 0; i < node->child_count; i++) emit_schedule(e, node->children[i], NULL);
}

/* The parts nest in order. */
static void emit_loops(KernelEmitter *e, const Schedule *node, uint32_t part) {
  if (part == node->part_count) {
    emit_children(e, node);
    return;
  }
  Loop loop = loop_open(e->cg, emit_i64(e->cg, 0), part_extent(e, &node->parts[part]), 1);
  bind_part(e, &node->parts[part], loop.index);
  emit_loops(e, node, part + 1);
  unbind_part(e, &node->parts[part]);
  loop_close(e->cg, &loop);
}

/* The flattened iterations [total * task / tasks, total * (task + 1) / tasks). */
static void emit_parallel(KernelEmitter *e, const Schedule *node, LLVMValueRef task) {
  Codegen *cg = e->cg;
  LLVMBuilderRef builder = cg->builder;
  LLVMValueRef extents[POINT_LIMIT], total = emit_i64(cg, 1),
                                    tasks = emit_dim(cg, e->kernel->task_count, e->symbols);
  for (uint32_t i = 0; i < node->part_count; i++) {
    extents[i] = part_extent(e, &node->parts[i]);
    total = LLVMBuildMul(builder, total, extents[i], "");
  }
  LLVMValueRef from = LLVMBuildUDiv(builder, LLVMBuildMul(builder, total, task, ""), tasks, "");
  LLVMValueRef next = LLVMBuildAdd(builder, task, emit_i64(cg, 1), "");
  LLVMValueRef to = LLVMBuildUDiv(builder, LLVMBuildMul(builder, total, next, ""), tasks, "");
  Loop loop = loop_open(cg, from, to, 1);
  LLVMValueRef rest = loop.index;
  for (uint32_t i = node->part_count; i-- > 0;) {
    LLVMValueRef iteration = i ? LLVMBuildURem(builder, rest, extents[i], "") : rest;
    if (i) rest = LLVMBuildUDiv(builder, rest, extents[i], "");
    bind_part(e, &node->parts[i], iteration);
  }
  emit_children(e, node);
  for (uint32_t i = 0; i < node->part_count; i++) unbind_part(e, &node->parts[i]);
  loop_close(cg, &loop);
}

static void emit_schedule(KernelEmitter *e, const Schedule *node, LLVMValueRef task) {
  if (node->kind == SCHEDULE_VEC)
    emit_leaf(e, node);
  else if (node->kind == SCHEDULE_TILE)
    emit_tile(e, node);
  else if (node->kind == SCHEDULE_PAR && task)
    emit_parallel(e, node, task);
  else /* a nested parallel node is a loop */
    emit_loops(e, node, 0);
}

static bool mark_symbol(void *user, const Symbol *symbol) {
  *(uint64_t *)user |= UINT64_C(1) << symbol->index;
  return true;
}

static bool mark_dim(void *user, Dim dim) { return dim_visit_symbols(dim, mark_symbol, user); }

uint64_t kernel_symbols(const Kernel *kernel) {
  uint64_t symbols = 0;
  kernel_visit_dims(kernel, mark_dim, &symbols);
  return symbols;
}

static LLVMValueRef load_slot(Codegen *cg, LLVMValueRef slots, uint32_t index, LLVMTypeRef type) {
  LLVMValueRef at = emit_i64(cg, index);
  LLVMValueRef address = LLVMBuildInBoundsGEP2(cg->builder, cg->i64, slots, &at, 1, "");
  return LLVMBuildLoad2(cg->builder, type, address, "");
}

/* Registers are stack slots; scratch memory is that of the first worker, which has a slot, or behind it in the memory of
   the others, which has the next. */
static void place_locals(KernelEmitter *e, LLVMValueRef slots, uint32_t slot, LLVMValueRef worker) {
  Codegen *cg = e->cg;
  LLVMBuilderRef builder = cg->builder;
  DimContext *dims = cg->program->dims;
  Dim bytes = kernel_scratch_bytes(dims, e->kernel), begin = dim_constant(dims, 0);
  LLVMValueRef scratch = NULL;
  if (!dim_equals_constant(bytes, 0)) {
    LLVMValueRef own = load_slot(cg, slots, slot, cg->pointer), others = load_slot(cg, slots, slot + 1, cg->pointer);
    LLVMValueRef number = LLVMBuildZExt(builder, worker, cg->i64, ""), one = emit_i64(cg, 1);
    LLVMValueRef offset = LLVMBuildMul(builder, LLVMBuildSub(builder, number, one, ""), emit_dim(cg, bytes, e->symbols), "");
    others = LLVMBuildGEP2(builder, cg->i8, others, &offset, 1, "");
    scratch = LLVMBuildSelect(builder, LLVMBuildICmp(builder, LLVMIntEQ, number, emit_i64(cg, 0), ""), own, others, "");
  }
  for (uint32_t i = kernel_parameter_count(e->kernel); i < e->kernel->buffer_count; i++) {
    e->storage[i] = local_storage(dims, e->kernel, i);
    if (e->storage[i].in_register) {
      e->pointers[i] = emit_alloca(cg, emit_storage_type(cg, e->kernel->buffers[i].element, 1), "local");
      continue;
    }
    LLVMValueRef offset = emit_dim(cg, begin, e->symbols);
    e->pointers[i] = LLVMBuildInBoundsGEP2(builder, cg->i8, scratch, &offset, 1, "");
    begin = dim_add(dims, begin, e->storage[i].byte_count);
  }
}

const char *kernel_title(const Kernel *kernel) {
  return kernel->location.node ? kernel->location.node : kernel->name;
}

LLVMValueRef emit_kernel(Codegen *cg, const Kernel *kernel, const TargetLevel *level) {
  char name[96];
  cg->current = kernel_title(kernel);
  cg->level = level;
  KernelEmitter e = {.cg = cg, .kernel = kernel, .level = level, .vector_axis = NO_VECTOR_AXIS, .lanes = 1};
  LLVMTypeRef parameters[3] = {cg->pointer, cg->i64, cg->i32};
  LLVMTypeRef type = LLVMFunctionType(cg->void_type, parameters, 3, false);
  snprintf(name, sizeof name, "%s_%s_%s", cg->names->name, kernel->name, level->alias);
  LLVMValueRef function = LLVMAddFunction(cg->module, name, type);
  LLVMSetLinkage(function, LLVMInternalLinkage);
  emit_function_attributes(cg, function, level);
  LLVMPositionBuilderAtEnd(cg->builder, LLVMAppendBasicBlockInContext(cg->context, function, "entry"));
  debug_function(cg, function, kernel_title(kernel), 0);
  LLVMValueRef slots = LLVMGetParam(function, 0);
  uint32_t at = 0;
  for (uint32_t i = 0; i < kernel->buffer_count; i++) {
    if (kernel->buffers[i].role == BUFFER_STATUS) e.status = i;
    if (kernel->buffers[i].role != BUFFER_LOCAL) e.pointers[i] = load_slot(cg, slots, at++, cg->pointer);
  }
  uint64_t used = kernel_symbols(kernel);
  for (uint32_t s = 0; s < 64; s++)
    if (used >> s & 1) e.symbols[s] = load_slot(cg, slots, at++, cg->i64);
  place_locals(&e, slots, at, LLVMGetParam(function, 2));
  for (uint32_t a = 0; a < kernel->axis_count + kernel->index_count; a++)
    e.extents[a] = emit_dim(cg, kernel->axes[a].extent, e.symbols);
  emit_schedule(&e, kernel->schedule, LLVMGetParam(function, 1));
  LLVMBuildRetVoid(cg->builder);
  cg->current = NULL;
  cg->level = NULL;
  return function;
}
