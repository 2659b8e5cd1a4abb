/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of schedules: every stage in one leaf, its axes bound there, and no stage moved across another
   that it depends on. */
#include "loop/verify_kernel.h"

enum { DEPTH_LIMIT = 64 };

/* Where a stage stands in the schedule. */
typedef struct Place {
  uint32_t order; /* of the leaf and within it; 0: nowhere yet */
  uint32_t depth;
  const Schedule *path[DEPTH_LIMIT]; /* the nodes around it, the leaf last */
} Place;

typedef struct ScheduleVerifier {
  KernelVerifier *base;
  Place *places; /* by stage */
  uint32_t order;
  uint32_t depth;
  const Schedule *path[DEPTH_LIMIT];
  uint64_t bound;                   /* axes with a value: whole or inner parts */
  int64_t tiles[POINT_LIMIT]; /* of outer parts around; 0: none */
} ScheduleVerifier;

static bool bind_part(ScheduleVerifier *self, const AxisPart *part) {
  const Kernel *kernel = self->base->kernel;
  if (part->axis >= kernel->axis_count)
    return kernel_fail(self->base, "the schedule uses axis %u, which is none", part->axis);
  const char *name = kernel->axes[part->axis].name;
  uint64_t bit = UINT64_C(1) << part->axis;
  int64_t tile = self->tiles[part->axis];
  if (part->part != PART_WHOLE && part->tile < 1)
    return kernel_fail(self->base, "a tile of axis '%s' is below 1", name);
  if (self->bound & bit) return kernel_fail(self->base, "axis '%s' is bound twice in the schedule", name);
  if (part->part == PART_INNER && tile != part->tile)
    return kernel_fail(self->base, "the inner part of axis '%s' has no outer part of the same tile around it",
                       name);
  if (part->part != PART_INNER && tile)
    return kernel_fail(self->base, "axis '%s' is bound inside of its own outer part", name);
  if (part->part == PART_OUTER)
    self->tiles[part->axis] = part->tile;
  else
    self->bound |= bit;
  return true;
}

/* A register tile steps from row to row, and along what it reduces, by one distance in every load; along its columns within
   the runs of a buffer's order. */
static void check_tile_loads(ScheduleVerifier *self, const Schedule *leaf, const Expr *expr) {
  const Kernel *kernel = self->base->kernel;
  const Stage *stage = self->base->stage;
  DimContext *dims = self->base->program->dims;
  uint32_t column = leaf->parts[leaf->part_count - 1].axis;
  for (uint32_t a = 0; expr->kind == EXPR_LOAD && a < kernel->axis_count; a++) {
    bool steps = stage_reduces(stage, a) || (leaf->part_count > 1 && a == leaf->parts[0].axis);
    Dim stride = a == column ? access_run_stride(dims, kernel, expr->buffer, expr->subscripts, a)
                 : steps     ? access_stride(dims, kernel, expr->buffer, expr->subscripts, a)
                             : dim_constant(dims, 0);
    if (!dim_is_valid(stride))
      kernel_fail(self->base, "the elements of %%%s that the tile reads along axis '%s' are not the same distance apart",
                  kernel->buffers[expr->buffer].name, kernel->axes[a].name);
  }
  for (uint32_t i = 0; i < expr->operand_count; i++) check_tile_loads(self, leaf, expr->operands[i]);
}

