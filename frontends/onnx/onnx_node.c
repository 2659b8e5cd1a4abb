/* SPDX-License-Identifier: Apache-2.0 */
/* One node: its operator or function is looked up, its operands are gathered, and the operator builds it.
   After an error its outputs are poisoned: nodes that use them are only looked up, so that each fault is told
   once. */
#include "onnx_importer.h"
#include <string.h>

/* Room for what most nodes need; larger nodes use the scope's arena. */
enum { INPUT_ROOM = 8, OUTPUT_ROOM = 4, ATTRIBUTE_ROOM = 8 };

/* No operator has as many attributes; they are compared pairwise. */
enum { ATTRIBUTE_LIMIT = 256 };

/* Every node of a subgraph or an inlined function repeats the names around it, so they are kept short: of a
   longer text the end, where names differ. */
enum { NAME_LENGTH_LIMIT = 256, PREFIX_LENGTH_LIMIT = 160 };

static const char *text_end(const char *text, size_t limit) {
  size_t length = strlen(text);
  return length <= limit ? text : text + (length - limit);
}

const char *node_label(const Scope *scope, const Onnx__NodeProto *node, uint32_t index) {
  Arena *arena = scope->importer->module->arena;
  const char *name = text_end(text_or_empty(node->name), NAME_LENGTH_LIMIT);
  const char *op_type = text_end(text_or_empty(node->op_type), NAME_LENGTH_LIMIT);
  if (name[0]) return arena_format(arena, "%s%s", scope->prefix, name);
  return arena_format(arena, "%s#%u %s", scope->prefix, index, op_type);
}

const char *label_prefix(Scope *scope, const char *label, const char *part) {
  label = text_end(label, PREFIX_LENGTH_LIMIT);
  part = text_end(part, PREFIX_LENGTH_LIMIT);
  return arena_format(scope->importer->module->arena, part[0] ? "%s/%s/" : "%s/", label, part);
}

void binding_set(Scope *scope, Binding *binding, const char *name, Value *value) {
  if (binding->poisoned || !value) {
    binding->poisoned = true;
    return;
  }
  binding->value = value;
  if (binding->result_name) name = binding->result_name;
  if (scope->function) name = text_end(name, NAME_LENGTH_LIMIT);
  if (!value->name) value->name = arena_copy_text(scope->importer->module->arena, name, strlen(name));
}

/* The values of a node's inputs; false where one has none because of an error. */
static bool gather_inputs(Scope *scope, const Onnx__NodeProto *node, Value **inputs) {
  bool ready = true;
  for (size_t i = 0; i < node->n_input; i++) {
    inputs[i] = NULL;
    if (!node->input[i][0]) continue;
    Binding *binding = scope_find(scope, node->input[i]);
    if (!binding) {
      report(scope->importer->diagnostics, &scope->builder->location, MESSAGE_VALUE_UNDEFINED,
             node->input[i]);
      binding = scope_bind(scope, node->input[i], NULL); /* told once for each name */
      binding->poisoned = true;
      scope->broken = true;
    }
    ready &= !binding->poisoned;
    inputs[i] = binding->value;
  }
  return ready;
}

/* The version that the scope imports of a domain; 0 after reporting. */
static int64_t find_opset(Scope *scope, const char *domain) {
  static int64_t missing = 0;
  const int64_t *version = name_table_find(scope->opsets, domain);
  if (version) return *version;
  report(scope->importer->diagnostics, &scope->builder->location, MESSAGE_OPSET_MISSING, domain);
  name_table_set(scope->opsets, domain, &missing);
  return 0;
}

/* The operator's form, null after reporting. */
static const Operator *find_operator(Scope *scope, const Onnx__NodeProto *node, int64_t *opset) {
  Importer *importer = scope->importer;
  const Location *location = &scope->builder->location;
  const char *domain = domain_name(node->domain);
  const char *op_type = text_or_empty(node->op_type);
  *opset = 0;
  if (!op_type[0]) {
    report(importer->diagnostics, location, MESSAGE_NODE_INVALID, "has no op_type");
    return NULL;
  }
  *opset = find_opset(scope, domain);
  if (*opset == 0) return NULL;
  if (!name_table_find(&importer->domains, domain)) {
    report(importer->diagnostics, location, MESSAGE_DOMAIN_UNKNOWN, domain);
    return NULL;
  }
  bool known = false;
  const Operator *row = operator_find(domain, op_type, *opset, &known);
  if (row) return row;
  const char *name = domain[0] ? arena_format(importer->scratch, "%s.%s", domain, op_type) : op_type;
  report(importer->diagnostics, location,
         known ? MESSAGE_OPERATOR_UNKNOWN_FORM : MESSAGE_OPERATOR_UNSUPPORTED, name, (long long)*opset);
  return NULL;
}

