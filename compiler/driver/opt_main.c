/* SPDX-License-Identifier: Apache-2.0 */
/* aicc-opt: the text of a graph or a program in, passes, text out. */
#include "base/file.h"
#include "base/temporary.h"
#include "driver/exit_code.h"
#include "driver/pipeline.h"
#include "driver/version.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASS_LIMIT = 64 };

typedef struct Request {
  const char *input, *output; /* null: standard input, output */
  const char *passes[PASS_LIMIT];
  size_t pass_count;
  Options options; /* what the pipeline reads of them */
} Request;

static void print_help(void) {
  puts("usage: aicc-opt [FILE.aicc-ir] [options]\n\n"
       "Reads the text of a tensor graph or of a loop program (- or nothing: standard input), verifies it, runs the\n"
       "named passes in the order given, and writes the text of the result.\n\noptions:\n"
       "  -p, --pass=LIST          passes to run, separated by commas; `all` is the whole pipeline from here on\n"
       "  -o FILE                  write to FILE instead of standard output\n"
       "  --time-passes            print the time of each pass\n"
       "  --version, --help\n\npasses:");
  pipeline_list_passes();
}

static int usage_error(const char *what, const char *argument) {
  fprintf(stderr, "aicc-opt: error: %s '%s' (try --help)\n", what, argument);
  return EXIT_USAGE;
}

/* Appends the passes of a comma-separated list; the list is cut in place. */
static int add_passes(Request *request, char *list) {
  for (char *name = strtok(list, ","); name; name = strtok(NULL, ",")) {
    if (strcmp(name, "all") != 0 && !pipeline_has_pass(name)) return usage_error("no pass is named", name);
    if (request->pass_count == PASS_LIMIT) return usage_error("too many passes at", name);
    request->passes[request->pass_count++] = name;
  }
  return 0;
}

/* 0 to go on, -1 when done, else the exit code. */
static int parse_arguments(Request *request, int argc, char **argv) {
  int code = 0;
  for (int i = 1; i < argc && !code; i++) {
    char *argument = argv[i];
    bool takes_value = strcmp(argument, "-p") == 0 || strcmp(argument, "-o") == 0 || strcmp(argument, "--pass") == 0;
    if (takes_value && (i + 1 == argc || !argv[i + 1][0])) return usage_error("a value is missing after", argument);
    if (strcmp(argument, "--help") == 0) {
      print_help();
      return -1;
    }
    if (strcmp(argument, "--version") == 0) {
      puts("aicc-opt " AICC_VERSION);
      return -1;
    }
    if (strcmp(argument, "-o") == 0)
      request->output = argv[++i];
    else if (takes_value)
      code = add_passes(request, argv[++i]);
    else if (strncmp(argument, "--pass=", 7) == 0)
      code = add_passes(request, argument + 7);
    else if (strcmp(argument, "--time-passes") == 0)
      request->options.time_passes = true;
    else if (argument[0] == '-' && argument[1])
      code = usage_error("unknown option", argument);
    else if (request->input)
      code = usage_error("more than one input:", argument);
    else
      request->input = argument;
  }
  return code;
}

/* The first word of the text tells a program from a graph. */
static bool is_program(const MappedFile *file) {
  Arena *arena = arena_create();
  Lexer lexer;
  lexer_start(&lexer, arena, (const char *)file->bytes, file->length);
  bool program = lexer_is_word(&lexer, "program");
  arena_destroy(arena);
  return program;
}

static bool read_input(Request *request, Diagnostics *diagnostics, MappedFile *file, Pipeline *pipeline) {
  const char *name = request->input && strcmp(request->input, "-") != 0 ? request->input : "/dev/stdin";
  if (!file_map(name, file)) {
    Location location = {.file = name};
    return report(diagnostics, &location, MESSAGE_CANNOT_READ, strerror(errno));
  }
  Arena *arena = arena_create();
  const char *slash = strrchr(name, '/');
  char *directory = slash ? arena_copy_text(arena, name, (size_t)(slash - name)) : NULL;
  if (is_program(file))
    pipeline->program = program_parse(diagnostics, name, (const char *)file->bytes, file->length);
  else
    pipeline->module = module_parse(diagnostics, name, (const char *)file->bytes, file->length, directory);
  arena_destroy(arena);
  return pipeline->program || pipeline->module;
}

static bool write_result(const Request *request, Diagnostics *diagnostics, const Pipeline *pipeline) {
  Text text = {0};
  pipeline_print(&text, pipeline);
  bool ok;
  if (request->output && strcmp(request->output, "-") != 0)
    ok = file_write(request->output, text.bytes, text.length);
  else
    ok = fwrite(text.bytes, 1, text.length, stdout) == text.length && fflush(stdout) == 0;
  if (!ok) report(diagnostics, NULL, MESSAGE_CANNOT_WRITE, request->output ? request->output : "-", strerror(errno));
  text_free(&text);
  return ok;
}

int main(int argc, char **argv) {
  Request request = {0};
  int code = parse_arguments(&request, argc, argv);
  if (code) return code < 0 ? 0 : code;
  Diagnostics *diagnostics = diagnostics_create(NULL, NULL);
  Pipeline pipeline = {.options = &request.options, .verify = true};
  MappedFile file;
  temporary_guard();
  if (!read_input(&request, diagnostics, &file, &pipeline))
    code = exit_code(diagnostics, PHASE_READING);
  else if (!pipeline_run_passes(&pipeline, diagnostics, request.passes, request.pass_count) ||
           !write_result(&request, diagnostics, &pipeline))
    code = exit_code(diagnostics, PHASE_COMPILING);
  diagnostics_finish(diagnostics);
  diagnostics_destroy(diagnostics);
  return code;
}
