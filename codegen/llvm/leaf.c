/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves with lanes along one axis. A leaf runs in strips of several widths, widest first, and one lane at a time where
   guards along the axis may fail and at its end; where the level has masks for what the leaf reads and writes, one masked
   strip is the end. */
#include "codegen/llvm/kernel_internal.h"
#include <string.h>

enum { WIDTH_LIMIT = 8, NARROWEST = 4 };

static bool reduces_vector(const KernelEmitter *e, const Stage *stage) {
  return e->vector_axis != NO_VECTOR_AXIS && stage_reduces(stage, e->vector_axis);
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
    result = emit_combine(e, stage, LLVMBuildLoad2(cg->builder, type, accumulator, ""), value);
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
  Dim stride = access_run_stride(e->cg->program->dims, e->kernel, number, subscripts, e->vector_axis);
  bool cut = access_run(e->kernel, number, subscripts, e->vector_axis) < INT64_MAX;
  if (dim_equals_constant(stride, 0)) return true;
  bool adjacent = dim_equals_constant(stride, 1);
  if (!adjacent || cut || !e->level->mask_bits || !dim_is_valid(stride) ||
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
      total = total ? emit_combine(e, stage, total, one) : one;
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

void emit_leaf(KernelEmitter *e, const Schedule *node) {
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
