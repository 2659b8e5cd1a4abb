/* SPDX-License-Identifier: Apache-2.0 */
/* Value tracking: small integer tensors as dim expressions, so that exporters' shape arithmetic vanishes. Each
   value is tracked once, when it is made, from its operands' tracked forms. Dims are exact, while integers of a type wrap
   and floats round: that a dim stays where the type is exact is assumed where it is not provable, and becomes a check of
   the run when somebody uses what is tracked. */
#include "ir/build.h"
#include "ir/build_internal.h"
#include <string.h>

enum { ASSUMED_LIMIT = 64 };

typedef struct Tracked {
  Module *module;
  const Node *node;
  const Type *type;
  Dim *out;
  size_t count;
  uint32_t value_index; /* among the node's results */
  Dim assumed[ASSUMED_LIMIT]; /* not negative */
  uint32_t assumed_count;
} Tracked;

static bool small_count(const Type *type, size_t *count) {
  int64_t elements;
  if (type->kind != VALUE_TENSOR || !type_static_count(type, &elements)) return false;
  *count = (size_t)elements;
  return elements <= TRACKED_ELEMENT_LIMIT;
}

/* The integers around 0 that the type has, each exact; bool is tracked as 0 and 1. False for other types. */
static bool exact_range(ElementType element, DimRange *range) {
  const ElementInfo *info = element_info(element);
  uint32_t bits = info->bits;
  int64_t limit;
  switch (element) {
  case ELEMENT_BOOL: *range = (DimRange){0, 1}; return true;
  case ELEMENT_F64: limit = INT64_C(1) << 53; break;
  case ELEMENT_F32: limit = INT64_C(1) << 24; break;
  case ELEMENT_F16: limit = INT64_C(1) << 11; break;
  case ELEMENT_BF16: limit = INT64_C(1) << 8; break;
  default:
    if (!element_is_integer(element)) return false;
    bool is_signed = info->class == CLASS_INT;
    int64_t high = bits >= 63 ? INT64_MAX : (INT64_C(1) << (bits - is_signed)) - 1;
    *range = (DimRange){is_signed ? -high - 1 : 0, high};
    return true;
  }
  *range = (DimRange){-limit, limit};
  return true;
}

/* Assumes that the dim is not negative; false where there is too much to assume. */
static bool assume(Tracked *t, Dim dim) {
  if (!dim_is_valid(dim)) return false;
  for (uint32_t i = 0; i < t->assumed_count; i++)
    if (t->assumed[i] == dim) return true;
  if (t->assumed_count == ASSUMED_LIMIT) return false;
  t->assumed[t->assumed_count++] = dim;
  return true;
}

static bool assume_as(Tracked *t, const Value *value) {
  for (uint32_t i = 0; i < value->assumed.count; i++)
    if (!assume(t, value->assumed.dims[i])) return false;
  return true;
}

/* True where the value's type holds the dim, if need be by assumption. */
static bool fits(Tracked *t, Dim dim) {
  DimContext *context = t->module->dims;
  DimRange exact, range = dim_range(context, dim);
  if (!dim_is_valid(dim) || !exact_range(t->type->element, &exact)) return false;
  if (range.high < exact.low || range.low > exact.high) return false;
  if (range.low < exact.low && !assume(t, dim_subtract(context, dim, dim_constant(context, exact.low)))) return false;
  return range.high <= exact.high || assume(t, dim_subtract(context, dim_constant(context, exact.high), dim));
}

