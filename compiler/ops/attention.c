/* SPDX-License-Identifier: Apache-2.0 */
/* Attention and what belongs to it. Grouped queries are an axis of their own beside the heads of keys, so that no key is
   repeated. */
#include "ops/families.h"
#include <math.h>

typedef struct Attention {
  OperatorCall *call;
  Builder *builder;
  DimContext *context;
  Value *q, *k, *v;         /* [batch, heads, length, size]; keys with those of the past */
  Value *past_key, *past_value;
  Dim heads, kv_heads, new_keys;
  int64_t groups;           /* heads of queries per head of keys */
  ElementType element, wide; /* of the tensors; of scores and softmax */
} Attention;

/* [batch, length, heads * size] as [batch, heads, length, size] */
static Value *split_heads(Attention *a, Value *x, const char *attribute) {
  static const uint32_t order[] = {0, 2, 1, 3};
  const Attribute *heads = call_attribute(a->call, attribute);
  if (x->type.rank == 4) return x;
  if (x->type.rank != 3 || !heads || heads->integer < 1) {
    call_invalid(a->call, "an input of rank %u needs %s", x->type.rank, attribute);
    return NULL;
  }
  if (!build_require_multiple(a->builder, x->type.dims[2], heads->integer, "the last axis is no multiple of the heads")) return NULL;
  Dim count = dim_constant(a->context, heads->integer);
  Dim dims[4] = {x->type.dims[0], x->type.dims[1], count, dim_floor_divide(a->context, x->type.dims[2], count)};
  return build_transpose(a->builder, build_reshape(a->builder, x, 4, dims), order);
}

static Value *join_heads(Attention *a, Value *y) {
  static const uint32_t order[] = {0, 2, 1, 3};
  Value *last = build_transpose(a->builder, y, order);
  if (!last) return NULL;
  Dim dims[3] = {last->type.dims[0], last->type.dims[1], dim_multiply(a->context, last->type.dims[2], last->type.dims[3])};
  return build_reshape(a->builder, last, 3, dims);
}

static Value *with_past(Attention *a, Value *past, Value *x) {
  Value *both[2] = {past, x};
  if (!past || !x) return x;
  if (past->type.rank != 4) {
    call_invalid(a->call, "past keys and values have 4 axes, found %u", past->type.rank);
    return NULL;
  }
  return build_concat(a->builder, both, 2, 2);
}

static bool read_operands(Attention *a) {
  Builder *builder = a->builder;
  int64_t heads, kv_heads;
  a->q = split_heads(a, a->call->inputs[0], "q_num_heads");
  a->k = split_heads(a, a->call->inputs[1], "kv_num_heads");
  a->v = split_heads(a, a->call->inputs[2], "kv_num_heads");
  if (!a->q || !a->k || !a->v) return false;
  a->past_key = call_input(a->call, "past_key");
  a->past_value = call_input(a->call, "past_value");
  a->new_keys = a->k->type.dims[2];
  a->k = with_past(a, a->past_key, a->k);
  a->v = with_past(a, a->past_value, a->v);
  if (!a->k || !a->v) return false;
  a->heads = a->q->type.dims[1];
  a->kv_heads = a->k->type.dims[1];
  a->groups = 1;
  if (dim_is_constant(a->heads, &heads) && dim_is_constant(a->kv_heads, &kv_heads) && kv_heads > 0 && heads % kv_heads == 0)
    a->groups = heads / kv_heads;
  Dim expected = dim_multiply(a->context, a->kv_heads, dim_constant(a->context, a->groups));
  return build_require_equal(builder, a->heads, expected, "the heads of queries are no multiple of those of keys") &&
         build_require_equal(builder, a->v->type.dims[1], a->kv_heads, "keys and values differ in heads") &&
         build_require_equal(builder, a->v->type.dims[2], a->k->type.dims[2], "keys and values differ in length") &&
         build_require_equal(builder, a->k->type.dims[3], a->q->type.dims[3], "queries and keys differ in size") &&
         build_require_equal(builder, a->k->type.dims[0], a->q->type.dims[0], "queries and keys differ in batch") &&
         build_require_equal(builder, a->v->type.dims[0], a->q->type.dims[0], "queries and values differ in batch");
}

