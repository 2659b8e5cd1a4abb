/* SPDX-License-Identifier: Apache-2.0 */
#include "loop/storage.h"

/* The path from the root to N, as what it binds. */
typedef struct Path {
  uint64_t bound;             /* axes with a value */
  int64_t tiles[POINT_LIMIT]; /* of outer parts; 0: none */
  bool one_leaf;
} Path;

static bool touches(const Kernel *kernel, const Schedule *node, uint32_t buffer) {
  for (uint32_t i = 0; i < node->stage_count; i++) {
    const Stage *stage = &kernel->stages[node->stages[i]];
    if (stage->target == buffer || expr_loads(stage->expr, buffer)) return true;
  }
  for (uint32_t i = 0; i < node->child_count; i++)
    if (touches(kernel, node->children[i], buffer)) return true;
  return false;
}

static Path find_path(const Kernel *kernel, uint32_t buffer) {
  Path path = {.bound = 0};
  const Schedule *node = kernel->schedule;
  while (!schedule_is_leaf(node)) {
    const Schedule *next = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < node->part_count; i++) {
      const AxisPart *part = &node->parts[i];
      if (part->part == PART_OUTER)
        path.tiles[part->axis] = part->tile;
      else
        path.bound |= UINT64_C(1) << part->axis;
    }
    for (uint32_t i = 0; i < node->child_count; i++)
      if (touches(kernel, node->children[i], buffer) && count++ == 0) next = node->children[i];
    if (count != 1) return path;
    node = next;
  }
  path.one_leaf = true;
  return path;
}

/* How the accesses to a dim agree. */
typedef struct DimUse {
  bool seen, mixed;
  const Subscript *subscript;
} DimUse;

static void use_subscripts(DimUse *uses, const Subscript *subscripts, uint32_t rank) {
  for (uint32_t i = 0; i < rank; i++) {
    if (uses[i].seen && !subscript_equal(uses[i].subscript, &subscripts[i])) uses[i].mixed = true;
    uses[i].seen = true;
    uses[i].subscript = &subscripts[i];
  }
}

static void use_expr(DimUse *uses, const Expr *expr, uint32_t buffer, uint32_t rank) {
  if (expr->kind == EXPR_LOAD && expr->buffer == buffer) use_subscripts(uses, expr->subscripts, rank);
  for (uint32_t i = 0; i < expr->operand_count; i++) use_expr(uses, expr->operands[i], buffer, rank);
}

static void find_uses(const Kernel *kernel, uint32_t buffer, DimUse *uses) {
  uint32_t rank = kernel->buffers[buffer].rank;
  for (uint32_t i = 0; i < kernel->stage_count; i++) {
    if (kernel->stages[i].target == buffer) use_subscripts(uses, kernel->stages[i].subscripts, rank);
    use_expr(uses, kernel->stages[i].expr, buffer, rank);
  }
}

/* Rows an odd number of units apart, as long as a cache line: those that are read side by side share no set of a cache. */
static Dim row_pitch(DimContext *dims, ElementType element, Dim extent) {
  Dim line = dim_constant(dims, WORKSPACE_ALIGNMENT * 8 / element_info(element)->bits), two = dim_constant(dims, 2);
  Dim pairs = dim_floor_divide(dims, dim_ceil_divide(dims, extent, line), two);
  return dim_multiply(dims, dim_add(dims, dim_multiply(dims, pairs, two), dim_constant(dims, 1)), line);
}

LocalStorage local_storage(DimContext *dims, const Kernel *kernel, uint32_t local) {
  const KernelBuffer *buffer = &kernel->buffers[local];
  LocalStorage storage = {.byte_count = dim_constant(dims, 0)};
  DimUse uses[RANK_LIMIT] = {{0}};
  Dim one = dim_constant(dims, 1), zero = dim_constant(dims, 0), extents[RANK_LIMIT], count = one;
  Path path = {.bound = 0};
  bool single = true;
  uint32_t rows = 0;
  if (kernel->schedule) {
    path = find_path(kernel, local);
    find_uses(kernel, local, uses);
  }
  for (uint32_t i = 0; i < buffer->rank; i++) {
    uint32_t axis = NO_TILED_AXIS;
    bool plain = uses[i].seen && !uses[i].mixed && subscript_is_plain(uses[i].subscript, &axis);
    bool fixed = uses[i].seen && !uses[i].mixed && !uses[i].subscript->term_count;
    extents[i] = buffer->dims[i];
    storage.tiled[i] = NO_TILED_AXIS;
    if (fixed || (plain && path.bound >> axis & 1)) {
      extents[i] = NULL;
      continue;
    }
    single = false;
    rows++;
    if (!plain || !path.tiles[axis]) continue;
    storage.tiled[i] = axis;
    extents[i] = dim_min(dims, dim_constant(dims, path.tiles[axis]), extents[i]);
  }
  storage.in_register = kernel->schedule && (single || path.one_leaf);
  bool last = true;
  for (uint32_t i = buffer->rank; i-- > 0;) {
    storage.strides[i] = zero;
    if (storage.in_register || !extents[i]) continue;
    storage.strides[i] = count;
    count = dim_multiply(dims, count, last && rows > 1 && kernel->schedule ? row_pitch(dims, buffer->element, extents[i]) : extents[i]);
    last = false;
  }
  if (storage.in_register) return storage;
  Dim unit = dim_constant(dims, WORKSPACE_ALIGNMENT);
  Dim bytes = dim_multiply(dims, count, dim_constant(dims, element_info(buffer->element)->bits / 8));
  storage.byte_count = dim_multiply(dims, dim_ceil_divide(dims, bytes, unit), unit);
  return storage;
}

Dim kernel_scratch_bytes(DimContext *dims, const Kernel *kernel) {
  Dim sum = dim_constant(dims, 0);
  for (uint32_t i = kernel_parameter_count(kernel); kernel->schedule && i < kernel->buffer_count; i++)
    sum = dim_add(dims, sum, local_storage(dims, kernel, i).byte_count);
  return sum;
}

Dim program_scratch_bytes(const Program *program) {
  Dim most = dim_constant(program->dims, 0);
  for (size_t i = 0; i < program->kernel_count; i++)
    most = dim_max(program->dims, most, kernel_scratch_bytes(program->dims, program->kernels[i]));
  return most;
}
