/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about kernels that passes, interpreter and code generation share. */
#include "base/hash.h"
#include "loop/program.h"
#include "loop/storage.h"
#include <string.h>

uint32_t step_body_count(const Step *step) {
  return step->kind == STEP_IF ? 2 : step->kind == STEP_LOOP ? 1 : 0;
}

bool kernel_buffer_is_parameter(const Kernel *kernel, uint32_t buffer) {
  return kernel->buffers[buffer].role != BUFFER_LOCAL;
}

uint32_t kernel_parameter_count(const Kernel *kernel) {
  uint32_t count = 0;
  while (count < kernel->buffer_count && kernel->buffers[count].role != BUFFER_LOCAL) count++;
  return count;
}

void subscript_bounds(DimContext *dims, const Kernel *kernel, const Subscript *subscript, uint64_t fixed, Dim *least,
                      Dim *most) {
  Dim low = subscript->offset, high = subscript->offset, one = dim_constant(dims, 1);
  for (uint32_t i = 0; i < subscript->term_count; i++) {
    const AffineTerm *term = &subscript->terms[i];
    if (fixed >> term->label & 1) continue;
    Dim reach = dim_multiply(dims, term->coefficient, dim_subtract(dims, kernel->axes[term->label].extent, one));
    DimRange sign = dim_range(dims, term->coefficient);
    if (sign.low >= 0)
      high = dim_add(dims, high, reach);
    else if (sign.high <= 0)
      low = dim_add(dims, low, reach);
    else
      low = high = dim_invalid(dims);
  }
  *least = low;
  *most = high;
}

bool subscript_within(DimContext *dims, const Kernel *kernel, const Subscript *subscript, Dim low, Dim high) {
  Dim least, most;
  subscript_bounds(dims, kernel, subscript, 0, &least, &most);
  return dim_less_equal(dims, low, least) == TRUTH_YES &&
         dim_less_equal(dims, dim_add(dims, most, dim_constant(dims, 1)), high) == TRUTH_YES;
}

bool schedule_is_leaf(const Schedule *schedule) {
  return schedule->kind == SCHEDULE_VEC || schedule->kind == SCHEDULE_TILE;
}

Dim kernel_buffer_count(DimContext *dims, const KernelBuffer *buffer) {
  return storage_count(dims, buffer->order, buffer->rank, buffer->dims);
}

/* The farthest of what was seen so far of a parameter's dim: its last element that is touched. */
typedef struct Reach {
  DimContext *dims;
  const Kernel *kernel;
  uint32_t parameter;
  Dim *most; /* by dim; null: not touched */
} Reach;

static void reach_access(Reach *reach, const Subscript *subscripts) {
  const KernelBuffer *buffer = &reach->kernel->buffers[reach->parameter];
  for (uint32_t i = 0; i < buffer->rank; i++) {
    Dim least, most;
    bool indexed = subscript_uses_index(reach->kernel, &subscripts[i]);
    if (!indexed) subscript_bounds(reach->dims, reach->kernel, &subscripts[i], 0, &least, &most);
    if (indexed || dim_less_equal(reach->dims, dim_add(reach->dims, most, dim_constant(reach->dims, 1)), buffer->dims[i]) != TRUTH_YES)
      most = dim_subtract(reach->dims, buffer->dims[i], dim_constant(reach->dims, 1));
    reach->most[i] = reach->most[i] ? dim_max(reach->dims, reach->most[i], most) : most;
  }
}

static void reach_expr(Reach *reach, const Expr *expr) {
  if (expr->kind == EXPR_LOAD && expr->buffer == reach->parameter) reach_access(reach, expr->subscripts);
  for (uint32_t i = 0; i < expr->operand_count; i++) reach_expr(reach, expr->operands[i]);
}

