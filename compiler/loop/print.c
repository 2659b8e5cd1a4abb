/* SPDX-License-Identifier: Apache-2.0 */
/* The textual form of loop programs, which parse.c reads back to the same program:
     program "model.onnx" hash "0123456789abcdef" {
       symbol N in [1, 8]
       blob #0 : f32 x 9 = splat 1.0
       entry @"run"("input": f32[N,1,28,28]) -> ("logits": f32[N,1,28,28])
       buffer #0 : f32[N,1,28,28] = argument 0
       buffer #1 : f32[3,3] = constant #0
       buffer #2 : f32[N,1,28,28] = result 0
       kernel @k0 tasks 1 (%x: in f32[N,1,28,28] align 4, %k: in f32[3,3] align 64, %y: out f32[N,1,28,28]
   align 4) loc "Conv_0" { local %t: f32[N,1,28,28] align 4 axes n:N, p:28, q:28, i:3, j:3 t: %t[n, 0, p, q] =
   add[i, j] mul((%x[n, 0, p+i-1, q+j-1] where p+i-1 in [0, 28), q+j-1 in [0, 28) else f32(0.0)), %k[i, j]) y:
   %y[n, 0, p, q] = max(%t[n, 0, p, q], f32(0.0)) schedule { par n { for p/4 { for p%4 { vec q : t, y } }
           }
         }
       }
       run @k0(#0, #1, #2) loc "Conv_0"
     }
   Other steps are "check #3", "if #3 { ... } else { ... }", "loop t0 < N { ... }", "loop t0 < #4 while #5 { ... }".
   The number of an iteration is a symbol "t0 in [0, 7] below N".
   Stages and the kernel's header stand on one line each. Literals carry their type, casts the type they give,
   and all other types follow: loads from the buffer's element, calls from their operands, index[2*i+1] is
   i64. */
#include "loop/text_internal.h"
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

const char *const buffer_role_names[4] = {"in", "out", "status", "local"};
const char *const schedule_kind_names[SCHEDULE_KIND_COUNT] = {"par", "for", "unroll", "vec", "tile"};

const char **program_names(Arena *arena, const DimContext *dims, const char *const *names, uint32_t count) {
  Label *labels = arena_array(arena, Label, count);
  for (uint32_t i = 0; i < count; i++) labels[i].name = names[i];
  const Module shell = {.dims = dims ? (DimContext *)(uintptr_t)dims : dim_context_create(arena)};
  const Equation equation = {.label_count = count, .labels = labels};
  return equation_label_names(arena, &shell, &equation);
}

typedef struct KernelPrinter {
  Text *text;
  const Kernel *kernel;
  const char **buffers, **axes, **stages;
} KernelPrinter;

static void print_global(Text *text, const char *name) {
  bool word = name[0] != 0;
  for (const char *at = name; *at; at++) word &= isalnum((unsigned char)*at) || *at == '_' || *at == '.';
  text_add(text, "@");
  if (word)
    text_add(text, name);
  else
    text_add_quoted(text, name);
}

static void print_location(Text *text, const Location *location) {
  if (!location->node) return;
  text_add(text, " loc ");
  text_add_quoted(text, location->node);
}

static void print_subscripts(const KernelPrinter *printer, const Subscript *subscripts, uint32_t count) {
  access_print(printer->text, &(const Access){count, subscripts}, printer->axes);
}

static void print_expression(const KernelPrinter *printer, const Expr *expr);

static void print_guard(const KernelPrinter *printer, const Expr *expr) {
  Text *text = printer->text;
  text_add(text, "(");
  print_expression(printer, expr->operands[0]);
  for (uint32_t i = 0; i < expr->range_count; i++) {
    Text form = {0};
    access_print(&form, &(const Access){1, &expr->ranges[i].form}, printer->axes);
    text_add(text, i ? ", " : " where ");
    text_add_bytes(text, form.bytes + 1, form.length - 2); /* without the brackets */
    text_free(&form);
    text_add(text, " in [");
    dim_print(text, expr->ranges[i].low);
    text_add(text, ", ");
    dim_print(text, expr->ranges[i].high);
    text_add(text, ")");
  }
  text_add(text, " else ");
  print_expression(printer, expr->operands[1]);
  text_add(text, ")");
}

static void print_call(const KernelPrinter *printer, const Expr *expr) {
  Text *text = printer->text;
  text_add(text, scalar_info(expr->scalar)->name);
  if (scalar_info(expr->scalar)->result == RESULT_GIVEN)
    text_format(text, ".%s", element_info(expr->type)->name);
  text_add(text, "(");
  for (uint32_t i = 0; i < expr->operand_count; i++) {
    if (i) text_add(text, ", ");
    print_expression(printer, expr->operands[i]);
  }
  text_add(text, ")");
}

