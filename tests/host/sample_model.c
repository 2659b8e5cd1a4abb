/* SPDX-License-Identifier: Apache-2.0 */
/* A hand-written compiled model: it keeps to the binary interface, as aicc's objects do, so loader and
   aicc-run can be tested without the compiler. Some of its entry points break the interface on purpose. */
#include "aicc/abi.h"

enum { WORKSPACE_ALIGN = 64, WORKER_BYTES = 64, UNBOUNDED_WORKSPACE = 300000 };
#define DATA_DEPENDENT INT64_MIN
#define COMPUTED (INT64_MIN + 1)
#define SYMBOL(k) (-1 - (k))
#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof(*(array))))

static aicc_status workspace_bytes(const int64_t *symbols, uint32_t worker_count, size_t *out_bytes) {
  (void)symbols;
  *out_bytes = (size_t)(worker_count > 1 ? worker_count : 1) * WORKER_BYTES;
  return AICC_OK;
}

static aicc_status odd_workspace_bytes(const int64_t *symbols, uint32_t worker_count, size_t *out_bytes) {
  (void)symbols, (void)worker_count;
  *out_bytes = WORKER_BYTES - 3; /* aligned, so it cannot end where a page does */
  return AICC_OK;
}

static aicc_status check_workspace(const void *workspace, size_t bytes, const aicc_options *options) {
  uint32_t workers = options ? options->worker_count : 1;
  if (options && options->struct_size < sizeof(aicc_options)) return AICC_E_ARGUMENT;
  if (options && options->cpu_level != 0 && options->cpu_level != 2 && options->cpu_level != 3)
    return AICC_E_CPU;
  if (!workspace || (uintptr_t)workspace % WORKSPACE_ALIGN != 0) return AICC_E_WORKSPACE;
  return bytes < (size_t)(workers > 1 ? workers : 1) * WORKER_BYTES ? AICC_E_WORKSPACE : AICC_OK;
}

/* "run": y = x * scale + 1; total = the sum of k; positive = the indices of the positive elements of x, in
   order; twice = 0, 1, ..., 2 N - 1. */

static const int64_t x_dims[] = {SYMBOL(0), 3}, k_dims[] = {SYMBOL(1)}, positive_dims[] = {DATA_DEPENDENT},
                     twice_dims[] = {COMPUTED};
static const char *const run_symbols[] = {"N", "M"};
static const aicc_value run_inputs[] = {
    {"x", 0, 1, 2, x_dims}, {"scale", 0, 1, 0, NULL}, {"k", 0, 7, 1, k_dims}};
static const aicc_value run_outputs[] = {{"y", 0, 1, 2, x_dims},
                                         {"total", 0, 7, 0, NULL},
                                         {"positive", 0, 7, 1, positive_dims},
                                         {"twice", 0, 6, 1, twice_dims}};

static aicc_status run_output_dims(const int64_t *symbols, int64_t *const *dims) {
  if (symbols[0] < 0 || symbols[0] > 1000000) return AICC_E_SHAPE;
  dims[0][0] = symbols[0];
  dims[0][1] = 3;
  dims[2][0] = symbols[0] * 3;
  dims[3][0] = symbols[0] * 2;
  return AICC_OK;
}

typedef struct RowTask {
  const float *x;
  float scale, *y;
  unsigned char *workspace;
} RowTask;

static void run_row(void *arg, size_t index, uint32_t worker) {
  const RowTask *row = arg;
  float *scratch = (float *)(void *)(row->workspace + (size_t)worker * WORKER_BYTES);
  for (size_t i = 0; i < 3; ++i) scratch[i] = row->x[index * 3 + i] * row->scale;
  for (size_t i = 0; i < 3; ++i) row->y[index * 3 + i] = scratch[i] + 1;
}

static aicc_status run_run(const void *const *inputs, void *const *outputs, const int64_t *symbols,
                           int64_t *const *dims, void *workspace, size_t bytes, const aicc_options *options) {
  aicc_status status = check_workspace(workspace, bytes, options);
  if (status != AICC_OK) return status;
  const float *x = inputs[0];
  const int64_t *k = inputs[2];
  int64_t *total = outputs[1], *positive = outputs[2], count = 0;
  int32_t *twice = outputs[3];
  RowTask row = {x, *(const float *)inputs[1], outputs[0], workspace};
  if (options && options->parallel_for && options->worker_count > 1)
    options->parallel_for(options->parallel_user, (size_t)symbols[0], options->worker_count, run_row, &row);
  else
    for (size_t i = 0; i < (size_t)symbols[0]; ++i) run_row(&row, i, 0);
  *total = 0;
  for (int64_t i = 0; i < symbols[1]; ++i) *total += k[i];
  for (int64_t i = 0; i < symbols[0] * 3; ++i)
    if (x[i] > 0) {
      if (count < dims[2][0]) positive[count] = i;
      ++count;
    }
  if (count > dims[2][0]) status = AICC_E_CAPACITY;
  dims[2][0] = count;
  for (int32_t i = 0; i < symbols[0] * 2; ++i) twice[i] = i;
  return status;
}

