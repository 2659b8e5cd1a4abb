/* SPDX-License-Identifier: Apache-2.0 */
/* One step of a register tile: what depends on the row alone is computed once per row, what depends on the
   column alone once per vector. */
#include "codegen/llvm/tile_internal.h"

static Dim stride_of(const Tile *tile, const Expr *load, uint32_t axis) {
  return access_stride(tile->e->cg->program->dims, tile->e->kernel, load->buffer, load->subscripts, axis);
}

/* Rows that lie a multiple of a set's distance apart, as passes/lower_pitch.c keeps from happening where it can. */
static bool in_one_set(const Tile *tile, const Expr *load, Dim row_stride) {
  int64_t stride, bytes = element_info(tile->e->kernel->buffers[load->buffer].element)->bits / 8;
  return dim_is_constant(row_stride, &stride) && cost_rows_collide(tile->demand.machine, stride * bytes);
}

static uint32_t collect(Tile *tile, const Expr *expr) {
  TileNode node = {.expr = expr};
  for (uint32_t i = 0; i < expr->operand_count; i++) {
    node.operands[i] = collect(tile, expr->operands[i]);
    node.by_row |= tile->nodes[node.operands[i]].by_row;
    node.by_column |= tile->nodes[node.operands[i]].by_column;
  }
  if (expr->kind == EXPR_LOAD) {
    Dim row = tile->row_axis == NO_VECTOR_AXIS ? NULL : stride_of(tile, expr, tile->row_axis);
    node.column_stride =
        access_run_stride(tile->e->cg->program->dims, tile->e->kernel, expr->buffer, expr->subscripts, tile->column_axis);
    node.by_row = row && !dim_equals_constant(row, 0);
    node.by_column = !dim_equals_constant(node.column_stride, 0);
    int64_t run = access_run(tile->e->kernel, expr->buffer, expr->subscripts, tile->column_axis);
    if (run < tile->run) tile->run = run;
    if (node.by_row && node.by_column) tile->demand.vector_per_row = true;
    if (node.by_row && !node.by_column && in_one_set(tile, expr, row)) tile->demand.one_set = true;
    if (node.by_row) node.row_stride = emit_dim(tile->e->cg, row, tile->e->symbols);
  } else if (expr->kind == EXPR_INDEX) {
    node.by_row = tile->row_axis != NO_VECTOR_AXIS && subscript_uses(expr->subscripts, tile->row_axis);
    node.by_column = subscript_uses(expr->subscripts, tile->column_axis);
  }
  tile->nodes[tile->node_count] = node;
  return tile->node_count++;
}

void tile_collect(Tile *tile) {
  tile->node_count = 0;
  tile->run = INT64_MAX;
  collect(tile, tile->guarded);
  const Expr *root = tile->guarded;
  tile->demand.product =
      tile->stage->monoid == SCALAR_ADD && root->kind == EXPR_CALL && root->scalar == SCALAR_MUL;
}

/* How far so many columns from the start of a run on are from there, in elements. */
static LLVMValueRef distance_in_order(Tile *tile, const KernelBuffer *buffer, const Subscript *subscripts, uint32_t columns) {
  Codegen *cg = tile->e->cg;
  DimContext *dims = cg->program->dims;
  Dim distance = dim_constant(dims, 0), stride = dim_constant(dims, 1);
  for (uint32_t k = buffer->order->part_count; k-- > 0;) {
    StoragePart part = buffer->order->parts[k];
    int64_t at = columns / part.step;
    if (part.count) at %= part.count;
    if (subscript_uses(&subscripts[part.dim], tile->column_axis))
      distance = dim_add(dims, distance, dim_multiply(dims, stride, dim_constant(dims, at)));
    stride = dim_multiply(dims, stride, storage_part_extent(dims, part, buffer->dims));
  }
  return emit_dim(cg, distance, tile->e->symbols);
}