Dim kernel_reach(DimContext *dims, const Kernel *kernel, uint32_t parameter) {
  const KernelBuffer *buffer = &kernel->buffers[parameter];
  Dim most[RANK_LIMIT] = {NULL}, stride = dim_constant(dims, 1), last = dim_constant(dims, 0);
  Reach reach = {.dims = dims, .kernel = kernel, .parameter = parameter, .most = most};
  if (buffer->order) return kernel_buffer_count(dims, buffer);
  for (uint32_t i = 0; i < kernel->stage_count; i++) {
    if (kernel->stages[i].target == parameter) reach_access(&reach, kernel->stages[i].subscripts);
    reach_expr(&reach, kernel->stages[i].expr);
  }
  for (uint32_t i = kernel->axis_count; i < kernel->axis_count + kernel->index_count; i++)
    reach_expr(&reach, kernel->axes[i].value);
  for (uint32_t i = buffer->rank; i-- > 0;) {
    last = dim_add(dims, last, dim_multiply(dims, most[i] ? most[i] : dim_constant(dims, 0), stride));
    stride = dim_multiply(dims, stride, buffer->dims[i]);
  }
  return dim_add(dims, last, dim_constant(dims, 1));
}

bool kernel_fits(DimContext *dims, const Kernel *kernel, uint32_t parameter, Dim start, Dim count) {
  return dim_less_equal(dims, dim_constant(dims, 0), start) == TRUTH_YES &&
         dim_less_equal(dims, dim_add(dims, start, kernel_reach(dims, kernel, parameter)), count) == TRUTH_YES;
}

Dim step_start(const Step *step, uint32_t parameter) { return step->starts ? step->starts[parameter] : NULL; }

bool subscript_uses_index(const Kernel *kernel, const Subscript *subscript) {
  for (uint32_t i = 0; i < subscript->term_count; i++)
    if (subscript->terms[i].label >= kernel->axis_count) return true;
  return false;
}

static bool subscript_depends(const Kernel *kernel, const Subscript *subscript, uint32_t axis) {
  for (uint32_t i = 0; i < subscript->term_count; i++) {
    uint32_t label = subscript->terms[i].label;
    if (label == axis || (label >= kernel->axis_count && index_depends(kernel, label, axis))) return true;
  }
  return false;
}

static bool expr_depends(const Kernel *kernel, const Expr *expr, uint32_t axis) {
  uint32_t rank = expr->kind == EXPR_LOAD ? kernel->buffers[expr->buffer].rank : expr->kind == EXPR_INDEX;
  for (uint32_t i = 0; i < rank; i++)
    if (subscript_depends(kernel, &expr->subscripts[i], axis)) return true;
  for (uint32_t i = 0; i < expr->range_count; i++)
    if (subscript_depends(kernel, &expr->ranges[i].form, axis)) return true;
  for (uint32_t i = 0; i < expr->operand_count; i++)
    if (expr_depends(kernel, expr->operands[i], axis)) return true;
  return false;
}

bool index_depends(const Kernel *kernel, uint32_t index, uint32_t axis) {
  return expr_depends(kernel, kernel->axes[index].value, axis);
}

Dim access_run_stride(DimContext *dims, const Kernel *kernel, uint32_t number, const Subscript *subscripts, uint32_t axis) {
  const KernelBuffer *buffer = &kernel->buffers[number];
  Dim sum = dim_constant(dims, 0);
  bool is_local = buffer->role == BUFFER_LOCAL;
  LocalStorage storage = {0};
  if (is_local) storage = local_storage(dims, kernel, number);
  for (uint32_t i = buffer->rank; i-- > 0;)
    for (uint32_t j = 0; j < subscripts[i].term_count; j++) {
      uint32_t label = subscripts[i].terms[j].label, alone;
      if (label == axis) {
        if (storage_run(buffer->order, i) < INT64_MAX && !subscript_is_plain(&subscripts[i], &alone)) return dim_invalid(dims);
        Dim stride = is_local ? storage.strides[i] : storage_stride(dims, buffer->order, buffer->rank, buffer->dims, i);
        sum = dim_add(dims, sum, dim_multiply(dims, subscripts[i].terms[j].coefficient, stride));
      } else if (label >= kernel->axis_count && index_depends(kernel, label, axis)) {
        return dim_invalid(dims);
      }
    }
  return sum;
}

int64_t access_run(const Kernel *kernel, uint32_t number, const Subscript *subscripts, uint32_t axis) {
  const KernelBuffer *buffer = &kernel->buffers[number];
  int64_t least = INT64_MAX;
  for (uint32_t i = 0; buffer->order && i < buffer->rank; i++)
    if (subscript_uses(&subscripts[i], axis) && storage_run(buffer->order, i) < least) least = storage_run(buffer->order, i);
  return least;
}

