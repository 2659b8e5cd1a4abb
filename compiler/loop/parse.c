/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the textual form of programs (the head of print.c). The parsed program owns a module that holds its
   arena, symbols and entry; the entry's body is empty and its results come from nowhere. */
#include "loop/text_internal.h"
#include <inttypes.h>
#include <string.h>

typedef struct ProgramParser {
  Parser parser;
  Program *program;
} ProgramParser;

void program_destroy(Program *program) {
  if (program) module_destroy((Module *)(uintptr_t)program->module);
}

static bool parse_symbol(Parser *parser) {
  enum { SYMBOL_LIMIT = 65536 };
  DimContext *context = parser->module->dims;
  const Token name = parser->lexer.token;
  DimRange range;
  if (name.kind != TOKEN_WORD && name.kind != TOKEN_STRING)
    return parse_error(parser, &name, "expected the name of a symbol");
  if (dim_symbol_find(context, name.string) || dim_symbol_count(context) == SYMBOL_LIMIT)
    return parse_error(parser, &name, "symbol '%s' is declared twice, or there are too many", name.string);
  Dim limit = NULL;
  lexer_next(&parser->lexer);
  if (!parse_expect_word(parser, "in") || !parse_expect(parser, '[') || !parse_int64(parser, &range.low) ||
      !parse_expect(parser, ',') || !parse_int64(parser, &range.high) || !parse_expect(parser, ']'))
    return false;
  if (range.low > range.high)
    return parse_error(parser, &name, "the range of symbol '%s' is empty", name.string);
  if (lexer_accept_word(&parser->lexer, "below") && !parse_dim(parser, &limit)) return false; /* over earlier ones */
  const Symbol *symbol = dim_symbol_declare(context, name.string);
  dim_symbol_set_range(context, symbol, range);
  if (limit) dim_symbol_set_limit(context, symbol, limit);
  return true;
}

static bool parse_signature_part(Parser *parser, const char **name, Type *type) {
  *name = NULL;
  if (!lexer_accept_word(&parser->lexer, "_") && !parse_quoted(parser, name)) return false;
  return parse_expect(parser, ':') && parse_type(parser, type);
}

static bool parse_entry(ProgramParser *self) {
  Parser *parser = &self->parser;
  Lexer *lexer = &parser->lexer;
  Module *module = parser->module;
  const Token start = lexer->token;
  if (start.kind != TOKEN_GLOBAL || self->program->entry)
    return parse_error(parser, &start, "expected one entry with a name such as @run");
  const char *name = arena_copy_text(module->arena, start.string, start.length);
  lexer_next(lexer);
  Region *body = region_create(module, NULL);
  const char **names[2] = {NULL, NULL};
  Value **results = NULL;
  for (int part = 0; part < 2; part++) {
    size_t count = 0, capacity = 0, result_capacity = 0, result_count = 0;
    if (part == 1 && !lexer_accept_arrow(lexer)) return parse_error(parser, &lexer->token, "expected '->'");
    if (!parse_expect(parser, '(')) return false;
    while (!lexer_is(lexer, ')')) {
      const char *own;
      Type type;
      if ((count && !parse_expect(parser, ',')) || !parse_signature_part(parser, &own, &type)) return false;
      arena_push(module->arena, names[part], count, capacity) = own;
      if (part == 0) {
        region_add_argument(module, body, type, own);
        continue;
      }
      Node *nowhere = node_create(module, PRIMITIVE_DIMS, NULL, 0, (Location){0});
      arena_push(module->arena, results, result_count, result_capacity) =
          node_add_result(module, nowhere, type, own);
    }
    lexer_next(lexer);
    if (part == 1) region_set_results(module, body, results, (uint32_t)count);
  }
  self->program->entry = module_add_entry(module, name, body, names[0], names[1]);
  return true;
}

static bool parse_number(Parser *parser, uint64_t limit, uint64_t *value) {
  const Token token = parser->lexer.token;
  int64_t integer;
  if (!parse_int64(parser, &integer)) return false;
  *value = (uint64_t)integer;
  return *value < limit || parse_error(parser, &token, "%" PRId64 " is out of range", integer);
}

