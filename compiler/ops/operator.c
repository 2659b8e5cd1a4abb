/* SPDX-License-Identifier: Apache-2.0 */
/* Look-up of operator rows, and the checks that every use of an operator goes through. */
#include "ops/operator.h"
#include "base/text.h"
#include "ops/expression.h"
#include "ops/families.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The families; each array ends with a row without a name. */
static const Operator *const families[] = {
    arithmetic_operators, logic_operators, activation_operators, math_operators,  conversion_operators,
    reduce_operators,     softmax_operators, matrix_operators,   convolution_operators, pooling_operators,
    shape_operators,     movement_operators, pad_operators, conv_transpose_operators, normalization_operators, control_operators,
    gather_operators,     resize_operators,  statistics_operators, position_operators,  block_operators,
    einsum_operators,     attention_operators,
};

const Operator *operator_at(size_t index) {
  for (size_t family = 0; family < sizeof families / sizeof *families; family++)
    for (const Operator *row = families[family]; row->name; row++)
      if (index-- == 0) return row;
  return NULL;
}

const Operator *operator_find(const char *domain, const char *name, int64_t opset, bool *known) {
  if (known) *known = false;
  for (size_t family = 0; family < sizeof families / sizeof *families; family++)
    for (const Operator *row = families[family]; row->name; row++) {
      if (strcmp(row->name, name) != 0 || strcmp(row->domain ? row->domain : "", domain) != 0) continue;
      if (known) *known = true;
      if (opset >= row->since && (row->until == 0 || opset <= row->until)) return row;
    }
  return NULL;
}

Value *call_input(const OperatorCall *call, const char *name) {
  for (uint32_t i = 0; i < call->input_count && i < OPERATOR_INPUT_LIMIT && call->operator->inputs[i].name; i++)
    if (strcmp(call->operator->inputs[i].name, name) == 0) return call->inputs[i];
  return NULL;
}

const Attribute *call_attribute(const OperatorCall *call, const char *name) {
  for (uint32_t i = 0; i < OPERATOR_ATTRIBUTE_LIMIT && call->operator->attributes[i].name; i++)
    if (strcmp(call->operator->attributes[i].name, name) == 0) {
      const Attribute *attribute = &call->attributes[i];
      return attribute->kind == ATTRIBUTE_NONE ? NULL : attribute;
    }
  return NULL;
}

int64_t call_int(const OperatorCall *call, const char *name) {
  const Attribute *attribute = call_attribute(call, name);
  return attribute ? attribute->integer : 0;
}

double call_float(const OperatorCall *call, const char *name) {
  const Attribute *attribute = call_attribute(call, name);
  return attribute ? attribute->number : 0;
}

const char *call_string(const OperatorCall *call, const char *name) {
  const Attribute *attribute = call_attribute(call, name);
  return attribute && attribute->string ? attribute->string : "";
}

bool call_subgraph(OperatorCall *call, const char *name, Region *region) {
  const SubgraphBuilder *builder = call->subgraphs;
  if (!builder) return call_invalid(call, "has a graph, which cannot be built here");
  bool ok = builder->build(builder->user, call_attribute(call, name)->graph, region);
  call->subgraph_failed = call->subgraph_failed || !ok;
  return ok;
}

bool call_invalid(const OperatorCall *call, const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return report(call->builder->module->diagnostics, &call->builder->location, MESSAGE_NODE_INVALID, text);
}

static bool elements_accept(OperatorElements elements, ElementType type) {
  ElementClass class = element_info(type)->class;
  if (elements == ELEMENTS_EVERY) return true;
  if (elements == ELEMENTS_ANY) return element_is_addressable(type);
  if (!element_is_computed(type)) return false;
  switch (elements) {
  case ELEMENTS_EVERY:
  case ELEMENTS_ANY: return true;
  case ELEMENTS_NUMERIC: return element_is_numeric(type);
  case ELEMENTS_FLOAT: return class == CLASS_FLOAT;
  case ELEMENTS_INTEGER: return element_is_integer(type);
  case ELEMENTS_SIGNED: return class == CLASS_FLOAT || class == CLASS_INT;
  case ELEMENTS_BOOL: return class == CLASS_BOOL;
  case ELEMENTS_ARITHMETIC: return class == CLASS_BOOL || element_is_numeric(type);
  case ELEMENTS_I64: return type == ELEMENT_I64;
  case ELEMENTS_INDEX: return type == ELEMENT_I64 || type == ELEMENT_I32;
  }
  return false;
}

