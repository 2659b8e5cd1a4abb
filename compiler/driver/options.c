/* SPDX-License-Identifier: Apache-2.0 */
/* One table holds every option with its help. */
#include "driver/options.h"
#include "base/text.h"
#include "driver/pipeline.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Parser {
  Options *options;
  Arena *arena;
  Diagnostics *diagnostics;
  const char *cpu_list;
} Parser;

static bool wrong(Parser *parser, const char *format, const char *argument) {
  Text text = {0};
  text_format(&text, "%s '%s' (try --help)", format, argument);
  report(parser->diagnostics, NULL, MESSAGE_OPTION, text_string(&text));
  text_free(&text);
  return false;
}

static bool set_output(Parser *p, const char *value) {
  p->options->output = value;
  return true;
}
static bool set_name(Parser *p, const char *value) {
  p->options->name = value;
  return true;
}
static bool set_linker(Parser *p, const char *value) {
  p->options->linker = value;
  return true;
}
static bool set_target(Parser *p, const char *value) {
  p->options->target = target_find(value);
  if (!p->options->target) return wrong(p, "unknown target", value);
  p->options->triple = target_triple(p->options->target, value, p->arena);
  if (!p->options->triple) return wrong(p, "objects are ELF, which is not what is used by", value);
  return true;
}
static bool set_cpu(Parser *p, const char *value) {
  p->cpu_list = value; /* read once the target is known */
  return true;
}
static bool set_print_after(Parser *p, const char *value) {
  if (!pipeline_has_pass(value)) return wrong(p, "no pass is named", value);
  arena_push(p->arena, p->options->print_after, p->options->print_count, p->options->print_capacity) = value;
  return true;
}
static bool set_stop_after(Parser *p, const char *value) {
  p->options->stop_after = value;
  return pipeline_has_pass(value) ? true : wrong(p, "no pass is named", value);
}
static bool set_dim(Parser *p, const char *value) {
  Options *o = p->options;
  const char *equals = strrchr(value, '=');
  char *end;
  if (!equals || equals == value) return wrong(p, "expected --dim NAME=VALUE, found", value);
  errno = 0;
  long long number = strtoll(equals + 1, &end, 10);
  if (errno || *end || end == equals + 1 || number < 0 || number > INT32_MAX)
    return wrong(p, "a dim must be a number from 0 to 2147483647, found", value);
  const char *name = arena_copy_text(p->arena, value, (size_t)(equals - value));
  for (size_t i = 0; i < o->pin_count; i++)
    if (strcmp(o->pin_names[i], name) == 0)
      return o->pin_values[i] == number || wrong(p, "--dim gives two values to", name);
  arena_push(p->arena, o->pin_names, o->pin_count, o->pin_capacity) = name;
  arena_push(p->arena, o->pin_values, o->value_count, o->value_capacity) = number;
  return true;
}
static bool set_dependencies(Parser *p, const char *value) {
  (void)value;
  p->options->dependencies = true;
  return true;
}
static bool set_dependency_file(Parser *p, const char *value) {
  p->options->dependency_file = value;
  return set_dependencies(p, value);
}
static bool set_debug(Parser *p, const char *value) {
  (void)value;
  p->options->debug_info = true;
  return true;
}
static bool set_time(Parser *p, const char *value) {
  (void)value;
  p->options->time_passes = true;
  return true;
}
static bool set_memory(Parser *p, const char *value) {
  (void)value;
  p->options->report_memory = true;
  return true;
}
static bool set_optimisation(Parser *p, const char *value) {
  if (strlen(value) != 1 || *value < '0' || *value > '3') return wrong(p, "optimisation levels are -O0 to -O3, found", value);
  p->options->optimisation = (uint32_t)(*value - '0');
  return true;
}
static bool set_action(Parser *p, Action action) {
  p->options->action = action;
  return true;
}
static bool set_object(Parser *p, const char *value) { return (void)value, set_action(p, ACTION_OBJECT); }
static bool set_assembly(Parser *p, const char *value) { return (void)value, set_action(p, ACTION_ASSEMBLY); }
static bool set_llvm(Parser *p, const char *value) { return (void)value, set_action(p, ACTION_LLVM_IR); }
static bool set_graph(Parser *p, const char *value) { return (void)value, set_action(p, ACTION_GRAPH_IR); }
static bool set_header(Parser *p, const char *value) { return (void)value, set_action(p, ACTION_HEADER); }
static bool set_shared(Parser *p, const char *value) { return (void)value, set_action(p, ACTION_SHARED); }
static bool set_version(Parser *p, const char *value) { return (void)value, set_action(p, ACTION_VERSION); }
static bool set_help(Parser *p, const char *value) { return (void)value, set_action(p, ACTION_HELP); }

typedef enum ValueForm { NO_VALUE, JOINED, SEPARATE } ValueForm; /* -O2; --name=X or --name X, -o X */