static bool parse_storage(ProgramParser *self, ProgramBuffer *buffer) {
  Parser *parser = &self->parser;
  Lexer *lexer = &parser->lexer;
  const Token token = lexer->token;
  uint64_t number;
  if (lexer_accept_word(lexer, "workspace")) {
    buffer->storage = STORAGE_WORKSPACE;
    return (!lexer_accept_word(lexer, "bytes") || parse_dim(parser, &buffer->byte_count)) &&
           (!lexer_accept_word(lexer, "offset") || parse_dim(parser, &buffer->offset));
  }
  if (lexer_accept_word(lexer, "constant")) {
    buffer->storage = STORAGE_CONSTANT;
    if (lexer_accept_word(lexer, "_")) return true;
    if (!parse_expect(parser, '#') || !parse_number(parser, UINT32_MAX, &number)) return false;
    const Binding *binding = name_find(&parser->blobs, arena_format(parser->scratch, "%" PRIu64, number));
    if (!binding || !binding->target) return parse_error(parser, &token, "there is no such blob");
    buffer->blob = binding->target;
    return true;
  }
  buffer->storage = lexer_is_word(lexer, "result") ? STORAGE_RESULT : STORAGE_ARGUMENT;
  if (!lexer_accept_word(lexer, "result") && !lexer_accept_word(lexer, "argument"))
    return parse_error(parser, &token, "expected argument, result, constant or workspace");
  if (!parse_number(parser, UINT32_MAX, &number)) return false;
  buffer->index = (uint32_t)number;
  return true;
}

/* "#3 : f32[2] = workspace bytes 8 offset 64" */
static bool parse_program_buffer(ProgramParser *self) {
  Parser *parser = &self->parser;
  Program *program = self->program;
  const Token start = parser->lexer.token;
  uint64_t number;
  ProgramBuffer buffer = {0};
  if (!parse_expect(parser, '#') || !parse_number(parser, UINT32_MAX, &number)) return false;
  if (number != program->buffer_count)
    return parse_error(parser, &start, "buffers are numbered in order from 0");
  if (!parse_expect(parser, ':') || !parse_type(parser, &buffer.type)) return false;
  if (buffer.type.kind != VALUE_TENSOR) return parse_error(parser, &start, "buffers are tensors");
  if (!parse_expect(parser, '=') || !parse_storage(self, &buffer)) return false;
  arena_push(program->arena, program->buffers, program->buffer_count, program->buffer_capacity) = buffer;
  return true;
}

static bool parse_program_kernel(ProgramParser *self) {
  Parser *parser = &self->parser;
  Program *program = self->program;
  const Token start = parser->lexer.token;
  Kernel *kernel = parse_kernel(parser);
  if (!kernel) return false;
  if (name_find(&parser->values, kernel->name))
    return parse_error(parser, &start, "kernel '%s' is defined twice", kernel->name);
  name_bind(parser, &parser->values, kernel->name, (void *)(uintptr_t)(program->kernel_count + 1));
  arena_push(program->arena, program->kernels, program->kernel_count, program->kernel_capacity) = kernel;
  return true;
}

/* "#3" */
static bool parse_step_buffer(ProgramParser *self, Step *step) {
  uint64_t number;
  if (!parse_expect(&self->parser, '#') || !parse_number(&self->parser, self->program->buffer_count, &number))
    return false;
  uint32_t *buffers = arena_array(self->program->arena, uint32_t, step->buffer_count + 1);
  if (step->buffer_count) memcpy(buffers, step->buffers, step->buffer_count * sizeof *buffers);
  buffers[step->buffer_count++] = (uint32_t)number;
  step->buffers = buffers;
  return true;
}

