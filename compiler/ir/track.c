/* SPDX-License-Identifier: Apache-2.0 */
/* Value tracking: small integer tensors as dim expressions, so that exporters' shape arithmetic vanishes. Each
   value is tracked once, when it is made, from its operands' tracked forms. */
#include "ir/build.h"
#include "ir/build_internal.h"
#include <string.h>

typedef struct Tracked {
  Module *module;
  const Node *node;
  const Type *type;
  Dim *out;
  size_t count;
  uint32_t value_index; /* among the node's results */
} Tracked;

static bool small_count(const Type *type, size_t *count) {
  int64_t elements;
  if (type->kind != VALUE_TENSOR || !type_static_count(type, &elements)) return false;
  *count = (size_t)elements;
  return elements <= TRACKED_ELEMENT_LIMIT;
}

/* bool is tracked as 0 and 1. */
static bool is_trackable(ElementType element) { return element_is_integer(element) || element == ELEMENT_BOOL; }

static bool track_constant(Tracked *t) {
  const Blob *blob = node_attribute(t->node, "value")->blob;
  for (size_t i = 0; i < t->count; i++) {
    int64_t value;
    if (!blob_integer_at(blob, (int64_t)i, &value)) return false;
    t->out[i] = dim_constant(t->module->dims, value);
  }
  return true;
}

static bool track_iota(Tracked *t) {
  size_t inner = 1;
  uint32_t axis = (uint32_t)node_int(t->node, "axis");
  int64_t extent = 1;
  for (uint32_t i = axis + 1; i < t->type->rank; i++) {
    int64_t dim;
    dim_is_constant(t->type->dims[i], &dim);
    inner *= (size_t)dim;
  }
  if (!t->count) return true;
  dim_is_constant(t->type->dims[axis], &extent);
  for (size_t i = 0; i < t->count; i++)
    t->out[i] = dim_constant(t->module->dims, (int64_t)(i / inner % (size_t)extent));
  return true;
}

static Dim truth_dim(DimContext *context, Truth truth) {
  return truth == TRUTH_UNKNOWN ? dim_invalid(context) : dim_constant(context, truth == TRUTH_YES);
}

static Truth negate(Truth truth) {
  return truth == TRUTH_UNKNOWN ? truth : truth == TRUTH_YES ? TRUTH_NO : TRUTH_YES;
}

static Dim truncating_divide(DimContext *context, Dim a, Dim b) {
  int64_t x, y;
  if (dim_is_constant(a, &x) && dim_is_constant(b, &y))
    return y == 0 || (x == INT64_MIN && y == -1) ? dim_invalid(context) : dim_constant(context, x / y);
  return dim_range(context, a).low >= 0 ? dim_floor_divide(context, a, b) : dim_invalid(context);
}

/* The dim of f(a, b, c); invalid where it is not known. */
static Dim track_scalar(DimContext *context, Scalar scalar, const Dim *a) {
  int64_t condition;
  switch (scalar) {
  case SCALAR_ADD: return dim_add(context, a[0], a[1]);
  case SCALAR_SUB: return dim_subtract(context, a[0], a[1]);
  case SCALAR_MUL: return dim_multiply(context, a[0], a[1]);
  case SCALAR_DIV: return truncating_divide(context, a[0], a[1]);
  case SCALAR_MOD: return dim_modulo(context, a[0], a[1]);
  case SCALAR_MIN: return dim_min(context, a[0], a[1]);
  case SCALAR_MAX: return dim_max(context, a[0], a[1]);
  case SCALAR_NEG: return dim_subtract(context, dim_constant(context, 0), a[0]);
  case SCALAR_EQ: return truth_dim(context, dim_equal(context, a[0], a[1]));
  case SCALAR_NE: return truth_dim(context, negate(dim_equal(context, a[0], a[1])));
  case SCALAR_LE: return truth_dim(context, dim_less_equal(context, a[0], a[1]));
  case SCALAR_GE: return truth_dim(context, dim_less_equal(context, a[1], a[0]));
  case SCALAR_LT: return truth_dim(context, negate(dim_less_equal(context, a[1], a[0])));
  case SCALAR_GT: return truth_dim(context, negate(dim_less_equal(context, a[0], a[1])));
  case SCALAR_AND:
  case SCALAR_OR:
  case SCALAR_NOT:
  case SCALAR_XOR: return dim_invalid(context); /* bits of symbols: unknown */
  case SCALAR_SELECT:
    if (a[1] == a[2]) return a[1];
    return dim_is_constant(a[0], &condition) ? a[condition ? 1 : 2] : dim_invalid(context);
  default: return dim_invalid(context);
  }
}

