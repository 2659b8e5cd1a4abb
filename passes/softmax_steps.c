/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/softmax_steps.h"
#include "passes/contract_operands.h"

Value *softmax_steps(Builder *builder, const Node *softmax, ElementType element) {
  Value *x = build_cast(builder, softmax->operands[0], element);
  uint64_t axes = UINT64_C(1) << node_int(softmax, "axis");
  Value *shifted = build_binary(builder, SCALAR_SUB, x, build_reduce(builder, SCALAR_MAX, x, axes, true));
  Value *powers = build_unary(builder, SCALAR_EXP, shifted);
  Value *sum = build_reduce(builder, SCALAR_ADD, powers, axes, true);
  Value *y = node_int(softmax, "log") ? build_binary(builder, SCALAR_SUB, shifted, build_unary(builder, SCALAR_LOG, sum))
                                      : build_binary(builder, SCALAR_DIV, powers, sum);
  return build_cast(builder, y, softmax->results[0]->type.element);
}

static void expand_region(Builder *builder, Region *region) {
  for (Node *node = region->first, *next; node; node = next) {
    next = node->next;
    for (uint32_t i = 0; i < node->region_count; i++) expand_region(builder, node->regions[i]);
    if (node->kind != PRIMITIVE_SOFTMAX) continue;
    builder->region = region;
    builder->position = node;
    builder->location = node->location;
    node->results[0]->replacement = softmax_steps(builder, node, node->results[0]->type.element);
    region_remove(region, node);
  }
}

/* The view, and what it looks at where that is the reduction of `value` by a monoid. */
static const Node *view_of_reduction(const Value *view, Scalar monoid, const Value *value) {
  const Node *node = value_view(view), *reduction = node ? node->operands[0]->producer : NULL;
  bool fits = reduction && reduction->kind == PRIMITIVE_REDUCE && node_monoid(reduction) == monoid && reduction->operands[0] == value;
  return fits ? node : NULL;
}

static const Node *map_of(const Value *value, Scalar scalar) {
  const Node *node = value->producer;
  return node && node->kind == PRIMITIVE_MAP && node->scalar == scalar ? node : NULL;
}

/* The division with which a softmax ends: exp(x - max x) by its sum. */
static const Node *softmax_division(const Value *value) {
  const Node *division = map_of(value, SCALAR_DIV), *power = division ? map_of(division->operands[0], SCALAR_EXP) : NULL;
  const Node *shifted = power ? map_of(power->operands[0], SCALAR_SUB) : NULL;
  if (!shifted || (value->type.element != ELEMENT_F32 && value->type.element != ELEMENT_F64)) return NULL;
  const Node *sum = view_of_reduction(division->operands[1], SCALAR_ADD, power->results[0]);
  const Node *most = view_of_reduction(shifted->operands[1], SCALAR_MAX, shifted->operands[0]);
  bool alike = sum && most && equation_equal(sum->equation, most->equation) &&
               equation_equal(sum->operands[0]->producer->equation, most->operands[0]->producer->equation);
  return alike ? division : NULL;
}

/* What a division by `sums`, a view of one number for each row, is by behind the contraction that takes the rows: a view of
   `least` of them over its results. Null where they depend on the label that the contraction sums over. */
static Value *sums_of_results(Builder *builder, const Node *contract, uint32_t operand, const Node *sums, Value *least) {
  const Access *result = &contract->equation->result, *rows = &contract->equation->operands[operand];
  const Type *type = &contract->results[0]->type;
  EquationBuilder *equation = equation_start(builder);
  uint32_t labels[LABEL_LIMIT], label;
  for (uint32_t i = 0; i < result->rank; i++) {
    uint32_t own = equation_label(equation, build_axis_name(i), type->dims[i]);
    equation_result_label(equation, own);
    if (subscript_is_plain(&result->subscripts[i], &label)) labels[label] = own;
  }
  for (uint32_t i = 0; i < least->type.rank; i++) {
    const Subscript *at = &sums->equation->operands[0].subscripts[i];
    int32_t axis = subscript_is_plain(at, &label) ? access_axis_of_label(&sums->equation->result, label) : -1;
    if (at->term_count && (axis < 0 || !subscript_is_plain(&rows->subscripts[axis], &label) || !access_uses_label(result, label))) return NULL;
    if (at->term_count)
      equation_operand_label(equation, 0, labels[label]);
    else
      equation_operand(equation, 0, at->offset, 0, NULL, NULL);
  }
  return build_view(equation, least, NULL);
}

/* Attention divides what its product gives, not the weights that go into it: of them there are more, and they need not be
   passed over once more. The sum of powers of which the greatest is 1 is at least 1, but over no elements. */
static void divide_late(Builder *builder, const Node *contract) {
  for (uint32_t i = 0; i < contract->operand_count; i++) {
    const Node *division = softmax_division(contract->operands[i]);
    Value *operands[2] = {contract->operands[0], contract->operands[1]};
    uint32_t summed;
    if (!division || contract->operands[i]->use_count != 1 || division->parent != contract->parent ||
        !contract_sums_rows(contract, i, &summed) || value_constant(operands[1 - i]))
      continue;
    const Node *sums = division->operands[1]->producer;
    const Type *type = &contract->results[0]->type;
    operands[i] = division->operands[0];
    Node *copy = node_copy(builder->module, contract, operands);
    region_insert_before(builder->region, builder->position, copy);
    Value *product = node_add_result(builder->module, copy, *type, contract->results[0]->name);
    Value *least = build_binary(builder, SCALAR_MAX, sums->operands[0], build_number(builder, type->element, 1));
    Value *quotient = build_binary(builder, SCALAR_DIV, product, sums_of_results(builder, contract, i, sums, least));
    if (!quotient) continue;
    contract->results[0]->replacement = quotient;
    return;
  }
}

static void divide_region(Builder *builder, Region *region) {
  for (Node *node = region->first; node; node = node->next) {
    for (uint32_t i = 0; i < node->region_count; i++) divide_region(builder, node->regions[i]);
    builder->region = region;
    builder->position = node;
    builder->location = node->location;
    if (node->kind == PRIMITIVE_CONTRACT) divide_late(builder, node);
  }
}

void softmax_expand(Module *module, Region *region) {
  Builder builder = {.module = module};
  expand_region(&builder, region);
  region_apply_replacements(region);
  region_count_uses(region);
  divide_region(&builder, region);
  region_apply_replacements(region);
}
