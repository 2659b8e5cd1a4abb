/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes with subscripts: view, reduce, contract, gather. */
#include "ir/build.h"
#include "ir/build_internal.h"
#include <string.h>

typedef struct AxisList {
  uint32_t rank;
  Subscript subscripts[RANK_LIMIT];
} AxisList;

struct EquationBuilder {
  Builder *builder;
  uint32_t label_count, index_count;
  bool full; /* it was asked for more labels than there can be */
  Label labels[POINT_LIMIT];
  AxisList operands[1 + INDEX_LIMIT], result;
  Dim result_dims[RANK_LIMIT];
};

EquationBuilder *equation_start(Builder *builder) {
  EquationBuilder *equation = arena_new(builder->module->arena, EquationBuilder);
  equation->builder = builder;
  return equation;
}

static uint32_t add_label(EquationBuilder *equation, Label label) {
  uint32_t count = label.index ? equation->index_count : equation->label_count - equation->index_count;
  equation->full = equation->full || count == (label.index ? INDEX_LIMIT : LABEL_LIMIT);
  if (equation->full) return 0;
  equation->labels[equation->label_count] = label;
  equation->index_count += label.index != 0;
  return equation->label_count++;
}

uint32_t equation_label(EquationBuilder *equation, const char *name, Dim extent) {
  return add_label(equation, (Label){.name = name, .extent = extent});
}

uint32_t equation_index(EquationBuilder *equation, const char *name, Dim extent, uint32_t operand) {
  return add_label(equation, (Label){.name = name, .extent = extent, .index = operand});
}

static void add_axis(EquationBuilder *equation, AxisList *list, Dim offset, uint32_t term_count,
                     const uint32_t *labels, const Dim *coefficients) {
  AffineTerm terms[POINT_LIMIT];
  uint32_t count = 0;
  if (equation->full) return;
  for (uint32_t i = 0; i < term_count; i++) {
    Dim coefficient = coefficients ? coefficients[i] : dim_constant(equation->builder->module->dims, 1);
    if (dim_equals_constant(coefficient, 0)) continue;
    uint32_t at = count++;
    for (; at > 0 && terms[at - 1].label > labels[i]; at--) terms[at] = terms[at - 1];
    terms[at] = (AffineTerm){labels[i], coefficient};
  }
  Subscript *subscript = &list->subscripts[list->rank++];
  *subscript = (Subscript){.offset = offset, .term_count = count};
  subscript->terms = arena_copy(equation->builder->module->arena, terms, count * sizeof *terms);
}

void equation_operand(EquationBuilder *equation, uint32_t operand, Dim offset, uint32_t term_count,
                      const uint32_t *labels, const Dim *coefficients) {
  add_axis(equation, &equation->operands[operand], offset, term_count, labels, coefficients);
}

void equation_operand_label(EquationBuilder *equation, uint32_t operand, uint32_t label) {
  Dim zero = dim_constant(equation->builder->module->dims, 0);
  add_axis(equation, &equation->operands[operand], zero, 1, &label, NULL);
}

void equation_result(EquationBuilder *equation, Dim offset, uint32_t term_count, const uint32_t *labels,
                     const Dim *coefficients, Dim dim) {
  equation->result_dims[equation->result.rank] = dim;
  add_axis(equation, &equation->result, offset, term_count, labels, coefficients);
}

void equation_result_label(EquationBuilder *equation, uint32_t label) {
  Dim zero = dim_constant(equation->builder->module->dims, 0);
  equation_result(equation, zero, 1, &label, NULL, equation->labels[label].extent);
}

static Access finish_access(Arena *arena, const AxisList *list) {
  return (Access){list->rank, arena_copy(arena, list->subscripts, list->rank * sizeof *list->subscripts)};
}

static Value *finish(EquationBuilder *equation, Node *node, uint32_t operand_count) {
  Builder *builder = equation->builder;
  if (equation->full) {
    report(builder->module->diagnostics, &builder->location, MESSAGE_LABEL_LIMIT, LABEL_LIMIT, INDEX_LIMIT);
    region_remove(builder->region, node);
    return NULL;
  }
  Arena *arena = builder->module->arena;
  Equation *result = arena_new(arena, Equation);
  Access operands[1 + INDEX_LIMIT];
  for (uint32_t i = 0; i < operand_count; i++) operands[i] = finish_access(arena, &equation->operands[i]);
  *result = (Equation){.label_count = equation->label_count,
                       .labels = arena_copy(arena, equation->labels, equation->label_count * sizeof(Label)),
                       .operand_count = operand_count,
                       .operands = arena_copy(arena, operands, operand_count * sizeof *operands),
                       .result = finish_access(arena, &equation->result)};
  node->equation = result;
  for (uint32_t i = 0; i < result->label_count; i++)
    if (!dim_is_valid(result->labels[i].extent)) {
      report(builder->module->diagnostics, &builder->location, MESSAGE_SHAPE_OVERFLOW);
      region_remove(builder->region, node);
      return NULL;
    }
  ElementType element = node->operands[0]->type.element;
  return build_result(builder, node, type_tensor(arena, element, equation->result.rank, equation->result_dims));
}

Value *build_view(EquationBuilder *equation, Value *a, Value *fill) {
  if (!a) return NULL;
  Value *operands[2] = {a, fill};
  Node *node = build_node(equation->builder, PRIMITIVE_VIEW, operands, fill ? 2 : 1);
  return finish(equation, node, 1);
}

Value *build_reduction(EquationBuilder *equation, Scalar monoid, Value *a) {
  if (!a) return NULL;
  Builder *builder = equation->builder;
  if (!scalar_accepts(monoid, a->type.element)) {
    build_error(builder, MESSAGE_TYPE_UNSUPPORTED, element_info(a->type.element)->onnx_name);
    return NULL;
  }
  Node *node = build_node(builder, PRIMITIVE_REDUCE, &a, 1);
  Attribute attribute = {.name = "monoid", .kind = ATTRIBUTE_STRING, .string = scalar_info(monoid)->name};
  build_attributes(builder, node, &attribute, 1);
  return finish(equation, node, 1);
}

Value *build_contract(EquationBuilder *equation, Value *a, Value *b) {
  if (!a || !b) return NULL;
  Builder *builder = equation->builder;
  if (a->type.element != b->type.element) {
    report(builder->module->diagnostics, &builder->location, MESSAGE_TYPE_MISMATCH,
           element_info(a->type.element)->onnx_name, element_info(b->type.element)->onnx_name);
    return NULL;
  }
  if (!element_is_numeric(a->type.element)) {
    build_error(builder, MESSAGE_TYPE_UNSUPPORTED, element_info(a->type.element)->onnx_name);
    return NULL;
  }
  Value *operands[2] = {a, b};
  return finish(equation, build_node(builder, PRIMITIVE_CONTRACT, operands, 2), 2);
}

Value *build_gather(EquationBuilder *equation, Value *a, Value *const *indices, uint32_t count) {
  Value *operands[1 + INDEX_LIMIT] = {a};
  if (!a) return NULL;
  for (uint32_t i = 0; i < count; i++) {
    if (!indices[i]) return NULL;
    operands[1 + i] = indices[i];
  }
  return finish(equation, build_node(equation->builder, PRIMITIVE_GATHER, operands, 1 + count), 1 + count);
}