/* How far a vector's first column is from the tile's, in elements. Runs are apart from each other; where a tile begins within
   one, the distance depends on where. */
static LLVMValueRef column_distance(Tile *tile, const TileNode *node, LLVMValueRef start, uint32_t vector) {
  KernelEmitter *e = tile->e;
  Codegen *cg = e->cg;
  const Expr *load = node->expr;
  uint32_t columns = vector * tile->lanes;
  if (access_run(e->kernel, load->buffer, load->subscripts, tile->column_axis) == INT64_MAX)
    return LLVMBuildMul(cg->builder, emit_dim(cg, node->column_stride, e->symbols), emit_i64(cg, columns), "");
  const KernelBuffer *buffer = &e->kernel->buffers[load->buffer];
  if (tile->column_aligned) return distance_in_order(tile, buffer, load->subscripts, columns);
  e->axis_values[tile->column_axis] = LLVMBuildAdd(cg->builder, tile->column, emit_i64(cg, columns), "");
  LLVMValueRef there = emit_offset(e, load->buffer, load->subscripts);
  e->axis_values[tile->column_axis] = tile->column;
  return LLVMBuildSub(cg->builder, there, start, "");
}

void tile_start_offsets(Tile *tile, TileOffsets *offsets) {
  KernelEmitter *e = tile->e;
  for (uint32_t i = 0; i < tile->stage->reduce_count; i++)
    e->axis_values[tile->stage->reduce_axes[i]] = emit_i64(e->cg, 0);
  for (uint32_t i = 0; i < tile->node_count; i++) {
    const Expr *expr = tile->nodes[i].expr;
    if (expr->kind != EXPR_LOAD) continue;
    offsets->of[i] = emit_offset(e, expr->buffer, expr->subscripts);
    for (uint32_t v = 1; v < tile->vectors; v++)
      tile->nodes[i].distances[v] = column_distance(tile, &tile->nodes[i], offsets->of[i], v);
  }
  for (uint32_t i = 0; i < tile->stage->reduce_count; i++) e->axis_values[tile->stage->reduce_axes[i]] = NULL;
}

void tile_advance(Tile *tile, TileOffsets *offsets, uint32_t axis, LLVMValueRef steps) {
  Codegen *cg = tile->e->cg;
  for (uint32_t i = 0; i < tile->node_count; i++) {
    const Expr *expr = tile->nodes[i].expr;
    if (expr->kind != EXPR_LOAD) continue;
    Dim stride = stride_of(tile, expr, axis);
    if (dim_equals_constant(stride, 0)) continue;
    LLVMValueRef distance = LLVMBuildMul(cg->builder, emit_dim(cg, stride, tile->e->symbols), steps, "");
    offsets->of[i] = LLVMBuildAdd(cg->builder, offsets->of[i], distance, "");
  }
}

bool tile_axes_merge(const Tile *tile, uint32_t outer, uint32_t inner) {
  DimContext *dims = tile->e->cg->program->dims;
  Dim extent = tile->e->kernel->axes[inner].extent;
  for (uint32_t i = 0; i < tile->node_count; i++) {
    const Expr *expr = tile->nodes[i].expr;
    if (expr->kind == EXPR_INDEX) return false;
    if (expr->kind == EXPR_LOAD &&
        stride_of(tile, expr, outer) != dim_multiply(dims, stride_of(tile, expr, inner), extent))
      return false;
  }
  return true;
}

static LLVMValueRef load(Tile *tile, uint32_t index, const TileOffsets *offsets, uint32_t row,
                         uint32_t vector) {
  KernelEmitter *e = tile->e;
  const TileNode *node = &tile->nodes[index];
  LLVMValueRef offset = offsets->of[index];
  if (node->by_row && row) {
    LLVMValueRef down = LLVMBuildMul(e->cg->builder, node->row_stride, emit_i64(e->cg, row), "");
    offset = LLVMBuildAdd(e->cg->builder, offset, down, "");
  }
  if (node->by_column && vector) offset = LLVMBuildAdd(e->cg->builder, offset, node->distances[vector], "");
  return emit_load_lanes(e, node->expr->buffer, offset, node->column_stride);
}

