/* SPDX-License-Identifier: Apache-2.0 */
/* A careful caller: every status that the interface promises, symbolic dims, many callers at once, a small stack.
   dense: tanh(x w^T + b), [64,96] to [64,200]; symbolic: h = x w, y = h - max(h), [N,5] to [N,7]. */
#include "dense.h"
#include "symbolic.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The lowest level of the architecture, and one that its objects never have. */
#if defined(__aarch64__)
enum { BASELINE = AICC_CPU_AARCH64, ABSENT = 98 };
#else
enum { BASELINE = AICC_CPU_X86_64_V2, ABSENT = 1 };
#endif

static int failures;
#define CHECK(condition)                                                                                     \
  do {                                                                                                       \
    if (!(condition)) {                                                                                      \
      printf("line %d: %s\n", __LINE__, #condition);                                                         \
      failures++;                                                                                            \
    }                                                                                                        \
  } while (0)

static float x[64 * 96], y[64 * 200], reference[64 * 200];
static _Alignas(64) unsigned char space[DENSE_WORKSPACE_BYTES + 128];
static const dense_inputs in = {.x = x};
static const dense_outputs out = {.y = y};

static void fill(void) {
  for (int i = 0; i < 64 * 96; i++) x[i] = (float)(i * 37 % 101) / 101 - 0.5f;
}

static aicc_status run_dense(const aicc_options *options) { return dense_run(&in, &out, space, sizeof space, options); }

static void statuses(void) {
  aicc_options options = {.struct_size = sizeof options};
  struct {
    aicc_options options;
    char future[64];
  } larger;
  CHECK(run_dense(NULL) == AICC_OK);
  CHECK(run_dense(&options) == AICC_OK);
  CHECK(dense_run(NULL, &out, space, sizeof space, NULL) == AICC_E_ARGUMENT);
  CHECK(dense_run(&in, NULL, space, sizeof space, NULL) == AICC_E_ARGUMENT);
  dense_inputs no_x = {.x = NULL};
  dense_outputs no_y = {.y = NULL};
  CHECK(dense_run(&no_x, &out, space, sizeof space, NULL) == AICC_E_ARGUMENT);
  CHECK(dense_run(&in, &no_y, space, sizeof space, NULL) == AICC_E_ARGUMENT);
  options.struct_size = sizeof options - 1;
  CHECK(run_dense(&options) == AICC_E_ARGUMENT);
  options.struct_size = 0;
  CHECK(run_dense(&options) == AICC_E_ARGUMENT);
  memset(&larger, 0xff, sizeof larger);
  larger.options = (aicc_options){.struct_size = sizeof larger};
  CHECK(run_dense(&larger.options) == AICC_OK);
  if (DENSE_WORKSPACE_BYTES) {
    CHECK(dense_run(&in, &out, NULL, sizeof space, NULL) == AICC_E_WORKSPACE);
    for (int off = 1; off < 64; off *= 2)
      CHECK(dense_run(&in, &out, space + off, DENSE_WORKSPACE_BYTES, NULL) == AICC_E_WORKSPACE);
    CHECK(dense_run(&in, &out, space, DENSE_WORKSPACE_BYTES - 1, NULL) == AICC_E_WORKSPACE);
  }
  CHECK(dense_run(&in, &out, space, DENSE_WORKSPACE_BYTES, NULL) == AICC_OK);
  options = (aicc_options){.struct_size = sizeof options, .cpu_level = ABSENT};
  CHECK(run_dense(&options) == AICC_E_CPU);
  options.cpu_level = 99;
  CHECK(run_dense(&options) == AICC_E_CPU);
  options.cpu_level = BASELINE;
  CHECK(run_dense(&options) == AICC_OK);
  const aicc_model *model = dense_model();
  CHECK(model->abi == 1 && model->entry_count == 1 && strcmp(model->name, "dense") == 0);
  const aicc_entry *entry = model->entries;
  CHECK(entry->input_count == 1 && entry->output_count == 1 && entry->symbol_count == 0);
  CHECK(strcmp(entry->inputs[0].name, "x") == 0 && entry->inputs[0].dtype == 1 && entry->inputs[0].rank == 2);
  CHECK(entry->inputs[0].dims[0] == 64 && entry->inputs[0].dims[1] == 96 && entry->workspace_align == 64);
  size_t bytes = 0;
  CHECK(entry->workspace_bytes(NULL, 1, &bytes) == AICC_OK && bytes == DENSE_WORKSPACE_BYTES);
}

static void symbolic(void) {
  static float xs[40 * 5], ys[40 * 7 + 1];
  for (int i = 0; i < 40 * 5; i++) xs[i] = (float)(i % 13) - 6;
  for (int64_t n = 0; n <= 40; n = n < 4 ? n + 1 : n * 3) {
    symbolic_inputs si = {.x = n ? xs : NULL, .dim_N = n};
    symbolic_outputs so = {.y = n ? ys : NULL};
    size_t bytes = symbolic_workspace_bytes(&si, 1);
    CHECK(bytes != SIZE_MAX);
    void *memory = aligned_alloc(64, (bytes + 64) / 64 * 64);
    ys[n * 7] = 1234;
    CHECK(symbolic_run(&si, &so, memory, bytes, NULL) == AICC_OK);
    CHECK(ys[n * 7] == 1234);
    if (bytes) CHECK(symbolic_run(&si, &so, memory, bytes - 1, NULL) == AICC_E_WORKSPACE);
    for (int64_t row = 0; row < n; row++) { /* the greatest of every row is 0 */
      float most = ys[row * 7];
      for (int i = 1; i < 7; i++) most = fmaxf(most, ys[row * 7 + i]);
      CHECK(most == 0);
    }
    free(memory);
  }
  symbolic_inputs bad = {.x = xs, .dim_N = -1};
  symbolic_outputs so = {.y = ys};
  CHECK(symbolic_run(&bad, &so, space, sizeof space, NULL) == AICC_E_SHAPE);
  CHECK(symbolic_workspace_bytes(&bad, 1) == SIZE_MAX);
  bad.dim_N = INT64_MAX;
  CHECK(symbolic_run(&bad, &so, space, sizeof space, NULL) == AICC_E_SHAPE);
  CHECK(symbolic_workspace_bytes(&bad, 1) == SIZE_MAX);
  const aicc_entry *entry = symbolic_model()->entries;
  CHECK(entry->symbol_count == 1 && strcmp(entry->symbols[0], "N") == 0 && entry->inputs[0].dims[0] == -1);
  int64_t n = 9, dims[2], *rows[1] = {dims};
  CHECK(entry->output_dims(&n, rows) == AICC_OK && dims[0] == 9 && dims[1] == 7);
}

/* A parallel_for that runs the tasks backwards, on two workers in turn. */
static void backwards(void *user, size_t count, uint32_t workers, aicc_task task, void *arg) {
  ++*(int *)user;
  CHECK(workers >= 1 && workers <= 3);
  while (count-- > 0) task(arg, count, (uint32_t)(count % workers));
}

static void *one_caller(void *failed) {
  unsigned char *own = aligned_alloc(64, sizeof space);
  float *result = malloc(sizeof y);
  dense_outputs mine = {.y = result};
  for (int i = 0; i < 50; i++)
    if (dense_run(&in, &mine, own, sizeof space, NULL) != AICC_OK || memcmp(result, reference, sizeof reference) != 0)
      *(int *)failed = 1;
  free(own);
  free(result);
  return NULL;
}

static void threads(void) {
  int calls = 0, failed[4] = {0};
  CHECK(run_dense(NULL) == AICC_OK);
  memcpy(reference, y, sizeof y);
  aicc_options options = {.struct_size = sizeof options, .parallel_for = backwards, .parallel_user = &calls, .worker_count = 3};
  memset(y, 0, sizeof y);
  CHECK(run_dense(&options) == AICC_OK);
  CHECK(memcmp(y, reference, sizeof y) == 0);
  CHECK(calls > 0);
  pthread_t callers[4];
  for (int i = 0; i < 4; i++) pthread_create(&callers[i], NULL, one_caller, &failed[i]);
  for (int i = 0; i < 4; i++) {
    pthread_join(callers[i], NULL);
    CHECK(!failed[i]);
  }
}

static void *small_stack(void *unused) {
  CHECK(run_dense(NULL) == AICC_OK);
  return unused;
}

static void stack(void) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  size_t least = (size_t)sysconf(_SC_THREAD_STACK_MIN), bytes = 64 * 1024;
  CHECK(pthread_attr_setstacksize(&attributes, bytes > least ? bytes : least) == 0);
  CHECK(pthread_create(&thread, &attributes, small_stack, NULL) == 0);
  pthread_join(thread, NULL);
}

/* On a CPU of the baseline: detection finds it, the other levels are refused. */
static void baseline(void) {
  aicc_options options = {.struct_size = sizeof options};
  CHECK(run_dense(&options) == AICC_OK);
  for (options.cpu_level = BASELINE + 1; options.cpu_level <= BASELINE + 2; options.cpu_level++)
    CHECK(run_dense(&options) == AICC_E_CPU);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*check)(void);
  } checks[] = {{"statuses", statuses}, {"symbolic", symbolic}, {"threads", threads}, {"stack", stack}, {"baseline", baseline}};
  fill();
  for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
    if (argc > 1 && strcmp(argv[1], checks[i].name) == 0) {
      checks[i].check();
      return failures != 0;
    }
  return 2;
}