Dim access_stride(DimContext *dims, const Kernel *kernel, uint32_t buffer, const Subscript *subscripts, uint32_t axis) {
  bool cut = access_run(kernel, buffer, subscripts, axis) < INT64_MAX;
  return cut ? dim_invalid(dims) : access_run_stride(dims, kernel, buffer, subscripts, axis);
}

bool expr_loads(const Expr *expr, uint32_t buffer) {
  if (expr->kind == EXPR_LOAD && expr->buffer == buffer) return true;
  for (uint32_t i = 0; i < expr->operand_count; i++)
    if (expr_loads(expr->operands[i], buffer)) return true;
  return false;
}

uint32_t expr_cost(const Expr *expr) {
  uint32_t cost = expr->kind == EXPR_CALL ? scalar_info(expr->scalar)->cost : expr->kind == EXPR_LOAD;
  for (uint32_t i = 0; i < expr->operand_count; i++) cost += expr_cost(expr->operands[i]);
  return cost;
}

bool stage_reduces(const Stage *stage, uint32_t axis) {
  for (uint32_t i = 0; i < stage->reduce_count; i++)
    if (stage->reduce_axes[i] == axis) return true;
  return false;
}

uint64_t stage_axes(const Kernel *kernel, const Stage *stage) {
  uint64_t axes = 0;
  for (uint32_t i = 0; i < kernel->buffers[stage->target].rank; i++)
    for (uint32_t j = 0; j < stage->subscripts[i].term_count; j++)
      axes |= UINT64_C(1) << stage->subscripts[i].terms[j].label;
  return axes;
}

static bool subscripts_equal(const Subscript *a, const Subscript *b, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (!subscript_equal(&a[i], &b[i])) return false;
  return true;
}

static bool expr_equal(const Kernel *kernel, const Expr *a, const Expr *b) {
  if (a->kind != b->kind || a->type != b->type || a->operand_count != b->operand_count ||
      a->range_count != b->range_count)
    return false;
  for (uint32_t i = 0; i < a->operand_count; i++)
    if (!expr_equal(kernel, a->operands[i], b->operands[i])) return false;
  switch (a->kind) {
  case EXPR_LITERAL: return a->bits == b->bits;
  case EXPR_LOAD:
    return a->buffer == b->buffer && subscripts_equal(a->subscripts, b->subscripts, kernel->buffers[a->buffer].rank);
  case EXPR_INDEX: return subscript_equal(a->subscripts, b->subscripts);
  case EXPR_CALL: return a->scalar == b->scalar;
  case EXPR_GUARD:
    for (uint32_t i = 0; i < a->range_count; i++)
      if (!subscript_equal(&a->ranges[i].form, &b->ranges[i].form) || a->ranges[i].low != b->ranges[i].low ||
          a->ranges[i].high != b->ranges[i].high)
        return false;
    return true;
  }
  return false;
}

static bool schedule_equal(const Schedule *a, const Schedule *b) {
  if (!a || !b) return a == b; /* not scheduled yet */
  if (a->kind != b->kind || a->part_count != b->part_count || a->child_count != b->child_count ||
      a->stage_count != b->stage_count)
    return false;
  for (uint32_t i = 0; i < a->part_count; i++)
    if (a->parts[i].axis != b->parts[i].axis || a->parts[i].part != b->parts[i].part ||
        a->parts[i].tile != b->parts[i].tile)
      return false;
  for (uint32_t i = 0; i < a->stage_count; i++)
    if (a->stages[i] != b->stages[i]) return false;
  for (uint32_t i = 0; i < a->child_count; i++)
    if (!schedule_equal(a->children[i], b->children[i])) return false;
  return true;
}

static bool stage_equal(const Kernel *kernel, const Stage *a, const Stage *b) {
  return a->target == b->target && a->monoid == b->monoid && a->reduce_count == b->reduce_count &&
         memcmp(a->reduce_axes, b->reduce_axes, a->reduce_count * sizeof *a->reduce_axes) == 0 &&
         subscripts_equal(a->subscripts, b->subscripts, kernel->buffers[a->target].rank) &&
         expr_equal(kernel, a->expr, b->expr);
}

