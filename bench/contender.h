/* SPDX-License-Identifier: Apache-2.0 */
/* What is measured side by side: a library, a compiled model or a roof, behind one call. */
#ifndef AICC_BENCH_CONTENDER_H
#define AICC_BENCH_CONTENDER_H
#include "aicc/pool.h"
#include "tensor_set.h"

typedef struct Contender {
  const char *label;         /* the command line's; names the contender in the output */
  const char *version;       /* of the library; null: none to speak of. Lives as long as the contender */
  double work;               /* operations or bytes of one call where the contender knows them, else 0 */
  double seconds;            /* time of a turn; 0: the plan's */
  void *state;               /* owned by the contender */
  bool (*call)(void *state); /* one run; false after a report when it failed */
  void (*destroy)(void *state);
  /* The outputs of the latest call; null for a roof. They live as long as the contender. */
  const Tensor *outputs;
  size_t output_count;
} Contender;

/* Each of these sets up a contender that computes the outputs of `set`, from inputs that it copies. False,
   after a report and with nothing left to destroy, when that is not possible. `set` must outlive the
   contender. */

/* A model compiled to a shared object or object. */
bool compiled_create(const char *object_path, const TensorSet *set, aicc_pool *pool, Contender *contender);

/* ONNX Runtime from a shared library, with all its optimisations, sequential execution and thread_count
   threads inside an operator. Outputs go into memory that was given, as with a compiled model. */
bool ort_create(const char *library_path, const char *model_path, const TensorSet *set, int thread_count,
                Contender *contender);

/* One layer as these libraries see it; activations are channels-last. A product of matrices is [rows,
   channels] times [channels, outputs]; other members count for convolutions only. */
typedef struct Layer {
  bool is_convolution;
  int64_t rows, channels, outputs;
  int64_t height, width, kernel, stride, pad, groups;
} Layer;

/* Parses "matmul:ROWS,OUTPUTS,CHANNELS" or
   "conv:CHANNELS,HEIGHT,WIDTH,OUTPUTS,KERNEL,STRIDE,PAD,GROUPS". False after a report. */
bool layer_parse(const char *text, Layer *layer);

/* oneDNN: memory formats of weights are its choice, and weights are brought into them before. */
bool onednn_create(const Layer *layer, const TensorSet *set, Contender *contender);

/* OpenBLAS's sgemm, for one row its sgemv; products of matrices, and convolutions that are one (1x1, stride
 * 1, one group). */
bool openblas_create(const Layer *layer, const TensorSet *set, int thread_count, Contender *contender);

/* Fused multiply-adds on registers at the best CPU level, on every worker of the pool. */
bool roof_multiply_add_create(aicc_pool *pool, Contender *contender);

/* Reads byte_count bytes again and again, each worker its part. */
bool roof_read_create(aicc_pool *pool, size_t byte_count, Contender *contender);

/* Prints, as one line of JSON, what the workers reach: multiply-adds per CPU level, and reading per level of
   the memory hierarchy. */
bool roof_print(aicc_pool *pool);

#endif