/* True where every integer within the range is a value of the type: tracked dims are exact, types wrap. */
static bool fits(const DimContext *context, Dim dim, ElementType element) {
  const ElementInfo *info = element_info(element);
  DimRange range = dim_range(context, dim);
  if (!dim_is_valid(dim)) return false;
  if (info->class == CLASS_BOOL) return range.low >= 0 && range.high <= 1;
  if (info->class == CLASS_UINT) return range.low >= 0 && (info->bits >= 63 || range.high >> info->bits == 0);
  if (info->bits == 64) return true;
  int64_t limit = INT64_C(1) << (info->bits - 1);
  return range.low >= -limit && range.high < limit;
}

static bool track_map(Tracked *t) {
  const Node *node = t->node;
  for (uint32_t k = 0; k < node->operand_count; k++)
    if (!node->operands[k]->tracked) return false;
  for (size_t i = 0; i < t->count; i++) {
    Dim operands[3];
    for (uint32_t k = 0; k < node->operand_count; k++)
      operands[k] = node->operands[k]->tracked[node->operands[k]->type.rank ? i : 0];
    Dim value = node->scalar == SCALAR_CAST ? operands[0] : track_scalar(t->module->dims, node->scalar, operands);
    if (!fits(t->module->dims, value, t->type->element)) return false;
    t->out[i] = value;
  }
  return true;
}

static bool constant_dims(const Type *type, int64_t *dims) {
  for (uint32_t i = 0; i < type->rank; i++)
    if (!dim_is_constant(type->dims[i], &dims[i])) return false;
  return true;
}

/* Flat index of an access at given label values; -1 where it leaves the tensor, -2 where it is not constant. */
static int64_t flat_index(const Access *access, const int64_t *dims, const int64_t *labels) {
  int64_t flat = 0;
  for (uint32_t i = 0; i < access->rank; i++) {
    const Subscript *subscript = &access->subscripts[i];
    int64_t at, coefficient;
    if (subscript->boundary != BOUNDARY_NONE || !dim_is_constant(subscript->offset, &at)) return -2;
    for (uint32_t j = 0; j < subscript->term_count; j++) {
      if (!dim_is_constant(subscript->terms[j].coefficient, &coefficient)) return -2;
      if (__builtin_mul_overflow(coefficient, labels[subscript->terms[j].label], &coefficient) ||
          __builtin_add_overflow(at, coefficient, &at))
        return -2;
    }
    if (at < 0 || at >= dims[i]) return -1;
    flat = flat * dims[i] + at;
  }
  return flat;
}

