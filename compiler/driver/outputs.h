/* SPDX-License-Identifier: Apache-2.0 */
/* What a compilation writes: where each file goes, what the interface is called, and what make is told about it. */
#ifndef AICC_DRIVER_OUTPUTS_H
#define AICC_DRIVER_OUTPUTS_H
#include "base/text.h"
#include "driver/options.h"

typedef struct Outputs {
  const char *name;         /* NAME, the prefix of the interface */
  const char *main;         /* null: standard output */
  const char *header;       /* beside an object; null: none */
  const char *dependencies; /* null: none, or standard output where `depends` is set */
  bool depends;             /* -MD */
  const char *target;       /* what the main output is called in the dependency file */
} Outputs;

/* Decides all of it from the command line. False, after reporting, where the files would overwrite the model or one
   another, or where NAME is taken. */
bool outputs_decide(Outputs *outputs, const Options *options, Arena *arena, Diagnostics *diagnostics);
/* Whether none of the outputs is that data file of the model; reports. */
bool outputs_spare(const Outputs *outputs, Diagnostics *diagnostics, const char *data_file);
/* Appends a rule: the outputs depend on the model and its data files. */
void outputs_rule(const Outputs *outputs, Text *text, const char *model, const char *const *data_files, size_t count);
#endif
