/* SPDX-License-Identifier: Apache-2.0 */
/* Runs an entry point the way a careful caller would: workspace and outputs exactly as large as the model
   asks for, enlarged when it says that they do not suffice, and every promise of the interface checked. */
#include "compare.h"
#include "session.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum {
  MAX_ATTEMPTS = 16,                  /* of a run that reports AICC_E_CAPACITY */
  FIRST_EXTRA_WORKSPACE = 64 * 1024,  /* what the second attempt adds; each further one four times as much */
  MAX_EXTRA_WORKSPACE = 256 << 20,    /* beyond that the model is not taken to be short of workspace */
  MAX_DATA_DEPENDENT_BYTES = 1 << 28, /* a larger upper bound is not taken at its word: see clamp_capacity */
  MAX_SAMPLES = 1 << 20
};

static bool report_status(const char *function, aicc_status status) {
  static const char *const names[][2] = {
      {"AICC_OK", "success"},
      {"AICC_E_ARGUMENT", "a required pointer is null, or a struct_size is too small"},
      {"AICC_E_WORKSPACE", "workspace null, misaligned or too small"},
      {"AICC_E_SHAPE", "a dim is negative, too large, or at odds with another"},
      {"AICC_E_INDEX", "a value used as an index lies outside its range"},
      {"AICC_E_CAPACITY", "an output of data-dependent size does not fit"},
      {"AICC_E_CPU", "the CPU level is not in the object or not on this CPU"},
      {"AICC_E_WEIGHTS", "external weights missing or of another build"},
      {"AICC_E_VALUE", "a value outside an operator's domain"},
  };
  if (status < 0 || (size_t)status >= sizeof names / sizeof *names)
    return report("%s: unknown status %ld", function, (long)status);
  return report("%s: %s (%ld): %s", function, names[status][0], (long)status, names[status][1]);
}

static bool is_data_dependent(const aicc_value *value) {
  for (uint32_t d = 0; d < value->rank; ++d)
    if (value->dims[d] == DIM_DATA_DEPENDENT) return true;
  return false;
}

/* An upper bound that is absent (negative) or absurd is replaced by a small capacity; the run then reports
   what it needs. */
static void clamp_capacity(Tensor *output, const aicc_value *value) {
  if (tensor_set_sizes(output) && output->byte_count <= MAX_DATA_DEPENDENT_BYTES) return;
  for (uint32_t d = 0; d < value->rank; ++d)
    if (value->dims[d] == DIM_DATA_DEPENDENT) output->dims[d] = 1;
}

static bool allocate_output(Session *session, uint32_t index) {
  Tensor *output = &session->outputs[index];
  const aicc_value *value = &session->entry->outputs[index];
  GuardedBuffer *buffer = &session->output_buffers[index];
  if (!tensor_set_sizes(output)) return report("output %s: its dims are too large", value->name);
  guarded_buffer_destroy(buffer);
  if (!guarded_buffer_create(buffer, "output", value->name, output->byte_count,
                             element_type(output->dtype)->alignment, session->options->misalign))
    return false;
  output->data = buffer->data;
  return true;
}

static bool allocate_workspace(Session *session, size_t byte_count) {
  guarded_buffer_destroy(&session->workspace);
  session->workspace_bytes = byte_count;
  return guarded_buffer_create(&session->workspace, "workspace of", session->entry->name, byte_count,
                               session->entry->workspace_align, false);
}

/* Asks for the dims of the outputs and holds them against the interface. */
static bool find_output_dims(Session *session) {
  const aicc_entry *entry = session->entry;
  int64_t **dims = calloc((size_t)entry->output_count + 1, sizeof *dims);
  if (!dims) return report("out of memory");
  for (uint32_t i = 0; i < entry->output_count; ++i) dims[i] = session->outputs[i].dims;
  aicc_status status = entry->output_dims(session->symbols, dims);
  free(dims);
  if (status != AICC_OK) return report_status("output_dims", status);
  for (uint32_t i = 0; i < entry->output_count; ++i) {
    const aicc_value *value = &entry->outputs[i];
    Tensor *output = &session->outputs[i];
    output->dtype = value->dtype;
    output->rank = value->rank;
    for (uint32_t d = 0; d < value->rank; ++d) {
      int64_t said = value->dims[d];
      if (said == DIM_DATA_DEPENDENT || said == DIM_COMPUTED) continue;
      if (said < 0) said = session->symbols[-1 - said];
      if (output->dims[d] != said)
        return report("the model contradicts itself: dim %u of output %s is %lld, output_dims says %lld",
                      (unsigned)d, value->name, (long long)said, (long long)output->dims[d]);
    }
    if (is_data_dependent(value)) clamp_capacity(output, value);
  }
  return true;
}

