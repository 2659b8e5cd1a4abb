/* SPDX-License-Identifier: Apache-2.0 */
/* aicc: one straight line from the model to the files. */
#include "base/file.h"
#include "base/temporary.h"
#include "driver/exit_code.h"
#include "driver/header.h"
#include "driver/link.h"
#include "driver/outputs.h"
#include "driver/pipeline.h"
#include "driver/version.h"
#include "onnx_import.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Session {
  Arena *arena;
  Diagnostics *diagnostics;
  Options options;
  Outputs outputs;
  Pipeline pipeline;
  const char **data_files; /* that the model has its tensors in */
  size_t data_count, data_capacity;
} Session;

/* Writes the main output and what goes with it: all or nothing. */
static bool write_files(Session *s, const void *bytes, size_t length, const Text *header) {
  const Outputs *outputs = &s->outputs;
  Text rule = {0};
  FileContent files[3] = {{outputs->main, bytes, length}};
  size_t count = 1, failed = 0;
  if (header && outputs->header) files[count++] = (FileContent){outputs->header, header->bytes, header->length};
  if (outputs->depends) {
    outputs_rule(outputs, &rule, s->options.input, s->data_files, s->data_count);
    files[count++] = (FileContent){outputs->dependencies, rule.bytes, rule.length};
  }
  bool ok = files_write(files, count, &failed);
  if (!ok) {
    const char *path = files[failed].path;
    report(s->diagnostics, NULL, MESSAGE_CANNOT_WRITE, path ? path : "standard output", strerror(errno));
  }
  text_free(&rule);
  return ok;
}

static void report_memory(const Session *s) {
  const Program *program = s->pipeline.program;
  bool busy = !s->outputs.main || (s->outputs.depends && !s->outputs.dependencies);
  FILE *out = busy ? stderr : stdout;
  int64_t bytes;
  if (!s->options.report_memory) return;
  if (dim_is_constant(program->workspace_bytes, &bytes)) {
    fprintf(out, "workspace_bytes=%lld lower_bound=%llu\n", (long long)bytes,
            (unsigned long long)program->workspace_lower_bound);
  } else {
    Text text = {0};
    dim_print(&text, program->workspace_bytes);
    fprintf(out, "workspace_bytes=%s\n", text_string(&text));
    text_free(&text);
  }
}

/* What generated code keeps of the symbols' state. */

static bool generate(Session *s, const InterfaceNames *names, CodegenResult *result) {
  const Options *o = &s->options;
  CodegenOptions options = {.target = o->target,
                            .triple = o->triple,
                            .level_mask = o->level_mask,
                            .optimisation = o->optimisation,
                            .debug_info = o->debug_info,
                            .compiler = "aicc " AICC_VERSION};
  options.output = o->action == ACTION_ASSEMBLY ? OUTPUT_ASSEMBLY
                   : o->action == ACTION_LLVM_IR ? OUTPUT_LLVM_IR
                                                 : OUTPUT_OBJECT;
  if (dim_symbol_count(s->pipeline.program->dims) > SYMBOL_LIMIT)
    return report(s->diagnostics, NULL, MESSAGE_INTERFACE,
                  arena_format(s->arena, "more than %d symbolic dims are not supported; --dim fixes some",
                               SYMBOL_LIMIT));
  if (o->progress) fprintf(stderr, "aicc: %zu kernels\n", s->pipeline.program->kernel_count);
  return codegen_run(s->pipeline.program, names, &options, result);
}

static bool link_and_write(Session *s, const CodegenResult *object, const Text *header) {
  const Options *o = &s->options;
  const char *foreign = o->target == target_find(NULL) ? NULL : o->triple;
  MappedFile library;
  if (!link_shared(s->diagnostics, o->linker, foreign, object->bytes, object->length, &library)) return false;
  bool ok = write_files(s, library.bytes, library.length, header);
  file_unmap(&library);
  return ok;
}

/* A static workspace is never empty, for the header and for what a run checks: an array of no elements is not C. */
static void pad_workspace(Program *program) {
  int64_t bytes;
  if (dim_is_constant(program->workspace_bytes, &bytes) && bytes < WORKSPACE_ALIGNMENT)
    program->workspace_bytes = dim_constant(program->dims, WORKSPACE_ALIGNMENT);
}

static bool write_outputs(Session *s) {
  Program *program = s->pipeline.program;
  const char *name = s->outputs.name;
  Text header = {0};
  char hash[9];
  uint32_t symbol_count;
  const Symbol **symbols = header_symbols(program, &symbol_count);
  if (!symbol_count) pad_workspace(program);
  header_write(&header, program, name, symbols, symbol_count, hash);
  if (s->options.action == ACTION_HEADER) {
    bool ok = write_files(s, header.bytes, header.length, NULL);
    text_free(&header);
    return ok;
  }
  InterfaceNames names = {.name = name, .symbol_count = symbol_count, .symbols = symbols};
  names.run_symbol = arena_format(s->arena, "%s_run_%s", name, hash);
  if (symbol_count) names.workspace_symbol = arena_format(s->arena, "%s_workspace_bytes_%s", name, hash);
  CodegenResult result = {0};
  bool ok = generate(s, &names, &result);
  if (ok && s->options.action == ACTION_SHARED)
    ok = link_and_write(s, &result, &header);
  else if (ok)
    ok = write_files(s, result.bytes, result.length, &header);
  codegen_result_free(&result);
  text_free(&header);
  return ok;
}

