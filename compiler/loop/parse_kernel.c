/* SPDX-License-Identifier: Apache-2.0 */
/* Parses kernels: buffers, axes, stages and the schedule. */
#include "loop/text_internal.h"
#include <inttypes.h>
#include <string.h>

bool parse_location(Parser *parser, Location *location) {
  *location = (Location){.file = parser->file};
  return !lexer_accept_word(&parser->lexer, "loc") || parse_quoted(parser, &location->node);
}

/* "%x: in f32[N] align 4", or without a role a local. */
static bool parse_kernel_buffer(KernelParser *kernel, bool is_local) {
  Parser *parser = kernel->parser;
  Lexer *lexer = &parser->lexer;
  const Token name = lexer->token;
  Arena *arena = parser->module->arena;
  if (name.kind != TOKEN_NAME) return parse_error(parser, &name, "expected a buffer such as %%x");
  for (size_t i = 0; i < kernel->buffer_count; i++)
    if (strcmp(kernel->kernel->buffers[i].name, name.string) == 0)
      return parse_error(parser, &name, "buffer '%s' is declared twice", name.string);
  KernelBuffer buffer = {.name = arena_copy_text(arena, name.string, name.length), .role = BUFFER_LOCAL};
  lexer_next(lexer);
  if (!parse_expect(parser, ':')) return false;
  if (!is_local && lexer_accept_word(lexer, "in"))
    buffer.role = BUFFER_IN;
  else if (!is_local && lexer_accept_word(lexer, "status"))
    buffer.role = BUFFER_STATUS;
  else if (!is_local && parse_expect_word(parser, "out"))
    buffer.role = BUFFER_OUT;
  else if (!is_local)
    return false;
  const Token start = lexer->token;
  Type type;
  int64_t alignment;
  if (!parse_type(parser, &type)) return false;
  if (type.kind != VALUE_TENSOR) return parse_error(parser, &start, "buffers are tensors");
  buffer.element = type.element;
  buffer.rank = type.rank;
  buffer.dims = type.dims;
  if (lexer_accept_word(lexer, "stored") && !parse_storage_order(parser, buffer.rank, &buffer.order)) return false;
  const Token align = lexer->token;
  if (!parse_expect_word(parser, "align") || !parse_int64(parser, &alignment)) return false;
  if (alignment < 1 || alignment > INT32_MAX)
    return parse_error(parser, &align, "the alignment is out of range");
  buffer.alignment = (uint32_t)alignment;
  arena_push(arena, kernel->kernel->buffers, kernel->buffer_count, kernel->buffer_capacity) = buffer;
  kernel->kernel->buffer_count = (uint32_t)kernel->buffer_count;
  return true;
}

/* A name that no axis, index or symbol has yet. */
static bool parse_new_axis(KernelParser *kernel, KernelAxis *axis, uint32_t count, uint32_t limit) {
  Parser *parser = kernel->parser;
  const Token name = parser->lexer.token;
  if (name.kind != TOKEN_WORD || label_is_reserved(name.string) ||
      dim_symbol_find(parser->module->dims, name.string))
    return parse_error(parser, &name, "expected an axis, which is no symbol");
  for (size_t i = 0; i < kernel->axis_count; i++)
    if (strcmp(kernel->kernel->axes[i].name, name.string) == 0)
      return parse_error(parser, &name, "axis '%s' is declared twice", name.string);
  if (count == limit) return parse_error(parser, &name, "more than %u of them", limit);
  *axis = (KernelAxis){.name = arena_copy_text(parser->module->arena, name.string, name.length)};
  lexer_next(&parser->lexer);
  return true;
}

static void add_axis(KernelParser *kernel, KernelAxis axis) {
  kernel->equation.names[kernel->axis_count] = axis.name;
  arena_push(kernel->parser->module->arena, kernel->kernel->axes, kernel->axis_count, kernel->axis_capacity) = axis;
  kernel->equation.label_count = (uint32_t)kernel->axis_count;
}

static bool parse_axes(KernelParser *kernel) {
  Parser *parser = kernel->parser;
  KernelAxis axis;
  do {
    if (!parse_new_axis(kernel, &axis, kernel->kernel->axis_count, LABEL_LIMIT) || !parse_expect(parser, ':') || !parse_dim(parser, &axis.extent)) return false;
    add_axis(kernel, axis);
    kernel->kernel->axis_count++;
  } while (lexer_accept(&parser->lexer, ','));
  return true;
}

