/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of nodes: the one field that the type names, as an Attribute of the tensor graph. */
#include "onnx_importer.h"
#include <string.h>

typedef Onnx__AttributeProto__AttributeType AttributeType;
#define ATTRIBUTE_TYPE_OF(name) ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__##name

static bool attribute_error(Scope *scope, const Attribute *attribute, const char *text) {
  return report(scope->importer->diagnostics, &scope->builder->location, MESSAGE_ATTRIBUTE_VALUE,
                attribute->name, text);
}

const Onnx__AttributeProto *attribute_resolve(const Scope *scope, const Onnx__AttributeProto *proto) {
  while (proto && proto->ref_attr_name && proto->ref_attr_name[0]) {
    const char *name = proto->ref_attr_name;
    const Onnx__AttributeProto *found = NULL;
    if (!scope->call) {
      report(scope->importer->diagnostics, &scope->builder->location, MESSAGE_ATTRIBUTE_VALUE,
             text_or_empty(proto->name), "refers to an attribute of a function, but stands in none");
      return NULL;
    }
    for (size_t i = 0; i < scope->call->n_attribute && !found; i++)
      if (strcmp(text_or_empty(scope->call->attribute[i]->name), name) == 0)
        found = scope->call->attribute[i];
    const Scope *outer = scope->call_scope;
    for (size_t i = 0; i < scope->function->n_attribute_proto && !found; i++) {
      if (strcmp(text_or_empty(scope->function->attribute_proto[i]->name), name) != 0) continue;
      return scope->function->attribute_proto[i];
    }
    proto = found;
    scope = outer;
  }
  return proto;
}

/* The types of the fields that are set, as bits. */
static uint32_t set_types(const Onnx__AttributeProto *proto) {
  uint32_t types = 0;
  types |= (uint32_t)(proto->has_f != 0) << ATTRIBUTE_TYPE_OF(FLOAT);
  types |= (uint32_t)(proto->has_i != 0) << ATTRIBUTE_TYPE_OF(INT);
  types |= (uint32_t)(proto->has_s != 0) << ATTRIBUTE_TYPE_OF(STRING);
  types |= (uint32_t)(proto->t != NULL) << ATTRIBUTE_TYPE_OF(TENSOR);
  types |= (uint32_t)(proto->g != NULL) << ATTRIBUTE_TYPE_OF(GRAPH);
  types |= (uint32_t)(proto->sparse_tensor != NULL) << ATTRIBUTE_TYPE_OF(SPARSE_TENSOR);
  types |= (uint32_t)(proto->tp != NULL) << ATTRIBUTE_TYPE_OF(TYPE_PROTO);
  types |= (uint32_t)(proto->n_floats != 0) << ATTRIBUTE_TYPE_OF(FLOATS);
  types |= (uint32_t)(proto->n_ints != 0) << ATTRIBUTE_TYPE_OF(INTS);
  types |= (uint32_t)(proto->n_strings != 0) << ATTRIBUTE_TYPE_OF(STRINGS);
  types |= (uint32_t)(proto->n_tensors != 0) << ATTRIBUTE_TYPE_OF(TENSORS);
  types |= (uint32_t)(proto->n_graphs != 0) << ATTRIBUTE_TYPE_OF(GRAPHS);
  types |= (uint32_t)(proto->n_sparse_tensors != 0) << ATTRIBUTE_TYPE_OF(SPARSE_TENSORS);
  types |= (uint32_t)(proto->n_type_protos != 0) << ATTRIBUTE_TYPE_OF(TYPE_PROTOS);
  return types;
}

/* The type that is stated or, where none is, that of the only field that is set. Writers that leave out zeros
   and empty lists set no field at all. */
static bool find_type(Scope *scope, const Onnx__AttributeProto *proto, const Attribute *attribute,
                      AttributeType *type) {
  uint32_t set = set_types(proto);
  *type = proto->has_type ? proto->type : ATTRIBUTE_TYPE_OF(UNDEFINED);
  if (*type == ATTRIBUTE_TYPE_OF(UNDEFINED)) {
    if (set == 0 || set & (set - 1))
      return attribute_error(scope, attribute, "has no type, and not exactly one value");
    *type = (AttributeType)__builtin_ctz(set);
  }
  if ((int)*type < 0 || *type > ATTRIBUTE_TYPE_OF(TYPE_PROTOS))
    return attribute_error(scope, attribute, "has an unknown type");
  if (set & ~((uint32_t)1 << *type)) return attribute_error(scope, attribute, "has a value of another type");
  return true;
}