static void print_expression(const KernelPrinter *printer, const Expr *expr) {
  Text *text = printer->text;
  switch (expr->kind) {
  case EXPR_LITERAL:
    text_format(text, "%s(", element_info(expr->type)->name);
    element_print(text, expr->type, expr->bits);
    text_add(text, ")");
    return;
  case EXPR_LOAD:
    text_format(text, "%%%s", printer->buffers[expr->buffer]);
    print_subscripts(printer, expr->subscripts, printer->kernel->buffers[expr->buffer].rank);
    return;
  case EXPR_INDEX:
    text_add(text, "index");
    print_subscripts(printer, expr->subscripts, 1);
    return;
  case EXPR_CALL:
    print_call(printer, expr);
    return;
  case EXPR_GUARD:
    print_guard(printer, expr);
    return;
  }
}

static void print_stage(const KernelPrinter *printer, uint32_t index) {
  Text *text = printer->text;
  const Stage *stage = &printer->kernel->stages[index];
  text_format(text, "    %s: %%%s", printer->stages[index], printer->buffers[stage->target]);
  print_subscripts(printer, stage->subscripts, printer->kernel->buffers[stage->target].rank);
  text_add(text, " = ");
  if (stage->monoid != SCALAR_COUNT) {
    text_format(text, "%s[", scalar_info(stage->monoid)->name);
    for (uint32_t i = 0; i < stage->reduce_count; i++)
      text_format(text, "%s%s", i ? ", " : "", printer->axes[stage->reduce_axes[i]]);
    text_add(text, "] ");
  }
  print_expression(printer, stage->expr);
  text_add(text, "\n");
}

static void print_schedule(const KernelPrinter *printer, const Schedule *schedule, int depth) {
  Text *text = printer->text;
  text_format(text, "%*s%s", 2 * depth, "", schedule_kind_names[schedule->kind]);
  for (uint32_t i = 0; i < schedule->part_count; i++) {
    const AxisPart *part = &schedule->parts[i];
    text_format(text, "%s %s", i ? "," : "", printer->axes[part->axis]);
    if (part->part != PART_WHOLE)
      text_format(text, "%c%" PRId64, part->part == PART_OUTER ? '/' : '%', part->tile);
  }
  if (schedule_is_leaf(schedule)) {
    text_add(text, " :");
    for (uint32_t i = 0; i < schedule->stage_count; i++)
      text_format(text, "%s %s", i ? "," : "", printer->stages[schedule->stages[i]]);
    text_add(text, "\n");
    return;
  }
  text_add(text, " {\n");
  for (uint32_t i = 0; i < schedule->child_count; i++)
    print_schedule(printer, schedule->children[i], depth + 1);
  text_format(text, "%*s}\n", 2 * depth, "");
}

static void print_buffer(const KernelPrinter *printer, uint32_t index) {
  const KernelBuffer *buffer = &printer->kernel->buffers[index];
  const Type type = {
      .kind = VALUE_TENSOR, .element = buffer->element, .rank = buffer->rank, .dims = buffer->dims};
  text_format(printer->text, "%%%s: ", printer->buffers[index]);
  if (buffer->role != BUFFER_LOCAL) text_format(printer->text, "%s ", buffer_role_names[buffer->role]);
  type_print(printer->text, &type);
  if (buffer->order) {
    text_add(printer->text, " stored ");
    storage_order_print(printer->text, buffer->order);
  }
  text_format(printer->text, " align %u", buffer->alignment);
}

static void print_header(const KernelPrinter *printer) {
  Text *text = printer->text;
  const Kernel *kernel = printer->kernel;
  text_add(text, "  kernel ");
  print_global(text, kernel->name);
  if (kernel->task_count) {
    text_add(text, " tasks ");
    dim_print(text, kernel->task_count);
  }
  text_add(text, " (");
  bool any = false;
  for (uint32_t i = 0; i < kernel->buffer_count; i++) {
    if (!kernel_buffer_is_parameter(kernel, i)) continue;
    if (any) text_add(text, ", ");
    any = true;
    print_buffer(printer, i);
  }
  text_add(text, ")");
  print_location(text, &kernel->location);
  text_add(text, " {\n");
}

