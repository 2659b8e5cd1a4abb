/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the model are inlined at each call, under their own operator sets. Depth and growth are
   bounded: thirty functions that call the next one twice would stand for a billion nodes. */
#include "onnx_importer.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *domain_name(const char *domain) {
  return !domain || strcmp(domain, "ai.onnx") == 0 ? "" : domain;
}

void opset_table_start(Importer *importer, NameTable *opsets, const Location *location,
                       Onnx__OperatorSetIdProto *const *imports, size_t count) {
  name_table_start(opsets, importer->scratch, count);
  for (size_t i = 0; i < count; i++) {
    const char *domain = domain_name(imports[i]->domain);
    int64_t *version = arena_new(importer->scratch, int64_t);
    *version = imports[i]->version;
    const int64_t *known = name_table_find(opsets, domain);
    if (known && *known != *version)
      report(importer->diagnostics, location, MESSAGE_MODEL_INVALID,
             arena_format(importer->scratch, "opset_import names domain '%s' twice", domain));
    if (*version < 1 || (!domain[0] && *version > ONNX_OPSET_NEWEST)) {
      report(importer->diagnostics, location, MESSAGE_OPSET_UNSUPPORTED, (long long)*version, domain,
             (int)ONNX_OPSET_NEWEST);
      *version = 0;
    }
    name_table_set(opsets, domain, version);
  }
}

/* Estimates: what a node becomes in the tensor graph, and what a byte of it becomes (lists of integers grow
 * most). */
enum { NODE_BYTES = 1024, BYTES_PER_BYTE = 8 };

/* The key of a function; `room` is used where it is large enough. */
static const char *function_key(Importer *importer, char *room, size_t size, const char *domain,
                                const char *name, const char *overload) {
  const char *format = "%s\n%s\n%s";
  name = text_or_empty(name);
  overload = text_or_empty(overload);
  int length = snprintf(room, size, format, domain_name(domain), name, overload);
  if (length >= 0 && (size_t)length < size) return room;
  return arena_format(importer->scratch, format, domain_name(domain), name, overload);
}

static size_t count_nodes(Onnx__NodeProto *const *nodes, size_t count);

static size_t count_graph_nodes(const Onnx__GraphProto *graph) {
  return graph->n_initializer + count_nodes(graph->node, graph->n_node);
}

/* Those of subgraphs included. */
static size_t count_nodes(Onnx__NodeProto *const *nodes, size_t count) {
  size_t sum = count;
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < nodes[i]->n_attribute; k++)
      if (nodes[i]->attribute[k]->g) sum += count_graph_nodes(nodes[i]->attribute[k]->g);
  return sum;
}

void function_table_start(Importer *importer) {
  const Onnx__ModelProto *model = importer->model;
  name_table_start(&importer->functions, importer->scratch, model->n_functions);
  for (size_t i = 0; i < model->n_functions; i++) {
    const Onnx__FunctionProto *proto = model->functions[i];
    Location location = {.file = importer->path, .node = text_or_empty(proto->name)};
    char none[1];
    const char *key = function_key(importer, none, sizeof none, proto->domain, proto->name, proto->overload);
    if (name_table_find(&importer->functions, key)) {
      report(importer->diagnostics, &location, MESSAGE_MODEL_INVALID, "the function is defined twice");
      continue;
    }
    Function *function = arena_new(importer->scratch, Function);
    function->proto = proto;
    function->inlined_bytes = NODE_BYTES * (1 + count_nodes(proto->node, proto->n_node)) +
                              BYTES_PER_BYTE * onnx__function_proto__get_packed_size(proto);
    opset_table_start(importer, &function->opsets, &location, proto->opset_import, proto->n_opset_import);
    name_table_set(&importer->functions, key, function);
  }
}

Function *function_find(Importer *importer, const Onnx__NodeProto *node) {
  char room[256];
  if (importer->functions.count == 0) return NULL;
  return name_table_find(&importer->functions, function_key(importer, room, sizeof room, node->domain,
                                                            node->op_type, node->overload));
}

