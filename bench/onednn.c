/* SPDX-License-Identifier: Apache-2.0 */
/* oneDNN (C interface of version 2) as a contender: one convolution or product of matrices. */
#include "contender.h"
#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LAYER_RANK = 5, VERSION_BYTES = 32 };

typedef struct Onednn {
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  dnnl_primitive_desc_t description;
  dnnl_primitive_t primitive;
  dnnl_memory_t source, weights, result;
  void *source_data, *result_data;
  Tensor output;
  char version[VERSION_BYTES];
} Onednn;

static bool succeeded(dnnl_status_t status, const char *what) {
  return status == dnnl_success || report("oneDNN: %s: status %d", what, (int)status);
}

static bool onednn_call(void *state) {
  Onednn *onednn = state;
  dnnl_exec_arg_t arguments[] = {
      {DNNL_ARG_SRC, onednn->source}, {DNNL_ARG_WEIGHTS, onednn->weights}, {DNNL_ARG_DST, onednn->result}};
  return succeeded(dnnl_primitive_execute(onednn->primitive, onednn->stream, 3, arguments), "execute") &&
         succeeded(dnnl_stream_wait(onednn->stream), "wait");
}

static void onednn_destroy(void *state) {
  Onednn *onednn = state;
  if (onednn->primitive) dnnl_primitive_destroy(onednn->primitive);
  if (onednn->description) dnnl_primitive_desc_destroy(onednn->description);
  if (onednn->source) dnnl_memory_destroy(onednn->source);
  if (onednn->weights) dnnl_memory_destroy(onednn->weights);
  if (onednn->result) dnnl_memory_destroy(onednn->result);
  if (onednn->stream) dnnl_stream_destroy(onednn->stream);
  if (onednn->engine) dnnl_engine_destroy(onednn->engine);
  free(onednn->source_data);
  free(onednn->result_data);
  free(onednn);
}

static bool describe(dnnl_memory_desc_t *memory, int rank, const int64_t *dims, dnnl_format_tag_t tag) {
  dnnl_dims_t all = {0}; /* the interface is declared to read every element */
  memcpy(all, dims, (size_t)rank * sizeof *dims);
  return succeeded(dnnl_memory_desc_init_by_tag(memory, rank, all, dnnl_f32, tag), "memory description");
}

/* The descriptions of a layer: source and result as the test data has them, weights as it has them (given)
   and as oneDNN may choose (any). */
typedef struct Formats {
  dnnl_memory_desc_t source, result, given, any;
} Formats;

static bool describe_convolution(Onednn *onednn, const Layer *layer, Formats *formats) {
  int64_t out_height = (layer->height + 2 * layer->pad - layer->kernel) / layer->stride + 1;
  int64_t out_width = (layer->width + 2 * layer->pad - layer->kernel) / layer->stride + 1;
  int64_t source[] = {1, layer->channels, layer->height, layer->width};
  int64_t result[] = {1, layer->outputs, out_height, out_width};
  int64_t grouped[MAX_LAYER_RANK] = {layer->groups, layer->outputs / layer->groups,
                                     layer->channels / layer->groups, layer->kernel, layer->kernel};
  bool has_groups = layer->groups > 1;
  const int64_t *weights = has_groups ? grouped : grouped + 1;
  int rank = has_groups ? 5 : 4;
  dnnl_dims_t strides = {layer->stride, layer->stride}, pads = {layer->pad, layer->pad};
  dnnl_convolution_desc_t convolution;
  return describe(&formats->source, 4, source, dnnl_nhwc) &&
         describe(&formats->result, 4, result, dnnl_nhwc) &&
         describe(&formats->given, rank, weights, has_groups ? dnnl_goihw : dnnl_oihw) &&
         describe(&formats->any, rank, weights, dnnl_format_tag_any) &&
         succeeded(dnnl_convolution_forward_desc_init(&convolution, dnnl_forward_inference,
                                                      dnnl_convolution_auto, &formats->source, &formats->any,
                                                      NULL, &formats->result, strides, pads, pads),
                   "convolution") &&
         succeeded(dnnl_primitive_desc_create(&onednn->description, &convolution, NULL, onednn->engine, NULL),
                   "convolution");
}

