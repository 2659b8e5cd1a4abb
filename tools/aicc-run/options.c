/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the command line. Every option is one row of a table; values are given as --option=VALUE or
   --option VALUE. */
#include "options.h"
#include "aicc/abi.h"
#include "aicc/pool.h"
#include "tensor.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef AICC_VERSION
#define AICC_VERSION "development"
#endif

static const char help_text[] =
    "usage: aicc-run MODEL [options] [-- COMPILER-OPTIONS]\n"
    "\n"
    "Runs a model. MODEL is a compiled model, .o or .so; anything else is compiled with aicc first (the one\n"
    "beside aicc-run, or $AICC), with the options after --.\n"
    "\n"
    "  --data DIR        read input_0.pb or .npy (or NAME.npy, NAME.pb), ..., and compare the outputs with\n"
    "                    output_0.pb or .npy, ...\n"
    "  --rtol R --atol A an output element agrees when |got - expected| <= A + R * |expected|; defaults "
    "1e-3\n"
    "                    and 1e-7; integers must be the same\n"
    "  --no-compare      with --data: take the inputs from there and print a summary of the outputs\n"
    "  --random SEED     inputs that have no file are random; without --data all are (default seed 0)\n"
    "  --dim NAME=SIZE   the size of a symbolic dim that no input says\n"
    "  --bench[=SECONDS] print the latency over repeated runs (default 1 second)\n"
    "  --threads N       run with a pool of N workers (0: one per core)\n"
    "  --cpu LEVEL       use one CPU level: v2, v3, v4 (x86-64-v2, ...), neon (aarch64), or its number\n"
    "  --misalign        place inputs and outputs at addresses aligned to no more than their elements\n"
    "  --save DIR        write the outputs as DIR/output_0.npy, ...\n"
    "  --hash            print a hash of the bytes of all outputs\n"
    "  --entry NAME      the entry point to run, where the model has several\n"
    "  --name NAME       the model's name, where the object has several\n"
    "  --linker COMMAND  what links a .o into something loadable (default cc)\n"
    "  --version --help\n"
    "\n"
    "Exit status: 0 when all is well, 1 when the run failed or an output differs, 2 for a wrong command "
    "line.\n";

typedef enum ValueKind { VALUE_NONE, VALUE_NEEDED, VALUE_OPTIONAL } ValueKind;

typedef bool (*OptionReader)(Options *options, const char *value);

static bool read_number(const char *text, double *number) {
  char *end;
  *number = strtod(text, &end);
  return end != text && *end == '\0' && *number >= 0 && !isinf(*number);
}

static bool read_integer(const char *text, uint64_t limit, uint64_t *number) {
  char *end;
  errno = 0;
  if (*text < '0' || *text > '9') return false;
  *number = strtoull(text, &end, 10);
  return *end == '\0' && errno == 0 && *number <= limit;
}

static bool set_data(Options *o, const char *value) {
  return (o->data_folder = value), *value != '\0';
}
static bool set_save(Options *o, const char *value) {
  return (o->save_folder = value), *value != '\0';
}
static bool set_name(Options *o, const char *value) {
  return (o->name = value), *value != '\0';
}
static bool set_entry(Options *o, const char *value) {
  return (o->entry = value), *value != '\0';
}
static bool set_linker(Options *o, const char *value) {
  return (o->linker = value), *value != '\0';
}
static bool set_rtol(Options *o, const char *value) {
  return read_number(value, &o->relative_tolerance);
}
static bool set_atol(Options *o, const char *value) {
  return read_number(value, &o->absolute_tolerance);
}
static bool set_misalign(Options *o, const char *value) {
  return (o->misalign = true), !value;
}
static bool set_hash(Options *o, const char *value) {
  return (o->print_hash = true), !value;
}
static bool set_no_compare(Options *o, const char *value) {
  return (o->skip_compare = true), !value;
}

static bool set_random(Options *o, const char *value) {
  o->is_random = true;
  return read_integer(value, UINT64_MAX, &o->seed);
}

static bool set_bench(Options *o, const char *value) {
  o->bench_seconds = 1;
  return !value || (read_number(value, &o->bench_seconds) && o->bench_seconds > 0);
}

static bool set_threads(Options *o, const char *value) {
  uint64_t count;
  if (!read_integer(value, 1024, &count)) return false;
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  o->worker_count = count ? (uint32_t)count : online > 1 ? (uint32_t)online : 1;
  return true;
}

