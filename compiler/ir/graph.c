/* SPDX-License-Identifier: Apache-2.0 */
/* Construction and editing of the tensor graph's structure. */
#include "ir/graph.h"
#include <string.h>

static const PrimitiveInfo primitive_table[PRIMITIVE_COUNT] = {
#define PRIMITIVE(constant, name, least, most, regions, equation, attributes, doc)                           \
  {name, least, most, regions, equation, attributes, doc},
#include "ir/primitive.def"
#undef PRIMITIVE
};

const PrimitiveInfo *primitive_info(PrimitiveKind kind) { return &primitive_table[kind]; }

Module *module_create(Diagnostics *diagnostics, const char *name) {
  Arena *arena = arena_create();
  Module *module = arena_new(arena, Module);
  module->arena = arena;
  module->diagnostics = diagnostics;
  module->dims = dim_context_create(arena);
  module->machine = &machine_common;
  module->name = arena_copy_text(arena, name, strlen(name));
  memset(module->source_hash, '0', sizeof module->source_hash - 1);
  return module;
}

void module_destroy(Module *module) {
  if (module) arena_destroy(module->arena);
}

void module_add_requirement(Module *module, const Region *region, Dim form) {
  arena_push(module->arena, module->requirements, module->requirement_count, module->requirement_capacity) =
      (DimRequirement){region, form};
  if (!region->owner) dim_assume_zero(module->dims, form);
}

Region *region_create(Module *module, Node *owner) {
  Region *region = arena_new(module->arena, Region);
  region->owner = owner;
  return region;
}

static Value *value_create(Module *module, Type type, const char *name, Node *producer, uint32_t index) {
  Value *value = arena_new(module->arena, Value);
  *value = (Value){.type = type, .name = name, .producer = producer, .index = index, .id = module->value_count++};
  return value;
}

/* Appends to an exactly sized array: results and arguments are few. */
static Value **append_value(Module *module, Value **values, uint32_t count, Value *value) {
  Value **grown = arena_array(module->arena, Value *, count + 1);
  if (count) memcpy(grown, values, count * sizeof *values);
  grown[count] = value;
  return grown;
}

Value *region_add_argument(Module *module, Region *region, Type type, const char *name) {
  Value *value = value_create(module, type, name, NULL, region->argument_count);
  region->arguments = append_value(module, region->arguments, region->argument_count++, value);
  return value;
}

void region_set_results(Module *module, Region *region, Value *const *results, uint32_t count) {
  region->results = arena_copy(module->arena, results, count * sizeof *results);
  region->result_count = count;
}

Entry *module_add_entry(Module *module, const char *name, Region *body, const char *const *argument_names,
                        const char *const *result_names) {
  Entry *entry = arena_new(module->arena, Entry);
  *entry = (Entry){name, body, argument_names, result_names};
  arena_push(module->arena, module->entries, module->entry_count, module->entry_capacity) = entry;
  return entry;
}

Node *node_create(Module *module, PrimitiveKind kind, Value *const *operands, uint32_t operand_count,
                  Location location) {
  Node *node = arena_new(module->arena, Node);
  node->kind = kind;
  node->scalar = SCALAR_COUNT;
  node->operands = arena_copy(module->arena, operands, operand_count * sizeof *operands);
  node->operand_count = operand_count;
  node->location = location;
  return node;
}

Node *node_copy(Module *module, const Node *node, Value *const *operands) {
  Node *copy = node_create(module, node->kind, operands, node->operand_count, node->location);
  copy->scalar = node->scalar;
  copy->attributes = node->attributes;
  copy->attribute_count = node->attribute_count;
  copy->equation = node->equation;
  return copy;
}

Value *node_add_result(Module *module, Node *node, Type type, const char *name) {
  Value *value = value_create(module, type, name, node, node->result_count);
  node->results = append_value(module, node->results, node->result_count++, value);
  return value;
}

void region_append(Region *region, Node *node) { region_insert_before(region, NULL, node); }

void region_insert_before(Region *region, Node *position, Node *node) {
  Node *previous = position ? position->previous : region->last;
  node->parent = region;
  node->previous = previous;
  node->next = position;
  *(previous ? &previous->next : &region->first) = node;
  *(position ? &position->previous : &region->last) = node;
}

