/* SPDX-License-Identifier: Apache-2.0 */
/* Test data folders. */
#include "tensor_set.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

static bool read_all(const char *folder, const char *role, Tensor *tensors, size_t *count) {
  *count = 0;
  while (tensor_file_exists(folder, role, (uint32_t)*count)) {
    if (*count == MAX_TENSORS) return report("%s: more than %d tensors", folder, MAX_TENSORS);
    if (tensor_read(folder, role, (uint32_t)*count, "", 0, &tensors[*count]) != FILE_READ) return false;
    if (tensors[*count].dtype == TYPE_STRING)
      return report("%s: tensors of strings are not measured", folder);
    ++*count;
  }
  return true;
}

bool tensor_set_read(const char *folder, TensorSet *set) {
  *set = (TensorSet){0};
  size_t weight_count;
  Tensor weights[MAX_TENSORS] = {0};
  bool ok = read_all(folder, "input", set->inputs, &set->input_count) &&
            read_all(folder, "output", set->outputs, &set->output_count) &&
            read_all(folder, "weights", weights, &weight_count);
  set->weights = weights[0];
  if (ok && set->output_count > 0) return true;
  if (ok) report("%s: no expected outputs", folder);
  tensor_set_free(set);
  return false;
}

void tensor_set_free(TensorSet *set) {
  for (size_t i = 0; i < MAX_TENSORS; ++i) {
    tensor_free(&set->inputs[i]);
    tensor_free(&set->outputs[i]);
  }
  tensor_free(&set->weights);
  *set = (TensorSet){0};
}

void *tensor_blank_data(const Tensor *tensor) {
  size_t byte_count = (tensor->byte_count + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
  void *data = aligned_alloc(ALIGNMENT, byte_count);
  if (!data) return report("out of memory"), NULL;
  return memset(data, 0, byte_count);
}

void *tensor_copy_data(const Tensor *tensor) {
  void *data = tensor_blank_data(tensor);
  if (data && tensor->byte_count) memcpy(data, tensor->data, tensor->byte_count);
  return data;
}

bool tensors_agree(const char *label, const Tensor *got, const Tensor *want, double relative, double absolute,
                   double *largest) {
  *largest = 0;
  if (got->dtype != want->dtype || got->rank != want->rank ||
      (got->rank && memcmp(got->dims, want->dims, got->rank * sizeof *got->dims) != 0))
    return report("%s: an output has another type or shape than expected", label);
  if (element_type(got->dtype)->kind != ELEMENT_FLOAT)
    return memcmp(got->data, want->data, got->byte_count) == 0 || report("%s: an output differs", label);
  for (size_t i = 0; i < got->element_count; ++i) {
    double g = element_float(got->dtype, got->data, i), w = element_float(want->dtype, want->data, i);
    double difference = g == w || (isnan(g) && isnan(w)) ? 0 : fabs(g - w);
    if (!(difference <= absolute + relative * fabs(w)) && difference != 0)
      return report("%s: element %zu of an output is %.9g instead of %.9g", label, i, g, w);
    if (difference > *largest) *largest = difference;
  }
  return true;
}
