/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a session, and what a model may not say about itself. */
#include "session.h"
#include <stdlib.h>

static bool check_value(const aicc_entry *entry, const aicc_value *value, bool is_input) {
  const char *role = is_input ? "input" : "output";
  if (!value->name) return report("the model is malformed: an %s has no name", role);
  if (value->kind != 0)
    return report("%s %s is a sequence, an optional or a map; only tensors can be run", role, value->name);
  if (!element_type(value->dtype))
    return report("%s %s has the unknown element type %u", role, value->name, (unsigned)value->dtype);
  if (value->rank > MAX_RANK || (value->rank && !value->dims))
    return report("the model is malformed: %s %s has rank %u", role, value->name, (unsigned)value->rank);
  for (uint32_t d = 0; d < value->rank; ++d) {
    int64_t dim = value->dims[d];
    bool is_special = dim == DIM_DATA_DEPENDENT || dim == DIM_COMPUTED;
    if (dim >= 0 || (is_special && !is_input)) continue;
    if (is_special || -1 - dim >= (int64_t)entry->symbol_count)
      return report("the model is malformed: dim %u of %s %s is %lld", (unsigned)d, role, value->name,
                    (long long)dim);
  }
  return true;
}

bool session_check_entry(const aicc_entry *entry) {
  if ((entry->input_count && !entry->inputs) || (entry->output_count && !entry->outputs) ||
      (entry->symbol_count && !entry->symbols) || !entry->workspace_bytes || !entry->output_dims ||
      !entry->run)
    return report("the model is malformed: entry point %s is incomplete", entry->name);
  for (uint32_t i = 0; i < entry->input_count; ++i)
    if (!check_value(entry, &entry->inputs[i], true)) return false;
  for (uint32_t i = 0; i < entry->output_count; ++i)
    if (!check_value(entry, &entry->outputs[i], false)) return false;
  return true;
}

bool session_create(Session *session, const Options *options, const aicc_entry *entry) {
  *session = (Session){.options = options, .entry = entry};
  size_t inputs = (size_t)entry->input_count + 1, outputs = (size_t)entry->output_count + 1;
  session->symbols = calloc((size_t)entry->symbol_count + 1, sizeof *session->symbols);
  session->symbol_known = calloc((size_t)entry->symbol_count + 1, sizeof *session->symbol_known);
  session->inputs = calloc(inputs, sizeof *session->inputs);
  session->input_buffers = calloc(inputs, sizeof *session->input_buffers);
  session->expected = calloc(outputs, sizeof *session->expected);
  session->outputs = calloc(outputs, sizeof *session->outputs);
  session->output_buffers = calloc(outputs, sizeof *session->output_buffers);
  return (session->symbols && session->symbol_known && session->inputs && session->input_buffers &&
          session->expected && session->outputs && session->output_buffers) ||
         report("out of memory");
}

void session_destroy(Session *session) {
  for (uint32_t i = 0; session->inputs && i < session->entry->input_count; ++i)
    tensor_free(&session->inputs[i]);
  for (uint32_t i = 0; session->expected && i < session->entry->output_count; ++i)
    tensor_free(&session->expected[i]);
  for (uint32_t i = 0; session->input_buffers && i < session->entry->input_count; ++i)
    guarded_buffer_destroy(&session->input_buffers[i]);
  for (uint32_t i = 0; session->output_buffers && i < session->entry->output_count; ++i)
    guarded_buffer_destroy(&session->output_buffers[i]);
  guarded_buffer_destroy(&session->workspace);
  aicc_pool_destroy(session->pool);
  free(session->symbols);
  free(session->symbol_known);
  free(session->inputs);
  free(session->input_buffers);
  free(session->expected);
  free(session->outputs);
  free(session->output_buffers);
}