static void print_axes(const KernelPrinter *printer) {
  const Kernel *kernel = printer->kernel;
  for (uint32_t i = 0; i < kernel->axis_count; i++) {
    text_format(printer->text, "%s%s:", i ? ", " : "    axes ", printer->axes[i]);
    dim_print(printer->text, kernel->axes[i].extent);
  }
  if (kernel->axis_count) text_add(printer->text, "\n");
  for (uint32_t i = kernel->axis_count; i < kernel->axis_count + kernel->index_count; i++) {
    text_format(printer->text, "    index %s in ", printer->axes[i]);
    dim_print(printer->text, kernel->axes[i].extent);
    text_add(printer->text, " = ");
    print_expression(printer, kernel->axes[i].value);
    text_add(printer->text, "\n");
  }
}

static void name_parts(KernelPrinter *printer, Arena *arena, const DimContext *dims) {
  const Kernel *kernel = printer->kernel;
  const char **names = arena_array(arena, const char *, kernel->buffer_count);
  for (uint32_t i = 0; i < kernel->buffer_count; i++) names[i] = kernel->buffers[i].name;
  printer->buffers = program_names(arena, NULL, names, kernel->buffer_count);
  uint32_t axis_count = kernel->axis_count + kernel->index_count;
  names = arena_array(arena, const char *, axis_count);
  for (uint32_t i = 0; i < axis_count; i++) names[i] = kernel->axes[i].name;
  printer->axes = program_names(arena, dims, names, axis_count);
  names = arena_array(arena, const char *, kernel->stage_count);
  for (uint32_t i = 0; i < kernel->stage_count; i++) names[i] = kernel->stages[i].name;
  printer->stages = program_names(arena, NULL, names, kernel->stage_count);
}

static void print_kernel(Text *text, const Kernel *kernel, const DimContext *dims) {
  Arena *arena = arena_create();
  KernelPrinter printer = {.text = text, .kernel = kernel};
  name_parts(&printer, arena, dims);
  print_header(&printer);
  for (uint32_t i = 0; i < kernel->buffer_count; i++) {
    if (kernel_buffer_is_parameter(kernel, i)) continue;
    text_add(text, "    local ");
    print_buffer(&printer, i);
    text_add(text, "\n");
  }
  print_axes(&printer);
  for (uint32_t i = 0; i < kernel->stage_count; i++) print_stage(&printer, i);
  if (kernel->schedule) {
    text_add(text, "    schedule {\n");
    print_schedule(&printer, kernel->schedule, 3);
    text_add(text, "    }\n");
  }
  text_add(text, "  }\n");
  arena_destroy(arena);
}

void kernel_print(Text *text, const Kernel *kernel) {
  print_kernel(text, kernel, NULL);
}

static void print_signature_part(Text *text, const char *name, const Value *value) {
  if (name)
    text_add_quoted(text, name);
  else
    text_add(text, "_");
  text_add(text, ": ");
  type_print(text, &value->type);
}

static void print_entry(Text *text, const Entry *entry) {
  text_add(text, "  entry ");
  print_global(text, entry->name);
  text_add(text, "(");
  for (uint32_t i = 0; i < entry->body->argument_count; i++) {
    if (i) text_add(text, ", ");
    print_signature_part(text, entry->argument_names ? entry->argument_names[i] : NULL,
                         entry->body->arguments[i]);
  }
  text_add(text, ") -> (");
  for (uint32_t i = 0; i < entry->body->result_count; i++) {
    if (i) text_add(text, ", ");
    print_signature_part(text, entry->result_names ? entry->result_names[i] : NULL, entry->body->results[i]);
  }
  text_add(text, ")\n");
}

/* numbers[i]: that of buffer i's blob, in order of first appearance; SIZE_MAX without a blob. */
static void number_blobs(const Program *program, size_t *numbers) {
  size_t count = 0;
  for (size_t i = 0; i < program->buffer_count; i++) {
    const ProgramBuffer *buffer = &program->buffers[i];
    numbers[i] = SIZE_MAX;
    if (buffer->storage != STORAGE_CONSTANT || !buffer->blob) continue;
    for (size_t j = 0; j < i && numbers[i] == SIZE_MAX; j++)
      if (numbers[j] != SIZE_MAX && program->buffers[j].blob == buffer->blob) numbers[i] = numbers[j];
    if (numbers[i] == SIZE_MAX) numbers[i] = count++;
  }
}

static void print_blobs(Text *text, const Program *program, const Module *module, const size_t *numbers) {
  size_t next = 0;
  for (size_t i = 0; i < program->buffer_count; i++) {
    if (numbers[i] != next) continue;
    text_format(text, "  blob #%zu : ", next++);
    blob_print(text, module, program->buffers[i].blob, NULL, NULL);
    text_add(text, "\n");
  }
}

static void print_dim(Text *text, const char *before, Dim dim) {
  if (!dim) return;
  text_add(text, before);
  dim_print(text, dim);
}

