/* SPDX-License-Identifier: Apache-2.0 */
/* Types as the model writes them. Symbols come from the inputs only: a symbolic dim that only an output
   declares has no value that a caller could give. */
#include "base/text.h"
#include "onnx_importer.h"
#include <string.h>

ElementType element_of_number(int32_t number) {
  if (number <= 0 || number >= ELEMENT_COUNT) return ELEMENT_UNDEFINED;
  return element_info((ElementType)number)->bits ? (ElementType)number : ELEMENT_UNDEFINED;
}

static const char *case_name(Onnx__TypeProto__ValueCase value_case) {
  switch (value_case) {
  case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
    return "a sequence";
  case ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
    return "a map";
  case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
    return "an optional";
  case ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE:
    return "a sparse tensor";
  case ONNX__TYPE_PROTO__VALUE_OPAQUE_TYPE:
    return "opaque";
  default:
    return "of no known type";
  }
}

static bool input_error(Importer *importer, Message message, const char *name, const char *text) {
  Location location = {.file = importer->path};
  return report(importer->diagnostics, &location, message,
                arena_format(importer->scratch, "input '%s' %s", name, text));
}

/* The dim of one axis of an input; null, after reporting, where it is invalid. */
static Dim input_dim(Importer *importer, const char *name, size_t axis,
                     const Onnx__TensorShapeProto__Dimension *dim) {
  DimContext *context = importer->module->dims;
  bool is_value = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
  bool is_param = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
  if (is_value && dim->dim_value >= 0) return dim_constant(context, dim->dim_value);
  if (is_value && dim->dim_value != -1) {
    input_error(importer, MESSAGE_MODEL_INVALID, name,
                arena_format(importer->scratch, "has the negative dim %lld", (long long)dim->dim_value));
    return NULL;
  }
  const char *symbol = is_param && dim->dim_param && dim->dim_param[0]
                           ? dim->dim_param
                           : arena_format(importer->scratch, "%s_%zu", name, axis);
  int64_t constant;
  Dim spelled = is_param ? dim_spelled(context, importer->scratch, symbol) : NULL;
  if (spelled && dim_is_constant(spelled, &constant) && constant >= 0) return spelled; /* "past + 1" of a pinned past */
  symbol = arena_copy_text(importer->module->arena, symbol, strlen(symbol));
  name_table_set(&importer->symbols, symbol, &importer->symbols);
  return dim_symbol(context, symbol);
}

/* Symbols are looked up one after the other wherever they are used. */
enum { SYMBOL_LIMIT = 4096 };

bool type_of_input(Importer *importer, const Onnx__ValueInfoProto *info, Type *type) {
  const char *name = text_or_empty(info->name);
  Onnx__TypeProto__ValueCase value_case =
      info->type ? info->type->value_case : ONNX__TYPE_PROTO__VALUE__NOT_SET;
  if (value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
    return input_error(importer, MESSAGE_INTERFACE, name,
                       arena_format(importer->scratch, "is %s; only tensors can cross the interface",
                                    case_name(value_case)));
  const Onnx__TypeProto__Tensor *tensor = info->type->tensor_type;
  ElementType element = element_of_number(tensor->elem_type);
  if (element == ELEMENT_UNDEFINED)
    return input_error(
        importer, MESSAGE_INTERFACE, name,
        arena_format(importer->scratch, "has the unknown element type %d", (int)tensor->elem_type));
  if (!tensor->shape) return input_error(importer, MESSAGE_SHAPE_UNKNOWN, name, "has no shape");
  if (tensor->shape->n_dim > RANK_LIMIT)
    return input_error(importer, MESSAGE_MODEL_INVALID, name,
                       arena_format(importer->scratch, "has %zu dims, at most %d are supported",
                                    tensor->shape->n_dim, RANK_LIMIT));
  Dim dims[RANK_LIMIT];
  bool ok = true;
  for (size_t i = 0; i < tensor->shape->n_dim; i++) {
    dims[i] = input_dim(importer, name, i, tensor->shape->dim[i]);
    ok &= dims[i] != NULL;
  }
  if (!ok) return false;
  if (importer->symbols.count > SYMBOL_LIMIT)
    return input_error(importer, MESSAGE_MODEL_INVALID, name,
                       arena_format(importer->scratch, "makes more than %d symbolic dims", SYMBOL_LIMIT));
  *type = type_tensor(importer->module->arena, element, (uint32_t)tensor->shape->n_dim, dims);
  if (!type_is_addressable(importer->module->dims, type))
    return input_error(importer, MESSAGE_MODEL_INVALID, name, "has more elements than can be counted");
  return true;
}

/* A declared dim of a value that is computed. */
static Dim declared_dim(Importer *importer, const Onnx__TensorShapeProto__Dimension *dim) {
  DimContext *context = importer->module->dims;
  if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE && dim->dim_value >= 0)
    return dim_constant(context, dim->dim_value);
  if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM && dim->dim_param &&
      name_table_find(&importer->symbols, dim->dim_param))
    return dim_symbol(context, dim->dim_param);
  return dim_invalid(context);
}