/* Whether the call may be inlined; reports. */
static bool call_allowed(Scope *scope, Function *function, const Onnx__NodeProto *node) {
  Importer *importer = scope->importer;
  const Location *location = &scope->builder->location;
  const Onnx__FunctionProto *proto = function->proto;
  const char *name = text_or_empty(proto->name);
  if (function->active)
    return report(importer->diagnostics, location, MESSAGE_NODE_INVALID,
                  arena_format(importer->scratch, "calls function '%s' from within itself", name));
  if (importer->function_depth == FUNCTION_DEPTH_LIMIT)
    return report(importer->diagnostics, location, MESSAGE_NODE_INVALID,
                  arena_format(importer->scratch, "functions call one another more than %d deep",
                               FUNCTION_DEPTH_LIMIT));
  if (node->n_input > proto->n_input)
    return report(importer->diagnostics, location, MESSAGE_INPUT_COUNT, 0, (int)proto->n_input,
                  (int)node->n_input);
  if (node->n_output > proto->n_output)
    return report(importer->diagnostics, location, MESSAGE_OUTPUT_COUNT, (int)node->n_output,
                  (int)proto->n_output);
  if (importer->inlined_bytes > importer->inlined_byte_limit) return false; /* reported below */
  importer->inlined_bytes += function->inlined_bytes;
  if (importer->inlined_bytes > importer->inlined_byte_limit)
    return report(importer->diagnostics, location, MESSAGE_NODE_INVALID,
                  arena_format(importer->scratch,
                               "inlining functions takes more than %" PRIu64 " MB for this model",
                               importer->inlined_byte_limit >> 20));
  return true;
}

static void bind_inputs(Scope *inner, const Onnx__NodeProto *node, Value *const *inputs, bool ready,
                        const Location *location) {
  for (size_t i = 0; i < inner->function->n_input; i++) {
    Binding *binding = scope_bind(inner, inner->function->input[i], location);
    if (!binding) continue;
    binding->poisoned = !ready;
    if (ready && i < node->n_input) binding->value = inputs[i];
  }
}

/* What the call's outputs are called and declared as holds for the values in the function. */
static void name_results(Scope *inner, const Scope *scope, const Onnx__NodeProto *node) {
  for (size_t i = 0; i < node->n_output; i++) {
    Binding *binding = name_table_find(&inner->bindings, inner->function->output[i]);
    const Binding *outer = name_table_find(&scope->bindings, node->output[i]);
    if (!binding || !outer) continue;
    binding->declared = outer->declared;
    binding->result_name = outer->result_name ? outer->result_name : node->output[i];
  }
}

static bool take_results(const Scope *inner, const Onnx__NodeProto *node, const Location *location,
                         Value **results) {
  Importer *importer = inner->importer;
  bool ok = true;
  for (size_t i = 0; i < node->n_output; i++) {
    const char *name = inner->function->output[i];
    const Binding *binding = name_table_find(&inner->bindings, name);
    results[i] = binding ? binding->value : NULL;
    if (!binding)
      report(importer->diagnostics, location, MESSAGE_NODE_INVALID,
             arena_format(importer->scratch, "no node of the function computes its output '%s'", name));
    ok &= binding && !binding->poisoned;
  }
  return ok;
}

bool function_call(Scope *scope, Function *function, const Onnx__NodeProto *node, const char *label,
                   bool ready, Value *const *inputs, Value **results) {
  Importer *importer = scope->importer;
  const Onnx__FunctionProto *proto = function->proto;
  if (function->broken || (function->checked && !ready)) return false;
  if (!call_allowed(scope, function, node)) {
    scope->broken = true;
    return false;
  }
  Location location = {.file = importer->path, .node = label};
  size_t names = proto->n_input;
  for (size_t i = 0; i < proto->n_node; i++) names += proto->node[i]->n_output;
  Scope inner;
  scope_start(&inner, importer, NULL, names);
  inner.builder = scope->builder;
  inner.opsets = &function->opsets;
  inner.prefix = label_prefix(scope, label, "");
  inner.call = node;
  inner.call_scope = scope;
  inner.function = proto;
  inner.check_only = !ready;
  function->active = true;
  importer->function_depth++;
  bind_inputs(&inner, node, inputs, ready, &location);
  nodes_bind(&inner, proto->node, proto->n_node);
  name_results(&inner, scope, node);
  nodes_import(&inner, proto->node, proto->n_node);
  bool ok = take_results(&inner, node, &location, results);
  importer->function_depth--;
  function->active = false;
  function->checked = true;
  function->broken |= inner.broken;
  scope->broken |= inner.broken;
  scope_end(&inner);
  return ok;
}
