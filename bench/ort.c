/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX Runtime as a contender. */
#include "contender.h"
#include "ort_api.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef void (*AnyFunction)(void);

typedef struct Ort {
  void *library;
  const AnyFunction *table; /* OrtApi */
#define ORT_MEMBER(slot, name, parameters) Ort##name name;
  ORT_FUNCTIONS(ORT_MEMBER)
#undef ORT_MEMBER
  OrtObject *env, *options, *session, *memory, *allocator;
  size_t input_count, output_count;
  char *input_names[MAX_TENSORS], *output_names[MAX_TENSORS];
  void *input_data[MAX_TENSORS], *output_data[MAX_TENSORS];
  OrtObject *inputs[MAX_TENSORS], *outputs[MAX_TENSORS];
  Tensor results[MAX_TENSORS];
} Ort;

static void release(const Ort *ort, int slot, OrtObject *object) {
  if (object) ((OrtRelease)ort->table[slot])(object);
}

/* Reports a status that is not success, and frees it. */
static bool succeeded(const Ort *ort, OrtObject *status) {
  if (!status) return true;
  report("ONNX Runtime: %s", ((OrtGetErrorMessage)ort->table[ORT_SLOT_GET_ERROR_MESSAGE])(status));
  release(ort, ORT_SLOT_RELEASE_STATUS, status);
  return false;
}

static bool ort_call(void *state) {
  Ort *ort = state;
  return succeeded(ort, ort->Run(ort->session, NULL, (const char *const *)ort->input_names,
                                 (const OrtObject *const *)ort->inputs, ort->input_count,
                                 (const char *const *)ort->output_names, ort->output_count, ort->outputs));
}

static void ort_destroy(void *state) {
  Ort *ort = state;
  for (size_t i = 0; ort->table && i < MAX_TENSORS; ++i) {
    release(ort, ORT_SLOT_RELEASE_VALUE, ort->inputs[i]);
    release(ort, ORT_SLOT_RELEASE_VALUE, ort->outputs[i]);
    if (ort->input_names[i]) succeeded(ort, ort->AllocatorFree(ort->allocator, ort->input_names[i]));
    if (ort->output_names[i]) succeeded(ort, ort->AllocatorFree(ort->allocator, ort->output_names[i]));
  }
  if (ort->table) {
    release(ort, ORT_SLOT_RELEASE_SESSION, ort->session);
    release(ort, ORT_SLOT_RELEASE_SESSION_OPTIONS, ort->options);
    release(ort, ORT_SLOT_RELEASE_MEMORY_INFO, ort->memory);
    release(ort, ORT_SLOT_RELEASE_ENV, ort->env);
  }
  for (size_t i = 0; i < MAX_TENSORS; ++i) {
    free(ort->input_data[i]);
    free(ort->output_data[i]);
  }
  /* The library stays loaded: its threads' clean-up may still run. */
  free(ort);
}

/* An error that goes in comes out again, as far as the first members are what they are taken for. Those for
   names and counts are checked against the test data, and the rest by the comparison of the outputs. */
static bool check_table(const Ort *ort) {
  static const char message[] = "aicc-bench looks at the table";
  OrtObject *status = ((OrtCreateStatus)ort->table[ORT_SLOT_CREATE_STATUS])(ORT_INVALID_ARGUMENT, message);
  bool ok = status &&
            ((OrtGetErrorCode)ort->table[ORT_SLOT_GET_ERROR_CODE])(status) == ORT_INVALID_ARGUMENT &&
            strcmp(((OrtGetErrorMessage)ort->table[ORT_SLOT_GET_ERROR_MESSAGE])(status), message) == 0;
  release(ort, ORT_SLOT_RELEASE_STATUS, status);
  return ok || report("ONNX Runtime's table of functions is not as expected");
}

