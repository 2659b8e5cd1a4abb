/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/rewrite.h"
#include "passes/passes.h"
#include <string.h>

/* Rules that enable one at a node before need another sweep; what is not done after so many stays as it is. */
enum { SWEEP_LIMIT = 8, OPERANDS = 8 /* of a node that a rule changes */, RELEASE_DEPTH = 64 };

typedef struct Sweep {
  Rewriter rewriter;
  const RewriteRule *rules;
  uint32_t rule_count;
  bool any;
} Sweep;

bool rewrite_is_constant(const Rewriter *rewriter, const Value *value) {
  return value->id < rewriter->constant_count && rewriter->constant[value->id];
}

static bool is_replaced(const Node *node) { return node->result_count && node->results[0]->replacement; }

/* One reader less; what nobody reads any more reads nothing, as far as it is followed. */
static void release(Value *value, uint32_t depth) {
  Node *node = value ? value->producer : NULL;
  if (!value || --value->use_count || !node || node->region_count || node->result_count != 1 || depth == RELEASE_DEPTH) return;
  for (uint32_t i = 0; i < node->operand_count; i++) release(node->operands[i], depth + 1);
}

static void note_constant(Rewriter *rewriter, const Node *node) {
  bool all = node->region_count == 0;
  for (uint32_t i = 0; i < node->operand_count; i++)
    all = all && node->operands[i] && rewrite_is_constant(rewriter, node->operands[i]);
  for (uint32_t i = 0; i < node->result_count; i++) {
    while (rewriter->constant_count <= node->results[i]->id)
      arena_push(rewriter->module->arena, rewriter->constant, rewriter->constant_count, rewriter->constant_capacity) = false;
    rewriter->constant[node->results[i]->id] = all;
  }
}

/* The first node behind `previous`, null: of the region. */
static Node *node_behind(const Region *region, const Node *previous) { return previous ? previous->next : region->first; }

/* Operands that a rule changed, and what it made, are counted before what nobody reads any more. */
static void count_again(Region *region, const Node *previous, Node *node, Value *const *before, uint32_t count) {
  for (Node *made = node_behind(region, previous); made != node; made = made->next)
    for (uint32_t i = 0; i < made->operand_count; i++)
      if (made->operands[i]) made->operands[i]->use_count++;
  for (uint32_t i = 0; i < count; i++)
    if (node->operands[i] != before[i] && node->operands[i]) node->operands[i]->use_count++;
  for (uint32_t i = 0; i < count; i++)
    if (node->operands[i] != before[i]) release(before[i], 0);
}

/* True where a rule did something; the node may be gone then. */
static bool apply(Sweep *sweep, Region *region, Node *node) {
  Rewriter *rewriter = &sweep->rewriter;
  Node *previous = node->previous;
  Value *before[OPERANDS], *better = NULL;
  uint32_t count = node->operand_count < OPERANDS ? node->operand_count : 0;
  memcpy(before, node->operands, count * sizeof *before);
  rewriter->builder = (Builder){.module = rewriter->module, .region = region, .position = node, .location = node->location};
  rewriter->changed = false;
  for (uint32_t i = 0; i < sweep->rule_count && !rewriter->changed && !better; i++) better = sweep->rules[i](rewriter, node);
  if (!better && !rewriter->changed) return false;
  if (node->parent) count_again(region, previous, node, before, count);
  if (better) {
    node->results[0]->replacement = better;
    better->use_count += node->results[0]->use_count;
    node->results[0]->use_count = 1;
    release(node->results[0], 0);
  }
  return sweep->any = true;
}

static void sweep_region(Sweep *sweep, Region *region) {
  for (Node *node = region->first; node;) {
    const Node *previous = node->previous;
    for (uint32_t i = 0; i < node->operand_count; i++) node->operands[i] = value_current(node->operands[i]);
    note_constant(&sweep->rewriter, node);
    if (!is_replaced(node) && apply(sweep, region, node)) { /* what was made stands before the node, or in its place */
      node = node_behind(region, previous);
      continue;
    }
    for (uint32_t i = 0; i < node->region_count && !is_replaced(node); i++) sweep_region(sweep, node->regions[i]);
    node = node->next;
  }
  for (uint32_t i = 0; i < region->result_count; i++) region->results[i] = value_current(region->results[i]);
}

bool rewrite_module(Module *module, const RewriteRule *rules, uint32_t count) {
  Sweep sweep = {.rewriter = {.module = module}, .rules = rules, .rule_count = count, .any = true};
  for (uint32_t k = 0; k < SWEEP_LIMIT && sweep.any; k++) {
    sweep.any = false;
    for (size_t i = 0; i < module->entry_count; i++) {
      Region *body = module->entries[i]->body;
      region_count_uses(body);
      sweep_region(&sweep, body);
      region_apply_replacements(body);
    }
    if (!pass_dead_code(module)) return false;
  }
  return true;
}
