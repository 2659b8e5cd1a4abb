/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes of names, the order of nodes, and the main graph: inputs, initializers, nodes, outputs. */
#include "onnx_importer.h"
#include <string.h>

void scope_start(Scope *scope, Importer *importer, Scope *parent, size_t expected_names) {
  *scope = (Scope){.parent = parent, .importer = importer, .arena = arena_create(), .prefix = ""};
  name_table_start(&scope->bindings, scope->arena, expected_names);
  if (!parent) return;
  scope->builder = parent->builder;
  scope->opsets = parent->opsets;
  scope->call = parent->call;
  scope->call_scope = parent->call_scope;
  scope->function = parent->function;
}

void scope_end(Scope *scope) {
  arena_destroy(scope->arena);
}

Binding *scope_find(const Scope *scope, const char *name) {
  for (; scope; scope = scope->parent) {
    Binding *binding = name_table_find(&scope->bindings, name);
    if (binding) return binding;
  }
  return NULL;
}

Binding *scope_bind(Scope *scope, const char *name, const Location *location) {
  if (name_table_find(&scope->bindings, name)) {
    report(scope->importer->diagnostics, location, MESSAGE_VALUE_TWICE, name);
    return NULL;
  }
  Binding *binding = arena_new(scope->arena, Binding);
  binding->producer = NO_PRODUCER;
  name_table_set(&scope->bindings, name, binding);
  return binding;
}

/* Sorting: depth first in the order of the file, so that a sorted file keeps its order. */
typedef struct NameList {
  const char **names;
  size_t count, capacity;
} NameList;

typedef struct Visit {
  uint32_t node;
  size_t next;       /* the input to look at */
  NameList captures; /* what the node's subgraphs may use of the scope */
} Visit;

typedef struct VisitStack {
  Visit *visits;
  size_t depth, capacity;
} VisitStack;

typedef enum VisitState { VISIT_NEW, VISIT_ACTIVE, VISIT_DONE } VisitState;

/* The names that a subgraph and those around it define: they hide the scope's. */
typedef struct Hiding {
  NameTable names;
  const struct Hiding *outer;
} Hiding;

static void hide_name(Hiding *hiding, const char *name) {
  if (text_or_empty(name)[0]) name_table_set(&hiding->names, name, hiding);
}

static void hide_names(Hiding *hiding, const Onnx__GraphProto *graph) {
  for (size_t i = 0; i < graph->n_input; i++) hide_name(hiding, graph->input[i]->name);
  for (size_t i = 0; i < graph->n_initializer; i++) hide_name(hiding, graph->initializer[i]->name);
  for (size_t i = 0; i < graph->n_sparse_initializer; i++)
    if (graph->sparse_initializer[i]->values) hide_name(hiding, graph->sparse_initializer[i]->values->name);
  for (size_t i = 0; i < graph->n_node; i++)
    for (size_t k = 0; k < graph->node[i]->n_output; k++) hide_name(hiding, graph->node[i]->output[k]);
}

/* What a node's subgraphs may use of the scope. */
typedef struct CaptureSearch {
  Scope *scope;
  NameList *list;
  Arena *arena; /* ends with the search */
} CaptureSearch;

static void collect_node_captures(CaptureSearch *search, const Onnx__NodeProto *node, const Hiding *outer);

/* Only names that nodes of the scope compute. */
static void add_capture(CaptureSearch *search, const char *name, const Hiding *hiding) {
  for (; hiding; hiding = hiding->outer)
    if (name_table_find(&hiding->names, name)) return;
  const Binding *binding = name_table_find(&search->scope->bindings, name);
  NameList *list = search->list;
  if (binding && binding->producer != NO_PRODUCER)
    arena_push(search->scope->arena, list->names, list->count, list->capacity) = name;
}

