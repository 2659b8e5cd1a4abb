/* SPDX-License-Identifier: Apache-2.0 */
/* aicc: one straight line from the model to the files. */
#include "base/file.h"
#include "base/identifier.h"
#include "driver/header.h"
#include "driver/link.h"
#include "driver/pipeline.h"
#include "driver/version.h"
#include "onnx_import.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_INPUT = 1, EXIT_USAGE = 2 };

typedef struct Session {
  Arena *arena;
  Diagnostics *diagnostics;
  Options options;
  const char *output, *header_path, *name; /* output null: standard output */
  Pipeline pipeline;
} Session;

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* `path` with its suffix replaced. */
static char *with_suffix(Arena *arena, const char *path, const char *suffix) {
  const char *base = base_name(path), *dot = strrchr(base, '.');
  size_t stem = dot && dot != base ? (size_t)(dot - path) : strlen(path);
  return arena_format(arena, "%.*s%s", (int)stem, path, suffix);
}

static const char *default_suffix(Action action) {
  switch (action) {
  case ACTION_ASSEMBLY: return ".s";
  case ACTION_LLVM_IR: return ".ll";
  case ACTION_GRAPH_IR: return ".aicc-ir";
  case ACTION_HEADER: return ".h";
  case ACTION_SHARED: return ".so";
  default: return ".o";
  }
}

static bool is_text(const Options *options) {
  return options->stop_after || options->action == ACTION_GRAPH_IR || options->action == ACTION_HEADER;
}

/* Where things go and what the interface is called. */
static void decide_names(Session *s) {
  const Options *o = &s->options;
  const char *output = o->output;
  if (!output && !o->stop_after) output = with_suffix(s->arena, base_name(o->input), default_suffix(o->action));
  bool standard = !output || strcmp(output, "-") == 0;
  s->output = standard ? NULL : output;
  const char *stem = o->name ? o->name : with_suffix(s->arena, base_name(standard ? o->input : output), "");
  s->name = identifier_from(s->arena, stem);
  bool with_header = o->action == ACTION_OBJECT || o->action == ACTION_SHARED;
  if (with_header && s->output && !is_text(o)) s->header_path = with_suffix(s->arena, s->output, ".h");
}

static bool write_file(Session *s, const char *path, const void *bytes, size_t length) {
  if (!path) {
    if (fwrite(bytes, 1, length, stdout) == length && fflush(stdout) == 0) return true;
    return report(s->diagnostics, NULL, MESSAGE_CANNOT_WRITE, "standard output", strerror(errno));
  }
  if (file_write(path, bytes, length)) return true;
  return report(s->diagnostics, NULL, MESSAGE_CANNOT_WRITE, path, strerror(errno));
}

/* A name as make reads it. */
static void add_make_name(Text *text, const char *name) {
  for (const char *at = name; *at; at++) {
    if (strchr(" \t#:\\", *at)) text_add(text, "\\");
    text_format(text, *at == '$' ? "$$" : "%c", *at);
  }
}

static bool write_dependencies(Session *s) {
  if (!s->options.dependencies || !s->output) return true;
  const char *path = s->options.dependency_file;
  if (!path) path = with_suffix(s->arena, s->output, ".d");
  Text text = {0};
  add_make_name(&text, s->output);
  text_add(&text, ": ");
  add_make_name(&text, s->options.input);
  text_add(&text, "\n");
  bool ok = write_file(s, path, text.bytes, text.length);
  text_free(&text);
  return ok;
}

static void report_memory(const Session *s) {
  const Program *program = s->pipeline.program;
  int64_t bytes;
  if (!s->options.report_memory) return;
  if (dim_is_constant(program->workspace_bytes, &bytes)) {
    printf("workspace_bytes=%lld lower_bound=%llu\n", (long long)bytes, (unsigned long long)program->workspace_lower_bound);
  } else {
    Text text = {0};
    dim_print(&text, program->workspace_bytes);
    printf("workspace_bytes=%s\n", text_string(&text));
    text_free(&text);
  }
}

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
  if (o->progress) fprintf(stderr, "aicc: %zu kernels\n", s->pipeline.program->kernel_count);
  return codegen_run(s->pipeline.program, names, &options, result);
}

