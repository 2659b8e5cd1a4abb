/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by interpret.c, interpret_plan.c and interpret_strip.c: a stage with every dim replaced by its
 * number. */
#ifndef AICC_LOOP_INTERPRET_PLAN_H
#define AICC_LOOP_INTERPRET_PLAN_H
#include "loop/interpret_internal.h"

#define AXIS_NONE UINT32_MAX

/* offset + sum of coefficient * axis, which does not overflow at any point of the axes. */
typedef struct LinearForm {
  int64_t offset;
  int64_t step; /* coefficient of the strip's axis */
  uint32_t term_count;
  const uint32_t *axes;
  const int64_t *coefficients;
} LinearForm;

/* The memory of a kernel's buffer: dense, row-major. */
typedef struct PlanBuffer {
  uint8_t *bytes;
  bool owned;
  uint32_t rank;
  int64_t element_bytes;
  const int64_t *dims;
  const int64_t *strides; /* bytes */
} PlanBuffer;

typedef struct PlanNode {
  const Expr *expr;
  size_t element_bytes;        /* of the strip */
  uint8_t *strip;              /* STRIP_LENGTH elements of expr->type */
  LinearForm *forms;           /* LOAD: one per dim; INDEX: one; GUARD: one per range */
  struct PlanIndex *indices;   /* LOAD: those of its subscripts */
  uint32_t index_count;
  const int64_t *lows, *highs; /* GUARD */
  StripFunction function;      /* CALL */
  StripLoad load;              /* LOAD */
  struct PlanNode *operands[3];
} PlanNode;

/* An index of a load. */
typedef struct PlanIndex {
  uint32_t axis; /* where its value goes in Interpreter.position */
  PlanNode *value;
} PlanIndex;

typedef struct StagePlan {
  const Stage *stage;
  uint32_t strip_axis; /* AXIS_NONE: strips of one point */
  bool strip_reduces;
  uint32_t outer_count, inner_count; /* the target's axes and the reduced ones, both without strip_axis */
  uint32_t outer[POINT_LIMIT], inner[POINT_LIMIT];
  LinearForm *target_forms;
  PlanNode *root;
  StripStore store;
  Accumulator *accumulator; /* null for assignments */
} StagePlan;

typedef struct Interpreter {
  const Program *program;
  const Kernel *kernel;
  const int64_t *symbols;
  Arena *arena;
  PlanBuffer *buffers;
  int64_t extents[POINT_LIMIT];
  int64_t position[POINT_LIMIT]; /* the point; on the strip's axis where the strip starts */
  int32_t *status;              /* of the kernel, null where it has none */
  const Stage *stage;           /* for messages */
} Interpreter;

/* Reports about the kernel and its current stage; returns false. */
bool interpreter_fail(const Interpreter *interpreter, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The dim's number; reports where it has none. */
bool interpreter_dim(const Interpreter *interpreter, Dim dim, int64_t *value);
/* Chooses the strip's axis and resolves the stage; null after a report. */
StagePlan *stage_plan_create(Interpreter *interpreter, const Stage *stage);
/* The form at the interpreter's position. */
int64_t linear_form_value(const LinearForm *form, const int64_t *position);
/* Where the access begins in memory and how many bytes the strip's points are apart; reports a point outside.
 */
bool strip_locate(const Interpreter *interpreter, uint32_t buffer, const LinearForm *forms, size_t first,
                  size_t count, uint8_t **start, int64_t *step);
/* Computes the points [first, first + count) of the current strip into node->strip at the same places. */
bool strip_evaluate(Interpreter *interpreter, PlanNode *node, size_t first, size_t count);
#endif
