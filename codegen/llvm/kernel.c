/* SPDX-License-Identifier: Apache-2.0 */
/* Walks a kernel's schedule tree: tasks and loops; its leaves are in leaf.c and tile.c. */
#include "codegen/llvm/kernel_internal.h"
#include <stdio.h>
#include <string.h>

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
