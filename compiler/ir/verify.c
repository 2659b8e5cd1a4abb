/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that every module keeps: structure, definitions before uses, types, attributes. The rules of each
   kind of node: verify_kind.c; subscripts: verify_equation.c. */
#include "ir/verify_internal.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool verify_fail(Verifier *verifier, const char *format, ...) {
  const Node *node = verifier->node;
  Text text = {0};
  char buffer[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(buffer, sizeof buffer, format, arguments);
  va_end(arguments);
  if (verifier->pass) text_format(&text, "after pass %s: ", verifier->pass);
  if (node && node->result_count) {
    value_print(&text, node->results[0], verifier->numbers, verifier->number_count);
    text_add(&text, " = ");
  }
  if (node) {
    bool is_map = node->kind == PRIMITIVE_MAP && node->scalar < SCALAR_COUNT;
    text_format(&text, "%s: ", is_map ? scalar_info(node->scalar)->name : primitive_info(node->kind)->name);
  }
  text_add(&text, buffer);
  Location location = {.file = verifier->module->name};
  report(verifier->module->diagnostics, node ? &node->location : &location, MESSAGE_VERIFY,
         text_string(&text));
  text_free(&text);
  return verifier->ok = false;
}

static bool verify_symbol(void *user, const Symbol *symbol) {
  Verifier *verifier = user;
  const DimContext *context = verifier->module->dims;
  if (symbol->index < dim_symbol_count(context) && dim_symbol_at(context, symbol->index) == symbol) return true;
  return verify_fail(verifier, "symbol '%s' is not declared in this module", symbol->name);
}

bool verify_integer(Verifier *verifier, const char *what, Dim dim) {
  if (!dim || !dim_is_valid(dim)) return verify_fail(verifier, "%s is not valid", what);
  return dim_visit_symbols(dim, verify_symbol, verifier);
}

bool verify_dim(Verifier *verifier, const char *what, Dim dim) {
  if (!verify_integer(verifier, what, dim)) return false;
  return dim_range(verifier->module->dims, dim).high >= 0 ||
         verify_fail(verifier, "%s is always negative", what);
}

static bool verify_element(Verifier *verifier, ElementType element) {
  if (element > ELEMENT_UNDEFINED && element < ELEMENT_COUNT) return true;
  return verify_fail(verifier, "the element type is not defined");
}

static bool verify_type(Verifier *verifier, const Type *type, int depth) {
  enum { TYPE_DEPTH_LIMIT = 16 };
  bool ok = true;
  if (depth > TYPE_DEPTH_LIMIT)
    return verify_fail(verifier, "the type is nested deeper than %d", TYPE_DEPTH_LIMIT);
  if (type->kind == VALUE_TENSOR || type->kind == VALUE_MAP) ok = verify_element(verifier, type->element);
  if (type->kind != VALUE_TENSOR) {
    if (type->length) ok = verify_dim(verifier, "the length of the sequence", type->length) && ok;
    if (!type->inner) return verify_fail(verifier, "the type of the content is missing");
    return verify_type(verifier, type->inner, depth + 1) && ok;
  }
  if (type->rank > RANK_LIMIT) return verify_fail(verifier, "the rank is above %d", RANK_LIMIT);
  for (uint32_t i = 0; i < type->rank; i++)
    ok = verify_dim(verifier, "a dim of the type", type->dims[i]) && ok;
  if (ok && !type_is_addressable(verifier->module->dims, type)) ok = verify_fail(verifier, "the tensor is larger than memory");
  return ok;
}

/* The links of a value that is defined here; from now on it is visible. */
static bool verify_definition(Verifier *verifier, const Value *value, const Node *producer, uint32_t index) {
  if (!value) return verify_fail(verifier, "value %u is null", index);
  if (value->id >= verifier->module->value_count)
    return verify_fail(verifier, "a value's id %u is not of this module", value->id);
  if (verifier->defined[value->id])
    return verify_fail(verifier, "the id %u of a value is used twice", value->id);
  verifier->defined[value->id] = value;
  verifier->visible[value->id] = true;
  if (value->producer != producer || value->index != index)
    verify_fail(verifier, "value %u does not link back to its producer", index);
  return verify_type(verifier, &value->type, 0);
}