static const struct {
  const char *flag;
  ValueForm form;
  const char *value, *help;
  bool (*set)(Parser *parser, const char *value);
} table[] = {
    {"-o", SEPARATE, "FILE", "write the object to FILE (default: the model's stem with .o); - is standard output", set_output},
    {"-c", NO_VALUE, NULL, "write an object file and its header (the default)", set_object},
    {"-S", NO_VALUE, NULL, "write assembly", set_assembly},
    {"--emit-llvm", NO_VALUE, NULL, "write LLVM IR", set_llvm},
    {"--emit-ir", NO_VALUE, NULL, "write the tensor graph after its last pass", set_graph},
    {"--emit-header", NO_VALUE, NULL, "write the header only", set_header},
    {"--shared", NO_VALUE, NULL, "link a shared object", set_shared},
    {"--linker", SEPARATE, "COMMAND", "the command that links shared objects (default: cc)", set_linker},
    {"-O", JOINED, "0..3", "optimisation (default: 2)", set_optimisation},
    {"-g", NO_VALUE, NULL, "debug info: functions carry the names of the model's nodes", set_debug},
    {"--target", SEPARATE, "TRIPLE", "generate code for this target (default: this machine)", set_target},
    {"--cpu", SEPARATE, "LIST", "CPU levels, separated by commas: v2, v3, v4, neon, native (default: all)", set_cpu},
    {"--name", SEPARATE, "NAME", "prefix of every name of the interface (default: the output's stem)", set_name},
    {"--dim", SEPARATE, "NAME=VALUE", "fix a symbolic dim", set_dim},
    {"-MD", NO_VALUE, NULL, "write a dependency file for make", set_dependencies},
    {"-MF", SEPARATE, "FILE", "the same, and its name (default: the output with .d)", set_dependency_file},
    {"--print-after", SEPARATE, "PASS", "print the graph or program after a pass, to standard error", set_print_after},
    {"--stop-after", SEPARATE, "PASS", "write the graph or program after a pass, and stop", set_stop_after},
    {"--time-passes", NO_VALUE, NULL, "print the time of each pass", set_time},
    {"--report-memory", NO_VALUE, NULL, "print the memory plan and its lower bound", set_memory},
    {"--version", NO_VALUE, NULL, "print the version", set_version},
    {"--help", NO_VALUE, NULL, "print this", set_help},
};
enum { OPTION_COUNT = sizeof table / sizeof *table };

void options_help(void) {
  puts("usage: aicc MODEL.onnx -o MODEL.o [options]\n\n"
       "Compiles a trained model to one standalone object file and a C header.\n\noptions:");
  for (size_t i = 0; i < OPTION_COUNT; i++) {
    char left[64];
    const char *join = table[i].form == JOINED ? "" : table[i].flag[1] == '-' ? "=" : " ";
    snprintf(left, sizeof left, "%s%s%s", table[i].flag, table[i].value ? join : "", table[i].value ? table[i].value : "");
    printf("  %-24s %s\n", left, table[i].help);
  }
  puts("\npasses (for --print-after and --stop-after):");
  pipeline_list_passes();
  puts("\nexit codes: 0 success, 1 the model or a file is at fault, 2 the command line, 70 an error of aicc itself");
}

static bool apply(Parser *p, int argc, char **argv, int *at) {
  const char *argument = argv[*at];
  for (size_t i = 0; i < OPTION_COUNT; i++) {
    size_t length = strlen(table[i].flag);
    if (strncmp(argument, table[i].flag, length) != 0) continue;
    const char *rest = argument + length;
    bool is_long = argument[1] == '-';
    if (table[i].form == JOINED) return table[i].set(p, rest);
    if (table[i].form == NO_VALUE) {
      if (*rest) continue;
      return table[i].set(p, NULL);
    }
    if (is_long && *rest && *rest != '=') continue;
    const char *value = *rest ? rest + is_long : *at + 1 < argc ? argv[++*at] : "";
    if (!*value) return wrong(p, "a value is missing after", table[i].flag);
    return table[i].set(p, value);
  }
  return wrong(p, "unknown option", argument);
}

/* The list of --cpu as a mask of the target's levels. */
static bool resolve_levels(Parser *p) {
  Options *o = p->options;
  o->level_mask = (1u << o->target->level_count) - 1;
  if (!p->cpu_list) return true;
  o->level_mask = 0;
  for (const char *at = p->cpu_list;; at++) {
    size_t length = strcspn(at, ",");
    const char *name = arena_copy_text(p->arena, at, length);
    int32_t level = target_level_find(o->target, name);
    if (level < 0) return wrong(p, "unknown CPU level", name);
    o->level_mask |= 1u << level;
    at += length;
    if (!*at) return true;
  }
}

bool options_parse(Options *options, Arena *arena, Diagnostics *diagnostics, int argc, char **argv) {
  Parser parser = {.options = options, .arena = arena, .diagnostics = diagnostics};
  bool only_files = false;
  *options = (Options){.optimisation = 2, .linker = "cc", .target = target_find(NULL)};
  options->triple = options->target->triple;
  options->progress = isatty(STDERR_FILENO) != 0;
  for (int at = 1; at < argc; at++) {
    if (!only_files && strcmp(argv[at], "--") == 0) {
      only_files = true;
    } else if (!only_files && argv[at][0] == '-' && argv[at][1]) {
      if (!apply(&parser, argc, argv, &at)) return false;
      if (options->action == ACTION_HELP || options->action == ACTION_VERSION) return true;
    } else if (options->input) {
      return wrong(&parser, "more than one model:", argv[at]);
    } else {
      options->input = argv[at];
    }
  }
  if (!options->input || !*options->input) return report(diagnostics, NULL, MESSAGE_OPTION, "no model is given (try --help)");
  return resolve_levels(&parser);
}
