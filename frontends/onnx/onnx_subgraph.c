/* SPDX-License-Identifier: Apache-2.0 */
/* Subgraphs: the values of attributes. An operator that takes one has it built into a region; what is not
   built, because its node cannot be, is looked through for nodes at fault. Names that a subgraph does not
   define are those of the graphs around it. */
#include "onnx_importer.h"
#include <string.h>

/* How many regions stand around the nodes of this one. */
static uint32_t region_depth(const Region *region) {
  uint32_t depth = 0;
  for (; region->owner; region = region->owner->parent) depth++;
  return depth;
}

static const char *attribute_prefix(Subgraphs *subgraphs, const Onnx__GraphProto *graph) {
  const Onnx__NodeProto *node = subgraphs->node;
  const char *part = "";
  for (size_t i = 0; i < node->n_attribute; i++)
    if (node->attribute[i]->g == graph) part = text_or_empty(node->attribute[i]->name);
  return label_prefix(subgraphs->scope, subgraphs->label, part);
}

/* Whether an input, where it is declared as a tensor of some element type, is of the argument's. */
static bool check_input(Importer *importer, const Onnx__ValueInfoProto *info, const Type *type,
                        const Location *location) {
  if (!info->type || info->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE) return true;
  ElementType declared = element_of_number(info->type->tensor_type->elem_type);
  if (declared == ELEMENT_UNDEFINED || type->kind != VALUE_TENSOR || declared == type->element) return true;
  return report(importer->diagnostics, location, MESSAGE_NODE_INVALID,
                arena_format(importer->scratch, "input '%s' of its subgraph is declared as %s but gets %s",
                             text_or_empty(info->name), element_info(declared)->onnx_name,
                             element_info(type->element)->onnx_name));
}

/* An input with an initializer is a constant; the others are the arguments. */
static bool bind_arguments(Scope *inner, const Onnx__GraphProto *graph, const Region *region,
                           const Location *location) {
  uint32_t count = 0;
  bool ok = true;
  for (size_t i = 0; i < graph->n_input; i++) {
    const char *name = text_or_empty(graph->input[i]->name);
    if (name_table_find(&inner->bindings, name)) continue;
    Binding *binding = scope_bind(inner, name, location);
    if (count < region->argument_count) {
      ok = check_input(inner->importer, graph->input[i], &region->arguments[count]->type, location) && ok;
      binding_set(inner, binding, name, region->arguments[count]);
    }
    count++;
  }
  if (count == region->argument_count) return ok;
  return report(inner->importer->diagnostics, location, MESSAGE_NODE_INVALID,
                arena_format(inner->importer->scratch, "its subgraph has %u inputs, %u are needed", count,
                             region->argument_count));
}

/* False where an output has no value, or one of another element type than declared; reports what has not been. */
static bool take_outputs(Scope *inner, const Onnx__GraphProto *graph, Region *region,
                         const Location *location) {
  Value **results = arena_array(inner->arena, Value *, graph->n_output);
  bool ok = true;
  for (size_t i = 0; i < graph->n_output; i++) {
    const char *name = text_or_empty(graph->output[i]->name);
    const Binding *binding = scope_find(inner, name);
    if (!binding) report(inner->importer->diagnostics, location, MESSAGE_OUTPUT_MISSING, name);
    results[i] = binding ? binding->value : NULL;
    ok = ok && results[i];
    if (results[i] && !inner->check_only) /* a wrong input, which has been reported, is not told again */
      ok &= type_check_output(inner->importer, graph->output[i], &results[i]->type, location);
  }
  if (ok) region_set_results(inner->importer->module, region, results, (uint32_t)graph->n_output);
  return ok;
}