/* Views, and sums and products over all labels of small tensors. */
static bool track_equation(Tracked *t) {
  const Node *node = t->node;
  const Equation *equation = node->equation;
  const Value *source = node->operands[0];
  int64_t source_dims[RANK_LIMIT], result_dims[RANK_LIMIT], extents[64], labels[64] = {0}, total = 1;
  if (!source->tracked || node->operand_count != 1 || equation->where_count || equation->label_count > 64)
    return false;
  if (!constant_dims(&source->type, source_dims) || !constant_dims(t->type, result_dims)) return false;
  for (uint32_t i = 0; i < equation->label_count; i++) {
    if (!dim_is_constant(equation->labels[i].extent, &extents[i])) return false;
    if (__builtin_mul_overflow(total, extents[i], &total) || total > 4096) return false;
  }
  Scalar monoid = node->kind == PRIMITIVE_REDUCE ? node_monoid(node) : SCALAR_ADD;
  bool supported = monoid == SCALAR_ADD || monoid == SCALAR_MUL || monoid == SCALAR_MIN || monoid == SCALAR_MAX;
  if (!supported) return false;
  for (size_t i = 0; i < t->count; i++) t->out[i] = NULL;
  for (int64_t point = 0; point < total; point++) {
    int64_t rest = point;
    for (uint32_t i = equation->label_count; i-- > 0;) {
      labels[i] = rest % extents[i];
      rest /= extents[i];
    }
    int64_t from = flat_index(&equation->operands[0], source_dims, labels);
    int64_t to = flat_index(&equation->result, result_dims, labels);
    if (from < 0 || to < 0) return false;
    Dim operands[2] = {t->out[to], source->tracked[from]};
    t->out[to] = operands[0] ? track_scalar(t->module->dims, monoid, operands) : operands[1];
    if (!fits(t->module->dims, t->out[to], t->type->element)) return false;
  }
  for (size_t i = 0; i < t->count; i++)
    if (!t->out[i]) return false;
  return true;
}

static bool track_concat(Tracked *t) {
  size_t at = 0;
  if (t->type->rank != 1) return false;
  for (uint32_t k = 0; k < t->node->operand_count; k++) {
    const Value *operand = t->node->operands[k];
    size_t count;
    if (!operand->tracked || !small_count(&operand->type, &count)) return false;
    memcpy(t->out + at, operand->tracked, count * sizeof *t->out);
    at += count;
  }
  return true;
}

/* What both branches know alike. */
static bool track_if(Tracked *t) {
  const Value *a = t->node->regions[0]->results[t->value_index];
  const Value *b = t->node->regions[1]->results[t->value_index];
  if (!a->tracked || !b->tracked || memcmp(a->tracked, b->tracked, t->count * sizeof *a->tracked) != 0) return false;
  memcpy(t->out, a->tracked, t->count * sizeof *t->out);
  return true;
}

static bool track_node(Tracked *t) {
  switch (t->node->kind) {
  case PRIMITIVE_CONSTANT: return track_constant(t);
  case PRIMITIVE_IOTA: return track_iota(t);
  case PRIMITIVE_DIMS: memcpy(t->out, node_attribute(t->node, "dims")->dims, t->count * sizeof *t->out); return true;
  case PRIMITIVE_MAP: return track_map(t);
  case PRIMITIVE_VIEW:
  case PRIMITIVE_REDUCE: return track_equation(t);
  case PRIMITIVE_CONCAT: return track_concat(t);
  case PRIMITIVE_IF: return track_if(t);
  case PRIMITIVE_RESHAPE:
    if (!t->node->operands[0]->tracked) return false;
    memcpy(t->out, t->node->operands[0]->tracked, t->count * sizeof *t->out);
    return true;
  default: return false;
  }
}

void value_track_new(Module *module, Value *value) {
  Dim out[TRACKED_ELEMENT_LIMIT];
  Tracked t = {.module = module, .node = value->producer, .type = &value->type, .out = out};
  t.value_index = value->index;
  if (!is_trackable(value->type.element) || !small_count(&value->type, &t.count)) return;
  if (track_node(&t)) value->tracked = arena_copy(module->arena, out, t.count * sizeof *out);
}

bool value_track(Module *module, const Value *value, Dim *dims, size_t *count) {
  (void)module;
  if (!value->tracked || !small_count(&value->type, count)) return false;
  memcpy(dims, value->tracked, *count * sizeof *dims);
  return true;
}

const Blob *value_constant(const Value *value) {
  const Node *node = value->producer;
  return node && node->kind == PRIMITIVE_CONSTANT ? node_attribute(node, "value")->blob : NULL;
}
