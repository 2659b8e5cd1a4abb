/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of aicc. */
#ifndef AICC_DRIVER_OPTIONS_H
#define AICC_DRIVER_OPTIONS_H
#include "base/arena.h"
#include "base/diagnostics.h"
#include "codegen/llvm/codegen.h"

typedef enum Action {
  ACTION_OBJECT,
  ACTION_ASSEMBLY,
  ACTION_LLVM_IR,
  ACTION_GRAPH_IR,
  ACTION_HEADER,
  ACTION_SHARED,
  ACTION_VERSION,
  ACTION_HELP
} Action;

typedef struct Options {
  const char *input, *output, *name, *triple, *linker;
  Action action;
  uint32_t optimisation;
  const Target *target;
  uint32_t level_mask;
  bool debug_info, dependencies, time_passes, report_memory, progress;
  const char *dependency_file;
  const char **print_after;
  size_t print_count, print_capacity;
  const char *stop_after;
  const char **pin_names;
  int64_t *pin_values;
  size_t pin_count, pin_capacity, value_capacity, value_count;
} Options;

/* Parses argv. On false a message has been reported (exit code 2). */
bool options_parse(Options *options, Arena *arena, Diagnostics *diagnostics, int argc, char **argv);
/* The text of --help. */
void options_help(void);
#endif