/* One call of the model. dims[i] is what output i has room for and becomes what it is. */
typedef struct Call {
  const void **inputs;
  void **outputs;
  int64_t **dims; /* null when no output's size depends on data */
  int64_t *dim_storage;
} Call;

static void call_destroy(Call *call) {
  free(call->inputs);
  free(call->outputs);
  free(call->dims);
  free(call->dim_storage);
}

static bool call_create(const Session *session, Call *call) {
  const aicc_entry *entry = session->entry;
  bool any_dependent = false;
  *call = (Call){0};
  call->inputs = calloc((size_t)entry->input_count + 1, sizeof *call->inputs);
  call->outputs = calloc((size_t)entry->output_count + 1, sizeof *call->outputs);
  for (uint32_t i = 0; i < entry->output_count; ++i)
    any_dependent = any_dependent || is_data_dependent(&entry->outputs[i]);
  if (any_dependent) {
    call->dims = calloc(entry->output_count, sizeof *call->dims);
    call->dim_storage = calloc((size_t)entry->output_count * MAX_RANK, sizeof *call->dim_storage);
  }
  if (call->inputs && call->outputs && (!any_dependent || (call->dims && call->dim_storage))) {
    for (uint32_t i = 0; i < entry->input_count; ++i) call->inputs[i] = session->input_buffers[i].data;
    for (uint32_t i = 0; any_dependent && i < entry->output_count; ++i)
      call->dims[i] = call->dim_storage + (size_t)i * MAX_RANK;
    return true;
  }
  call_destroy(call);
  return report("out of memory");
}

static aicc_status call_run(const Session *session, Call *call) {
  const aicc_entry *entry = session->entry;
  for (uint32_t i = 0; i < entry->output_count; ++i) {
    call->outputs[i] = session->output_buffers[i].data;
    if (call->dims)
      memcpy(call->dims[i], session->outputs[i].dims, session->outputs[i].rank * sizeof(int64_t));
  }
  return entry->run(call->inputs, call->outputs, session->symbols, call->dims, session->workspace.data,
                    session->workspace_bytes,
                    session->run_options.struct_size ? &session->run_options : NULL);
}

/* After AICC_E_CAPACITY: gives outputs the room that was asked for, or else the workspace more. */
static bool enlarge(Session *session, const Call *call, size_t *extra_workspace) {
  bool enlarged = false;
  for (uint32_t i = 0; call->dims && i < session->entry->output_count; ++i) {
    Tensor *output = &session->outputs[i];
    bool needs_more = false;
    for (uint32_t d = 0; d < output->rank; ++d)
      if (call->dims[i][d] > output->dims[d]) {
        output->dims[d] = call->dims[i][d];
        needs_more = true;
      }
    if (needs_more && !allocate_output(session, i)) return false;
    enlarged = enlarged || needs_more;
  }
  size_t total;
  if (enlarged) return true;
  if (*extra_workspace >= MAX_EXTRA_WORKSPACE ||
      __builtin_add_overflow(session->workspace_bytes, *extra_workspace * 3 + FIRST_EXTRA_WORKSPACE, &total))
    return report_status(session->entry->name, AICC_E_CAPACITY);
  *extra_workspace = *extra_workspace * 4 + FIRST_EXTRA_WORKSPACE;
  return allocate_workspace(session, total);
}

/* Checks that nothing was written outside, and takes over the dims that were reported. */
static bool finish_run(Session *session, const Call *call) {
  bool ok = guarded_buffer_check(&session->workspace);
  for (uint32_t i = 0; i < session->entry->output_count; ++i) {
    Tensor *output = &session->outputs[i];
    const aicc_value *value = &session->entry->outputs[i];
    ok = guarded_buffer_check(&session->output_buffers[i]) && ok;
    for (uint32_t d = 0; call->dims && d < output->rank; ++d) {
      int64_t dim = call->dims[i][d];
      bool fits =
          value->dims[d] == DIM_DATA_DEPENDENT ? dim >= 0 && dim <= output->dims[d] : dim == output->dims[d];
      if (!fits)
        return report("output %s: dim %u is reported as %lld where %lld was given", value->name, (unsigned)d,
                      (long long)dim, (long long)output->dims[d]);
    }
  }
  return ok;
}

static bool run_once(Session *session, Call *call) {
  size_t extra_workspace = 0;
  for (int attempt = 0;; ++attempt) {
    aicc_status status = call_run(session, call);
    if (status == AICC_OK) return finish_run(session, call);
    if (status != AICC_E_CAPACITY || attempt == MAX_ATTEMPTS)
      return report_status(session->entry->name, status);
    if (!enlarge(session, call, &extra_workspace)) return false;
  }
}