static uint32_t declared_inputs(const Operator *row) {
  uint32_t count = 0;
  while (count < OPERATOR_INPUT_LIMIT && row->inputs[count].name) count++;
  return count;
}

/* The declaration of the i-th input: the last one repeats where the operator is variadic. */
static const OperatorInput *input_declaration(const Operator *row, uint32_t index) {
  uint32_t count = declared_inputs(row);
  return &row->inputs[row->variadic && index >= count ? count - 1 : index];
}

static bool check_inputs(const OperatorCall *call) {
  const Operator *row = call->operator;
  Diagnostics *diagnostics = call->builder->module->diagnostics;
  const Location *location = &call->builder->location;
  uint32_t most = declared_inputs(row), least = 0;
  const char *told = NULL;
  bool ok = true;
  for (uint32_t i = 0; i < most; i++)
    if (!row->inputs[i].optional) least = i + 1;
  if (row->variadic) most = OPERATOR_VARIADIC_LIMIT;
  if (call->input_count < least || call->input_count > most)
    return report(diagnostics, location, MESSAGE_INPUT_COUNT, (int)least, (int)most, (int)call->input_count);
  ElementType of_variable[128] = {ELEMENT_UNDEFINED};
  for (uint32_t i = 0; i < call->input_count; i++) {
    const OperatorInput *input = input_declaration(row, i);
    const Value *value = call->inputs[i];
    if (!value) {
      if (!input->optional) ok = report(diagnostics, location, MESSAGE_INPUT_MISSING, (int)i, input->name);
      continue;
    }
    if (value->type.kind != VALUE_TENSOR || !elements_accept(input->elements, value->type.element)) {
      const char *name = value->type.kind == VALUE_TENSOR ? element_info(value->type.element)->onnx_name : "(no tensor)";
      if (name != told) report(diagnostics, location, MESSAGE_TYPE_UNSUPPORTED, name); /* of many inputs alike once */
      ok = false;
      told = name;
      continue;
    }
    ElementType *seen = &of_variable[input->type_variable & 127];
    if (input->type_variable && *seen && *seen != value->type.element)
      ok = report(diagnostics, location, MESSAGE_TYPE_MISMATCH, element_info(*seen)->onnx_name,
                  element_info(value->type.element)->onnx_name);
    *seen = value->type.element;
  }
  return ok;
}

static const char *const kind_names[] = {"nothing", "int",     "float", "string", "ints",  "floats",
                                         "strings", "dims",    "tensor", "type",   "graph"};

static const OperatorAttribute *declared_attribute(const Operator *row, const char *name, uint32_t *index) {
  for (uint32_t i = 0; i < OPERATOR_ATTRIBUTE_LIMIT && row->attributes[i].name; i++)
    if (strcmp(row->attributes[i].name, name) == 0) {
      *index = i;
      return &row->attributes[i];
    }
  return NULL;
}

/* Checks the model's attributes and lays them out in the row's order with defaults. */
static bool bind_attributes(const Operator *row, Builder *builder, int64_t opset, const Attribute *attributes,
                            uint32_t count, Attribute *bound) {
  Diagnostics *diagnostics = builder->module->diagnostics;
  bool ok = true;
  for (uint32_t i = 0; i < OPERATOR_ATTRIBUTE_LIMIT && row->attributes[i].name; i++) {
    const OperatorAttribute *declared = &row->attributes[i];
    bool has_default = !declared->required && !declared->no_default &&
                       (declared->kind == ATTRIBUTE_INT || declared->kind == ATTRIBUTE_FLOAT ||
                                               (declared->kind == ATTRIBUTE_STRING && declared->string));
    bound[i] = (Attribute){.name = declared->name,
                           .kind = has_default ? declared->kind : ATTRIBUTE_NONE,
                           .integer = declared->integer,
                           .number = (float)declared->number, /* as a model would give it */
                           .string = declared->string};
  }
  for (uint32_t k = 0; k < count; k++) {
    uint32_t index;
    if (opset < 6 && strcmp(attributes[k].name, "consumed_inputs") == 0) continue; /* a hint of old exporters */
    const OperatorAttribute *declared = declared_attribute(row, attributes[k].name, &index);
    if (!declared) {
      ok = report(diagnostics, &builder->location, MESSAGE_ATTRIBUTE_UNKNOWN, attributes[k].name);
    } else if (attributes[k].kind != declared->kind) {
      ok = report(diagnostics, &builder->location, MESSAGE_ATTRIBUTE_KIND, attributes[k].name,
                  kind_names[declared->kind]);
    } else {
      bound[index] = attributes[k];
    }
  }
  for (uint32_t i = 0; i < OPERATOR_ATTRIBUTE_LIMIT && row->attributes[i].name; i++)
    if (row->attributes[i].required && bound[i].kind == ATTRIBUTE_NONE)
      ok = report(diagnostics, &builder->location, MESSAGE_ATTRIBUTE_MISSING, row->attributes[i].name);
  return ok;
}

