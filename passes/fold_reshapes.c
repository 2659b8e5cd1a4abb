/* SPDX-License-Identifier: Apache-2.0 */
/* A reshape that joins axes which a contraction with constant weights sums over, as the one between a
   network's last convolution and its classifier, becomes labels: contract(reshape(x)[n, k], W[k, o]) is
   contract(x[n, c, h, w], W[c, h, w, o]), the weights reshaped when aicc runs. The order of x in memory is
   then the contraction's own affair. */
#include "passes/passes.h"
#include "passes/reshape_groups.h"
#include "passes/rewrite.h"
#include <string.h>

/* One operand of a contraction and the reshape that makes it. */
typedef struct Site {
  const Node *contract, *reshape;
  uint32_t operand;
  ReshapeGroups groups;
  int32_t axis_of_label[RANK_LIMIT]; /* by group: where the weights have it; -1 where nothing is joined */
} Site;

static uint32_t joined_axes(const ReshapeGroups *groups, uint32_t g) {
  return groups->from_start[g + 1] - groups->from_start[g];
}

/* Every group keeps its axis or joins axes whose label only the weights have beside. */
static bool find_site(const Rewriter *rewriter, const Node *contract, uint32_t operand, Site *site) {
  const Node *reshape = contract->operands[operand]->producer;
  const Equation *equation = contract->equation;
  const Access *access = &equation->operands[operand];
  DimContext *dims = rewriter->module->dims;
  bool joins = false;
  int64_t ignored;
  *site = (Site){.contract = contract, .reshape = reshape, .operand = operand};
  if (!reshape || reshape->kind != PRIMITIVE_RESHAPE || rewrite_is_constant(rewriter, contract->operands[operand]) ||
      !rewrite_is_constant(rewriter, contract->operands[1 - operand]) ||
      !reshape_groups(dims, &reshape->operands[0]->type, &reshape->results[0]->type, &site->groups))
    return false;
  for (uint32_t g = 0; g < site->groups.count; g++) {
    uint32_t axis = site->groups.to_start[g], label, count = joined_axes(&site->groups, g);
    site->axis_of_label[g] = -1;
    if (site->groups.to_start[g + 1] != axis + 1 || !count) return false;
    if (count == 1) continue;
    if (!subscript_is_plain(&access->subscripts[axis], &label) ||
        access_uses_label(&equation->result, label) ||
        access_whole_axis(dims, equation, access, &reshape->results[0]->type, label) < 0)
      return false;
    site->axis_of_label[g] = access_whole_axis(dims, equation, &equation->operands[1 - operand],
                                               &contract->operands[1 - operand]->type, label);
    if (site->axis_of_label[g] < 0) return false;
    for (uint32_t i = site->groups.from_start[g]; i < site->groups.from_start[g + 1]; i++)
      if (!dim_is_constant(reshape->operands[0]->type.dims[i], &ignored)) return false; /* weights are of known dims */
    joins = true;
  }
  return joins;
}

/* The group whose label stands at an axis of the weights; -1 where it is no joined one. */
static int32_t group_at(const Site *site, uint32_t axis) {
  for (uint32_t g = 0; g < site->groups.count; g++)
    if (site->axis_of_label[g] == (int32_t)axis) return (int32_t)g;
  return -1;
}

/* The labels of a joined group: new ones, from `first` on, and the old one for its last axis. */
static uint32_t label_of(const Site *site, uint32_t g, uint32_t k, uint32_t first) {
  const Subscript *joined =
      &site->contract->equation->operands[site->operand].subscripts[site->groups.to_start[g]];
  return k + 1 == joined_axes(&site->groups, g) ? joined->terms[0].label : first + k;
}

/* Reads what is reshaped, and writes the weights' new dims. */
static Equation *split_equation(const Rewriter *rewriter, const Site *site, Dim *dims, uint32_t *rank) {
  Arena *arena = rewriter->module->arena;
  const Equation *old = site->contract->equation;
  const Type *from = &site->reshape->operands[0]->type,
             *weights = &site->contract->operands[1 - site->operand]->type;
  Equation *equation = arena_copy(arena, old, sizeof *old);
  Label *labels = arena_array(arena, Label, old->label_count + from->rank);
  Access *operands = arena_array(arena, Access, 2);
  Subscript *data = arena_array(arena, Subscript, from->rank),
            *constant = arena_array(arena, Subscript, weights->rank + from->rank);
  uint32_t first[RANK_LIMIT], count = old->label_count, data_rank = 0;
  memcpy(labels, old->labels, old->label_count * sizeof *labels);
  for (uint32_t g = 0; g < site->groups.count; g++) {
    uint32_t axes = joined_axes(&site->groups, g);
    first[g] = count;
    if (axes == 1) {
      data[data_rank++] = old->operands[site->operand].subscripts[site->groups.to_start[g]];
      continue;
    }
    const char *name = labels[label_of(site, g, axes - 1, count)].name;
    for (uint32_t k = 0; k < axes; k++) {
      uint32_t label = label_of(site, g, k, count);
      if (k + 1 < axes) labels[label].name = split_label_name(arena, labels, label, name);
      labels[label].extent = from->dims[site->groups.from_start[g] + k];
      data[data_rank++] = plain_subscript(rewriter->module, label);
    }
    count += axes - 1;
  }
  *rank = 0;
  for (uint32_t i = 0; i < weights->rank; i++) {
    int32_t g = group_at(site, i);
    if (g < 0) {
      dims[*rank] = weights->dims[i];
      constant[(*rank)++] = old->operands[1 - site->operand].subscripts[i];
      continue;
    }
    for (uint32_t k = 0; k < joined_axes(&site->groups, (uint32_t)g); k++) {
      dims[*rank] = from->dims[site->groups.from_start[g] + k];
      constant[(*rank)++] = plain_subscript(rewriter->module, label_of(site, (uint32_t)g, k, first[g]));
    }
  }
  operands[site->operand] = (Access){data_rank, data};
  operands[1 - site->operand] = (Access){*rank, constant};
  equation->label_count = count;
  equation->labels = labels;
  equation->operands = operands;
  return equation;
}

static void fold(Rewriter *rewriter, Node *contract, const Site *site) {
  Dim dims[2 * RANK_LIMIT];
  uint32_t rank;
  Equation *equation = split_equation(rewriter, site, dims, &rank);
  if (rank > RANK_LIMIT) return;
  Value *weights = contract->operands[1 - site->operand];
  if (weights->producer->kind == PRIMITIVE_CONSTANT) /* the same data: vgg16 has 400 MB here */
    weights = build_blob(&rewriter->builder, node_attribute(weights->producer, "value")->blob,
                         type_tensor(rewriter->module->arena, weights->type.element, rank, dims));
  else
    weights = build_reshape(&rewriter->builder, weights, rank, dims);
  if (!weights) return;
  contract->operands[site->operand] = site->reshape->operands[0];
  contract->operands[1 - site->operand] = weights;
  contract->equation = equation;
  rewriter->changed = true;
}

static Value *fold_joined(Rewriter *rewriter, Node *node) {
  Site site;
  for (uint32_t i = 0; i < 2 && node->kind == PRIMITIVE_CONTRACT; i++)
    if (find_site(rewriter, node, i, &site)) {
      fold(rewriter, node, &site);
      break;
    }
  return NULL;
}

bool pass_fold_reshapes(Module *module) {
  static const RewriteRule rules[] = {fold_joined};
  return rewrite_module(module, rules, sizeof rules / sizeof *rules);
}