const Type *type_declared(Importer *importer, Arena *arena, const Onnx__TypeProto *proto) {
  if (!proto || proto->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE) return NULL;
  const Onnx__TypeProto__Tensor *tensor = proto->tensor_type;
  ElementType element = element_of_number(tensor->elem_type);
  if (element == ELEMENT_UNDEFINED || !tensor->shape || tensor->shape->n_dim > RANK_LIMIT) return NULL;
  Dim dims[RANK_LIMIT];
  for (size_t i = 0; i < tensor->shape->n_dim; i++) dims[i] = declared_dim(importer, tensor->shape->dim[i]);
  Type *type = arena_new(arena, Type);
  *type = type_tensor(arena, element, (uint32_t)tensor->shape->n_dim, dims);
  return type;
}

/* The declared type in words, with what it leaves open as it stands. */
static const char *declared_text(Importer *importer, ElementType element,
                                 const Onnx__TensorShapeProto *shape) {
  Text text = {0};
  text_add(&text, element == ELEMENT_UNDEFINED ? "an unknown type" : element_info(element)->onnx_name);
  if (shape) text_add(&text, "[");
  for (size_t i = 0; shape && i < shape->n_dim; i++) {
    const Onnx__TensorShapeProto__Dimension *dim = shape->dim[i];
    if (i) text_add(&text, ",");
    if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE)
      text_format(&text, "%lld", (long long)dim->dim_value);
    else if (dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM)
      text_add(&text, text_or_empty(dim->dim_param));
    else
      text_add(&text, "?");
  }
  if (shape) text_add(&text, "]");
  const char *result = arena_copy_text(importer->scratch, text_string(&text), text.length);
  text_free(&text);
  return result;
}

/* Whether no dim that the declared shape fixes is another constant. */
static bool shape_fits(const Onnx__TensorShapeProto *shape, const Type *type) {
  if (!shape) return true;
  if (shape->n_dim != type->rank) return false;
  for (size_t i = 0; i < shape->n_dim; i++) {
    int64_t value;
    if (shape->dim[i]->value_case != ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE) continue;
    if (shape->dim[i]->dim_value >= 0 && dim_is_constant(type->dims[i], &value) && value != shape->dim[i]->dim_value)
      return false;
  }
  return true;
}

bool type_check_output(Importer *importer, const Onnx__ValueInfoProto *info, const Type *type,
                       const Location *location) {
  if (!info->type || info->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE) return true;
  if (type->kind != VALUE_TENSOR) return true;
  const Onnx__TypeProto__Tensor *tensor = info->type->tensor_type;
  ElementType element = element_of_number(tensor->elem_type);
  bool same_element = tensor->elem_type == 0 || element == type->element;
  if (same_element && shape_fits(tensor->shape, type)) return true;
  Text computed = {0};
  type_print_onnx(&computed, type);
  report(importer->diagnostics, location, same_element ? MESSAGE_OUTPUT_SHAPE : MESSAGE_OUTPUT_TYPE,
         text_or_empty(info->name), declared_text(importer, element, tensor->shape), text_string(&computed));
  text_free(&computed);
  return same_element;
}

bool type_of_output(Importer *importer, const Onnx__ValueInfoProto *info) {
  Onnx__TypeProto__ValueCase value_case =
      info->type ? info->type->value_case : ONNX__TYPE_PROTO__VALUE__NOT_SET;
  Location location = {.file = importer->path};
  if (value_case == ONNX__TYPE_PROTO__VALUE__NOT_SET || value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE) return true;
  return report(importer->diagnostics, &location, MESSAGE_INTERFACE,
                arena_format(importer->scratch, "output '%s' is %s; only tensors can cross the interface",
                             text_or_empty(info->name), case_name(value_case)));
}