/* Converts the attributes that the call gives; false after reporting. */
static bool gather_attributes(Scope *scope, const Onnx__NodeProto *node, Attribute *attributes,
                              uint32_t *count) {
  bool ok = true;
  *count = 0;
  for (size_t i = 0; i < node->n_attribute; i++) {
    const Onnx__AttributeProto *given = attribute_resolve(scope, node->attribute[i]);
    if (!given) continue;
    Attribute *attribute = &attributes[*count];
    *attribute = (Attribute){.name = text_or_empty(node->attribute[i]->name)};
    for (uint32_t k = 0; k < *count; k++)
      if (strcmp(attributes[k].name, attribute->name) == 0)
        ok = report(scope->importer->diagnostics, &scope->builder->location, MESSAGE_ATTRIBUTE_VALUE,
                    attribute->name, "is given twice");
    bool converted = attribute_convert(scope, given, attribute);
    if (converted && attribute->kind == ATTRIBUTE_GRAPH && given != node->attribute[i])
      converted = report(scope->importer->diagnostics, &scope->builder->location, MESSAGE_ATTRIBUTE_VALUE,
                         attribute->name, "graphs that a call passes to a function are not supported");
    *count += converted;
    ok = ok && converted;
  }
  return ok;
}

static void set_outputs(Scope *scope, const Onnx__NodeProto *node, uint32_t index, Value *const *results) {
  for (size_t i = 0; i < node->n_output; i++) {
    if (!node->output[i][0]) continue;
    Binding *binding = name_table_find(&scope->bindings, node->output[i]);
    if (binding->producer != index) continue; /* defined twice, as has been reported */
    if (results && !results[i])
      report(
          scope->importer->diagnostics, &scope->builder->location, MESSAGE_NODE_INVALID,
          arena_format(scope->importer->scratch, "output %zu ('%s') is not supported", i, node->output[i]));
    binding_set(scope, binding, node->output[i], results ? results[i] : NULL);
  }
}

static bool build_node(Scope *scope, const Onnx__NodeProto *node, const Operator *row, int64_t opset,
                       Value *const *inputs, Subgraphs *subgraphs, Value **results) {
  Attribute attribute_room[ATTRIBUTE_ROOM];
  Type declared_room[OUTPUT_ROOM];
  bool wanted_room[OUTPUT_ROOM];
  Attribute *attributes = attribute_room;
  Type *declared = declared_room;
  bool *wanted = wanted_room;
  if (node->n_attribute > ATTRIBUTE_ROOM)
    attributes = arena_array(scope->arena, Attribute, node->n_attribute);
  if (node->n_output > OUTPUT_ROOM) {
    declared = arena_array(scope->arena, Type, node->n_output);
    wanted = arena_array(scope->arena, bool, node->n_output);
  }
  for (size_t i = 0; i < node->n_output; i++) {
    const Binding *binding = name_table_find(&scope->bindings, node->output[i]);
    wanted[i] = node->output[i][0] != 0;
    declared[i] = wanted[i] && binding->declared ? *binding->declared : (Type){.kind = VALUE_TENSOR};
    results[i] = NULL;
  }
  uint32_t attribute_count;
  if (!gather_attributes(scope, node, attributes, &attribute_count)) return false;
  SubgraphBuilder builder = {subgraph_build, subgraphs};
  return operator_build(row, scope->builder, opset, inputs, (uint32_t)node->n_input, attributes,
                        attribute_count, wanted, (uint32_t)node->n_output, declared, &builder, results);
}

void import_node(Scope *scope, const Onnx__NodeProto *node, uint32_t index) {
  Value *input_room[INPUT_ROOM], *result_room[OUTPUT_ROOM];
  Value **inputs = input_room, **results = result_room;
  if (node->n_input > INPUT_ROOM) inputs = arena_array(scope->arena, Value *, node->n_input);
  if (node->n_output > OUTPUT_ROOM) results = arena_array(scope->arena, Value *, node->n_output);
  const char *label = node_label(scope, node, index);
  scope->builder->location = (Location){.file = scope->importer->path, .node = label};
  bool ready = gather_inputs(scope, node, inputs) && !scope->check_only;
  if (node->n_attribute > ATTRIBUTE_LIMIT) {
    report(scope->importer->diagnostics, &scope->builder->location, MESSAGE_NODE_INVALID,
           arena_format(scope->importer->scratch, "has %zu attributes", node->n_attribute));
    scope->broken = true;
    set_outputs(scope, node, index, NULL);
    return;
  }
  Function *function = function_find(scope->importer, node);
  int64_t opset = 0;
  const Operator *row = function ? NULL : find_operator(scope, node, &opset);
  if (!function && !row) scope->broken = true;
  Subgraphs subgraphs = {.scope = scope, .node = node, .label = label};
  if (function) {
    subgraphs_check(&subgraphs);
    bool ok = function_call(scope, function, node, label, ready, inputs, results);
    scope->builder->location = (Location){.file = scope->importer->path, .node = label};
    set_outputs(scope, node, index, ok ? results : NULL);
    return;
  }
  bool ok = row && ready && build_node(scope, node, row, opset, inputs, &subgraphs, results);
  subgraphs_check(&subgraphs);
  set_outputs(scope, node, index, ok ? results : NULL);
}