static bool convert_string(Scope *scope, const Attribute *attribute, const ProtobufCBinaryData *bytes,
                           const char **string) {
  if (bytes->len && memchr(bytes->data, 0, bytes->len))
    return attribute_error(scope, attribute, "strings with a zero byte are not supported");
  *string = arena_copy_text(scope->importer->module->arena, (const char *)bytes->data, bytes->len);
  return true;
}

static bool convert_strings(Scope *scope, const Onnx__AttributeProto *proto, Attribute *attribute) {
  const char **strings = arena_array(scope->importer->module->arena, const char *, proto->n_strings);
  attribute->kind = ATTRIBUTE_STRINGS;
  attribute->count = proto->n_strings;
  attribute->strings = strings;
  for (size_t i = 0; i < proto->n_strings; i++)
    if (!convert_string(scope, attribute, &proto->strings[i], &strings[i])) return false;
  return true;
}

static void convert_floats(Scope *scope, const Onnx__AttributeProto *proto, Attribute *attribute) {
  double *numbers = arena_array(scope->importer->module->arena, double, proto->n_floats);
  for (size_t i = 0; i < proto->n_floats; i++) numbers[i] = (double)proto->floats[i];
  attribute->kind = ATTRIBUTE_FLOATS;
  attribute->count = proto->n_floats;
  attribute->numbers = numbers;
}

static bool convert_tensor(Scope *scope, const Onnx__AttributeProto *proto, Attribute *attribute,
                           bool sparse) {
  const Location *location = &scope->builder->location;
  if (sparse ? !proto->sparse_tensor : !proto->t) return attribute_error(scope, attribute, "has no tensor");
  attribute->kind = ATTRIBUTE_BLOB;
  attribute->blob =
      sparse ? sparse_tensor_blob(scope->importer, location, proto->sparse_tensor, &attribute->type)
             : tensor_blob(scope->importer, location, proto->t, &attribute->type);
  return attribute->blob != NULL;
}

static bool convert_type(Scope *scope, const Onnx__AttributeProto *proto, Attribute *attribute) {
  const Type *type = type_declared(scope->importer, scope->importer->module->arena, proto->tp);
  if (!type) return attribute_error(scope, attribute, "only tensor types with a shape are supported");
  attribute->kind = ATTRIBUTE_TYPE;
  attribute->type = *type;
  return true;
}

bool attribute_convert(Scope *scope, const Onnx__AttributeProto *proto, Attribute *attribute) {
  Arena *arena = scope->importer->module->arena;
  static const ProtobufCBinaryData empty = {0};
  AttributeType type;
  attribute->name = arena_copy_text(arena, attribute->name, strlen(attribute->name));
  if (!find_type(scope, proto, attribute, &type)) return false;
  switch (type) {
  case ATTRIBUTE_TYPE_OF(FLOAT):
    attribute->kind = ATTRIBUTE_FLOAT;
    attribute->number = (double)proto->f;
    return true;
  case ATTRIBUTE_TYPE_OF(INT):
    attribute->kind = ATTRIBUTE_INT;
    attribute->integer = proto->i;
    return true;
  case ATTRIBUTE_TYPE_OF(STRING):
    attribute->kind = ATTRIBUTE_STRING;
    return convert_string(scope, attribute, proto->has_s ? &proto->s : &empty, &attribute->string);
  case ATTRIBUTE_TYPE_OF(FLOATS):
    convert_floats(scope, proto, attribute);
    return true;
  case ATTRIBUTE_TYPE_OF(INTS):
    attribute->kind = ATTRIBUTE_INTS;
    attribute->count = proto->n_ints;
    attribute->integers = arena_copy(arena, proto->ints, proto->n_ints * sizeof *proto->ints);
    return true;
  case ATTRIBUTE_TYPE_OF(STRINGS):
    return convert_strings(scope, proto, attribute);
  case ATTRIBUTE_TYPE_OF(TENSOR):
  case ATTRIBUTE_TYPE_OF(SPARSE_TENSOR):
    return convert_tensor(scope, proto, attribute, type == ATTRIBUTE_TYPE_OF(SPARSE_TENSOR));
  case ATTRIBUTE_TYPE_OF(TYPE_PROTO):
    return convert_type(scope, proto, attribute);
  case ATTRIBUTE_TYPE_OF(GRAPH):
    if (!proto->g) return attribute_error(scope, attribute, "has no graph");
    attribute->kind = ATTRIBUTE_GRAPH;
    attribute->graph = proto->g;
    return true;
  default:
    return attribute_error(scope, attribute, "lists of tensors, graphs and types are not supported");
  }
}