static bool expr_visit_dims(const Kernel *kernel, const Expr *expr, DimVisitor visit, void *user) {
  uint32_t rank = expr->kind == EXPR_LOAD ? kernel->buffers[expr->buffer].rank : expr->kind == EXPR_INDEX;
  if (!subscripts_visit_dims(expr->subscripts, rank, visit, user)) return false;
  for (uint32_t i = 0; i < expr->range_count; i++)
    if (!subscripts_visit_dims(&expr->ranges[i].form, 1, visit, user) || !visit(user, expr->ranges[i].low) ||
        !visit(user, expr->ranges[i].high))
      return false;
  for (uint32_t i = 0; i < expr->operand_count; i++)
    if (!expr_visit_dims(kernel, expr->operands[i], visit, user)) return false;
  return true;
}

bool kernel_visit_dims(const Kernel *kernel, DimVisitor visit, void *user) {
  for (uint32_t i = 0; i < kernel->axis_count + kernel->index_count; i++)
    if (!visit(user, kernel->axes[i].extent) ||
        (kernel->axes[i].value && !expr_visit_dims(kernel, kernel->axes[i].value, visit, user)))
      return false;
  for (uint32_t i = 0; i < kernel->buffer_count; i++)
    for (uint32_t j = 0; j < kernel->buffers[i].rank; j++)
      if (!visit(user, kernel->buffers[i].dims[j])) return false;
  for (uint32_t i = 0; i < kernel->stage_count; i++) {
    const Stage *stage = &kernel->stages[i];
    if (!subscripts_visit_dims(stage->subscripts, kernel->buffers[stage->target].rank, visit, user) ||
        !expr_visit_dims(kernel, stage->expr, visit, user))
      return false;
  }
  return visit(user, kernel->task_count);
}

static uint64_t hash_number(uint64_t number, uint64_t seed) { return hash_bytes(&number, sizeof number, seed); }

static bool hash_dim(void *user, Dim dim) {
  uint64_t *hash = user;
  *hash = hash_number(dim->hash, *hash);
  return true;
}

static uint64_t hash_expr(const Expr *expr, uint64_t seed) {
  uint64_t what = expr->kind == EXPR_LITERAL ? expr->bits : expr->kind == EXPR_LOAD ? expr->buffer : expr->kind == EXPR_CALL ? expr->scalar : 0;
  seed = hash_number(what, hash_number(expr->kind, seed));
  for (uint32_t i = 0; i < expr->operand_count; i++) seed = hash_expr(expr->operands[i], seed);
  return seed;
}

uint64_t kernel_hash(const Kernel *kernel) {
  uint64_t hash = hash_number(kernel->buffer_count, kernel->axis_count);
  kernel_visit_dims(kernel, hash_dim, &hash);
  for (uint32_t i = 0; i < kernel->stage_count; i++) hash = hash_expr(kernel->stages[i].expr, hash);
  return hash;
}

bool kernel_equal(const Kernel *a, const Kernel *b) {
  if (a->buffer_count != b->buffer_count || a->axis_count != b->axis_count || a->stage_count != b->stage_count ||
      a->index_count != b->index_count || a->task_count != b->task_count)
    return false;
  for (uint32_t i = 0; i < a->buffer_count; i++) {
    const KernelBuffer *x = &a->buffers[i], *y = &b->buffers[i];
    if (x->role != y->role || x->element != y->element || x->rank != y->rank || x->alignment != y->alignment ||
        !storage_order_equal(x->order, y->order) ||
        memcmp(x->dims, y->dims, x->rank * sizeof *x->dims) != 0)
      return false;
  }
  for (uint32_t i = 0; i < a->axis_count + a->index_count; i++)
    if (a->axes[i].extent != b->axes[i].extent ||
        (i >= a->axis_count && !expr_equal(a, a->axes[i].value, b->axes[i].value)))
      return false;
  for (uint32_t i = 0; i < a->stage_count; i++)
    if (!stage_equal(a, &a->stages[i], &b->stages[i])) return false;
  return schedule_equal(a->schedule, b->schedule);
}
