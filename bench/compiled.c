/* SPDX-License-Identifier: Apache-2.0 */
/* Models that aicc compiled, through the loader. */
#include "aicc/loader.h"
#include "contender.h"
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_BYTES = 1024, MAX_SYMBOLS = 16 };

typedef struct Compiled {
  aicc_library *library;
  const aicc_entry *entry;
  void *inputs[MAX_TENSORS], *outputs[MAX_TENSORS], *workspace;
  Tensor results[MAX_TENSORS];
  int64_t symbols[MAX_SYMBOLS];
  size_t workspace_bytes;
  aicc_options options;
} Compiled;

static bool compiled_call(void *state) {
  Compiled *compiled = state;
  aicc_status status =
      compiled->entry->run((const void *const *)compiled->inputs, compiled->outputs, compiled->symbols, NULL,
                           compiled->workspace, compiled->workspace_bytes, &compiled->options);
  return status == AICC_OK || report("the compiled model returned status %d", (int)status);
}

static void compiled_destroy(void *state) {
  Compiled *compiled = state;
  for (size_t i = 0; i < MAX_TENSORS; ++i) {
    free(compiled->inputs[i]);
    free(compiled->outputs[i]);
  }
  free(compiled->workspace);
  aicc_library_close(compiled->library);
  free(compiled);
}

/* Symbolic dims follow from the inputs' shapes. */
static bool bind_inputs(Compiled *compiled, const TensorSet *set) {
  const aicc_entry *entry = compiled->entry;
  if (entry->input_count != set->input_count || entry->output_count != set->output_count ||
      entry->symbol_count > MAX_SYMBOLS)
    return report("the compiled model has other inputs and outputs than the test data");
  for (uint32_t i = 0; i < entry->input_count; ++i) {
    const aicc_value *value = &entry->inputs[i];
    const Tensor *input = &set->inputs[i];
    if (value->kind != 0 || value->dtype != input->dtype || value->rank != input->rank)
      return report("input %s: the test data has another type", value->name);
    for (uint32_t d = 0; d < value->rank; ++d) {
      int64_t dim = value->dims[d];
      if (dim < 0 && dim >= -(int64_t)entry->symbol_count) compiled->symbols[-1 - dim] = input->dims[d];
      if (dim >= 0 && dim != input->dims[d])
        return report("input %s: the test data has another shape", value->name);
    }
    if (!(compiled->inputs[i] = tensor_copy_data(input))) return false;
  }
  return true;
}

/* Shapes are what the model says, not what is expected, so that the comparison means something. */
static bool bind_outputs(Compiled *compiled) {
  const aicc_entry *entry = compiled->entry;
  int64_t *dims[MAX_TENSORS];
  for (uint32_t i = 0; i < entry->output_count; ++i) {
    if (entry->outputs[i].rank > MAX_RANK) return report("an output has too many dims");
    for (uint32_t d = 0; d < entry->outputs[i].rank; ++d)
      if (entry->outputs[i].dims[d] == INT64_MIN)
        return report("output %s: sizes that depend on data are not measured", entry->outputs[i].name);
    compiled->results[i] = (Tensor){.dtype = entry->outputs[i].dtype, .rank = entry->outputs[i].rank};
    dims[i] = compiled->results[i].dims;
  }
  if (entry->output_dims(compiled->symbols, dims) != AICC_OK) return report("output_dims failed");
  for (uint32_t i = 0; i < entry->output_count; ++i) {
    Tensor *result = &compiled->results[i];
    if (!tensor_set_sizes(result)) return report("an output is too large");
    if (!(compiled->outputs[i] = tensor_blank_data(result))) return false;
    result->data = compiled->outputs[i];
  }
  return true;
}

static bool bind_workspace(Compiled *compiled, aicc_pool *pool) {
  uint32_t worker_count = aicc_pool_worker_count(pool);
  compiled->options = (aicc_options){.struct_size = sizeof(aicc_options)};
  if (worker_count > 1) {
    compiled->options.parallel_for = aicc_pool_parallel_for;
    compiled->options.parallel_user = pool;
    compiled->options.worker_count = worker_count;
  }
  const aicc_entry *entry = compiled->entry;
  if (entry->workspace_bytes(compiled->symbols, worker_count, &compiled->workspace_bytes) != AICC_OK)
    return report("workspace_bytes failed");
  size_t alignment = entry->workspace_align < 64 ? 64 : entry->workspace_align;
  compiled->workspace =
      aligned_alloc(alignment, (compiled->workspace_bytes + alignment) / alignment * alignment);
  if (!compiled->workspace) return report("out of memory");
  return true;
}

bool compiled_create(const char *object_path, const TensorSet *set, aicc_pool *pool, Contender *contender) {
  char message[MESSAGE_BYTES];
  Compiled *compiled = calloc(1, sizeof *compiled);
  if (!compiled) return report("out of memory");
  compiled->library = aicc_library_open(object_path, NULL, NULL, message, sizeof message);
  bool ok = compiled->library || report("%s", message);
  if (ok) {
    compiled->entry = &aicc_library_model(compiled->library)->entries[0];
    ok = bind_inputs(compiled, set) && bind_outputs(compiled) && bind_workspace(compiled, pool);
  }
  if (!ok) return compiled_destroy(compiled), false;
  contender->version = aicc_library_model(compiled->library)->compiler;
  contender->state = compiled;
  contender->call = compiled_call;
  contender->destroy = compiled_destroy;
  contender->outputs = compiled->results;
  contender->output_count = set->output_count;
  return true;
}