/* One row is what oneDNN calls an inner product; it has kernels of its own for it. */
static bool describe_product(Onednn *onednn, const Layer *layer, Formats *formats) {
  int64_t source[] = {layer->rows, layer->channels}, result[] = {layer->rows, layer->outputs};
  int64_t matrix[] = {layer->channels, layer->outputs}, inner[] = {layer->outputs, layer->channels};
  bool is_inner = layer->rows == 1;
  const int64_t *weights = is_inner ? inner : matrix;
  if (!describe(&formats->source, 2, source, dnnl_ab) || !describe(&formats->result, 2, result, dnnl_ab) ||
      !describe(&formats->given, 2, weights, is_inner ? dnnl_io : dnnl_ab) ||
      !describe(&formats->any, 2, weights, dnnl_format_tag_any))
    return false;
  dnnl_inner_product_desc_t inner_product;
  dnnl_matmul_desc_t product;
  if (is_inner)
    return succeeded(dnnl_inner_product_forward_desc_init(&inner_product, dnnl_forward_inference,
                                                          &formats->source, &formats->any, NULL,
                                                          &formats->result),
                     "inner product") &&
           succeeded(
               dnnl_primitive_desc_create(&onednn->description, &inner_product, NULL, onednn->engine, NULL),
               "inner product");
  return succeeded(dnnl_matmul_desc_init(&product, &formats->source, &formats->any, NULL, &formats->result),
                   "matmul") &&
         succeeded(dnnl_primitive_desc_create(&onednn->description, &product, NULL, onednn->engine, NULL),
                   "matmul");
}

/* Brings the weights into the format that oneDNN chose. */
static bool reorder_weights(Onednn *onednn, const Formats *formats, void *given_data) {
  const dnnl_memory_desc_t *chosen =
      dnnl_primitive_desc_query_md(onednn->description, dnnl_query_weights_md, 0);
  dnnl_memory_t given = NULL;
  dnnl_primitive_desc_t description = NULL;
  dnnl_primitive_t reorder = NULL;
  bool ok = succeeded(dnnl_memory_create(&given, &formats->given, onednn->engine, given_data), "weights") &&
            succeeded(dnnl_memory_create(&onednn->weights, chosen, onednn->engine, DNNL_MEMORY_ALLOCATE),
                      "weights") &&
            succeeded(dnnl_reorder_primitive_desc_create(&description, &formats->given, onednn->engine,
                                                         chosen, onednn->engine, NULL),
                      "reorder") &&
            succeeded(dnnl_primitive_create(&reorder, description), "reorder");
  if (ok) {
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, given}, {DNNL_ARG_TO, onednn->weights}};
    ok = succeeded(dnnl_primitive_execute(reorder, onednn->stream, 2, arguments), "reorder") &&
         succeeded(dnnl_stream_wait(onednn->stream), "reorder");
  }
  if (reorder) dnnl_primitive_destroy(reorder);
  if (description) dnnl_primitive_desc_destroy(description);
  if (given) dnnl_memory_destroy(given);
  return ok;
}

static bool set_up(Onednn *onednn, const Layer *layer, const TensorSet *set) {
  Formats formats;
  if (!succeeded(dnnl_engine_create(&onednn->engine, dnnl_cpu, 0), "engine") ||
      !succeeded(dnnl_stream_create(&onednn->stream, onednn->engine, dnnl_stream_default_flags), "stream") ||
      !(layer->is_convolution ? describe_convolution(onednn, layer, &formats)
                              : describe_product(onednn, layer, &formats)))
    return false;
  if (dnnl_memory_desc_get_size(&formats.source) != set->inputs[0].byte_count ||
      dnnl_memory_desc_get_size(&formats.result) != set->outputs[0].byte_count ||
      dnnl_memory_desc_get_size(&formats.given) != set->weights.byte_count)
    return report("the layer does not fit its test data");
  onednn->source_data = tensor_copy_data(&set->inputs[0]);
  onednn->result_data = tensor_blank_data(&set->outputs[0]);
  onednn->output = set->outputs[0];
  onednn->output.data = onednn->result_data;
  return onednn->source_data && onednn->result_data && reorder_weights(onednn, &formats, set->weights.data) &&
         succeeded(dnnl_memory_create(&onednn->source, &formats.source, onednn->engine, onednn->source_data),
                   "source") &&
         succeeded(dnnl_memory_create(&onednn->result, &formats.result, onednn->engine, onednn->result_data),
                   "result") &&
         succeeded(dnnl_primitive_create(&onednn->primitive, onednn->description), "primitive");
}

bool onednn_create(const Layer *layer, const TensorSet *set, Contender *contender) {
  Onednn *onednn = calloc(1, sizeof *onednn);
  if (!onednn) return report("out of memory");
  if (!set_up(onednn, layer, set)) return onednn_destroy(onednn), false;
  const dnnl_version_t *version = dnnl_version();
  snprintf(onednn->version, sizeof onednn->version, "%d.%d.%d", version->major, version->minor,
           version->patch);
  contender->version = onednn->version;
  contender->state = onednn;
  contender->call = onednn_call;
  contender->destroy = onednn_destroy;
  contender->outputs = &onednn->output;
  contender->output_count = 1;
  return true;
}
