/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by print.c and the parse*.c files only. The form of the whole: the head of print.c. */
#ifndef AICC_LOOP_TEXT_INTERNAL_H
#define AICC_LOOP_TEXT_INTERNAL_H
#include "ir/parse_internal.h"
#include "loop/program.h"

enum { SCHEDULE_KIND_COUNT = SCHEDULE_TILE + 1, EXPRESSION_DEPTH_LIMIT = 512, SCHEDULE_DEPTH_LIMIT = 64, OPERAND_LIMIT = 3 };

/* The words of BufferRole and ScheduleKind. */
extern const char *const buffer_role_names[4];
extern const char *const schedule_kind_names[SCHEDULE_KIND_COUNT];

/* The kernel being read, with growing arrays; the tokens and symbols are those of the tensor graph's parser.
 */
typedef struct KernelParser {
  Parser *parser;
  Kernel *kernel;
  size_t buffer_count, buffer_capacity;
  size_t axis_count, axis_capacity; /* with the indices */
  size_t stage_count, stage_capacity;
  EquationParser equation; /* its labels are the axes */
} KernelParser;

/* An expression over the kernel's buffers and axes; null after a report. */
const Expr *parse_expression(KernelParser *kernel, uint32_t depth);
/* "[n, 2*p+i-1]" as many as the rank says. */
bool parse_subscripts(KernelParser *kernel, uint32_t rank, const Subscript **subscripts);
/* "%x": the index of a buffer of the kernel. */
bool parse_buffer_name(KernelParser *kernel, uint32_t *buffer);
bool parse_axis_name(KernelParser *kernel, uint32_t *axis);
/* Everything after the word kernel; null after a report. */
Kernel *parse_kernel(Parser *parser);
/* "loc "Conv_0"", optional. */
bool parse_location(Parser *parser, Location *location);
#endif