static LLVMValueRef index_value(Tile *tile, const Expr *expr, uint32_t row, uint32_t vector) {
  KernelEmitter *e = tile->e;
  LLVMBuilderRef builder = e->cg->builder;
  if (tile->row) e->axis_values[tile->row_axis] = LLVMBuildAdd(builder, tile->row, emit_i64(e->cg, row), "");
  e->axis_values[tile->column_axis] =
      LLVMBuildAdd(builder, tile->column, emit_i64(e->cg, vector * tile->lanes), "");
  LLVMValueRef value = emit_expr(e, expr);
  if (tile->row) e->axis_values[tile->row_axis] = tile->row;
  e->axis_values[tile->column_axis] = tile->column;
  return value;
}

static LLVMValueRef value_of(Tile *tile, uint32_t index, const TileOffsets *offsets, uint32_t row,
                             uint32_t vector) {
  TileNode *node = &tile->nodes[index];
  const Expr *expr = node->expr;
  LLVMValueRef *kept = &node->values[node->by_row ? row : 0][node->by_column ? vector : 0];
  if (*kept) return *kept;
  KernelEmitter *e = tile->e;
  LLVMValueRef operands[3];
  for (uint32_t i = 0; i < expr->operand_count; i++)
    operands[i] = value_of(tile, node->operands[i], offsets, row, vector);
  switch (expr->kind) {
  case EXPR_LITERAL:
    *kept = emit_expr(e, expr);
    break;
  case EXPR_LOAD:
    *kept = load(tile, index, offsets, row, vector);
    break;
  case EXPR_INDEX:
    *kept = index_value(tile, expr, row, vector);
    break;
  case EXPR_GUARD:
    break; /* schedules have none below the root */
  case EXPR_CALL: {
    ElementType from = expr->operands[expr->scalar == SCALAR_SELECT ? 1 : 0]->type;
    *kept = emit_scalar(e->cg, expr->scalar, from, expr->type, operands, tile->lanes);
    break;
  }
  }
  return *kept;
}

void tile_accumulate(Tile *tile, const TileOffsets *offsets, uint32_t row_set, uint32_t set) {
  KernelEmitter *e = tile->e;
  Codegen *cg = e->cg;
  uint32_t root = tile->node_count - 1;
  LLVMTypeRef type = emit_type(cg, tile->stage->expr->type, tile->lanes);
  bool fused = tile->demand.product && element_is_float(tile->stage->expr->type);
  for (uint32_t i = 0; i < tile->node_count; i++)
    for (uint32_t r = 0; r < tile->rows; r++)
      for (uint32_t v = 0; v < tile->vectors; v++) tile->nodes[i].values[r][v] = NULL;
  for (uint32_t r = 0; r < tile->rows; r++) {
    if (!(row_set >> r & 1)) continue;
    for (uint32_t v = 0; v < tile->vectors; v++) {
      e->mask = v + 1 == tile->vectors ? tile->last_mask : NULL;
      LLVMValueRef sum = LLVMBuildLoad2(cg->builder, type, tile->accumulators[set][r][v], "");
      if (fused) {
        const TileNode *product = &tile->nodes[root];
        LLVMValueRef arguments[3] = {value_of(tile, product->operands[0], offsets, r, v),
                                     value_of(tile, product->operands[1], offsets, r, v), sum};
        sum = emit_intrinsic(cg, "llvm.fmuladd", &type, 1, arguments, 3);
      } else {
        sum = emit_combine(e, tile->stage, sum, value_of(tile, root, offsets, r, v));
      }
      LLVMBuildStore(cg->builder, sum, tile->accumulators[set][r][v]);
    }
  }
  e->mask = NULL;
}
