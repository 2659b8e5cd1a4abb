/* SPDX-License-Identifier: Apache-2.0 */
/* The shared part of every header that aicc generates: what a compiled model offers and what it asks for.
   It stands, word for word, in each generated header, under one guard, so any number of them may meet. */
#include <stddef.h>
#include <stdint.h>
#ifndef AICC_ABI_1
#define AICC_ABI_1
#ifdef __cplusplus
extern "C" {
#endif

/* 0 is success. Nothing is printed, nothing aborts. */
typedef int32_t aicc_status;
enum {
  AICC_OK = 0,
  AICC_E_ARGUMENT = 1,  /* a required pointer is null, or a struct_size is too small */
  AICC_E_WORKSPACE = 2, /* workspace null, misaligned or too small */
  AICC_E_SHAPE = 3,     /* a dim is negative, too large, or at odds with another */
  AICC_E_INDEX = 4,     /* a value used as an index lies outside its range */
  AICC_E_CAPACITY = 5,  /* an output of data-dependent size does not fit; the dims needed are reported */
  AICC_E_CPU = 6,       /* the requested level is not in the object or not on this CPU */
  AICC_E_WEIGHTS = 7,   /* external weights missing or of another build */
  AICC_E_VALUE = 8      /* a value outside an operator's domain where the specification makes it an error */
};

typedef void (*aicc_task)(void *arg, size_t index, uint32_t worker);

/* Runs task(arg, i, w) for every i < task_count and returns when all are done. w < worker_count, and no two
   tasks with the same w run at the same time. */
typedef void (*aicc_parallel_for)(void *user, size_t task_count, uint32_t worker_count, aicc_task task,
                                  void *arg);

typedef struct aicc_options {
  size_t struct_size;             /* sizeof(aicc_options): the struct may grow at its end */
  aicc_parallel_for parallel_for; /* null: serial */
  void *parallel_user;
  uint32_t worker_count; /* 0 or 1: serial */
  uint32_t cpu_level;    /* 0: detect; else AICC_CPU_*: exactly that level or AICC_E_CPU */
  const void *weights;   /* external weights, 64-byte aligned; null when embedded */
  size_t weights_bytes;
} aicc_options;

enum {
  AICC_CPU_X86_64_V2 = 2,
  AICC_CPU_X86_64_V3 = 3,
  AICC_CPU_X86_64_V4 = 4,
  AICC_CPU_AARCH64 = 1,
  AICC_CPU_AARCH64_DOTPROD = 2,
  AICC_CPU_AARCH64_I8MM = 3
};

/* For tools and bindings: everything the typed interface says, as data. */
typedef struct aicc_value {
  const char *name; /* as in the model */
  uint32_t kind;    /* 0 tensor, 1 sequence, 2 optional, 3 map */
  uint32_t dtype;   /* number of ONNX TensorProto.DataType */
  uint32_t rank;
  const int64_t *dims; /* >= 0 static; -1-k: symbol k; INT64_MIN+1: computed from the symbols, ask output_dims;
                          INT64_MIN: depends on data; may be null at rank 0 */
} aicc_value;

typedef struct aicc_entry {
  const char *name; /* "run", or the graph's name where a model has several */
  uint32_t input_count, output_count, symbol_count;
  const aicc_value *inputs, *outputs;
  const char *const *symbols;
  size_t workspace_align;
  aicc_status (*workspace_bytes)(const int64_t *symbols, uint32_t worker_count, size_t *out_bytes);
  /* Dims of every output (upper bounds where they depend on data); output_dims[i] has room for rank values. */
  aicc_status (*output_dims)(const int64_t *symbols, int64_t *const *output_dims);
  /* An input is null only where it is optional and absent; every output is required. output_dims may be null
     when no output's size depends on data. */
  aicc_status (*run)(const void *const *inputs, void *const *outputs, const int64_t *symbols,
                     int64_t *const *output_dims, void *workspace, size_t workspace_bytes,
                     const aicc_options *options);
} aicc_entry;

typedef struct aicc_model {
  uint32_t abi; /* 1 */
  uint32_t entry_count;
  const aicc_entry *entries;
  const char *name, *target, *compiler, *source_hash;
} aicc_model;

/* Element of string tensors; data may be null when length is 0. */
typedef struct aicc_string {
  const char *data;
  size_t length;
} aicc_string;

#ifdef __cplusplus
}
#endif
#endif