static void place_stage(ScheduleVerifier *self, const Schedule *leaf, uint32_t index) {
  const Kernel *kernel = self->base->kernel;
  if (index >= kernel->stage_count) {
    kernel_fail(self->base, "the schedule names stage %u of %u", index, kernel->stage_count);
    return;
  }
  const Stage *stage = &kernel->stages[index];
  Place *place = &self->places[index];
  self->base->stage = stage;
  if (place->order) kernel_fail(self->base, "the stage is in the schedule twice");
  place->order = ++self->order;
  place->depth = self->depth;
  for (uint32_t i = 0; i < self->depth; i++) place->path[i] = self->path[i];
  bool tile = leaf->kind == SCHEDULE_TILE;
  uint32_t vector = leaf->part_count && !tile ? leaf->parts[0].axis : UINT32_MAX;
  uint64_t axes = stage_axes(kernel, stage);
  for (uint32_t a = 0; a < kernel->axis_count; a++) {
    const char *name = kernel->axes[a].name;
    bool loop = a != vector && (self->bound >> a & 1 || self->tiles[a]);
    if (axes >> a & 1 && !(self->bound >> a & 1))
      kernel_fail(self->base, "no loop around the stage binds axis '%s' of its target", name);
    if (stage_reduces(stage, a) && (loop || (a == vector && leaf->parts[0].part != PART_WHOLE)))
      kernel_fail(self->base, "a loop around the stage binds axis '%s', which it reduces", name);
    if (a == vector && !(axes >> a & 1) && !stage_reduces(stage, a))
      kernel_fail(self->base, "the stage neither indexes its target by nor reduces axis '%s' of its leaf",
                  name);
  }
  if (tile && leaf->part_count && index == leaf->stages[0]) check_tile_loads(self, leaf, stage->expr);
  self->base->stage = NULL;
}

static void walk(ScheduleVerifier *self, const Schedule *schedule) {
  if (self->depth == DEPTH_LIMIT) {
    kernel_fail(self->base, "the schedule is nested deeper than %d", DEPTH_LIMIT);
    return;
  }
  bool leaf = schedule_is_leaf(schedule), tile = schedule->kind == SCHEDULE_TILE;
  if (leaf ? schedule->child_count || !schedule->stage_count || schedule->part_count > 1 + (uint32_t)tile ||
                 (tile && !schedule->part_count)
           : schedule->stage_count || !schedule->child_count) {
    kernel_fail(self->base, leaf ? "a leaf has children, no stages, or a wrong number of axes"
                                 : "a loop of the schedule has stages of its own, or nothing inside");
    return;
  }
  ScheduleVerifier outside = {.bound = self->bound};
  for (uint32_t a = 0; a < POINT_LIMIT; a++) outside.tiles[a] = self->tiles[a];
  self->path[self->depth++] = schedule;
  bool ok = true;
  for (uint32_t i = 0; ok && i < schedule->part_count; i++) ok = bind_part(self, &schedule->parts[i]);
  for (uint32_t i = 0; ok && leaf && i < schedule->stage_count; i++)
    place_stage(self, schedule, schedule->stages[i]);
  for (uint32_t i = 0; ok && !leaf && i < schedule->child_count; i++) walk(self, schedule->children[i]);
  self->depth--;
  self->bound = outside.bound;
  for (uint32_t a = 0; a < POINT_LIMIT; a++) self->tiles[a] = outside.tiles[a];
}

/* The axes of the loops around both stages, whatever part; the leaf's where it is the same. */
static uint64_t shared_axes(const Place *a, const Place *b) {
  uint64_t axes = 0;
  for (uint32_t i = 0; i < a->depth && i < b->depth && a->path[i] == b->path[i]; i++)
    for (uint32_t k = 0; k < a->path[i]->part_count; k++) axes |= UINT64_C(1) << a->path[i]->parts[k].axis;
  return axes;
}

static bool uses_any(const Subscript *subscript, uint64_t axes) {
  for (uint32_t i = 0; i < subscript->term_count; i++)
    if (axes >> subscript->terms[i].label & 1) return true;
  return false;
}

/* Inside of a shared loop only what the same iteration writes is there, so the reader must use the same
   subscript; within a leaf a reduction over its axis is not finished. */
static void check_read(ScheduleVerifier *self, uint32_t writer_index, uint32_t reader_index,
                       const Expr *load) {
  const Kernel *kernel = self->base->kernel;
  const Stage *writer = &kernel->stages[writer_index], *reader = &kernel->stages[reader_index];
  const Place *from = &self->places[writer_index], *to = &self->places[reader_index];
  const Schedule *leaf = from->path[from->depth - 1];
  const KernelBuffer *buffer = &kernel->buffers[writer->target];
  uint64_t shared = shared_axes(from, to);
  self->base->stage = reader;
  bool in_order = (writer_index < reader_index) == (from->order < to->order);
  if (!in_order)
    kernel_fail(self->base, "the schedule moves the stage across '%s', which writes %%%s", writer->name,
                buffer->name);
  for (uint32_t i = 0; i < buffer->rank; i++)
    if (uses_any(&writer->subscripts[i], shared) &&
        !subscript_equal(&writer->subscripts[i], &load->subscripts[i]))
      kernel_fail(self->base, "reads %%%s inside of a loop with '%s', but not at the element written there",
                                 buffer->name, writer->name);
  if (to->path[to->depth - 1] == leaf && leaf->kind == SCHEDULE_VEC && leaf->part_count && stage_reduces(writer, leaf->parts[0].axis))
    kernel_fail(self->base, "reads %%%s in the leaf in which '%s' still reduces it", buffer->name,
                writer->name);
  self->base->stage = NULL;
}