/* Header and object are written only when both exist. */
static bool write_outputs(Session *s) {
  const Program *program = s->pipeline.program;
  Text header = {0};
  char hash[9];
  uint32_t symbol_count;
  const Symbol **symbols = header_symbols(program, &symbol_count);
  header_write(&header, program, s->name, symbols, symbol_count, hash);
  if (s->options.action == ACTION_HEADER) {
    bool ok = write_file(s, s->output, header.bytes, header.length);
    text_free(&header);
    return ok;
  }
  InterfaceNames names = {.name = s->name, .symbol_count = symbol_count, .symbols = symbols};
  names.run_symbol = arena_format(s->arena, "%s_run_%s", s->name, hash);
  if (symbol_count) names.workspace_symbol = arena_format(s->arena, "%s_workspace_bytes_%s", s->name, hash);
  CodegenResult result;
  bool ok = generate(s, &names, &result);
  const char *foreign = s->options.target == target_find(NULL) ? NULL : s->options.triple;
  if (ok && s->options.action == ACTION_SHARED && s->output)
    ok = link_shared(s->diagnostics, s->options.linker, foreign, s->output, result.bytes, result.length);
  else if (ok)
    ok = write_file(s, s->output, result.bytes, result.length);
  if (ok && s->header_path && !write_file(s, s->header_path, header.bytes, header.length)) {
    remove(s->output);
    ok = false;
  }
  codegen_result_free(&result);
  text_free(&header);
  return ok && write_dependencies(s);
}

static bool write_text(Session *s) {
  Text *text = &s->pipeline.text;
  if (!s->pipeline.stopped) module_print(text, s->pipeline.module);
  return write_file(s, s->output, text->bytes, text->length);
}

/* An ONNX model, or the text of a graph that an earlier run printed. */
static Module *read_model(Session *s) {
  const Options *o = &s->options;
  const char *suffix = strrchr(o->input, '.');
  if (!suffix || strcmp(suffix, ".aicc-ir") != 0) {
    OnnxImportOptions import = {o->pin_names, o->pin_values, o->pin_count};
    return onnx_import(s->diagnostics, o->input, &import);
  }
  MappedFile file;
  if (!file_map(o->input, &file)) {
    Location location = {.file = o->input};
    report(s->diagnostics, &location, MESSAGE_CANNOT_READ, strerror(errno));
    return NULL;
  }
  const char *slash = strrchr(o->input, '/');
  char *directory = slash ? arena_copy_text(s->arena, o->input, (size_t)(slash - o->input)) : NULL;
  return module_parse(s->diagnostics, o->input, (const char *)file.bytes, file.length, directory);
}

static bool compile(Session *s) {
  const Options *o = &s->options;
  decide_names(s);
  s->pipeline = (Pipeline){.options = o, .verify = getenv("AICC_VERIFY") != NULL};
  s->pipeline.module = read_model(s);
  if (!s->pipeline.module) return false;
  bool ok = pipeline_run(&s->pipeline);
  if (ok && (s->pipeline.stopped || o->action == ACTION_GRAPH_IR)) {
    ok = write_text(s);
  } else if (ok) {
    report_memory(s);
    ok = write_outputs(s);
  }
  text_free(&s->pipeline.text);
  module_destroy(s->pipeline.module);
  return ok;
}

int main(int argc, char **argv) {
  Session session = {.arena = arena_create(), .diagnostics = diagnostics_create(NULL, NULL)};
  int code = EXIT_USAGE;
  if (options_parse(&session.options, session.arena, session.diagnostics, argc, argv)) {
    if (session.options.action == ACTION_HELP) {
      options_help();
      code = 0;
    } else if (session.options.action == ACTION_VERSION) {
      printf("aicc %s (LLVM %s)\n", AICC_VERSION, codegen_llvm_version());
      code = 0;
    } else {
      code = compile(&session) ? 0 : EXIT_INPUT;
    }
  }
  diagnostics_finish(session.diagnostics);
  diagnostics_destroy(session.diagnostics);
  arena_destroy(session.arena);
  return code;
}