/* "r in 100 = %i[n]": an index sees the axes. */
static bool parse_index(KernelParser *kernel) {
  Parser *parser = kernel->parser;
  KernelAxis axis;
  if (!parse_new_axis(kernel, &axis, kernel->kernel->index_count, INDEX_LIMIT) || !parse_expect_word(parser, "in") ||
      !parse_dim(parser, &axis.extent) || !parse_expect(parser, '='))
    return false;
  axis.value = parse_expression(kernel, 0);
  if (!axis.value) return false;
  add_axis(kernel, axis);
  kernel->kernel->index_count++;
  return true;
}

/* "add[c, i]" before an expression; a word followed by '(' is a call. */
static bool parse_monoid(KernelParser *kernel, Stage *stage) {
  Parser *parser = kernel->parser;
  Lexer *lexer = &parser->lexer;
  const Token name = lexer->token;
  Lexer ahead = *lexer;
  stage->monoid = SCALAR_COUNT;
  if (name.kind != TOKEN_WORD || strcmp(name.string, "index") == 0) return true;
  lexer_next(&ahead);
  if (!lexer_is(&ahead, '[')) return true;
  stage->monoid = scalar_find(name.string);
  if (stage->monoid == SCALAR_COUNT || !scalar_is_monoid(stage->monoid))
    return parse_error(parser, &name, "'%s' is no monoid", name.string);
  lexer_next(lexer);
  lexer_next(lexer);
  uint32_t axes[LABEL_LIMIT];
  while (!lexer_is(lexer, ']')) {
    const Token token = lexer->token;
    if (stage->reduce_count && !parse_expect(parser, ',')) return false;
    if (stage->reduce_count == LABEL_LIMIT)
      return parse_error(parser, &token, "more than %d axes", LABEL_LIMIT);
    if (!parse_axis_name(kernel, &axes[stage->reduce_count])) return false;
    stage->reduce_count++;
  }
  lexer_next(lexer);
  stage->reduce_axes = arena_copy(parser->module->arena, axes, stage->reduce_count * sizeof *axes);
  return true;
}

static bool parse_stage(KernelParser *kernel) {
  Parser *parser = kernel->parser;
  const Token name = parser->lexer.token;
  Stage stage = {0};
  if (name.kind != TOKEN_WORD) return parse_error(parser, &name, "expected a stage, 'schedule' or '}'");
  for (size_t i = 0; i < kernel->stage_count; i++)
    if (strcmp(kernel->kernel->stages[i].name, name.string) == 0)
      return parse_error(parser, &name, "stage '%s' is defined twice", name.string);
  stage.name = arena_copy_text(parser->module->arena, name.string, name.length);
  lexer_next(&parser->lexer);
  if (!parse_expect(parser, ':') || !parse_buffer_name(kernel, &stage.target) ||
      !parse_subscripts(kernel, kernel->kernel->buffers[stage.target].rank, &stage.subscripts) ||
      !parse_expect(parser, '=') || !parse_monoid(kernel, &stage))
    return false;
  stage.expr = parse_expression(kernel, 0);
  if (!stage.expr) return false;
  arena_push(parser->module->arena, kernel->kernel->stages, kernel->stage_count, kernel->stage_capacity) =
      stage;
  kernel->kernel->stage_count = (uint32_t)kernel->stage_count;
  return true;
}

/* "q", "q/8", "q%8". */
static bool parse_part(KernelParser *kernel, AxisPart *part) {
  Parser *parser = kernel->parser;
  Lexer *lexer = &parser->lexer;
  *part = (AxisPart){.part = PART_WHOLE};
  if (!parse_axis_name(kernel, &part->axis)) return false;
  const Token token = lexer->token;
  bool inner;
  if (!parse_modulus(parser, &part->tile, &inner)) return false;
  if (inner) {
    part->part = PART_INNER;
  } else if (lexer_accept(lexer, '/')) {
    part->part = PART_OUTER;
    if (!parse_int64(parser, &part->tile)) return false;
  }
  return part->part == PART_WHOLE || part->tile > 0 || parse_error(parser, &token, "a tile is 1 or more");
}

static bool parse_parts(KernelParser *kernel, Schedule *schedule) {
  Parser *parser = kernel->parser;
  AxisPart parts[2 * LABEL_LIMIT];
  if (!lexer_is(&parser->lexer, '{') && !lexer_is(&parser->lexer, ':')) do {
      const Token token = parser->lexer.token;
      if (schedule->part_count == 2 * LABEL_LIMIT)
        return parse_error(parser, &token, "too many parts of axes");
      if (!parse_part(kernel, &parts[schedule->part_count])) return false;
      schedule->part_count++;
    } while (lexer_accept(&parser->lexer, ','));
  schedule->parts = arena_copy(parser->module->arena, parts, schedule->part_count * sizeof *parts);
  return true;
}