static void print_program_buffer(Text *text, const Program *program, size_t index, size_t blob) {
  const ProgramBuffer *buffer = &program->buffers[index];
  text_format(text, "  buffer #%zu : ", index);
  type_print(text, &buffer->type);
  switch (buffer->storage) {
  case STORAGE_ARGUMENT:
    text_format(text, " = argument %u\n", buffer->index);
    return;
  case STORAGE_RESULT:
    text_format(text, " = result %u\n", buffer->index);
    return;
  case STORAGE_CONSTANT:
    if (blob == SIZE_MAX)
      text_add(text, " = constant _\n");
    else
      text_format(text, " = constant #%zu\n", blob);
    return;
  case STORAGE_WORKSPACE:
    text_add(text, " = workspace");
    print_dim(text, " bytes ", buffer->byte_count);
    print_dim(text, " offset ", buffer->offset);
    text_add(text, "\n");
    return;
  }
}

/* "loop t0 < N while #3", each part but the symbol optional. */
static void print_loop_head(Text *text, const Step *step) {
  text_add(text, "loop ");
  dim_symbol_print(text, step->iteration);
  if (step->trip) {
    text_add(text, " < ");
    dim_print(text, step->trip);
  } else if (step->counted) {
    text_format(text, " < #%u", step->buffers[step->buffer_count - 1]);
  }
  if (step->conditional) text_format(text, " while #%u", step->buffers[0]);
}

static void print_steps(Text *text, const Program *program, const Step *steps, size_t count, int depth);

static void print_step(Text *text, const Program *program, const Step *step, int depth) {
  text_format(text, "%*s", 2 * depth, "");
  switch (step->kind) {
  case STEP_CHECK:
    text_format(text, "check #%u", step->buffers[0]);
    break;
  case STEP_REQUIRE:
    print_dim(text, "require ", step->form);
    break;
  case STEP_IF:
    text_format(text, "if #%u", step->buffers[0]);
    break;
  case STEP_LOOP:
    print_loop_head(text, step);
    break;
  case STEP_KERNEL:
    text_add(text, "run ");
    print_global(text, program->kernels[step->kernel]->name);
    for (uint32_t i = 0; i < step->buffer_count; i++) {
      text_format(text, "%s#%u", i ? ", " : "(", step->buffers[i]);
      if (i < kernel_parameter_count(program->kernels[step->kernel])) print_dim(text, " at ", step_start(step, i));
    }
    text_add(text, step->buffer_count ? ")" : "()");
    break;
  }
  print_location(text, &step->location);
  for (uint32_t i = 0; i < step_body_count(step); i++) {
    text_add(text, i ? " else {\n" : " {\n");
    print_steps(text, program, step->bodies[i].steps, step->bodies[i].count, depth + 1);
    text_format(text, "%*s}", 2 * depth, "");
  }
  text_add(text, "\n");
}

static void print_steps(Text *text, const Program *program, const Step *steps, size_t count, int depth) {
  for (size_t i = 0; i < count; i++) print_step(text, program, &steps[i], depth);
}

static void print_symbols(Text *text, const DimContext *dims) {
  for (size_t i = 0; i < dim_symbol_count(dims); i++) {
    const Symbol *symbol = dim_symbol_at(dims, i);
    text_add(text, "  symbol ");
    dim_symbol_print(text, symbol);
    text_format(text, " in [%" PRId64 ", %" PRId64 "]", symbol->range.low, symbol->range.high);
    print_dim(text, " below ", symbol->limit);
    text_add(text, "\n");
  }
}

void program_print(Text *text, const Program *program) {
  Arena *arena = arena_create();
  const Module shell = {.name = "program", .source_hash = "0000000000000000", .dims = program->dims};
  const Module *module = program->module ? program->module : &shell;
  size_t *numbers = arena_array(arena, size_t, program->buffer_count);
  number_blobs(program, numbers);
  text_add(text, "program ");
  text_add_quoted(text, module->name);
  text_format(text, " hash \"%s\" {\n", module->source_hash);
  print_symbols(text, program->dims);
  print_blobs(text, program, module, numbers);
  if (program->entry) print_entry(text, program->entry);
  for (size_t i = 0; i < program->buffer_count; i++) print_program_buffer(text, program, i, numbers[i]);
  print_dim(text, "  workspace ", program->workspace_bytes);
  if (program->workspace_bytes) text_format(text, " least %" PRIu64 "\n", program->workspace_lower_bound);
  for (size_t i = 0; i < program->kernel_count; i++) print_kernel(text, program->kernels[i], program->dims);
  print_steps(text, program, program->steps, program->step_count, 1);
  text_add(text, "}\n");
  arena_destroy(arena);
}