static bool is_visible(const Verifier *verifier, const Value *value) {
  uint32_t id = value->id;
  return id < verifier->module->value_count && verifier->defined[id] == value && verifier->visible[id];
}

static bool verify_use(Verifier *verifier, const Value *value, const char *what, uint32_t index) {
  if (!value) return verify_fail(verifier, "%s %u is absent", what, index);
  if (is_visible(verifier, value)) return true;
  Text text = {0};
  value_print(&text, value, verifier->numbers, verifier->number_count);
  verify_fail(verifier, "%s %u, %s, is not defined before its use", what, index, text_string(&text));
  text_free(&text);
  return false;
}

static bool verify_counts(Verifier *verifier, const Node *node) {
  const PrimitiveInfo *info = primitive_info(node->kind);
  bool ok = true;
  int64_t least = info->least_operands, most = info->most_operands, count = node->operand_count;
  if (node->kind == PRIMITIVE_MAP) {
    if (node->scalar >= SCALAR_COUNT) return verify_fail(verifier, "the scalar function is not set");
    least = most = scalar_info(node->scalar)->arity;
  }
  if (count < least || (most >= 0 && count > most))
    ok = verify_fail(verifier, "has %u operands, %lld %s", node->operand_count,
                     (long long)(count < least ? least : most),
                     least == most   ? "are needed"
                     : count < least ? "are the least"
                                     : "are the most");
  uint32_t results = node->kind != PRIMITIVE_REQUIRE && node->kind != PRIMITIVE_REQUIRE_DIMS;
  if (node->result_count != results && !info->region_count)
    ok = verify_fail(verifier, "has %u results, %u are defined", node->result_count, results);
  if (node->region_count != info->region_count)
    ok = verify_fail(verifier, "has %u regions, %u are defined", node->region_count, info->region_count);
  if (info->has_equation && !node->equation) ok = verify_fail(verifier, "has no subscripts");
  if (!info->has_equation && node->equation) ok = verify_fail(verifier, "must not have subscripts");
  return ok;
}

typedef struct AttributeCheck {
  Verifier *verifier;
  const Node *node;
  bool ok;
} AttributeCheck;

static bool check_declared(void *user, const char *name, AttributeKind kind, bool optional) {
  AttributeCheck *check = user;
  const Attribute *attribute = node_attribute(check->node, name);
  if (!attribute && !optional) check->ok = verify_fail(check->verifier, "attribute '%s' is missing", name);
  if (attribute && attribute->kind != kind)
    check->ok = verify_fail(check->verifier, "attribute '%s' is of the wrong kind", name);
  return true;
}

static bool verify_attributes(Verifier *verifier, const Node *node) {
  AttributeCheck check = {verifier, node, true};
  primitive_attributes(node->kind, check_declared, &check);
  for (uint32_t i = 0; i < node->attribute_count; i++) {
    bool optional;
    const char *name = node->attributes[i].name;
    if (primitive_attribute_kind(node->kind, name, &optional) == ATTRIBUTE_NONE)
      check.ok = verify_fail(verifier, "attribute '%s' is not defined", name);
    else if (node_attribute(node, name) != &node->attributes[i])
      check.ok = verify_fail(verifier, "attribute '%s' is given twice", name);
  }
  return check.ok;
}

static void verify_region(Verifier *verifier, const Region *region, const Node *owner, uint32_t depth);

