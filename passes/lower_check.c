/* SPDX-License-Identifier: Apache-2.0 */
/* The gate between the verified graph and lowering: what a graph may say and lowering does not take is
   reported here, each node once, before anything is lowered. What lowering learns to take leaves this file.
 */
#include "passes/lower_internal.h"

/* The first of the values whose elements have no address of their own; null where there is none. */
static const Value *below_a_byte(Value *const *values, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (values[i] && !element_is_addressable(values[i]->type.element)) return values[i];
  return NULL;
}

/* Elements below a byte cannot be moved. */
static bool check_elements(const Module *module, const Region *region, Location location) {
  const Value *found = below_a_byte(region->results, region->result_count);
  bool all = !found || report(module->diagnostics, &location, MESSAGE_TYPE_UNSUPPORTED,
                              element_info(found->type.element)->onnx_name);
  for (const Node *node = region->first; node; node = node->next) {
    found = below_a_byte(node->operands, node->operand_count);
    if (!found && node->kind != PRIMITIVE_CONSTANT) found = below_a_byte(node->results, node->result_count);
    if (found)
      all = report(module->diagnostics, &node->location, MESSAGE_TYPE_UNSUPPORTED,
                   element_info(found->type.element)->onnx_name);
    for (uint32_t i = 0; i < node->region_count; i++)
      all = check_elements(module, node->regions[i], node->location) && all;
  }
  return all;
}

/* Whose values a run knows: the symbols of the arguments' dims, by Symbol.index. */
typedef struct Symbols {
  bool *known;
  const Symbol *unknown; /* one that is not */
} Symbols;

static bool add_symbol(void *user, const Symbol *symbol) { return ((Symbols *)user)->known[symbol->index] = true; }

static bool check_symbol(void *user, const Symbol *symbol) {
  Symbols *symbols = user;
  if (!symbols->known[symbol->index]) symbols->unknown = symbol;
  return symbols->known[symbol->index];
}

static bool check_dim(void *user, Dim dim) { return dim_visit_symbols(dim, check_symbol, user); }

static bool check_symbols(const Module *module, const Region *region, Symbols *symbols) {
  bool all = true;
  for (const Node *node = region->first; node; node = node->next) {
    if (!node_visit_dims(node, check_dim, symbols))
      all = report(module->diagnostics, &node->location, MESSAGE_DIM_UNKNOWN, symbols->unknown->name);
    for (uint32_t i = 0; i < node->region_count; i++) all = check_symbols(module, node->regions[i], symbols) && all;
  }
  return all;
}

bool lower_check(const Module *module, const Entry *entry) {
  const Region *body = entry->body;
  Symbols symbols = {arena_array(module->arena, bool, dim_symbol_count(module->dims) + 1), NULL};
  for (uint32_t i = 0; i < body->argument_count; i++)
    for (uint32_t d = 0; d < body->arguments[i]->type.rank; d++)
      dim_visit_symbols(body->arguments[i]->type.dims[d], add_symbol, &symbols);
  bool known = check_symbols(module, body, &symbols);
  return check_elements(module, body, (Location){.file = module->name}) && known;
}