void region_remove(Region *region, Node *node) {
  *(node->previous ? &node->previous->next : &region->first) = node->next;
  *(node->next ? &node->next->previous : &region->last) = node->previous;
  node->previous = node->next = NULL;
  node->parent = NULL;
}

void region_inline(Region *region, Node *position) {
  for (Node *node = region->first, *next; node; node = next) {
    next = node->next;
    region_remove(region, node);
    region_insert_before(position->parent, position, node);
  }
}

const Attribute *node_attribute(const Node *node, const char *name) {
  for (uint32_t i = 0; i < node->attribute_count; i++)
    if (strcmp(node->attributes[i].name, name) == 0) return &node->attributes[i];
  return NULL;
}

int64_t node_int(const Node *node, const char *name) {
  const Attribute *attribute = node_attribute(node, name);
  return attribute ? attribute->integer : 0;
}

Scalar node_monoid(const Node *node) { return scalar_find(node_attribute(node, "monoid")->string); }

static void clear_uses(Region *region) {
  for (uint32_t i = 0; i < region->argument_count; i++) region->arguments[i]->use_count = 0;
  for (Node *node = region->first; node; node = node->next) {
    for (uint32_t i = 0; i < node->result_count; i++) node->results[i]->use_count = 0;
    for (uint32_t i = 0; i < node->region_count; i++) clear_uses(node->regions[i]);
  }
}

static void add_uses(Region *region) {
  for (Node *node = region->first; node; node = node->next) {
    for (uint32_t i = 0; i < node->operand_count; i++)
      if (node->operands[i]) node->operands[i]->use_count++;
    for (uint32_t i = 0; i < node->region_count; i++) add_uses(node->regions[i]);
  }
  for (uint32_t i = 0; i < region->result_count; i++) region->results[i]->use_count++;
}

void region_count_uses(Region *region) {
  clear_uses(region);
  add_uses(region);
}

Value *value_current(Value *value) {
  while (value && value->replacement) value = value->replacement;
  return value;
}

static void rewrite_uses(Region *region) {
  for (Node *node = region->first; node; node = node->next) {
    for (uint32_t i = 0; i < node->operand_count; i++) node->operands[i] = value_current(node->operands[i]);
    for (uint32_t i = 0; i < node->region_count; i++) rewrite_uses(node->regions[i]);
  }
  for (uint32_t i = 0; i < region->result_count; i++) region->results[i] = value_current(region->results[i]);
}

static void clear_replacements(Region *region) {
  for (uint32_t i = 0; i < region->argument_count; i++) region->arguments[i]->replacement = NULL;
  for (Node *node = region->first; node; node = node->next) {
    for (uint32_t i = 0; i < node->result_count; i++) node->results[i]->replacement = NULL;
    for (uint32_t i = 0; i < node->region_count; i++) clear_replacements(node->regions[i]);
  }
}

void region_apply_replacements(Region *region) {
  rewrite_uses(region);
  clear_replacements(region);
}

bool node_reduces(const Node *node) {
  return node->kind == PRIMITIVE_REDUCE || node->kind == PRIMITIVE_CONTRACT;
}

bool subscripts_visit_dims(const Subscript *subscripts, uint32_t count, DimVisitor visit, void *user) {
  for (uint32_t i = 0; i < count; i++) {
    if (!visit(user, subscripts[i].offset)) return false;
    for (uint32_t j = 0; j < subscripts[i].term_count; j++)
      if (!visit(user, subscripts[i].terms[j].coefficient)) return false;
  }
  return true;
}

static bool equation_visit_dims(const Equation *equation, DimVisitor visit, void *user) {
  for (uint32_t i = 0; i < equation->label_count; i++)
    if (!visit(user, equation->labels[i].extent)) return false;
  for (uint32_t k = 0; k < equation->operand_count; k++)
    if (!subscripts_visit_dims(equation->operands[k].subscripts, equation->operands[k].rank, visit, user)) return false;
  return subscripts_visit_dims(equation->result.subscripts, equation->result.rank, visit, user);
}