static bool load(Ort *ort, const char *library_path, const char **version) {
  ort->library = dlopen(library_path, RTLD_NOW | RTLD_LOCAL);
  if (!ort->library) return report("%s", dlerror());
  const OrtApiBase *(*get_base)(void);
  *(void **)&get_base = dlsym(ort->library, "OrtGetApiBase");
  if (!get_base) return report("%s: no OrtGetApiBase", library_path);
  *version = get_base()->GetVersionString();
  ort->table = get_base()->GetApi(ORT_API_VERSION);
  if (!ort->table) return report("%s: no API version %d", library_path, ORT_API_VERSION);
#define ORT_TAKE(slot, name, parameters) ort->name = (Ort##name)ort->table[slot];
  ORT_FUNCTIONS(ORT_TAKE)
#undef ORT_TAKE
  return check_table(ort);
}

static bool open_session(Ort *ort, const char *model_path, int thread_count) {
  return succeeded(ort, ort->CreateEnv(ORT_LOG_ERROR, "aicc-bench", &ort->env)) &&
         succeeded(ort, ort->CreateSessionOptions(&ort->options)) &&
         succeeded(ort, ort->SetSessionExecutionMode(ort->options, ORT_SEQUENTIAL)) &&
         succeeded(ort, ort->SetSessionGraphOptimizationLevel(ort->options, ORT_ENABLE_ALL)) &&
         succeeded(ort, ort->SetIntraOpNumThreads(ort->options, thread_count)) &&
         succeeded(ort, ort->SetInterOpNumThreads(ort->options, 1)) &&
         succeeded(ort, ort->CreateSession(ort->env, model_path, ort->options, &ort->session)) &&
         succeeded(ort, ort->CreateCpuMemoryInfo(ORT_ARENA_ALLOCATOR, ORT_MEMORY_DEFAULT, &ort->memory)) &&
         succeeded(ort, ort->GetAllocatorWithDefaultOptions(&ort->allocator));
}

static bool bind_tensor(const Ort *ort, const Tensor *tensor, void *data, OrtObject **value) {
  void *seen = NULL;
  return data &&
         succeeded(ort,
                   ort->CreateTensorWithDataAsOrtValue(ort->memory, data, tensor->byte_count, tensor->dims,
                                                       tensor->rank, (int)tensor->dtype, value)) &&
         succeeded(ort, ort->GetTensorMutableData(*value, &seen)) &&
         (seen == data || report("ONNX Runtime took another buffer than it was given"));
}

static bool bind(Ort *ort, const TensorSet *set) {
  if (!succeeded(ort, ort->SessionGetInputCount(ort->session, &ort->input_count)) ||
      !succeeded(ort, ort->SessionGetOutputCount(ort->session, &ort->output_count)))
    return false;
  if (ort->input_count != set->input_count || ort->output_count != set->output_count)
    return report("ONNX Runtime sees %zu inputs and %zu outputs, the test data has %zu and %zu",
                  ort->input_count, ort->output_count, set->input_count, set->output_count);
  for (size_t i = 0; i < set->input_count; ++i) {
    ort->input_data[i] = tensor_copy_data(&set->inputs[i]);
    if (!succeeded(ort, ort->SessionGetInputName(ort->session, i, ort->allocator, &ort->input_names[i])) ||
        !bind_tensor(ort, &set->inputs[i], ort->input_data[i], &ort->inputs[i]))
      return false;
  }
  for (size_t i = 0; i < set->output_count; ++i) {
    ort->output_data[i] = tensor_blank_data(&set->outputs[i]);
    if (!succeeded(ort, ort->SessionGetOutputName(ort->session, i, ort->allocator, &ort->output_names[i])) ||
        !bind_tensor(ort, &set->outputs[i], ort->output_data[i], &ort->outputs[i]))
      return false;
    ort->results[i] = set->outputs[i];
    ort->results[i].data = ort->output_data[i];
  }
  return true;
}

bool ort_create(const char *library_path, const char *model_path, const TensorSet *set, int thread_count,
                Contender *contender) {
  Ort *ort = calloc(1, sizeof *ort);
  if (!ort) return report("out of memory");
  if (!load(ort, library_path, &contender->version) || !open_session(ort, model_path, thread_count) ||
      !bind(ort, set))
    return ort_destroy(ort), false;
  contender->state = ort;
  contender->call = ort_call;
  contender->destroy = ort_destroy;
  contender->outputs = ort->results;
  contender->output_count = ort->output_count;
  return true;
}