bool subgraph_build(void *user, const void *frontend_graph, Region *region) {
  Subgraphs *subgraphs = user;
  const Onnx__GraphProto *graph = frontend_graph;
  Scope *scope = subgraphs->scope, inner;
  Importer *importer = scope->importer;
  Builder builder = {.module = importer->module, .region = region};
  Location location = {.file = importer->path, .node = subgraphs->label};
  arena_push(scope->arena, subgraphs->built, subgraphs->built_count, subgraphs->built_capacity) = graph;
  if (region_depth(region) > REGION_DEPTH_LIMIT) {
    if (!importer->depth_told)
      report(importer->diagnostics, &location, MESSAGE_NODE_INVALID,
             arena_format(importer->scratch, "subgraphs are nested deeper than %d", REGION_DEPTH_LIMIT));
    importer->depth_told = true; /* the branch beside it would say the same */
    return false;
  }
  scope_start(&inner, importer, scope, graph_name_count(graph));
  inner.builder = &builder;
  inner.prefix = attribute_prefix(subgraphs, graph);
  graph_bind_initializers(&inner, graph);
  bool ok = bind_arguments(&inner, graph, region, &location);
  inner.check_only = !ok;
  nodes_bind(&inner, graph->node, graph->n_node);
  graph_bind_declared(&inner, graph);
  nodes_import(&inner, graph->node, graph->n_node);
  ok = take_outputs(&inner, graph, region, &location) && ok;
  scope->broken |= inner.broken;
  scope_end(&inner);
  return ok;
}

/* A name of a subgraph whose value is not computed here. */
static void bind_unknown(Scope *scope, const char *name) {
  Location location = {.file = scope->importer->path, .node = scope->prefix};
  if (name_table_find(&scope->bindings, name)) return; /* an input with an initializer */
  Binding *binding = scope_bind(scope, name, &location);
  binding->poisoned = true;
}

/* Looks through the nodes of a subgraph that is not built. */
static void check_subgraph(Scope *scope, const Onnx__GraphProto *graph, const char *prefix) {
  Importer *importer = scope->importer;
  Scope inner;
  scope_start(&inner, importer, scope, graph_name_count(graph));
  inner.prefix = prefix;
  inner.check_only = true;
  for (size_t i = 0; i < graph->n_input; i++) bind_unknown(&inner, text_or_empty(graph->input[i]->name));
  for (size_t i = 0; i < graph->n_initializer; i++)
    bind_unknown(&inner, text_or_empty(graph->initializer[i]->name));
  for (size_t i = 0; i < graph->n_sparse_initializer; i++)
    if (graph->sparse_initializer[i]->values)
      bind_unknown(&inner, text_or_empty(graph->sparse_initializer[i]->values->name));
  nodes_bind(&inner, graph->node, graph->n_node);
  nodes_import(&inner, graph->node, graph->n_node);
  for (size_t i = 0; i < graph->n_output; i++) {
    const char *name = text_or_empty(graph->output[i]->name);
    Location location = {.file = importer->path, .node = prefix};
    if (!scope_find(&inner, name)) report(importer->diagnostics, &location, MESSAGE_OUTPUT_MISSING, name);
  }
  scope->broken |= inner.broken;
  scope_end(&inner);
}

static bool is_built(const Subgraphs *subgraphs, const Onnx__GraphProto *graph) {
  for (size_t i = 0; i < subgraphs->built_count; i++)
    if (subgraphs->built[i] == graph) return true;
  return false;
}

void subgraphs_check(Subgraphs *subgraphs) {
  Scope *scope = subgraphs->scope;
  for (size_t i = 0; i < subgraphs->node->n_attribute; i++) {
    const Onnx__AttributeProto *attribute = subgraphs->node->attribute[i];
    if (!attribute->g && attribute->n_graphs == 0) continue;
    const char *prefix = label_prefix(scope, subgraphs->label, text_or_empty(attribute->name));
    if (attribute->g && !is_built(subgraphs, attribute->g)) check_subgraph(scope, attribute->g, prefix);
    for (size_t k = 0; k < attribute->n_graphs; k++) check_subgraph(scope, attribute->graphs[k], prefix);
  }
  scope->builder->location = (Location){.file = scope->importer->path, .node = subgraphs->label};
}
