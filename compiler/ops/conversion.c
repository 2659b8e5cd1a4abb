/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions between element types. */
#include "ops/families.h"
#include <string.h>

/* Before opset 6 the target is spelled out: "FLOAT". */
static ElementType element_of_old_name(const char *name) {
  static const struct {
    const char *name;
    ElementType element;
  } names[] = {{"FLOAT", ELEMENT_F32},  {"UINT8", ELEMENT_U8},    {"INT8", ELEMENT_I8},    {"UINT16", ELEMENT_U16},
               {"INT16", ELEMENT_I16},  {"INT32", ELEMENT_I32},   {"INT64", ELEMENT_I64},  {"BOOL", ELEMENT_BOOL},
               {"FLOAT16", ELEMENT_F16}, {"DOUBLE", ELEMENT_F64}, {"UINT32", ELEMENT_U32}, {"UINT64", ELEMENT_U64}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(names[i].name, name) == 0) return names[i].element;
  return ELEMENT_UNDEFINED;
}

static bool cast_to(OperatorCall *call, ElementType element, Value **results) {
  ElementType from = call->inputs[0]->type.element;
  const ElementType both[2] = {from, element};
  for (int i = 0; i < 2; i++) {
    if (!element_is_computed(both[i]))
      return report(call->builder->module->diagnostics, &call->builder->location, MESSAGE_TYPE_UNSUPPORTED, element_info(both[i])->onnx_name);
  }
  results[0] = build_cast(call->builder, call->inputs[0], element);
  return results[0] != NULL;
}

static bool expand_cast(OperatorCall *call, Value **results) {
  const Attribute *to = call_attribute(call, "to");
  ElementType element = to->kind == ATTRIBUTE_STRING ? element_of_old_name(to->string)
                        : to->integer > 0 && to->integer < ELEMENT_COUNT ? (ElementType)to->integer
                                                                         : ELEMENT_UNDEFINED;
  if (element == ELEMENT_UNDEFINED) return call_invalid(call, "attribute 'to' names no element type");
  return cast_to(call, element, results);
}

static bool expand_cast_like(OperatorCall *call, Value **results) {
  return cast_to(call, call->inputs[1]->type.element, results);
}

static bool expand_bit_cast(OperatorCall *call, Value **results) {
  int64_t to = call_int(call, "to");
  ElementType element = to > 0 && to < ELEMENT_COUNT ? (ElementType)to : ELEMENT_UNDEFINED;
  const ElementType both[2] = {element, call->inputs[0]->type.element};
  bool with_bool = element_info(both[0])->bits == 8 && element_info(both[1])->bits == 8 &&
                   (both[0] == ELEMENT_BOOL || both[1] == ELEMENT_BOOL);
  if (with_bool) { /* a bool is a byte of 0 or 1 */
    results[0] = build_cast(call->builder, call->inputs[0], element);
    return results[0] != NULL;
  }
  for (int i = 0; i < 2; i++) /* types that are computed as others have no bits of their own in a kernel */
    if (!element_is_numeric(both[i]) || element_info(both[i])->compute != both[i])
      return call_invalid(call, "bit casts with %s are not supported", element_info(both[i])->onnx_name);
  results[0] = build_bitcast(call->builder, call->inputs[0], element);
  return results[0] != NULL;
}

const Operator conversion_operators[] = {
    {.name = "Cast", .since = 1, .until = 5, .inputs = {INPUT("input", ANY)},
     .attributes = {REQUIRED_ATTRIBUTE("to", STRING)}, .expand = expand_cast,
     .doc = "Converts elements to another type, spelled out."},
    {.name = "Cast", .since = 6, .inputs = {INPUT("input", ANY)},
     .attributes = {REQUIRED_ATTRIBUTE("to", INT), INT_ATTRIBUTE("saturate", 1), STRING_ATTRIBUTE("round_mode", "up")},
     .expand = expand_cast,
     .doc = "Converts elements: floats to integers truncate and saturate (NaN gives 0), integers wrap."},
    {.name = "CastLike", .since = 15,
     .inputs = {{.name = "input", .elements = ELEMENTS_ANY}, {.name = "target_type", .elements = ELEMENTS_ANY}},
     .attributes = {INT_ATTRIBUTE("saturate", 1), STRING_ATTRIBUTE("round_mode", "up")}, .expand = expand_cast_like,
     .doc = "As Cast, to the element type of the second input."},
    {.name = "BitCast", .since = 26, .inputs = {INPUT("input", ARITHMETIC)},
     .attributes = {REQUIRED_ATTRIBUTE("to", INT)}, .expand = expand_bit_cast,
     .doc = "The same bits as elements of another type of that width."},
    {0}};
