/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/outputs.h"
#include "base/file.h"
#include "base/identifier.h"
#include "driver/header.h"
#include <string.h>

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

static const char *default_suffix(const Options *options) {
  if (options->stop_after) return ".aicc-ir";
  switch (options->action) {
  case ACTION_ASSEMBLY: return ".s";
  case ACTION_LLVM_IR: return ".ll";
  case ACTION_GRAPH_IR: return ".aicc-ir";
  case ACTION_HEADER: return ".h";
  case ACTION_SHARED: return ".so";
  default: return ".o";
  }
}

static bool is_standard_output(const char *path) {
  static const char *const names[] = {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(path, names[i]) == 0) return true;
  return false;
}

static bool wrong(Diagnostics *diagnostics, Arena *arena, const char *format, const char *path) {
  return report(diagnostics, NULL, MESSAGE_OPTION, arena_format(arena, format, path));
}

static void decide_main(Outputs *outputs, const Options *options, Arena *arena) {
  const char *given = options->output;
  const char *usual = with_suffix(arena, base_name(options->input), default_suffix(options));
  bool standard = given ? is_standard_output(given) : options->stop_after != NULL;
  outputs->main = standard ? NULL : given ? given : usual;
  outputs->target = standard ? usual : outputs->main;
  const char *stem = options->name ? options->name : with_suffix(arena, base_name(outputs->target), "");
  outputs->name = identifier_from(arena, stem);
}

static void decide_dependencies(Outputs *outputs, const Options *options, Arena *arena) {
  outputs->depends = options->dependencies;
  if (!outputs->depends) return;
  const char *path = options->dependency_file;
  if (!path) path = with_suffix(arena, outputs->target, ".d");
  if (!is_standard_output(path)) outputs->dependencies = path;
}

/* The files of which none may be another. */
static size_t list_paths(const Outputs *outputs, const char **paths) {
  size_t count = 0;
  const char *const all[] = {outputs->main, outputs->header, outputs->dependencies};
  for (int i = 0; i < 3; i++)
    if (all[i]) paths[count++] = all[i];
  return count;
}

static bool check_paths(const Outputs *outputs, const char *model, Arena *arena, Diagnostics *diagnostics) {
  const char *paths[3];
  size_t count = list_paths(outputs, paths);
  if (outputs->depends && !outputs->main && !outputs->dependencies)
    return wrong(diagnostics, arena, "the dependency file and '%s' would both go to standard output", outputs->target);
  for (size_t i = 0; i < count; i++) {
    if (file_same(paths[i], model))
      return wrong(diagnostics, arena, "writing '%s' would overwrite the model", paths[i]);
    for (size_t k = 0; k < i; k++)
      if (file_same(paths[i], paths[k]))
        return wrong(diagnostics, arena, "two outputs would be one file, '%s'", paths[i]);
  }
  return true;
}

bool outputs_decide(Outputs *outputs, const Options *options, Arena *arena, Diagnostics *diagnostics) {
  *outputs = (Outputs){0};
  decide_main(outputs, options, arena);
  bool is_graph = options->stop_after || options->action == ACTION_GRAPH_IR;
  bool compiled = !is_graph && (options->action == ACTION_OBJECT || options->action == ACTION_SHARED);
  if (compiled && outputs->main && !file_is_special(outputs->main))
    outputs->header = with_suffix(arena, outputs->main, ".h");
  decide_dependencies(outputs, options, arena);
  if (!is_graph && header_name_clashes(arena, outputs->name))
    return wrong(diagnostics, arena, "the prefix '%s' is taken by the interface itself; --name=NAME gives another",
                 outputs->name);
  return check_paths(outputs, options->input, arena, diagnostics);
}

bool outputs_spare(const Outputs *outputs, Diagnostics *diagnostics, const char *data_file) {
  const char *paths[3];
  size_t count = list_paths(outputs, paths);
  for (size_t i = 0; i < count; i++)
    if (file_same(paths[i], data_file))
      return report(diagnostics, NULL, MESSAGE_CANNOT_WRITE, paths[i], "the model's data is in it");
  return true;
}

/* A name as make reads it. A backslash counts for itself except before what it could protect. */
static void add_make_name(Text *text, const char *name, bool is_target) {
  size_t backslashes = 0;
  for (const char *at = name; *at; at++) {
    bool protect = strchr(" \t#:", *at) || (is_target && *at == '%');
    for (size_t i = 0; protect && i <= backslashes; i++) text_add(text, "\\");
    backslashes = *at == '\\' ? backslashes + 1 : 0;
    if (*at == '$') text_add(text, "$");
    text_add_bytes(text, at, 1);
  }
  for (size_t i = 0; i < backslashes; i++) text_add(text, "\\"); /* before the space that follows */
}

void outputs_rule(const Outputs *outputs, Text *text, const char *model, const char *const *data_files, size_t count) {
  add_make_name(text, outputs->target, true);
  if (outputs->header) {
    text_add(text, " ");
    add_make_name(text, outputs->header, true);
  }
  text_add(text, ": ");
  add_make_name(text, model, false);
  for (size_t i = 0; i < count; i++) {
    text_add(text, " ");
    add_make_name(text, data_files[i], false);
  }
  text_add(text, "\n");
}