static void collect_graph_captures(CaptureSearch *search, const Onnx__GraphProto *graph, const Hiding *outer) {
  Hiding hiding = {.outer = outer};
  name_table_start(&hiding.names, search->arena, graph_name_count(graph));
  hide_names(&hiding, graph);
  for (size_t i = 0; i < graph->n_node; i++) {
    for (size_t k = 0; k < graph->node[i]->n_input; k++) add_capture(search, graph->node[i]->input[k], &hiding);
    collect_node_captures(search, graph->node[i], &hiding);
  }
  for (size_t i = 0; i < graph->n_output; i++)
    add_capture(search, text_or_empty(graph->output[i]->name), &hiding);
}

static void collect_node_captures(CaptureSearch *search, const Onnx__NodeProto *node, const Hiding *outer) {
  for (size_t i = 0; i < node->n_attribute; i++) {
    if (node->attribute[i]->g) collect_graph_captures(search, node->attribute[i]->g, outer);
    for (size_t k = 0; k < node->attribute[i]->n_graphs; k++)
      collect_graph_captures(search, node->attribute[i]->graphs[k], outer);
  }
}

static bool has_subgraphs(const Onnx__NodeProto *node) {
  for (size_t i = 0; i < node->n_attribute; i++)
    if (node->attribute[i]->g || node->attribute[i]->n_graphs) return true;
  return false;
}

static void collect_captures(Scope *scope, const Onnx__NodeProto *node, NameList *list) {
  if (!has_subgraphs(node)) return;
  CaptureSearch search = {scope, list, arena_create()};
  collect_node_captures(&search, node, NULL);
  arena_destroy(search.arena);
}

/* The next node that the visited one waits for, by its value; false when there is none left. */
static bool next_dependency(Scope *scope, Onnx__NodeProto *const *nodes, Visit *visit, const char **name,
                            Binding **binding) {
  const Onnx__NodeProto *node = nodes[visit->node];
  while (visit->next < node->n_input + visit->captures.count) {
    size_t at = visit->next++;
    *name = at < node->n_input ? node->input[at] : visit->captures.names[at - node->n_input];
    if (!(*name)[0]) continue;
    *binding = name_table_find(&scope->bindings, *name);
    if (*binding && (*binding)->producer != NO_PRODUCER) return true;
  }
  return false;
}

static void visit_from(Scope *scope, Onnx__NodeProto *const *nodes, uint32_t node, uint8_t *states,
                       VisitStack *stack) {
  for (;;) {
    if (states[node] == VISIT_NEW) {
      states[node] = VISIT_ACTIVE;
      Visit visit = {.node = node};
      collect_captures(scope, nodes[node], &visit.captures);
      arena_push(scope->arena, stack->visits, stack->depth, stack->capacity) = visit;
    }
    const char *name;
    Binding *binding;
    Visit *top = &stack->visits[stack->depth - 1];
    if (next_dependency(scope, nodes, top, &name, &binding)) {
      node = binding->producer;
      if (states[node] != VISIT_ACTIVE || binding->poisoned) continue;
      Location location = {.file = scope->importer->path,
                           .node = node_label(scope, nodes[top->node], top->node)};
      report(scope->importer->diagnostics, &location, MESSAGE_VALUE_CYCLE, name);
      binding->poisoned = true;
      scope->broken = true;
      continue;
    }
    states[top->node] = VISIT_DONE;
    import_node(scope, nodes[top->node], top->node);
    if (--stack->depth == 0) return;
  }
}

static void bind_outputs(Scope *scope, const Onnx__NodeProto *node, uint32_t index) {
  for (size_t i = 0; i < node->n_output; i++) {
    if (!node->output[i][0]) continue;
    if (name_table_find(&scope->bindings, node->output[i])) {
      Location location = {.file = scope->importer->path, .node = node_label(scope, node, index)};
      report(scope->importer->diagnostics, &location, MESSAGE_VALUE_TWICE, node->output[i]);
      scope->broken = true;
      continue;
    }
    scope_bind(scope, node->output[i], NULL)->producer = index;
  }
}

void nodes_bind(Scope *scope, Onnx__NodeProto *const *nodes, size_t node_count) {
  for (uint32_t i = 0; i < node_count; i++) bind_outputs(scope, nodes[i], i);
}