static bool stretch_second_operand(Builder *builder, Value **inputs) {
  inputs[1] = build_stretch(builder, inputs[1], inputs[0], "the second input does not broadcast to the first");
  return inputs[1] != NULL;
}

/* Before opset 7: `broadcast`=1 with `axis` aligns the second operand's first axis with axis `axis` of the first;
   trailing ones make that NumPy's rule. Without `axis`, or with -1, the operands are right-aligned already. The first
   operand does not broadcast. */
static bool align_second_operand(OperatorCall *call, Value **inputs) {
  Builder *builder = call->builder;
  Value *a = inputs[0], *b = inputs[1];
  const Attribute *given = call_attribute(call, "axis");
  uint32_t axis;
  int64_t count;
  bool is_one = type_static_count(&b->type, &count) && count == 1;
  if (call_int(call, "broadcast") == 0 || is_one) return true;
  if (!given || given->integer == -1) return stretch_second_operand(builder, inputs);
  if (!call_axis(call, given->integer, a->type.rank ? a->type.rank : 1, &axis)) return false;
  if (axis + b->type.rank > a->type.rank)
    return call_invalid(call, "the second input has %u axes, from axis %u on the first has fewer", b->type.rank, axis);
  Dim dims[RANK_LIMIT];
  uint32_t rank = a->type.rank - axis;
  for (uint32_t i = 0; i < rank; i++)
    dims[i] = i < b->type.rank ? b->type.dims[i] : dim_constant(builder->module->dims, 1);
  inputs[1] = build_reshape(builder, b, rank, dims);
  return stretch_second_operand(builder, inputs);
}

bool operator_build(const Operator *row, Builder *builder, int64_t opset, Value *const *inputs,
                    uint32_t input_count, const Attribute *attributes, uint32_t attribute_count,
                    const bool *output_wanted, uint32_t output_count, const Type *declared,
                    const SubgraphBuilder *subgraphs, Value **results) {
  Diagnostics *diagnostics = builder->module->diagnostics;
  Attribute bound[OPERATOR_ATTRIBUTE_LIMIT];
  uint32_t errors = diagnostics_error_count(diagnostics);
  while (input_count && !inputs[input_count - 1]) input_count--; /* absent trailing inputs */
  Value **own = arena_copy(builder->module->arena, inputs, input_count * sizeof *inputs);
  OperatorCall call = {.operator= row,
                       .builder = builder,
                       .opset = opset,
                       .inputs = own,
                       .input_count = input_count,
                       .attributes = bound,
                       .output_count = output_count,
                       .output_wanted = output_wanted,
                       .declared = declared,
                       .subgraphs = subgraphs};
  for (uint32_t i = 0; i < output_count; i++) results[i] = NULL;
  bool ok = bind_attributes(row, builder, opset, attributes, attribute_count, bound);
  ok = check_inputs(&call) && ok;
  int32_t most = row->output_count ? row->output_count : 1;
  if (output_count > (uint32_t)most)
    ok = report(diagnostics, &builder->location, MESSAGE_OUTPUT_COUNT, (int)output_count, most);
  if (!ok) return false;
  ok = !row->legacy_broadcast || align_second_operand(&call, own);
  if (ok) ok = row->text ? (results[0] = expression_build(&call)) != NULL : row->expand(&call, results);
  for (uint32_t i = 0; ok && i < output_count; i++) ok = !output_wanted[i] || results[i];
  bool is_told = call.subgraph_failed || diagnostics_error_count(diagnostics) != errors;
  if (!ok && !is_told) call_invalid(&call, "cannot be expanded");
  return ok;
}