/* The product over `inner` of [b, h*g, s, i] with [b, h, t, i], or with [b, h, i, d]; result [b, h*g, s, t or d]. */
static Value *grouped_product(Attention *a, Value *left, Value *right, bool transposed) {
  Builder *builder = a->builder;
  if (!left || !right) return NULL;
  const Dim *l = left->type.dims, *r = right->type.dims;
  Dim groups = dim_constant(a->context, a->groups), split[5] = {l[0], a->kv_heads, groups, l[2], l[3]};
  Value *apart = build_reshape(builder, left, 5, split);
  EquationBuilder *equation = equation_start(builder);
  uint32_t b = equation_label(equation, "b", l[0]), h = equation_label(equation, "h", a->kv_heads), g = equation_label(equation, "g", groups);
  uint32_t s = equation_label(equation, "s", l[2]), inner = equation_label(equation, "e", dim_plainer(l[3], r[transposed ? 3 : 2]));
  uint32_t column = equation_label(equation, "t", r[transposed ? 2 : 3]);
  const uint32_t of_left[] = {b, h, g, s, inner}, of_right[] = {b, h, transposed ? column : inner, transposed ? inner : column};
  const uint32_t of_result[] = {b, h, g, s, column};
  for (int i = 0; i < 5; i++) equation_operand_label(equation, 0, of_left[i]);
  for (int i = 0; i < 4; i++) equation_operand_label(equation, 1, of_right[i]);
  for (int i = 0; i < 5; i++) equation_result_label(equation, of_result[i]);
  Dim joined[4] = {l[0], a->heads, l[2], r[transposed ? 2 : 3]};
  return build_reshape(builder, build_contract(equation, apart, right), 4, joined);
}

static Value *scalar(Attention *a, double number) { return build_number(a->builder, a->wide, number); }

/* The scale that is given, or 1 / sqrt(size). */
static Value *scale_of(Attention *a) {
  const Attribute *given = call_attribute(a->call, "scale");
  int64_t size;
  if (given) return scalar(a, given->number);
  if (dim_is_constant(a->q->type.dims[3], &size)) return scalar(a, 1 / sqrt((double)size));
  Value *length = build_cast(a->builder, build_reshape(a->builder, build_dims(a->builder, &a->q->type.dims[3], 1), 0, NULL), a->wide);
  return build_unary(a->builder, SCALAR_RECIP, build_unary(a->builder, SCALAR_SQRT, length));
}

/* A mask that is shorter than the keys leaves out those behind it. */
static Value *lengthen(Attention *a, Value *mask) {
  uint32_t last = mask->type.rank - 1;
  Dim low[RANK_LIMIT], high[RANK_LIMIT], zero = dim_constant(a->context, 0), keys = a->k->type.dims[2];
  int64_t own, wanted;
  if (!mask->type.rank || !dim_is_constant(mask->type.dims[last], &own) || !dim_is_constant(keys, &wanted) || own <= 1 || own >= wanted) return mask;
  for (uint32_t i = 0; i <= last; i++) {
    low[i] = zero;
    high[i] = i == last ? dim_subtract(a->context, keys, mask->type.dims[last]) : zero;
  }
  bool truth = mask->type.element == ELEMENT_BOOL;
  return build_pad(a->builder, mask, low, high, truth ? build_integer(a->builder, ELEMENT_BOOL, 0) : build_number(a->builder, mask->type.element, -INFINITY));
}

/* The scores with the mask: a bool says who takes part, a number is added. */
static Value *masked(Attention *a, Value *scores, Value *mask) {
  if (!mask || !scores) return scores;
  mask = lengthen(a, mask);
  Value *wide = mask;
  if (mask->type.element == ELEMENT_BOOL)
    return build_select(a->builder, build_stretch(a->builder, mask, scores, "the mask does not broadcast to the scores"), scores, scalar(a, -INFINITY));
  wide = build_cast(a->builder, mask, a->wide);
  return build_binary(a->builder, SCALAR_ADD, scores, build_stretch(a->builder, wide, scores, "the mask does not broadcast to the scores"));
}