/* "unbounded": range = 0 ... n - 1, of a size that no bound is known for, and a string in a workspace that
   must be larger than the minimum. */

static const int64_t one_dim[] = {1}, range_dims[] = {DATA_DEPENDENT};
static const aicc_value unbounded_inputs[] = {{"n", 0, 7, 1, one_dim}};
static const aicc_value unbounded_outputs[] = {{"range", 0, 7, 1, range_dims}, {"text", 0, 8, 1, one_dim}};

static aicc_status unbounded_output_dims(const int64_t *symbols, int64_t *const *dims) {
  (void)symbols;
  dims[0][0] = INT64_MAX;
  dims[1][0] = 1;
  return AICC_OK;
}

static aicc_status unbounded_run(const void *const *inputs, void *const *outputs, const int64_t *symbols,
                                 int64_t *const *dims, void *workspace, size_t bytes,
                                 const aicc_options *options) {
  (void)symbols;
  aicc_status status = check_workspace(workspace, bytes, options);
  if (status != AICC_OK) return status;
  int64_t n = *(const int64_t *)inputs[0], capacity = dims[0][0], *range = outputs[0];
  aicc_string *text = outputs[1];
  dims[0][0] = n;
  if (n > capacity || bytes < UNBOUNDED_WORKSPACE) return AICC_E_CAPACITY;
  for (int64_t i = 0; i < n; ++i) range[i] = i;
  char *letters = workspace;
  for (size_t i = 0; i < 5; ++i) letters[i] = "hello"[i];
  *text = (aicc_string){letters, 5};
  return AICC_OK;
}

/* "copy_TYPE": the output is the input, for every element type. */

static const int64_t copy_dims[] = {SYMBOL(0), SYMBOL(1)};
static const char *const copy_symbols[] = {"A", "B"};

static aicc_status copy_output_dims(const int64_t *symbols, int64_t *const *dims) {
  dims[0][0] = symbols[0];
  dims[0][1] = symbols[1];
  return AICC_OK;
}

#define COPY_TYPE(type, number, bits)                                                                        \
  static const aicc_value copy_input_##type[] = {{"from", 0, number, 2, copy_dims}};                         \
  static const aicc_value copy_output_##type[] = {{"to", 0, number, 2, copy_dims}};                          \
  static aicc_status copy_run_##type(const void *const *inputs, void *const *outputs,                        \
                                     const int64_t *symbols, int64_t *const *dims, void *workspace,          \
                                     size_t bytes, const aicc_options *options) {                            \
    (void)dims;                                                                                              \
    const unsigned char *from = inputs[0];                                                                   \
    unsigned char *to = outputs[0];                                                                          \
    for (size_t i = 0; i < ((size_t)(symbols[0] * symbols[1]) * (bits) + 7) / 8; ++i) to[i] = from[i];       \
    return check_workspace(workspace, bytes, options);                                                       \
  }
/* clang-format off */
#define FOR_EACH_TYPE(X)                                                                       \
  X(float32, 1, 32) X(uint8, 2, 8) X(int8, 3, 8)                                               \
  X(uint16, 4, 16) X(int16, 5, 16) X(int32, 6, 32)                                             \
  X(int64, 7, 64) X(string, 8, 8 * sizeof(aicc_string)) X(bool, 9, 8)                          \
  X(float16, 10, 16) X(float64, 11, 64) X(uint32, 12, 32)                                      \
  X(uint64, 13, 64) X(complex64, 14, 64) X(complex128, 15, 128)                                \
  X(bfloat16, 16, 16) X(float8e4m3fn, 17, 8) X(float8e4m3fnuz, 18, 8)                          \
  X(float8e5m2, 19, 8) X(float8e5m2fnuz, 20, 8) X(uint4, 21, 4)                                \
  X(int4, 22, 4) X(float4e2m1, 23, 4) X(float8e8m0, 24, 8)                                     \
  X(uint2, 25, 2) X(int2, 26, 2)
/* clang-format on */
FOR_EACH_TYPE(COPY_TYPE)

/* Entry points with a fault; otherwise w = v. "status" returns v[0]. */

enum {
  FAULT_STATUS,
  FAULT_PAST_END,
  FAULT_BEFORE_START,
  FAULT_INPUT,
  FAULT_WORKSPACE,
  FAULT_DIMS,
  FAULT_CHANGING
};
static const int64_t four[] = {4};
static const aicc_value fault_inputs[] = {{"v", 0, 6, 1, four}};
static const aicc_value fault_outputs[] = {{"w", 0, 6, 1, four}};
static const aicc_value sequence_inputs[] = {{"s", 1, 6, 1, four}};