static bool write_text(Session *s) {
  Text *text = &s->pipeline.text;
  if (!s->pipeline.stopped) module_print(text, s->pipeline.module);
  return write_files(s, text->bytes, text->length, NULL);
}

static void note_data_file(void *user, const char *path) {
  Session *s = user;
  for (size_t i = 0; i < s->data_count; i++)
    if (strcmp(s->data_files[i], path) == 0) return;
  arena_push(s->arena, s->data_files, s->data_count, s->data_capacity) = arena_copy_text(s->arena, path, strlen(path));
}

/* The files that the text of a graph refers to. */
static void note_region_files(Session *s, const Region *region) {
  for (const Node *node = region->first; node; node = node->next) {
    const Blob *blob = node->kind == PRIMITIVE_CONSTANT ? node_attribute(node, "value")->blob : NULL;
    if (blob && blob->file) note_data_file(s, blob->file);
    for (uint32_t i = 0; i < node->region_count; i++) note_region_files(s, node->regions[i]);
  }
}

static Module *read_text(Session *s) {
  const Options *o = &s->options;
  Location location = {.file = o->input};
  MappedFile file;
  if (!file_map(o->input, &file)) {
    report(s->diagnostics, &location, MESSAGE_CANNOT_READ, strerror(errno));
    return NULL;
  }
  const char *slash = strrchr(o->input, '/');
  char *directory = slash ? arena_copy_text(s->arena, o->input, (size_t)(slash - o->input)) : NULL;
  Module *module = module_parse(s->diagnostics, o->input, (const char *)file.bytes, file.length, directory);
  for (size_t i = 0; module && i < module->entry_count; i++) note_region_files(s, module->entries[i]->body);
  for (size_t i = 0; module && i < o->pin_count; i++)
    report(s->diagnostics, &location, MESSAGE_OPTION_IGNORED,
           arena_format(s->arena, "--dim %s: the symbols of a graph's text stay as they are", o->pin_names[i]));
  return module;
}

/* An ONNX model, or the text of a graph that an earlier run printed. */
static Module *read_model(Session *s) {
  const Options *o = &s->options;
  const char *suffix = strrchr(o->input, '.');
  if (suffix && strcmp(suffix, ".aicc-ir") == 0) return read_text(s);
  OnnxImportOptions import = {.pin_names = o->pin_names,
                              .pin_values = o->pin_values,
                              .pin_count = o->pin_count,
                              .data_file = note_data_file,
                              .data_file_user = s};
  return onnx_import(s->diagnostics, o->input, &import);
}

static bool spares_data_files(const Session *s) {
  bool ok = true;
  for (size_t i = 0; i < s->data_count; i++) ok &= outputs_spare(&s->outputs, s->diagnostics, s->data_files[i]);
  return ok;
}

static int compile(Session *s) {
  const Options *o = &s->options;
  s->pipeline = (Pipeline){.options = o, .verify = getenv("AICC_VERIFY") != NULL};
  s->pipeline.module = read_model(s);
  if (!s->pipeline.module) return exit_code(s->diagnostics, PHASE_READING);
  s->pipeline.module->machine = o->target->machine;
  bool ok = spares_data_files(s) && pipeline_run(&s->pipeline);
  if (ok && (s->pipeline.stopped || o->action == ACTION_GRAPH_IR)) {
    ok = write_text(s);
  } else if (ok) {
    report_memory(s);
    ok = write_outputs(s);
  }
  text_free(&s->pipeline.text);
  module_destroy(s->pipeline.module);
  return ok ? 0 : exit_code(s->diagnostics, PHASE_COMPILING);
}

int main(int argc, char **argv) {
  Session session = {.arena = arena_create(), .diagnostics = diagnostics_create(NULL, NULL)};
  int code = EXIT_USAGE;
  temporary_guard();
  if (options_parse(&session.options, session.arena, session.diagnostics, argc, argv)) {
    if (session.options.action == ACTION_HELP) {
      options_help();
      code = 0;
    } else if (session.options.action == ACTION_VERSION) {
      printf("aicc %s (LLVM %s)\n", AICC_VERSION, codegen_llvm_version());
      code = 0;
    } else if (outputs_decide(&session.outputs, &session.options, session.arena, session.diagnostics)) {
      code = compile(&session);
    }
  }
  diagnostics_finish(session.diagnostics);
  diagnostics_destroy(session.diagnostics);
  arena_destroy(session.arena);
  return code;
}