/* The output as it turned out: the dims that the run reported. */
static Tensor real_output(const Session *session, const Call *call, uint32_t index) {
  Tensor output = session->outputs[index];
  if (call->dims) {
    memcpy(output.dims, call->dims[index], output.rank * sizeof(int64_t));
    tensor_set_sizes(&output);
  }
  return output;
}

static uint64_t hash_outputs(const Session *session, const Call *call) {
  uint64_t hash = OUTPUT_HASH_START;
  for (uint32_t i = 0; i < session->entry->output_count; ++i) {
    Tensor output = real_output(session, call, i);
    hash = output_hash(hash, &output);
  }
  return hash;
}

static bool show_outputs(const Session *session, const Call *call) {
  const Options *options = session->options;
  bool ok = true;
  for (uint32_t i = 0; i < session->entry->output_count; ++i) {
    Tensor output = real_output(session, call, i);
    const char *name = session->entry->outputs[i].name;
    if (options->data_folder && !options->skip_compare)
      ok = output_compare(name, &output, &session->expected[i], options->relative_tolerance,
                          options->absolute_tolerance) &&
           ok;
    else
      output_summarise(name, &output);
  }
  return ok;
}

static bool save_outputs(const Session *session, const Call *call) {
  char path[4096];
  const char *folder = session->options->save_folder;
  if (mkdir(folder, 0777) != 0 && errno != EEXIST) return report("%s: %s", folder, strerror(errno));
  for (uint32_t i = 0; i < session->entry->output_count; ++i) {
    Tensor output = real_output(session, call, i);
    int length = snprintf(path, sizeof path, "%s/output_%u.npy", folder, (unsigned)i);
    if (length < 0 || (size_t)length >= sizeof path) return report("%s: the path is too long", folder);
    if (!tensor_write_npy(path, &output)) return false;
  }
  return true;
}

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Runs for the time asked, at least three times, and prints the latency. The first run, before, was the
   warm-up. The result must still be the first run's. */
static bool run_bench(const Session *session, Call *call) {
  size_t count = 0;
  uint64_t hash = hash_outputs(session, call);
  double *samples = malloc(MAX_SAMPLES * sizeof *samples);
  if (!samples) return report("out of memory");
  double end = seconds_now() + session->options->bench_seconds, now;
  do {
    double start = seconds_now();
    aicc_status status = call_run(session, call);
    now = seconds_now();
    if (status != AICC_OK) return free(samples), report_status(session->entry->name, status);
    samples[count++] = (now - start) * 1e6;
  } while ((now < end || count < 3) && count < MAX_SAMPLES);
  qsort(samples, count, sizeof *samples, compare_doubles);
  double median = count % 2 ? samples[count / 2] : (samples[count / 2 - 1] + samples[count / 2]) / 2;
  printf("latency_us min=%.2f median=%.2f runs=%zu\n", samples[0], median, count);
  free(samples);
  return hash_outputs(session, call) == hash || report("the outputs changed from one run to another");
}

/* Threads and CPU level; without either the model gets no options at all, which must work too. */
static bool set_run_options(Session *session) {
  const Options *options = session->options;
  if (options->worker_count == 0 && options->cpu_level == 0) return true;
  session->run_options = (aicc_options){.struct_size = sizeof(aicc_options), .cpu_level = options->cpu_level};
  if (options->worker_count == 0) return true;
  session->pool = aicc_pool_create(options->worker_count);
  if (!session->pool) return report("cannot start %u threads", (unsigned)options->worker_count);
  session->run_options.parallel_for = aicc_pool_parallel_for;
  session->run_options.parallel_user = session->pool;
  session->run_options.worker_count = aicc_pool_worker_count(session->pool);
  return true;
}

int session_run(Session *session) {
  Call call;
  size_t workspace_bytes;
  if (!set_run_options(session)) return EXIT_FAILED;
  uint32_t workers = session->run_options.worker_count > 1 ? session->run_options.worker_count : 1;
  aicc_status status = session->entry->workspace_bytes(session->symbols, workers, &workspace_bytes);
  if (status != AICC_OK) return report_status("workspace_bytes", status), EXIT_FAILED;
  if (!allocate_workspace(session, workspace_bytes) || !find_output_dims(session)) return EXIT_FAILED;
  for (uint32_t i = 0; i < session->entry->output_count; ++i)
    if (!allocate_output(session, i)) return EXIT_FAILED;
  if (!call_create(session, &call)) return EXIT_FAILED;
  bool ok = run_once(session, &call);
  if (ok) {
    ok = show_outputs(session, &call);
    if (session->options->save_folder) ok = save_outputs(session, &call) && ok;
    if (session->options->print_hash)
      printf("hash %016llx\n", (unsigned long long)hash_outputs(session, &call));
    if (session->options->bench_seconds > 0) ok = run_bench(session, &call) && ok;
  }
  call_destroy(&call);
  return ok ? EXIT_OK : EXIT_FAILED;
}
