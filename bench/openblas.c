/* SPDX-License-Identifier: Apache-2.0 */
/* OpenBLAS as a contender: a product of matrices. */
#include "contender.h"
#include <cblas.h>
#include <stdlib.h>

typedef struct Blas {
  int rows, outputs, channels;
  float *source, *weights, *result;
  Tensor output;
} Blas;

static bool blas_call(void *state) {
  Blas *blas = state;
  if (blas->rows == 1) {
    cblas_sgemv(CblasRowMajor, CblasTrans, blas->channels, blas->outputs, 1.0F, blas->weights, blas->outputs,
                blas->source, 1, 0.0F, blas->result, 1);
    return true;
  }
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, blas->rows, blas->outputs, blas->channels, 1.0F,
              blas->source, blas->channels, blas->weights, blas->outputs, 0.0F, blas->result, blas->outputs);
  return true;
}

static void blas_destroy(void *state) {
  Blas *blas = state;
  free(blas->source);
  free(blas->weights);
  free(blas->result);
  free(blas);
}

bool openblas_create(const Layer *layer, const TensorSet *set, int thread_count, Contender *contender) {
  bool is_product = !layer->is_convolution ||
                    (layer->kernel == 1 && layer->stride == 1 && layer->pad == 0 && layer->groups == 1);
  int64_t rows = layer->is_convolution ? layer->height * layer->width : layer->rows;
  if (!is_product) return report("the layer is not a product of matrices");
  size_t channels = (size_t)layer->channels, outputs = (size_t)layer->outputs;
  if (set->weights.element_count != channels * outputs ||
      set->inputs[0].element_count != (size_t)rows * channels ||
      set->outputs[0].element_count != (size_t)rows * outputs)
    return report("the layer does not fit its test data");
  Blas *blas = calloc(1, sizeof *blas);
  if (!blas) return report("out of memory");
  blas->rows = (int)rows;
  blas->outputs = (int)layer->outputs;
  blas->channels = (int)layer->channels;
  blas->source = tensor_copy_data(&set->inputs[0]);
  blas->weights = tensor_copy_data(&set->weights);
  blas->result = tensor_blank_data(&set->outputs[0]);
  if (!blas->source || !blas->weights || !blas->result) return blas_destroy(blas), false;
  /* A convolution's weights are [outputs, channels]. */
  const float *given = set->weights.data;
  for (size_t o = 0; layer->is_convolution && o < outputs; ++o)
    for (size_t c = 0; c < channels; ++c) blas->weights[c * outputs + o] = given[o * channels + c];
  blas->output = set->outputs[0];
  blas->output.data = blas->result;
  openblas_set_num_threads(thread_count);
  contender->version = openblas_get_config();
  contender->state = blas;
  contender->call = blas_call;
  contender->destroy = blas_destroy;
  contender->outputs = &blas->output;
  contender->output_count = 1;
  return true;
}