void nodes_import(Scope *scope, Onnx__NodeProto *const *nodes, size_t node_count) {
  uint8_t *states = arena_array(scope->arena, uint8_t, node_count);
  VisitStack stack = {0};
  for (uint32_t i = 0; i < node_count; i++)
    if (states[i] == VISIT_NEW) visit_from(scope, nodes, i, states, &stack);
}

static bool graph_error(Importer *importer, Message message, const char *format, const char *name) {
  Location location = {.file = importer->path};
  return report(importer->diagnostics, &location, message, arena_format(importer->scratch, format, name));
}

size_t graph_name_count(const Onnx__GraphProto *graph) {
  size_t count = graph->n_input + graph->n_initializer + graph->n_sparse_initializer;
  for (size_t i = 0; i < graph->n_node; i++) count += graph->node[i]->n_output;
  return count;
}

/* Binds an initializer to its constant. `sparse` is null for a dense one. */
static void import_initializer(Scope *scope, const Onnx__TensorProto *tensor,
                               const Onnx__SparseTensorProto *sparse) {
  Importer *importer = scope->importer;
  Location location = {.file = importer->path};
  const char *name = tensor ? text_or_empty(tensor->name) : "";
  if (!name[0]) {
    report(importer->diagnostics, &location, MESSAGE_MODEL_INVALID, "an initializer has no name");
    return;
  }
  Binding *binding = scope_bind(scope, name, &location);
  if (!binding) return;
  Type type = {0};
  scope->builder->location = location;
  const Blob *blob = sparse ? sparse_tensor_blob(importer, &location, sparse, &type)
                            : tensor_blob(importer, &location, tensor, &type);
  binding_set(scope, binding, name, blob ? build_blob(scope->builder, blob, type) : NULL);
}

void graph_bind_initializers(Scope *scope, const Onnx__GraphProto *graph) {
  for (size_t i = 0; i < graph->n_initializer; i++) import_initializer(scope, graph->initializer[i], NULL);
  for (size_t i = 0; i < graph->n_sparse_initializer; i++)
    import_initializer(scope, graph->sparse_initializer[i]->values, graph->sparse_initializer[i]);
}

/* Inputs with an initializer are constants; the others become arguments. */
static void import_inputs(Scope *scope, const Onnx__GraphProto *graph, const char ***names) {
  Importer *importer = scope->importer;
  Arena *arena = importer->module->arena;
  Region *body = scope->builder->region;
  size_t capacity = 0, count = 0;
  Location location = {.file = importer->path};
  for (size_t i = 0; i < graph->n_input; i++) {
    const char *name = text_or_empty(graph->input[i]->name);
    Binding *binding = name_table_find(&scope->bindings, name);
    if (binding && (!binding->value || binding->value->producer)) continue;
    if (!name[0]) {
      report(importer->diagnostics, &location, MESSAGE_MODEL_INVALID, "an input has no name");
      continue;
    }
    binding = scope_bind(scope, name, &location);
    if (!binding) continue;
    Type type;
    if (!type_of_input(importer, graph->input[i], &type)) {
      binding->poisoned = true;
      continue;
    }
    const char *copy = arena_copy_text(arena, name, strlen(name));
    binding->value = region_add_argument(importer->module, body, type, copy);
    arena_push(arena, *names, count, capacity) = copy;
  }
}

static void bind_declared(Scope *scope, const Onnx__ValueInfoProto *info) {
  Binding *binding = name_table_find(&scope->bindings, text_or_empty(info->name));
  if (binding && binding->producer != NO_PRODUCER && !binding->declared)
    binding->declared = type_declared(scope->importer, scope->arena, info->type);
}

void graph_bind_declared(Scope *scope, const Onnx__GraphProto *graph) {
  for (size_t i = 0; i < graph->n_value_info; i++) bind_declared(scope, graph->value_info[i]);
  for (size_t i = 0; i < graph->n_output; i++) bind_declared(scope, graph->output[i]);
}