static bool track_constant(Tracked *t) {
  const Blob *blob = node_attribute(t->node, "value")->blob;
  for (size_t i = 0; i < t->count; i++) {
    int64_t value;
    if (!blob_whole_at(blob, (int64_t)i, &value)) return false;
    t->out[i] = dim_constant(t->module->dims, value);
    if (!fits(t, t->out[i])) return false;
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
  for (size_t i = 0; i < t->count; i++)
    if (!fits(t, t->out[i])) return false;
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

/* Of floats: only where nothing remains. */
static Dim exact_divide(DimContext *context, Dim a, Dim b) {
  Dim quotient = dim_floor_divide(context, a, b);
  return dim_equal(context, dim_multiply(context, quotient, b), a) == TRUTH_YES ? quotient : dim_invalid(context);
}

/* The dim of f(a, b, c); invalid where it is not known. */
static Dim track_scalar(DimContext *context, Scalar scalar, ElementType element, const Dim *a) {
  int64_t condition;
  switch (scalar) {
  case SCALAR_ADD: return dim_add(context, a[0], a[1]);
  case SCALAR_SUB: return dim_subtract(context, a[0], a[1]);
  case SCALAR_MUL: return dim_multiply(context, a[0], a[1]);
  case SCALAR_DIV: return (element_is_float(element) ? exact_divide : truncating_divide)(context, a[0], a[1]);
  case SCALAR_MOD: return dim_modulo(context, a[0], a[1]);
  case SCALAR_FLOOR:
  case SCALAR_CEIL:
  case SCALAR_ROUND:
  case SCALAR_TRUNC:
  case SCALAR_CAST: return a[0];
  case SCALAR_MIN: return dim_min(context, a[0], a[1]);
  case SCALAR_MAX: return dim_max(context, a[0], a[1]);
  case SCALAR_NEG: return dim_subtract(context, dim_constant(context, 0), a[0]);
  case SCALAR_EQ: return truth_dim(context, dim_equal(context, a[0], a[1]));
  case SCALAR_NE: return truth_dim(context, negate(dim_equal(context, a[0], a[1])));
  case SCALAR_LE: return truth_dim(context, dim_less_equal(context, a[0], a[1]));
  case SCALAR_GE: return truth_dim(context, dim_less_equal(context, a[1], a[0]));
  case SCALAR_LT: return truth_dim(context, negate(dim_less_equal(context, a[1], a[0])));
  case SCALAR_GT: return truth_dim(context, negate(dim_less_equal(context, a[0], a[1])));
  case SCALAR_AND: return element == ELEMENT_BOOL ? dim_multiply(context, a[0], a[1]) : dim_invalid(context); /* bits of symbols: unknown */
  case SCALAR_OR: return element == ELEMENT_BOOL ? dim_max(context, a[0], a[1]) : dim_invalid(context);
  case SCALAR_NOT: return element == ELEMENT_BOOL ? dim_subtract(context, dim_constant(context, 1), a[0]) : dim_invalid(context);
  case SCALAR_XOR: return element == ELEMENT_BOOL ? truth_dim(context, negate(dim_equal(context, a[0], a[1]))) : dim_invalid(context);
  case SCALAR_SELECT:
    if (a[1] == a[2]) return a[1];
    return dim_is_constant(a[0], &condition) ? a[condition ? 1 : 2] : dim_invalid(context);
  default: return dim_invalid(context);
  }
}

static bool track_map(Tracked *t) {
  const Node *node = t->node;
  ElementType element = node->operands[0]->type.element;
  for (uint32_t k = 0; k < node->operand_count; k++)
    if (!node->operands[k]->tracked || !assume_as(t, node->operands[k])) return false;
  for (size_t i = 0; i < t->count; i++) {
    Dim operands[3];
    for (uint32_t k = 0; k < node->operand_count; k++)
      operands[k] = node->operands[k]->tracked[node->operands[k]->type.rank ? i : 0];
    t->out[i] = track_scalar(t->module->dims, node->scalar, element, operands);
    if (t->type->element == ELEMENT_BOOL && node->scalar == SCALAR_CAST) { /* != 0 */
      Dim pair[2] = {operands[0], dim_constant(t->module->dims, 0)};
      t->out[i] = track_scalar(t->module->dims, SCALAR_NE, element, pair);
    }
    if (!fits(t, t->out[i])) return false;
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
    if (!dim_is_constant(subscript->offset, &at)) return -2;
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

/* Gives labels[] the values of the labels that operands give, which must be known numbers inside. */
static bool find_indices(const Node *node, int64_t *labels) {
  const Equation *equation = node->equation;
  for (uint32_t i = 0; i < equation->label_count; i++) {
    const Label *label = &equation->labels[i];
    const Value *operand = label->index ? node->operands[label->index] : NULL;
    int64_t dims[RANK_LIMIT], extent;
    if (!operand) continue;
    if (!operand->tracked || operand->assumed.count || !constant_dims(&operand->type, dims)) return false;
    int64_t at = flat_index(&equation->operands[label->index], dims, labels);
    if (at < 0 || !dim_is_constant(operand->tracked[at], &labels[i]) || !dim_is_constant(label->extent, &extent) ||
        labels[i] < 0 || labels[i] >= extent)
      return false;
  }
  return true;
}

/* Views, reads at known indices, and sums and products over all labels of small tensors. */
static bool track_equation(Tracked *t) {
  const Node *node = t->node;
  const Equation *equation = node->equation;
  const Value *source = node->operands[0];
  int64_t source_dims[RANK_LIMIT], result_dims[RANK_LIMIT], extents[POINT_LIMIT], labels[POINT_LIMIT] = {0},
          total = 1;
  bool indexed = node->kind == PRIMITIVE_GATHER;
  if (!source->tracked || (node->operand_count != 1 && !indexed) || !assume_as(t, source)) return false;
  if (!constant_dims(&source->type, source_dims) || !constant_dims(t->type, result_dims)) return false;
  for (uint32_t i = 0; i < equation->label_count; i++) {
    if (!dim_is_constant(equation->labels[i].extent, &extents[i])) return false;
    if (equation->labels[i].index) extents[i] = 1;
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
    if (indexed && !find_indices(node, labels)) return false;
    int64_t from = flat_index(&equation->operands[0], source_dims, labels);
    int64_t to = flat_index(&equation->result, result_dims, labels);
    if (from < 0 || to < 0) return false;
    Dim operands[2] = {t->out[to], source->tracked[from]};
    t->out[to] = operands[0] ? track_scalar(t->module->dims, monoid, t->type->element, operands) : operands[1];
    if (!fits(t, t->out[to])) return false;
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
    if (!operand->tracked || !small_count(&operand->type, &count) || !assume_as(t, operand)) return false;
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
  return assume_as(t, a) && assume_as(t, b);
}

static bool track_node(Tracked *t) {
  switch (t->node->kind) {
  case PRIMITIVE_CONSTANT: return track_constant(t);
  case PRIMITIVE_IOTA: return track_iota(t);
  case PRIMITIVE_DIMS: memcpy(t->out, node_attribute(t->node, "dims")->dims, t->count * sizeof *t->out); return true;
  case PRIMITIVE_MAP: return track_map(t);
  case PRIMITIVE_VIEW:
  case PRIMITIVE_GATHER:
  case PRIMITIVE_REDUCE: return track_equation(t);
  case PRIMITIVE_CONCAT: return track_concat(t);
  case PRIMITIVE_IF: return track_if(t);
  case PRIMITIVE_RESHAPE:
    if (!t->node->operands[0]->tracked) return false;
    memcpy(t->out, t->node->operands[0]->tracked, t->count * sizeof *t->out);
    return assume_as(t, t->node->operands[0]);
  default: return false;
  }
}

void value_track_new(Module *module, Value *value) {
  Dim out[TRACKED_ELEMENT_LIMIT];
  DimRange range;
  Tracked t = {.module = module, .node = value->producer, .type = &value->type, .out = out};
  t.value_index = value->index;
  if (!exact_range(value->type.element, &range) || !small_count(&value->type, &t.count) || !track_node(&t)) return;
  value->tracked = arena_copy(module->arena, out, t.count * sizeof *out);
  value->assumed = (AssumedDims){t.assumed_count, arena_copy(module->arena, t.assumed, t.assumed_count * sizeof *t.assumed)};
}

bool value_track_surely(const Value *value, Dim *dims, size_t *count) {
  if (!value->tracked || value->assumed.count || !small_count(&value->type, count)) return false;
  memcpy(dims, value->tracked, *count * sizeof *dims);
  return true;
}

bool value_require_assumed(Builder *builder, const Value *value) {
  Dim zero = dim_constant(builder->module->dims, 0);
  for (uint32_t i = 0; i < value->assumed.count; i++)
    if (!build_require_at_least(builder, value->assumed.dims[i], zero, "a dim leaves its type")) return false;
  return true;
}

bool value_track(Builder *builder, const Value *value, Dim *dims, size_t *count) {
  if (!value->tracked || !small_count(&value->type, count) || !value_require_assumed(builder, value)) return false;
  memcpy(dims, value->tracked, *count * sizeof *dims);
  return true;
}

const Blob *value_constant(const Value *value) {
  const Node *node = value->producer;
  return node && node->kind == PRIMITIVE_CONSTANT ? node_attribute(node, "value")->blob : NULL;
}