/* No query sees keys behind it: key t is seen from place s where t <= s + the past. */
static Value *causal(Attention *a, Value *scores, Value *valid_keys) {
  Builder *builder = a->builder;
  if (!scores) return NULL;
  const Type *type = &scores->type;
  Dim past = a->past_key ? a->past_key->type.dims[2] : dim_constant(a->context, 0);
  Value *row = build_iota(builder, ELEMENT_I64, 4, type->dims, 2), *column = build_iota(builder, ELEMENT_I64, 4, type->dims, 3);
  Value *shift = build_reshape(builder, build_dims(builder, &past, 1), 0, NULL);
  if (valid_keys) { /* the queries are the last of the keys that there are */
    Dim dims[4] = {type->dims[0], dim_constant(a->context, 1), dim_constant(a->context, 1), dim_constant(a->context, 1)};
    Value *queries = build_reshape(builder, build_dims(builder, &type->dims[2], 1), 0, NULL);
    shift = build_reshape(builder, build_binary(builder, SCALAR_SUB, valid_keys, queries), 4, dims);
  }
  Value *seen = build_binary(builder, SCALAR_LE, column, build_binary(builder, SCALAR_ADD, row, shift));
  return build_select(builder, seen, scores, scalar(a, -INFINITY));
}

/* Keys from the number of valid ones on are padding. */
static Value *without_padding(Attention *a, Value *scores, Value *valid_keys) {
  Builder *builder = a->builder;
  if (!valid_keys || !scores) return scores;
  Dim one = dim_constant(a->context, 1), dims[4] = {scores->type.dims[0], one, one, one};
  Value *column = build_iota(builder, ELEMENT_I64, 4, scores->type.dims, 3);
  Value *seen = build_binary(builder, SCALAR_LT, column, build_reshape(builder, valid_keys, 4, dims));
  return build_select(builder, seen, scores, scalar(a, -INFINITY));
}

static Value *capped(Attention *a, Value *scores) {
  double cap = call_float(a->call, "softcap");
  if (cap == 0) return scores;
  Value *part = build_unary(a->builder, SCALAR_TANH, build_binary(a->builder, SCALAR_DIV, scores, scalar(a, cap)));
  return build_binary(a->builder, SCALAR_MUL, part, scalar(a, cap));
}

static bool read_precision(Attention *a) {
  const Attribute *given = call_attribute(a->call, "softmax_precision");
  a->element = a->call->inputs[0]->type.element;
  a->wide = element_info(a->element)->compute;
  if (!given) return true;
  if (given->integer < 1 || given->integer >= ELEMENT_COUNT || !element_is_float((ElementType)given->integer))
    return call_invalid(a->call, "softmax_precision %lld is no type of floats", (long long)given->integer);
  ElementType wanted = element_info((ElementType)given->integer)->compute;
  if (element_info(wanted)->bits > element_info(a->wide)->bits) a->wide = wanted;
  return true;
}

enum { SCORES = 3, STAGE_PRODUCT = 0, STAGE_CAPPED, STAGE_MASKED, STAGE_SOFTMAX };

/* The softmax of the scores; the fourth output shows them at the stage that it asks for. */
static Value *weights_of(Attention *a, Value **results) {
  Builder *builder = a->builder;
  int64_t mode = call_int(a->call, "qk_matmul_output_mode");
  Value *valid_keys = call_input(a->call, "nonpad_kv_seqlen"), *stages[4];
  Value *product = grouped_product(a, build_cast(builder, a->q, a->wide), build_cast(builder, a->k, a->wide), true);
  if (mode < 0 || mode > STAGE_SOFTMAX) {
    call_invalid(a->call, "qk_matmul_output_mode %lld is not defined", (long long)mode);
    return NULL;
  }
  stages[STAGE_PRODUCT] = build_binary(builder, SCALAR_MUL, product, scale_of(a));
  stages[STAGE_CAPPED] = capped(a, stages[STAGE_PRODUCT]);
  Value *scores = masked(a, stages[STAGE_CAPPED], call_input(a->call, "attn_mask"));
  if (call_int(a->call, "is_causal")) scores = causal(a, scores, valid_keys);
  stages[STAGE_MASKED] = without_padding(a, scores, valid_keys);
  stages[STAGE_SOFTMAX] = stages[STAGE_MASKED] ? build_softmax(builder, stages[STAGE_MASKED], 3, false) : NULL;
  if (a->call->output_count > SCORES) results[SCORES] = build_cast(builder, stages[mode], a->element);
  return stages[STAGE_SOFTMAX];
}

