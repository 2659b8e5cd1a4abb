/* SPDX-License-Identifier: Apache-2.0 */
/* The few functions of ONNX Runtime's C interface that a measurement needs. The interface is a table of
   function pointers, OrtApi, whose order is specified by onnxruntime_c_api.h and never changes (the version 1
   members, all that is used here, are members 0 to 101). The package that brings the library has no header,
   so members are reached by their numbers. ort.c checks them before it relies on them. */
#ifndef AICC_BENCH_ORT_API_H
#define AICC_BENCH_ORT_API_H
#include <stddef.h>
#include <stdint.h>

typedef struct OrtObject OrtObject; /* stands for every opaque type */

typedef struct OrtApiBase {
  const void *(*GetApi)(uint32_t version); /* null: the library does not know this version */
  const char *(*GetVersionString)(void);
} OrtApiBase;

enum {
  ORT_API_VERSION = 1,
  ORT_LOG_ERROR = 3,
  ORT_SEQUENTIAL = 0,
  ORT_ENABLE_ALL = 99,
  ORT_ARENA_ALLOCATOR = 1,
  ORT_MEMORY_DEFAULT = 0,
  ORT_INVALID_ARGUMENT = 2
};

/* Every X(slot, name, parameters) returns a status, null for success, that ReleaseStatus takes. */
#define ORT_FUNCTIONS(X)                                                                                     \
  X(3, CreateEnv, (int log_level, const char *log_id, OrtObject **env))                                      \
  X(7, CreateSession,                                                                                        \
    (const OrtObject *env, const char *path, const OrtObject *options, OrtObject **session))                 \
  X(9, Run,                                                                                                  \
    (OrtObject * session, const OrtObject *run_options, const char *const *input_names,                      \
     const OrtObject *const *inputs, size_t input_count, const char *const *output_names,                    \
     size_t output_count, OrtObject **outputs))                                                              \
  X(10, CreateSessionOptions, (OrtObject * *options))                                                        \
  X(13, SetSessionExecutionMode, (OrtObject * options, int mode))                                            \
  X(23, SetSessionGraphOptimizationLevel, (OrtObject * options, int level))                                  \
  X(24, SetIntraOpNumThreads, (OrtObject * options, int thread_count))                                       \
  X(25, SetInterOpNumThreads, (OrtObject * options, int thread_count))                                       \
  X(30, SessionGetInputCount, (const OrtObject *session, size_t *count))                                     \
  X(31, SessionGetOutputCount, (const OrtObject *session, size_t *count))                                    \
  X(36, SessionGetInputName, (const OrtObject *session, size_t index, OrtObject *allocator, char **name))    \
  X(37, SessionGetOutputName, (const OrtObject *session, size_t index, OrtObject *allocator, char **name))   \
  X(49, CreateTensorWithDataAsOrtValue,                                                                      \
    (const OrtObject *memory, void *data, size_t byte_count, const int64_t *dims, size_t rank, int dtype,    \
     OrtObject **value))                                                                                     \
  X(51, GetTensorMutableData, (OrtObject * value, void **data))                                              \
  X(69, CreateCpuMemoryInfo, (int allocator_kind, int memory_kind, OrtObject **memory))                      \
  X(76, AllocatorFree, (OrtObject * allocator, void *pointer))                                               \
  X(78, GetAllocatorWithDefaultOptions, (OrtObject * *allocator))

/* What returns something else, and what releases an object (null is fine). */
enum {
  ORT_SLOT_CREATE_STATUS = 0,
  ORT_SLOT_GET_ERROR_CODE = 1,
  ORT_SLOT_GET_ERROR_MESSAGE = 2,
  ORT_SLOT_RELEASE_ENV = 92,
  ORT_SLOT_RELEASE_STATUS = 93,
  ORT_SLOT_RELEASE_MEMORY_INFO = 94,
  ORT_SLOT_RELEASE_SESSION = 95,
  ORT_SLOT_RELEASE_VALUE = 96,
  ORT_SLOT_RELEASE_SESSION_OPTIONS = 100
};

typedef OrtObject *(*OrtCreateStatus)(int code, const char *message);
typedef int (*OrtGetErrorCode)(const OrtObject *status);
typedef const char *(*OrtGetErrorMessage)(const OrtObject *status);
typedef void (*OrtRelease)(OrtObject *object);

#define ORT_FUNCTION_TYPE(slot, name, parameters) typedef OrtObject *(*Ort##name)parameters;
ORT_FUNCTIONS(ORT_FUNCTION_TYPE)
#undef ORT_FUNCTION_TYPE

#endif