static bool parse_leaf(KernelParser *kernel, Schedule *schedule) {
  Parser *parser = kernel->parser;
  uint32_t *stages = NULL;
  size_t count = 0, capacity = 0;
  if (!parse_expect(parser, ':')) return false;
  do {
    const Token token = parser->lexer.token;
    uint32_t stage = 0;
    while (stage < kernel->stage_count &&
           !(token.kind == TOKEN_WORD && strcmp(kernel->kernel->stages[stage].name, token.string) == 0))
      stage++;
    if (stage == kernel->stage_count) return parse_error(parser, &token, "expected a stage of the kernel");
    arena_push(parser->module->arena, stages, count, capacity) = stage;
    lexer_next(&parser->lexer);
  } while (lexer_accept(&parser->lexer, ','));
  schedule->stages = stages;
  schedule->stage_count = (uint32_t)count;
  return true;
}

static const Schedule *parse_schedule(KernelParser *kernel, uint32_t depth);

static bool parse_children(KernelParser *kernel, Schedule *schedule, uint32_t depth) {
  Parser *parser = kernel->parser;
  const Schedule **children = NULL;
  size_t count = 0, capacity = 0;
  if (!parse_expect(parser, '{')) return false;
  while (!lexer_accept(&parser->lexer, '}')) {
    const Schedule *child = parse_schedule(kernel, depth + 1);
    if (!child) return false;
    arena_push(parser->module->arena, children, count, capacity) = child;
    lexer_accept(&parser->lexer, ';');
  }
  schedule->children = children;
  schedule->child_count = (uint32_t)count;
  return true;
}

static const Schedule *parse_schedule(KernelParser *kernel, uint32_t depth) {
  Parser *parser = kernel->parser;
  const Token token = parser->lexer.token;
  unsigned kind = 0;
  while (kind < SCHEDULE_KIND_COUNT && !lexer_is_word(&parser->lexer, schedule_kind_names[kind])) kind++;
  if (kind == SCHEDULE_KIND_COUNT || depth > SCHEDULE_DEPTH_LIMIT) {
    parse_error(parser, &token,
                kind == SCHEDULE_KIND_COUNT ? "expected par, for, unroll, vec or tile" : "schedule nested too deeply");
    return NULL;
  }
  Schedule *schedule = arena_new(parser->module->arena, Schedule);
  schedule->kind = (ScheduleKind)kind;
  lexer_next(&parser->lexer);
  bool ok = parse_parts(kernel, schedule) &&
            (schedule_is_leaf(schedule) ? parse_leaf(kernel, schedule) : parse_children(kernel, schedule, depth));
  return ok ? schedule : NULL;
}

static bool parse_header(KernelParser *kernel) {
  Parser *parser = kernel->parser;
  Lexer *lexer = &parser->lexer;
  const Token name = lexer->token;
  if (name.kind != TOKEN_GLOBAL) return parse_error(parser, &name, "expected a name such as @k0");
  kernel->kernel->name = arena_copy_text(parser->module->arena, name.string, name.length);
  lexer_next(lexer);
  if (lexer_accept_word(lexer, "tasks") && !parse_dim(parser, &kernel->kernel->task_count)) return false;
  if (!parse_expect(parser, '(')) return false;
  while (!lexer_is(lexer, ')'))
    if ((kernel->buffer_count && !parse_expect(parser, ',')) || !parse_kernel_buffer(kernel, false))
      return false;
  lexer_next(lexer);
  return parse_location(parser, &kernel->kernel->location) && parse_expect(parser, '{');
}

static bool parse_body(KernelParser *kernel) {
  Parser *parser = kernel->parser;
  Lexer *lexer = &parser->lexer;
  while (lexer_accept_word(lexer, "local"))
    if (!parse_kernel_buffer(kernel, true)) return false;
  if (lexer_accept_word(lexer, "axes") && !parse_axes(kernel)) return false;
  while (lexer_accept_word(lexer, "index"))
    if (!parse_index(kernel)) return false;
  while (!lexer_is(lexer, '}') && !lexer_is_word(lexer, "schedule"))
    if (!parse_stage(kernel)) return false;
  if (!lexer_accept_word(lexer, "schedule")) return parse_expect(parser, '}');
  if (!parse_expect(parser, '{')) return false;
  kernel->kernel->schedule = parse_schedule(kernel, 0);
  return kernel->kernel->schedule && parse_expect(parser, '}') && parse_expect(parser, '}');
}

Kernel *parse_kernel(Parser *parser) {
  KernelParser *kernel = arena_new(parser->scratch, KernelParser);
  *kernel = (KernelParser){.parser = parser, .kernel = arena_new(parser->module->arena, Kernel)};
  kernel->equation.parser = parser;
  return parse_header(kernel) && parse_body(kernel) ? kernel->kernel : NULL;
}
