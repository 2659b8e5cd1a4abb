/* SPDX-License-Identifier: Apache-2.0 */
/* An elementwise node over what is repeated alike is computed before it is repeated: mul(view(a), view(b)) is
   view(mul(a, b)). So a bias times a factor per channel is a constant of channels, not of images. */
#include "ir/build.h"
#include "passes/passes.h"

/* The view reads every element of its operand, all equally often and more than once. */
static bool repeats(DimContext *dims, const Value *value) {
  const Node *view = value_view(value);
  if (!view || !view_has_plain_result(dims, view)) return false;
  const Equation *equation = view->equation;
  const Access *access = &equation->operands[0];
  uint32_t read = 0;
  for (uint32_t i = 0; i < access->rank; i++) {
    int64_t at;
    uint32_t label;
    if (subscript_is_plain(&access->subscripts[i], &label)) {
      if (access_whole_axis(dims, equation, access, &view->operands[0]->type, label) < 0) return false;
      read++;
    } else if (!subscript_is_constant(&access->subscripts[i], &at) || at != 0 ||
               !dim_equals_constant(view->operands[0]->type.dims[i], 1)) {
      return false;
    }
  }
  return read < equation->label_count;
}

static Value *lift(Module *module, Node *map) {
  Value *operands[3];
  const Node *first = NULL;
  for (uint32_t i = 0; i < map->operand_count; i++) {
    Value *operand = map->operands[i];
    operands[i] = operand;
    if (!operand->type.rank) continue;
    if (!repeats(module->dims, operand)) return NULL;
    const Node *view = operand->producer;
    if (first && (!equation_equal(first->equation, view->equation) ||
                  !type_same_dims(&first->operands[0]->type, &view->operands[0]->type)))
      return NULL;
    if (!first) first = view;
    operands[i] = view->operands[0];
  }
  if (!first) return NULL;
  Type type = first->operands[0]->type, result = map->results[0]->type;
  type.element = result.element;
  Node *copy = node_copy(module, map, operands);
  region_insert_before(map->parent, map, copy);
  Value *small = node_add_result(module, copy, type, NULL);
  Node *view = node_create(module, PRIMITIVE_VIEW, &small, 1, map->location);
  view->equation = first->equation;
  region_insert_before(map->parent, map, view);
  return node_add_result(module, view, result, map->results[0]->name);
}

static void lift_region(Module *module, Region *region) {
  for (Node *node = region->first; node; node = node->next) {
    for (uint32_t i = 0; i < node->region_count; i++) lift_region(module, node->regions[i]);
    if (node->kind != PRIMITIVE_MAP) continue;
    for (uint32_t i = 0; i < node->operand_count; i++) node->operands[i] = value_current(node->operands[i]);
    node->results[0]->replacement = lift(module, node);
  }
}

bool pass_lift_repeats(Module *module) {
  for (size_t i = 0; i < module->entry_count; i++) {
    lift_region(module, module->entries[i]->body);
    region_apply_replacements(module->entries[i]->body);
  }
  return pass_dead_code(module);
}