/* "#0", "#1 at 64" */
static bool parse_parameter(ProgramParser *self, Step *step) {
  Dim start = NULL;
  if (!parse_step_buffer(self, step)) return false;
  if (lexer_accept_word(&self->parser.lexer, "at") && !parse_dim(&self->parser, &start)) return false;
  if (!start && !step->starts) return true;
  Dim *starts = arena_array(self->program->arena, Dim, step->buffer_count);
  for (uint32_t i = 0; i + 1 < step->buffer_count; i++) starts[i] = step->starts ? step->starts[i] : NULL;
  starts[step->buffer_count - 1] = start;
  step->starts = starts;
  return true;
}

/* "@k0(#0, #1 at 64)" */
static bool parse_call(ProgramParser *self, Step *step) {
  Parser *parser = &self->parser;
  Lexer *lexer = &parser->lexer;
  const Token name = lexer->token;
  const Binding *binding = name.kind == TOKEN_GLOBAL ? name_find(&parser->values, name.string) : NULL;
  if (!binding) return parse_error(parser, &name, "expected the name of a kernel");
  step->kernel = (uint32_t)((uintptr_t)binding->target - 1);
  lexer_next(lexer);
  if (!parse_expect(parser, '(')) return false;
  while (!lexer_is(lexer, ')'))
    if ((step->buffer_count && !parse_expect(parser, ',')) || !parse_parameter(self, step)) return false;
  lexer_next(lexer);
  return true;
}

/* "t0 < N while #3", "t0 < #2", "t0 while #3" */
static bool parse_loop_head(ProgramParser *self, Step *step) {
  Parser *parser = &self->parser;
  Lexer *lexer = &parser->lexer;
  const Token name = lexer->token;
  Step count = {0}; /* its buffer stands behind that of the condition */
  bool is_name = name.kind == TOKEN_WORD || name.kind == TOKEN_STRING;
  step->iteration = is_name ? dim_symbol_find(parser->module->dims, name.string) : NULL;
  if (!step->iteration || !step->iteration->limit)
    return parse_error(parser, &name, "expected the symbol of the iterations, which has a limit");
  lexer_next(lexer);
  if (lexer_accept(lexer, '<')) {
    step->counted = lexer_is(lexer, '#');
    if (!(step->counted ? parse_step_buffer(self, &count) : parse_dim(parser, &step->trip))) return false;
  }
  step->conditional = lexer_accept_word(lexer, "while");
  if (step->conditional && !parse_step_buffer(self, step)) return false;
  if (!step->counted) return true;
  uint32_t both[2] = {step->conditional ? step->buffers[0] : 0};
  both[step->buffer_count++] = count.buffers[0];
  step->buffers = arena_copy(self->program->arena, both, step->buffer_count * sizeof *both);
  return true;
}

static bool parse_step(ProgramParser *self, StepKind kind, StepList *list, uint32_t depth);

/* "{ run ... }" */
static bool parse_steps(ProgramParser *self, StepList *list, uint32_t depth) {
  Parser *parser = &self->parser;
  Lexer *lexer = &parser->lexer;
  if (depth > REGION_DEPTH_LIMIT)
    return parse_error(parser, &lexer->token, "steps nested deeper than %d", REGION_DEPTH_LIMIT);
  if (!parse_expect(parser, '{')) return false;
  while (!lexer_accept(lexer, '}')) {
    StepKind kind;
    if (lexer_accept_word(lexer, "run"))
      kind = STEP_KERNEL;
    else if (lexer_accept_word(lexer, "check"))
      kind = STEP_CHECK;
    else if (lexer_accept_word(lexer, "require"))
      kind = STEP_REQUIRE;
    else if (lexer_accept_word(lexer, "if"))
      kind = STEP_IF;
    else if (lexer_accept_word(lexer, "loop"))
      kind = STEP_LOOP;
    else
      return parse_error(parser, &lexer->token, "expected run, check, require, if, loop or '}'");
    if (!parse_step(self, kind, list, depth)) return false;
  }
  return true;
}