static void verify_node(Verifier *verifier, const Node *node, uint32_t depth) {
  verifier->node = node;
  bool ok = verify_counts(verifier, node);
  ok = verify_attributes(verifier, node) && ok;
  for (uint32_t i = 0; i < node->operand_count; i++) {
    if (!node->operands[i] && node->kind == PRIMITIVE_LOOP && i < 2) continue; /* trip and condition */
    if (!verify_use(verifier, node->operands[i], "operand", i)) {
      ok = false;
    } else if (node->operands[i]->type.kind != VALUE_TENSOR) {
      ok = verify_fail(verifier, "operand %u is no tensor", i);
    }
  }
  for (uint32_t i = 0; i < node->region_count; i++) {
    if (node->regions[i])
      verify_region(verifier, node->regions[i], node, depth + 1);
    else
      verify_fail(verifier, "region %u is null", i);
    verifier->node = node;
  }
  for (uint32_t i = 0; i < node->result_count; i++) {
    ok = verify_definition(verifier, node->results[i], node, i) && ok;
    if (ok && node->results[i]->type.kind != VALUE_TENSOR)
      ok = verify_fail(verifier, "result %u is no tensor", i);
  }
  if (ok) verify_kind(verifier, node);
  verifier->node = NULL;
}

static void hide_values(Verifier *verifier, const Region *region) {
  for (uint32_t i = 0; i < region->argument_count; i++)
    if (region->arguments[i] && region->arguments[i]->id < verifier->module->value_count)
      verifier->visible[region->arguments[i]->id] = false;
  const Node *previous = NULL;
  for (const Node *node = region->first; node && node->previous == previous;
       previous = node, node = node->next)
    for (uint32_t i = 0; i < node->result_count; i++)
      if (node->results[i] && node->results[i]->id < verifier->module->value_count)
        verifier->visible[node->results[i]->id] = false;
}

static void verify_region(Verifier *verifier, const Region *region, const Node *owner, uint32_t depth) {
  if (region->owner != owner) verify_fail(verifier, "a region does not link back to its node");
  if (depth > REGION_DEPTH_LIMIT) {
    verify_fail(verifier, "regions are nested deeper than %d", REGION_DEPTH_LIMIT);
    return;
  }
  for (uint32_t i = 0; i < region->argument_count; i++)
    verify_definition(verifier, region->arguments[i], NULL, i);
  const Node *previous = NULL;
  for (const Node *node = region->first; node; node = node->next) {
    if (node->previous != previous || node->parent != region) { /* the list may even be a cycle */
      verifier->node = node;
      verify_fail(verifier, "the node does not link back to its neighbour and region");
      verifier->node = NULL;
      return;
    }
    verify_node(verifier, node, depth);
    previous = node;
  }
  if (region->last != previous) verify_fail(verifier, "a region does not link to its last node");
  verifier->node = owner;
  for (uint32_t i = 0; i < region->result_count; i++) verify_use(verifier, region->results[i], "result", i);
  hide_values(verifier, region);
}

bool module_verify_form(Module *module, const char *pass, bool tracked) {
  Verifier verifier = {.module = module, .pass = pass, .tracked = tracked, .ok = true};
  size_t count = module->value_count;
  verifier.numbers = values_number(module, &verifier.number_count);
  verifier.defined = heap_resize(NULL, count * sizeof *verifier.defined);
  verifier.visible = heap_resize(NULL, count * sizeof *verifier.visible);
  for (size_t i = 0; i < count; i++) {
    verifier.defined[i] = NULL;
    verifier.visible[i] = false;
  }
  for (size_t i = 0; i < module->entry_count; i++) {
    verifier.node = NULL;
    for (size_t k = 0; k < i; k++)
      if (strcmp(module->entries[k]->name, module->entries[i]->name) == 0)
        verify_fail(&verifier, "entry '%s' is defined twice", module->entries[i]->name);
    verify_region(&verifier, module->entries[i]->body, NULL, 0);
  }
  free(verifier.numbers);
  free(verifier.defined);
  free(verifier.visible);
  return verifier.ok;
}

bool module_verify(Module *module, const char *pass) {
  return module_verify_form(module, pass, true);
}