static bool expand_attention(OperatorCall *call, Value **results) {
  Attention a = {.call = call, .builder = call->builder, .context = call->builder->module->dims};
  if (!read_precision(&a) || !read_operands(&a)) return false;
  Value *weights = weights_of(&a, results);
  Value *y = build_cast(a.builder, grouped_product(&a, weights, build_cast(a.builder, a.v, a.wide), false), a.element);
  results[0] = call->inputs[0]->type.rank == 3 && y ? join_heads(&a, y) : y;
  if (call->output_count > 1) results[1] = a.k;
  if (call->output_count > 2) results[2] = a.v;
  return results[0] != NULL;
}

/* --- Rotary embedding: pairs of elements turned by angles that depend on the place. --- */

/* Elements first, first + step, ... along the last axis. */
static Value *part_of(Builder *builder, Value *x, Dim first, int64_t step, Dim count) {
  Dim start[RANK_LIMIT], extent[RANK_LIMIT];
  int64_t steps[RANK_LIMIT];
  if (!x) return NULL;
  for (uint32_t i = 0; i < x->type.rank; i++) {
    bool last = i + 1 == x->type.rank;
    start[i] = last ? first : dim_constant(builder->module->dims, 0);
    steps[i] = last ? step : 1;
    extent[i] = last ? count : x->type.dims[i];
  }
  return build_slice(builder, x, start, steps, extent);
}

/* The cache at the places of each batch element, [batch, length, 1, half]. */
static Value *angles(OperatorCall *call, const char *name, const Value *x, Dim half) {
  Builder *builder = call->builder;
  DimContext *context = builder->module->dims;
  Value *cache = call_input(call, name), *places = call_input(call, "position_ids");
  if (places) cache = call_gather(call, cache, places, 0);
  if (!cache) return NULL;
  if (cache->type.rank != 3) {
    call_invalid(call, "%s has rank %u", name, call_input(call, name)->type.rank);
    return NULL;
  }
  if (!build_require_equal(builder, cache->type.dims[2], half, "the caches are not of half of the rotary size")) return NULL;
  Dim dims[4] = {cache->type.dims[0], cache->type.dims[1], dim_constant(context, 1), half};
  Value *four = build_cast(builder, build_reshape(builder, cache, 4, dims), element_info(x->type.element)->compute);
  return four;
}

/* [batch, length, heads, size], turned. */
static Value *rotated(OperatorCall *call, Value *x) {
  Builder *builder = call->builder;
  DimContext *context = builder->module->dims;
  Dim zero = dim_constant(context, 0), one = dim_constant(context, 1), two = dim_constant(context, 2), size = x->type.dims[3];
  int64_t given = call_int(call, "rotary_embedding_dim");
  bool interleaved = call_int(call, "interleaved") != 0;
  if (given < 0) {
    call_invalid(call, "rotary_embedding_dim is negative");
    return NULL;
  }
  Dim turned = given ? dim_constant(context, given) : size;
  if (!build_require_multiple(builder, turned, 2, "the rotary size is not even") || !build_require_at_least(builder, size, turned, "the rotary size is larger than the head"))
    return NULL;
  Dim half = dim_floor_divide(context, turned, two);
  Value *wide = build_cast(builder, x, element_info(x->type.element)->compute);
  Value *cosine = angles(call, "cos_cache", x, half), *sine = angles(call, "sin_cache", x, half);
  Value *first = part_of(builder, wide, zero, interleaved ? 2 : 1, half);
  Value *second = part_of(builder, wide, interleaved ? one : half, interleaved ? 2 : 1, half);
  Value *real = build_binary(builder, SCALAR_SUB, build_binary(builder, SCALAR_MUL, cosine, first), build_binary(builder, SCALAR_MUL, sine, second));
  Value *imaginary = build_binary(builder, SCALAR_ADD, build_binary(builder, SCALAR_MUL, sine, first), build_binary(builder, SCALAR_MUL, cosine, second));
  if (!real || !imaginary) return NULL;
  const Dim *dims = real->type.dims;
  Value *parts[2] = {real, imaginary}, *joined;
  if (interleaved) {
    Dim pairs[5] = {dims[0], dims[1], dims[2], half, one}, flat[4] = {dims[0], dims[1], dims[2], turned};
    for (int i = 0; i < 2; i++) parts[i] = build_reshape(builder, parts[i], 5, pairs);
    joined = build_reshape(builder, build_concat(builder, parts, 2, 4), 4, flat);
  } else {
    joined = build_concat(builder, parts, 2, 3);
  }
  Dim rest = dim_subtract(context, size, turned);
  if (!dim_equals_constant(rest, 0)) {
    Value *all[2] = {joined, part_of(builder, wide, turned, 1, rest)};
    joined = all[0] && all[1] ? build_concat(builder, all, 2, 3) : NULL;
  }
  return build_cast(builder, joined, x->type.element);
}