static bool set_cpu(Options *o, const char *value) {
  static const struct {
    const char *name;
    uint32_t level;
  } levels[] = {
#if defined(__x86_64__)
    {"v2", AICC_CPU_X86_64_V2},
    {"v3", AICC_CPU_X86_64_V3},
    {"v4", AICC_CPU_X86_64_V4},
    {"x86-64-v2", AICC_CPU_X86_64_V2},
    {"x86-64-v3", AICC_CPU_X86_64_V3},
    {"x86-64-v4", AICC_CPU_X86_64_V4},
#elif defined(__aarch64__)
    {"aarch64", AICC_CPU_AARCH64},
    {"neon", AICC_CPU_AARCH64},
    {"dotprod", AICC_CPU_AARCH64_DOTPROD},
    {"i8mm", AICC_CPU_AARCH64_I8MM},
#endif
    {"native", 0},
  };
  for (size_t i = 0; i < sizeof levels / sizeof *levels; ++i)
    if (strcmp(value, levels[i].name) == 0) {
      o->cpu_level = levels[i].level;
      return true;
    }
  uint64_t number;
  if (!read_integer(value, UINT32_MAX, &number)) return false;
  o->cpu_level = (uint32_t)number;
  return true;
}

static bool set_dim(Options *o, const char *value) {
  uint64_t size;
  const char *equals = strrchr(value, '=');
  if (o->dim_count == MAX_DIM_OPTIONS || !equals || equals == value || equals - value > 4096 ||
      !read_integer(equals + 1, INT64_MAX, &size))
    return false;
  o->dims[o->dim_count++] = (DimOption){value, (int)(equals - value), (int64_t)size};
  return true;
}

static const struct {
  const char *name;
  ValueKind value;
  OptionReader read;
} table[] = {
    {"data", VALUE_NEEDED, set_data},     {"rtol", VALUE_NEEDED, set_rtol},
    {"atol", VALUE_NEEDED, set_atol},     {"no-compare", VALUE_NONE, set_no_compare},
    {"random", VALUE_NEEDED, set_random}, {"dim", VALUE_NEEDED, set_dim},
    {"bench", VALUE_OPTIONAL, set_bench}, {"threads", VALUE_NEEDED, set_threads},
    {"cpu", VALUE_NEEDED, set_cpu},       {"misalign", VALUE_NONE, set_misalign},
    {"save", VALUE_NEEDED, set_save},     {"hash", VALUE_NONE, set_hash},
    {"entry", VALUE_NEEDED, set_entry},   {"name", VALUE_NEEDED, set_name},
    {"linker", VALUE_NEEDED, set_linker},
};

static int usage_error(const char *what, const char *argument) {
  report("%s: %s (see aicc-run --help)", argument, what);
  return EXIT_USAGE;
}

/* Reads the option at argv[*at] and moves *at over a value in the next argument. */
static int read_option(int argc, char **argv, int *at, Options *options) {
  const char *argument = argv[*at], *name = argument + 2, *value = strchr(name, '=');
  size_t length = value ? (size_t)(value - name) : strlen(name);
  if (value) ++value;
  for (size_t i = 0; i < sizeof table / sizeof *table; ++i) {
    if (strlen(table[i].name) != length || strncmp(table[i].name, name, length) != 0) continue;
    if (table[i].value == VALUE_NONE && value) return usage_error("takes no value", argument);
    if (table[i].value == VALUE_NEEDED && !value) {
      if (*at + 1 >= argc) return usage_error("needs a value", argument);
      value = argv[++*at];
    }
    if (table[i].read(options, value)) return -1;
    report("--%s: `%s` is not a value for it (see aicc-run --help)", table[i].name, value);
    return EXIT_USAGE;
  }
  return usage_error("no such option", argument);
}

int options_parse(int argc, char **argv, Options *options) {
  *options = (Options){.relative_tolerance = 1e-3, .absolute_tolerance = 1e-7};
  for (int i = 1; i < argc; ++i) {
    const char *argument = argv[i];
    if (strcmp(argument, "--help") == 0) return fputs(help_text, stdout), EXIT_OK;
    if (strcmp(argument, "--version") == 0) return puts("aicc-run " AICC_VERSION), EXIT_OK;
    if (strcmp(argument, "--") == 0) {
      options->compiler_arguments = argv + i + 1;
      break;
    }
    if (argument[0] != '-') {
      if (options->model_path) return usage_error("a second model; only one can be run", argument);
      options->model_path = argument;
      continue;
    }
    int code =
        argument[1] == '-' ? read_option(argc, argv, &i, options) : usage_error("no such option", argument);
    if (code >= 0) return code;
  }
  if (options->model_path) return -1;
  report("no model given (see aicc-run --help)");
  return EXIT_USAGE;
}
