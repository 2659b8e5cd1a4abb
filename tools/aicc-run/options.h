/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of aicc-run. */
#ifndef AICC_RUN_OPTIONS_H
#define AICC_RUN_OPTIONS_H
#include <stdbool.h>
#include <stdint.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, MAX_DIM_OPTIONS = 64 };

typedef struct DimOption {
  const char *text; /* NAME=VALUE as given; the name is its first name_length characters */
  int name_length;
  int64_t value;
} DimOption;

typedef struct Options {
  const char *model_path;
  char *const *compiler_arguments; /* what follows --, ending with a null pointer; null: nothing */
  const char *name, *entry, *data_folder, *save_folder, *linker;
  double relative_tolerance, absolute_tolerance;
  double bench_seconds;  /* 0: no benchmark */
  uint32_t worker_count; /* 0: serial, without a pool */
  uint32_t cpu_level;
  bool is_random, misalign, print_hash, skip_compare;
  uint64_t seed;
  DimOption dims[MAX_DIM_OPTIONS];
  uint32_t dim_count;
} Options;

/* Reads the command line; the strings stay those of argv. Returns -1 to go on, else the code to exit with:
   --help and --version have printed their text, a usage error its report. */
int options_parse(int argc, char **argv, Options *options);

#endif
