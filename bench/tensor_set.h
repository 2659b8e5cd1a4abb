/* SPDX-License-Identifier: Apache-2.0 */
/* The tensors of a test data folder, copies of them that a library may use, and their comparison. */
#ifndef AICC_BENCH_TENSOR_SET_H
#define AICC_BENCH_TENSOR_SET_H
#include "tensor.h"

enum { MAX_TENSORS = 128 };

typedef struct TensorSet {
  size_t input_count, output_count;
  Tensor inputs[MAX_TENSORS], outputs[MAX_TENSORS];
  Tensor weights; /* of a single layer: element_count 0 where the folder has none */
} TensorSet;

/* Reads FOLDER/input_*, output_* and weights_0. False after a report. */
bool tensor_set_read(const char *folder, TensorSet *set);
void tensor_set_free(TensorSet *set);

/* Memory for a tensor of the same type and shape, aligned to 64 bytes: a copy of the data, or zeros. The
   caller frees it with free(). Null, after a report, when memory runs out. */
void *tensor_copy_data(const Tensor *tensor);
void *tensor_blank_data(const Tensor *tensor);

/* Whether |got - want| <= absolute + relative * |want| holds for every element (integers: equality), and
   types and shapes are the same. *largest becomes the largest difference. Reports the first fault. */
bool tensors_agree(const char *label, const Tensor *got, const Tensor *want, double relative, double absolute,
                   double *largest);

#endif
