/* SPDX-License-Identifier: Apache-2.0 */
/* The passes in order, and what may be asked of each: print after it, stop after it, time it. */
#ifndef AICC_DRIVER_PIPELINE_H
#define AICC_DRIVER_PIPELINE_H
#include "base/text.h"
#include "driver/options.h"
#include "passes/lower.h"

typedef struct Pipeline {
  const Options *options;
  Module *module;
  Lowering *lowering; /* null until grouped */
  Program *program; /* null until lowered, or where the pipeline stopped before */
  bool stopped;     /* by --stop-after: `text` holds the form to write */
  Text text;
  bool verify;      /* after every pass */
} Pipeline;

bool pipeline_has_pass(const char *name);
/* Prints a line per pass to standard output. */
void pipeline_list_passes(void);
/* Runs everything from the imported module to the planned program. False after reporting. */
bool pipeline_run(Pipeline *pipeline);
/* Only the passes of those names, in the order given (aicc-opt); "all" is every pass that fits the form at hand.
   A graph pass after lowering, or a program pass before, is reported. */
bool pipeline_run_passes(Pipeline *pipeline, Diagnostics *diagnostics, const char *const *names, size_t count);
/* The text of the form at hand: the program once there is one, else the graph, with its groups once they are made. */
void pipeline_print(Text *text, const Pipeline *pipeline);
#endif