bool node_visit_dims(const Node *node, DimVisitor visit, void *user) {
  for (uint32_t i = 0; i < node->result_count; i++)
    for (uint32_t d = 0; d < node->results[i]->type.rank; d++)
      if (!visit(user, node->results[i]->type.dims[d])) return false;
  for (uint32_t i = 0; i < node->attribute_count; i++)
    for (size_t k = 0; node->attributes[i].kind == ATTRIBUTE_DIMS && k < node->attributes[i].count; k++)
      if (!visit(user, node->attributes[i].dims[k])) return false;
  return !node->equation || equation_visit_dims(node->equation, visit, user);
}

bool subscript_is_plain(const Subscript *subscript, uint32_t *label) {
  if (subscript->term_count != 1 || !dim_equals_constant(subscript->terms[0].coefficient, 1) ||
      !dim_equals_constant(subscript->offset, 0))
    return false;
  *label = subscript->terms[0].label;
  return true;
}

bool subscript_is_constant(const Subscript *subscript, int64_t *value) {
  return subscript->term_count == 0 && dim_is_constant(subscript->offset, value);
}

bool subscript_uses(const Subscript *subscript, uint32_t label) {
  for (uint32_t j = 0; j < subscript->term_count; j++)
    if (subscript->terms[j].label == label) return true;
  return false;
}

bool access_uses_label(const Access *access, uint32_t label) {
  for (uint32_t i = 0; i < access->rank; i++)
    if (subscript_uses(&access->subscripts[i], label)) return true;
  return false;
}

int32_t access_whole_axis(DimContext *dims, const Equation *equation, const Access *access, const Type *type,
                          uint32_t label) {
  int32_t axis = -1;
  uint32_t plain;
  for (uint32_t i = 0; i < access->rank; i++) {
    if (!subscript_uses(&access->subscripts[i], label)) continue;
    if (axis >= 0 || !subscript_is_plain(&access->subscripts[i], &plain)) return -1;
    axis = (int32_t)i;
  }
  bool whole = axis >= 0 && dim_equal(dims, equation->labels[label].extent, type->dims[axis]) == TRUTH_YES;
  return whole ? axis : -1;
}

const Node *value_view(const Value *value) {
  const Node *node = value->producer;
  return node && node->kind == PRIMITIVE_VIEW && node->operand_count == 1 ? node : NULL;
}

bool view_has_plain_result(DimContext *dims, const Node *view) {
  const Equation *equation = view->equation;
  for (uint32_t i = 0; i < equation->result.rank; i++) {
    uint32_t label;
    if (!subscript_is_plain(&equation->result.subscripts[i], &label) ||
        access_whole_axis(dims, equation, &equation->result, &view->results[0]->type, label) < 0)
      return false;
  }
  return equation->label_count == equation->result.rank;
}

bool subscript_equal(const Subscript *a, const Subscript *b) {
  if (a->offset != b->offset || a->term_count != b->term_count) return false;
  for (uint32_t i = 0; i < a->term_count; i++)
    if (a->terms[i].label != b->terms[i].label || a->terms[i].coefficient != b->terms[i].coefficient) return false;
  return true;
}

bool access_equal(const Access *a, const Access *b) {
  if (a->rank != b->rank) return false;
  for (uint32_t i = 0; i < a->rank; i++)
    if (!subscript_equal(&a->subscripts[i], &b->subscripts[i])) return false;
  return true;
}

bool equation_equal(const Equation *a, const Equation *b) {
  if (!a || !b) return a == b;
  if (a->label_count != b->label_count || a->operand_count != b->operand_count) return false;
  for (uint32_t i = 0; i < a->label_count; i++)
    if (a->labels[i].extent != b->labels[i].extent || a->labels[i].index != b->labels[i].index) return false;
  for (uint32_t i = 0; i < a->operand_count; i++)
    if (!access_equal(&a->operands[i], &b->operands[i])) return false;
  return access_equal(&a->result, &b->result);
}

bool view_is_identity(const Node *view) {
  const Equation *equation = view->equation;
  if (!type_equal(&view->operands[0]->type, &view->results[0]->type)) return false;
  for (uint32_t i = 0; i < equation->result.rank; i++) {
    uint32_t from, to;
    if (!subscript_is_plain(&equation->operands[0].subscripts[i], &from) ||
        !subscript_is_plain(&equation->result.subscripts[i], &to) || from != to)
      return false;
  }
  return true;
}