static bool parse_step(ProgramParser *self, StepKind kind, StepList *list, uint32_t depth) {
  Parser *parser = &self->parser;
  Step step = {.kind = kind};
  bool ok = kind == STEP_KERNEL ? parse_call(self, &step)
            : kind == STEP_LOOP ? parse_loop_head(self, &step)
            : kind == STEP_REQUIRE ? parse_dim(parser, &step.form)
                                : parse_step_buffer(self, &step);
  if (!ok || !parse_location(parser, &step.location)) return false;
  for (uint32_t i = 0; i < step_body_count(&step); i++)
    if ((i && !parse_expect_word(parser, "else")) || !parse_steps(self, &step.bodies[i], depth + 1)) return false;
  arena_push(self->program->arena, list->steps, list->count, list->capacity) = step;
  return true;
}

static bool parse_top_step(ProgramParser *self, StepKind kind) {
  Program *program = self->program;
  StepList list = {program->steps, program->step_count, program->step_capacity};
  bool ok = parse_step(self, kind, &list, 0);
  program->steps = list.steps;
  program->step_count = list.count;
  program->step_capacity = list.capacity;
  return ok;
}

static bool parse_item(ProgramParser *self) {
  Parser *parser = &self->parser;
  Lexer *lexer = &parser->lexer;
  if (lexer_accept_word(lexer, "symbol")) return parse_symbol(parser);
  if (lexer_accept_word(lexer, "blob")) return parse_blob(parser);
  if (lexer_accept_word(lexer, "entry")) return parse_entry(self);
  if (lexer_accept_word(lexer, "buffer")) return parse_program_buffer(self);
  if (lexer_accept_word(lexer, "kernel")) return parse_program_kernel(self);
  if (lexer_accept_word(lexer, "run")) return parse_top_step(self, STEP_KERNEL);
  if (lexer_accept_word(lexer, "check")) return parse_top_step(self, STEP_CHECK);
  if (lexer_accept_word(lexer, "require")) {
    if (!parse_top_step(self, STEP_REQUIRE)) return false;
    dim_assume_zero(self->program->dims, self->program->steps[self->program->step_count - 1].form);
    return true;
  }
  if (lexer_accept_word(lexer, "if")) return parse_top_step(self, STEP_IF);
  if (lexer_accept_word(lexer, "loop")) return parse_top_step(self, STEP_LOOP);
  if (lexer_accept_word(lexer, "workspace"))
    return parse_dim(parser, &self->program->workspace_bytes) && parse_expect_word(parser, "least") &&
           parse_number(parser, UINT64_C(1) << 63, &self->program->workspace_lower_bound);
  return parse_error(parser, &lexer->token,
                     "expected symbol, blob, entry, buffer, workspace, kernel, run, check, require, if, loop or '}'");
}

static bool parse_program(ProgramParser *self) {
  Parser *parser = &self->parser;
  Module *module = parser->module;
  const char *name, *hash;
  if (!parse_expect_word(parser, "program") || !parse_quoted(parser, &name) ||
      !parse_expect_word(parser, "hash"))
    return false;
  module->name = name;
  const Token token = parser->lexer.token;
  if (!parse_quoted(parser, &hash)) return false;
  if (strlen(hash) != sizeof module->source_hash - 1)
    return parse_error(parser, &token, "expected %zu hexadecimal digits", sizeof module->source_hash - 1);
  memcpy(module->source_hash, hash, sizeof module->source_hash);
  if (!parse_expect(parser, '{')) return false;
  while (!lexer_accept(&parser->lexer, '}'))
    if (!parse_item(self)) return false;
  return parser->lexer.token.kind == TOKEN_END ||
         parse_error(parser, &parser->lexer.token, "expected the end of the text");
}

Program *program_parse(Diagnostics *diagnostics, const char *name, const char *bytes, size_t length) {
  Module *module = module_create(diagnostics, name);
  ProgramParser self = {.parser = {.module = module, .scratch = arena_create(), .file = module->name}};
  self.program = arena_new(module->arena, Program);
  *self.program =
      (Program){.arena = module->arena, .diagnostics = diagnostics, .dims = module->dims, .module = module};
  lexer_start(&self.parser.lexer, self.parser.scratch, bytes, length);
  bool ok = parse_program(&self);
  arena_destroy(self.parser.scratch);
  if (ok) return self.program;
  module_destroy(module);
  return NULL;
}
