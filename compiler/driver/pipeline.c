/* SPDX-License-Identifier: Apache-2.0 */
/* passes.def lists the passes; flags, dumps, timing and help come from there. */
#include "driver/pipeline.h"
#include "passes/deduplicate.h"
#include "passes/lower.h"
#include "passes/passes.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

typedef struct Pass {
  const char *name, *doc;
  bool (*graph)(Module *module);
  void (*program)(Program *program);
} Pass;

static const Pass passes[] = {
    {"import", "the model as read", NULL, NULL},
#define GRAPH_PASS(function, name, doc) {name, doc, function, NULL},
#define PROGRAM_PASS(function, name, doc)
#include "passes/passes.def"
#undef GRAPH_PASS
#undef PROGRAM_PASS
    {"group", "which values each kernel computes", NULL, NULL},
    {"lower", "fused kernels", NULL, NULL},
#define GRAPH_PASS(function, name, doc)
#define PROGRAM_PASS(function, name, doc) {name, doc, NULL, function},
#include "passes/passes.def"
#undef GRAPH_PASS
#undef PROGRAM_PASS
};
enum { PASS_COUNT = sizeof passes / sizeof *passes };

static const Pass *find_pass(const char *name) {
  for (size_t i = 0; i < PASS_COUNT; i++)
    if (strcmp(passes[i].name, name) == 0) return &passes[i];
  return NULL;
}

bool pipeline_has_pass(const char *name) { return find_pass(name) != NULL; }

void pipeline_list_passes(void) {
  for (size_t i = 0; i < PASS_COUNT; i++) printf("  %-24s %s\n", passes[i].name, passes[i].doc);
}

void pipeline_print(Text *text, const Pipeline *pipeline) {
  if (pipeline->program)
    program_print(text, pipeline->program);
  else if (pipeline->lowering)
    lower_print_groups(text, pipeline->lowering);
  else
    module_print(text, pipeline->module);
}

static bool is_import(const Pass *pass) { return pass == &passes[0]; }

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* What the options ask for after a pass. False where verification failed. */
static bool after_pass(Pipeline *pipeline, const Pass *pass) {
  const Options *options = pipeline->options;
  if (pipeline->verify && !(pipeline->program ? program_verify(pipeline->program, pass->name)
                                              : module_verify(pipeline->module, pass->name)))
    return false;
  for (size_t i = 0; i < options->print_count; i++)
    if (strcmp(options->print_after[i], pass->name) == 0) {
      Text text = {0};
      pipeline_print(&text, pipeline);
      fprintf(stderr, "// after %s\n%s", pass->name, text_string(&text));
      text_free(&text);
    }
  if (options->stop_after && strcmp(options->stop_after, pass->name) == 0) {
    pipeline_print(&pipeline->text, pipeline);
    pipeline->stopped = true;
  }
  return true;
}

static bool run_pass(Pipeline *pipeline, const Pass *pass) {
  double start = seconds_now();
  bool ok = true;
  if (pass->graph) {
    ok = pass->graph(pipeline->module);
  } else if (pass->program) {
    uint32_t errors = diagnostics_error_count(pipeline->program->diagnostics);
    pass->program(pipeline->program);
    ok = diagnostics_error_count(pipeline->program->diagnostics) == errors;
  } else if (!is_import(pass)) { /* group, lower */
    if (!pipeline->lowering) pipeline->lowering = lower_group_module(pipeline->module);
    if (pipeline->lowering && strcmp(pass->name, "lower") == 0) pipeline->program = lower_emit(pipeline->lowering);
    ok = strcmp(pass->name, "lower") == 0 ? pipeline->program != NULL : pipeline->lowering != NULL;
  }
  if (ok && pipeline->options->time_passes) fprintf(stderr, "%-24s %9.3f ms\n", pass->name, 1e3 * (seconds_now() - start));
  return ok && after_pass(pipeline, pass);
}

bool pipeline_run(Pipeline *pipeline) {
  for (size_t i = 0; i < PASS_COUNT && !pipeline->stopped; i++)
    if (!run_pass(pipeline, &passes[i])) return false;
  return true;
}

/* Whether the pass works on the form that the pipeline holds: a graph, or a program once lowered. */
static bool fits(const Pipeline *pipeline, const Pass *pass) {
  if (pass->program) return pipeline->program != NULL;
  return pipeline->program == NULL && !is_import(pass) && !(pass->graph && pipeline->lowering);
}

bool pipeline_run_passes(Pipeline *pipeline, Diagnostics *diagnostics, const char *const *names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(names[i], "all") == 0) {
      for (size_t k = 0; k < PASS_COUNT; k++)
        if (fits(pipeline, &passes[k]) && !run_pass(pipeline, &passes[k])) return false;
      continue;
    }
    const Pass *pass = find_pass(names[i]);
    if (is_import(pass)) continue;
    if (!fits(pipeline, pass)) {
      Text text = {0};
      text_format(&text, "pass '%s' works on a %s, not on a %s", pass->name, pass->program ? "program" : "graph",
                  pipeline->program ? "program" : pipeline->lowering ? "graph with groups" : "graph");
      report(diagnostics, NULL, MESSAGE_OPTION, text_string(&text));
      text_free(&text);
      return false;
    }
    if (!run_pass(pipeline, pass)) return false;
  }
  return true;
}