static aicc_status fault_output_dims(const int64_t *symbols, int64_t *const *dims) {
  (void)symbols;
  dims[0][0] = 4;
  return AICC_OK;
}

static aicc_status wrong_output_dims(const int64_t *symbols, int64_t *const *dims) {
  (void)symbols;
  dims[0][0] = 5;
  return AICC_OK;
}

static aicc_status fault_run(int fault, const void *const *inputs, void *const *outputs, void *workspace,
                             size_t bytes) {
  static int32_t calls; /* not allowed in a real object */
  const int32_t *v = inputs[0];
  int32_t *w = outputs[0];
  for (int i = 0; i < 4; ++i) w[i] = v[i];
  switch (fault) {
  case FAULT_STATUS:
    return v[0];
  case FAULT_PAST_END:
    *(volatile int32_t *)(w + 4) = 1;
    break;
  case FAULT_BEFORE_START:
    *(volatile int32_t *)(w - 1) = 1;
    break;
  case FAULT_INPUT:
    *(volatile int32_t *)(uintptr_t)v = 7;
    break;
  case FAULT_WORKSPACE:
    ((volatile unsigned char *)workspace)[bytes] = 1;
    break;
  case FAULT_CHANGING:
    w[0] = calls++;
    break;
  default:
    break;
  }
  return AICC_OK;
}

#define FAULT_ENTRY(name, fault)                                                                             \
  static aicc_status name(const void *const *inputs, void *const *outputs, const int64_t *symbols,           \
                          int64_t *const *dims, void *workspace, size_t bytes,                               \
                          const aicc_options *options) {                                                     \
    (void)symbols, (void)dims, (void)options;                                                                \
    return fault_run(fault, inputs, outputs, workspace, bytes);                                              \
  }
FAULT_ENTRY(run_status, FAULT_STATUS)
FAULT_ENTRY(run_past_end, FAULT_PAST_END)
FAULT_ENTRY(run_before_start, FAULT_BEFORE_START)
FAULT_ENTRY(run_writes_input, FAULT_INPUT)
FAULT_ENTRY(run_past_workspace, FAULT_WORKSPACE)
FAULT_ENTRY(run_good, FAULT_DIMS)
FAULT_ENTRY(run_changing, FAULT_CHANGING)

#define COPY_ENTRY(type, number, bits)                                                                       \
  {"copy_" #type,                                                                                            \
   1,                                                                                                        \
   1,                                                                                                        \
   2,                                                                                                        \
   copy_input_##type,                                                                                        \
   copy_output_##type,                                                                                       \
   copy_symbols,                                                                                             \
   WORKSPACE_ALIGN,                                                                                          \
   workspace_bytes,                                                                                          \
   copy_output_dims,                                                                                         \
   copy_run_##type},
#define FAULT(name, inputs, dims, run) FAULT_WITH_WORKSPACE(name, inputs, dims, run, workspace_bytes)
#define FAULT_WITH_WORKSPACE(name, inputs, dims, run, workspace_bytes)                                       \
  { name, 1, 1, 0, inputs, fault_outputs, NULL, WORKSPACE_ALIGN, workspace_bytes, dims, run }

static const aicc_entry entries[] = {
    {"run", COUNT(run_inputs), COUNT(run_outputs), COUNT(run_symbols), run_inputs, run_outputs, run_symbols,
     WORKSPACE_ALIGN, workspace_bytes, run_output_dims, run_run},
    {"unbounded", 1, 2, 0, unbounded_inputs, unbounded_outputs, NULL, WORKSPACE_ALIGN, workspace_bytes,
     unbounded_output_dims, unbounded_run},
    FAULT("status", fault_inputs, fault_output_dims, run_status),
    FAULT("past_end", fault_inputs, fault_output_dims, run_past_end),
    FAULT("before_start", fault_inputs, fault_output_dims, run_before_start),
    FAULT("writes_input", fault_inputs, fault_output_dims, run_writes_input),
    FAULT("past_workspace", fault_inputs, fault_output_dims, run_past_workspace),
    FAULT_WITH_WORKSPACE("past_odd_workspace", fault_inputs, fault_output_dims, run_past_workspace,
                         odd_workspace_bytes),
    FAULT("wrong_dims", fault_inputs, wrong_output_dims, run_good),
    FAULT("changing", fault_inputs, fault_output_dims, run_changing),
    FAULT("sequence", sequence_inputs, fault_output_dims, run_good),
    FOR_EACH_TYPE(COPY_ENTRY)};

const aicc_model *sample_model(void);
const aicc_model *sample_model(void) {
  static const aicc_model model = {1, COUNT(entries), entries, "sample", "native", "by hand", "0"};
  return &model;
}

#ifdef SAMPLE_SECOND_MODEL
const aicc_model *another_model(void);
const aicc_model *another_model(void) {
  static const aicc_model model = {SAMPLE_SECOND_MODEL, 1, entries, "another", "native", "by hand", "0"};
  return &model;
}
#endif