static bool expand_rotary_embedding(OperatorCall *call, Value **results) {
  static const uint32_t order[] = {0, 2, 1, 3};
  Builder *builder = call->builder;
  DimContext *context = builder->module->dims;
  Value *x = call->inputs[0];
  int64_t heads = call_int(call, "num_heads");
  if (x->type.rank == 4) {
    results[0] = build_transpose(builder, x, order);
    results[0] = results[0] ? build_transpose(builder, rotated(call, results[0]), order) : NULL;
    return results[0] != NULL;
  }
  if (x->type.rank != 3 || heads < 1) return call_invalid(call, "an input of rank %u needs num_heads", x->type.rank);
  if (!build_require_multiple(builder, x->type.dims[2], heads, "the last axis is no multiple of the heads")) return false;
  Dim count = dim_constant(context, heads), dims[4] = {x->type.dims[0], x->type.dims[1], count, dim_floor_divide(context, x->type.dims[2], count)};
  Value *y = build_reshape(builder, x, 4, dims);
  y = y ? rotated(call, y) : NULL;
  results[0] = build_reshape(builder, y, 3, x->type.dims);
  return results[0] != NULL;
}

#define ATTENTION_INPUTS                                                                                     \
  INPUT("Q", FLOAT), INPUT("K", FLOAT), {.name = "V", .elements = ELEMENTS_FLOAT, .type_variable = 'V'},     \
      {.name = "attn_mask", .elements = ELEMENTS_ARITHMETIC, .optional = true}, OPTIONAL_INPUT("past_key", FLOAT), \
      {.name = "past_value", .elements = ELEMENTS_FLOAT, .type_variable = 'V', .optional = true}
#define ATTENTION_ATTRIBUTES                                                                                 \
  INT_ATTRIBUTE("is_causal", 0), {.name = "kv_num_heads", .kind = ATTRIBUTE_INT, .no_default = true},        \
      {.name = "q_num_heads", .kind = ATTRIBUTE_INT, .no_default = true}, INT_ATTRIBUTE("qk_matmul_output_mode", 0), \
      {.name = "scale", .kind = ATTRIBUTE_FLOAT, .no_default = true}, FLOAT_ATTRIBUTE("softcap", 0),         \
      {.name = "softmax_precision", .kind = ATTRIBUTE_INT, .no_default = true}
#define ATTENTION_DOC "softmax(scale * Q * transposed K, masked) * V, per head; keys and values of the past come first."

const Operator attention_operators[] = {
    {.name = "Attention", .since = 23, .until = 23, .inputs = {ATTENTION_INPUTS}, .output_count = 4,
     .attributes = {ATTENTION_ATTRIBUTES}, .expand = expand_attention, .doc = ATTENTION_DOC},
    {.name = "Attention", .since = 24,
     .inputs = {ATTENTION_INPUTS, {.name = "nonpad_kv_seqlen", .elements = ELEMENTS_I64, .optional = true}}, .output_count = 4,
     .attributes = {ATTENTION_ATTRIBUTES}, .expand = expand_attention, .doc = ATTENTION_DOC},
    {.name = "RotaryEmbedding", .since = 23,
     .inputs = {INPUT("X", FLOAT), INPUT("cos_cache", FLOAT), INPUT("sin_cache", FLOAT),
                {.name = "position_ids", .elements = ELEMENTS_I64, .optional = true}},
     .attributes = {INT_ATTRIBUTE("interleaved", 0), INT_ATTRIBUTE("num_heads", 0), INT_ATTRIBUTE("rotary_embedding_dim", 0)},
     .expand = expand_rotary_embedding, .doc = "Turns pairs of elements by the angles of their places."},
    {0}};