static void import_outputs(Scope *scope, const Onnx__GraphProto *graph, const char ***names) {
  Importer *importer = scope->importer;
  Arena *arena = importer->module->arena;
  Region *body = scope->builder->region;
  NameTable seen;
  name_table_start(&seen, scope->arena, graph->n_output);
  body->results = arena_array(arena, Value *, graph->n_output);
  *names = arena_array(arena, const char *, graph->n_output);
  if (graph->n_output == 0) graph_error(importer, MESSAGE_MODEL_INVALID, "the graph has no outputs%s", "");
  for (size_t i = 0; i < graph->n_output; i++) {
    Location location = {.file = importer->path};
    const char *name = text_or_empty(graph->output[i]->name);
    Binding *binding = name_table_find(&scope->bindings, name);
    if (!name[0] || !binding) {
      report(importer->diagnostics, &location, MESSAGE_OUTPUT_MISSING, name);
      continue;
    }
    if (name_table_find(&seen, name)) {
      graph_error(importer, MESSAGE_MODEL_INVALID, "output '%s' is listed twice", name);
      continue;
    }
    name_table_set(&seen, name, binding);
    if (!type_of_output(importer, graph->output[i])) continue;
    if (binding->value && !type_check_output(importer, graph->output[i], &binding->value->type, &location)) continue;
    (*names)[body->result_count] = arena_copy_text(arena, name, strlen(name));
    body->results[body->result_count++] = binding->value;
  }
}

/* A misspelt --dim would otherwise leave the dim symbolic without a word. */
static void check_pins(Importer *importer, const OnnxImportOptions *options) {
  for (size_t i = 0; options && i < options->pin_count; i++)
    if (!name_table_find(&importer->symbols, options->pin_names[i]))
      graph_error(importer, MESSAGE_OPTION, "--dim %s: no input has a dim of that name",
                  options->pin_names[i]);
}

/* Exporters name a dim after what it is, as in "past + sequence": the run checks that it is, and the graph computes with
   what it is, so that it is equal to what comes of past and sequence elsewhere. */
static void spell_dims(Scope *scope, const char *const *names) {
  Builder *builder = scope->builder;
  const Region *body = builder->region;
  for (uint32_t i = 0; i < body->argument_count; i++) {
    Binding *binding = name_table_find(&scope->bindings, names[i]);
    Dim dims[RANK_LIMIT];
    for (uint32_t k = 0; k < binding->value->type.rank; k++) {
      Dim dim = dims[k] = binding->value->type.dims[k], spelled = NULL;
      if (dim->term_count == 1 && dim->terms[0].factor_count == 1 && dim->terms[0].factors[0]->kind == DIM_SYMBOL)
        spelled = dim_spelled(builder->module->dims, scope->arena, dim->terms[0].factors[0]->symbol->name);
      if (spelled) dims[k] = spelled;
    }
    binding->value = build_with_dims(builder, binding->value, dims, RANK_LIMIT, "a dim is not what its name says");
    if (!binding->value) binding->poisoned = true;
  }
}

bool import_main_graph(Importer *importer, NameTable *opsets, const OnnxImportOptions *options) {
  const Onnx__GraphProto *graph = importer->model->graph;
  Module *module = importer->module;
  Entry *entry = arena_new(module->arena, Entry);
  *entry = (Entry){.name = "run", .body = region_create(module, NULL)};
  arena_push(module->arena, module->entries, module->entry_count, module->entry_capacity) = entry;
  Builder builder = {.module = module, .region = entry->body};
  const char **argument_names = NULL, **result_names = NULL;
  Scope scope;
  scope_start(&scope, importer, NULL, graph_name_count(graph));
  scope.builder = &builder;
  scope.opsets = opsets;
  graph_bind_initializers(&scope, graph);
  import_inputs(&scope, graph, &argument_names);
  check_pins(importer, options);
  builder.location = (Location){.file = importer->path};
  spell_dims(&scope, argument_names);
  nodes_bind(&scope, graph->node, graph->n_node);
  graph_bind_declared(&scope, graph);
  nodes_import(&scope, graph->node, graph->n_node);
  import_outputs(&scope, graph, &result_names);
  entry->argument_names = argument_names;
  entry->result_names = result_names;
  scope_end(&scope);
  return diagnostics_error_count(importer->diagnostics) == 0;
}