/* Whether all that the load reads of a local was written by the stage in the same iteration of the loops around both:
   at that very element in a leaf or along their axes, and from end to end along others. What a local holds is gone with
   the iteration. */
static bool covers(const ScheduleVerifier *self, uint32_t writer_index, uint32_t reader_index, const Expr *load) {
  const Kernel *kernel = self->base->kernel;
  const Stage *writer = &kernel->stages[writer_index];
  const Place *from = &self->places[writer_index], *to = &self->places[reader_index];
  const KernelBuffer *buffer = &kernel->buffers[writer->target];
  bool same_leaf = to->path[to->depth - 1] == from->path[from->depth - 1];
  uint64_t shared = shared_axes(from, to), seen = 0;
  if (from->order > to->order) return false;
  for (uint32_t i = 0; i < buffer->rank; i++) {
    const Subscript *written = &writer->subscripts[i];
    uint32_t axis;
    if (subscript_equal(written, &load->subscripts[i]) && (same_leaf || !written->term_count || uses_any(written, shared))) continue;
    if (same_leaf || !subscript_is_plain(written, &axis) || (shared | seen) >> axis & 1 ||
        !verify_same_count(self->base->program->dims, kernel->axes[axis].extent, buffer->dims[i]))
      return false;
    seen |= UINT64_C(1) << axis;
  }
  return true;
}

static void check_reads(ScheduleVerifier *self, uint32_t reader, const Expr *expr) {
  const Kernel *kernel = self->base->kernel;
  bool load = expr->kind == EXPR_LOAD, local = load && kernel->buffers[expr->buffer].role == BUFFER_LOCAL, covered = !local;
  for (uint32_t i = 0; load && i < kernel->stage_count; i++) {
    if (i == reader || kernel->stages[i].target != expr->buffer) continue;
    check_read(self, i, reader, expr);
    covered = covered || covers(self, i, reader, expr);
  }
  if (!covered && self->base->ok) {
    self->base->stage = &kernel->stages[reader];
    kernel_fail(self->base, "reads of %%%s what no stage has written in the same iteration", kernel->buffers[expr->buffer].name);
    self->base->stage = NULL;
  }
  for (uint32_t i = 0; i < expr->operand_count; i++) check_reads(self, reader, expr->operands[i]);
}

void verify_schedule(KernelVerifier *verifier) {
  const Kernel *kernel = verifier->kernel;
  ScheduleVerifier *self = arena_new(verifier->arena, ScheduleVerifier);
  self->base = verifier;
  self->places = arena_array(verifier->arena, Place, kernel->stage_count);
  if (!kernel->schedule) return; /* not scheduled yet: the stages alone are the meaning */
  walk(self, kernel->schedule);
  if (!verifier->ok) return; /* what is inside of a broken node was not visited */
  for (uint32_t i = 0; i < kernel->stage_count; i++)
    if (!self->places[i].order)
      kernel_fail(verifier, "stage '%s' is not in the schedule", kernel->stages[i].name);
  if (!verifier->ok) return;
  for (uint32_t i = 0; i < kernel->stage_count; i++) {
    check_reads(self, i, kernel->stages[i].expr);
    for (uint32_t k = 0; k < i; k++)
      if (kernel->stages[k].target == kernel->stages[i].target &&
          self->places[k].order > self->places[i].order)
        kernel_fail(verifier, "the schedule exchanges stages '%s' and '%s', which write one buffer",
                    kernel->stages[k].name, kernel->stages[i].name);
  }
}
