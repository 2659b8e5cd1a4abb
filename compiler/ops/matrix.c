/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products. */
#include "ops/families.h"

/* The two axes of a matrix operand, exchanged where it is transposed. */
static void matrix_labels(EquationBuilder *equation, uint32_t operand, bool transposed, uint32_t first, uint32_t second) {
  equation_operand_label(equation, operand, transposed ? second : first);
  equation_operand_label(equation, operand, transposed ? first : second);
}

static Value *scaled(Builder *builder, Value *a, double factor, ElementType element) {
  a = build_cast(builder, a, element);
  return factor == 1 ? a : build_binary(builder, SCALAR_MUL, a, build_number(builder, element, factor));
}

static bool expand_gemm(OperatorCall *call, Value **results) {
  Builder *builder = call->builder;
  Value *a = call->inputs[0], *b = call->inputs[1], *c = call_input(call, "C");
  bool trans_a = call_int(call, "transA") != 0, trans_b = call_int(call, "transB") != 0;
  double alpha = call_float(call, "alpha"), beta = call_float(call, "beta");
  ElementType element = a->type.element;
  if (a->type.rank != 2 || b->type.rank != 2)
    return call_invalid(call, "A and B must be matrices, found rank %u and %u", a->type.rank, b->type.rank);
  Dim m = a->type.dims[trans_a], k = a->type.dims[!trans_a], n = b->type.dims[!trans_b];
  if (!build_require_equal(builder, k, b->type.dims[trans_b], "the inner dims of A and B differ")) return false;
  EquationBuilder *equation = equation_start(builder);
  uint32_t row = equation_label(equation, "m", m), column = equation_label(equation, "n", n);
  uint32_t inner = equation_label(equation, "k", dim_plainer(k, b->type.dims[trans_b]));
  matrix_labels(equation, 0, trans_a, row, inner);
  matrix_labels(equation, 1, trans_b, inner, column);
  equation_result_label(equation, row);
  equation_result_label(equation, column);
  ElementType wide = element_beside(element, alpha);
  if (c && wide == element) wide = element_beside(element, beta);
  if (element_is_integer(element)) { /* which would wrap before the factor brings them back; floats are summed widely as it is */
    a = build_cast(builder, a, wide);
    b = build_cast(builder, b, wide);
  }
  Value *sum = scaled(builder, build_contract(equation, a, b), alpha, wide);
  if (c) {
    c = build_stretch(builder, scaled(builder, c, beta, wide), sum, "C does not broadcast to the product");
    sum = build_binary(builder, SCALAR_ADD, sum, c);
  }
  results[0] = build_cast(builder, sum, element);
  return results[0] != NULL;
}

/* The batch axes of an operand: a label where it has the result's dim, fixed where it has 1. */
static void batch_axes(EquationBuilder *equation, DimContext *context, uint32_t operand, const Type *type, uint32_t rank,
                       const Dim *dims, const uint32_t *labels) {
  Dim zero = dim_constant(context, 0), one = dim_constant(context, 1);
  for (uint32_t i = 0; i < type->rank; i++) {
    uint32_t at = rank - type->rank + i;
    if (type->dims[i] == dims[at] || dim_equal(context, type->dims[i], dims[at]) == TRUTH_YES) {
      equation_operand_label(equation, operand, labels[at]);
    } else if (dim_equals_constant(type->dims[i], 1)) {
      equation_operand(equation, operand, zero, 0, NULL, NULL);
    } else { /* 1 or the result's dim, known at run time only */
      Dim stride = dim_min(context, dim_subtract(context, type->dims[i], one), one);
      equation_operand(equation, operand, zero, 1, &labels[at], &stride);
    }
  }
}

static bool expand_matmul(OperatorCall *call, Value **results) {
  static const char *const names[RANK_LIMIT] = {"b", "c", "d", "e", "f", "g", "h", "i", "j", "l", "o",
                                                "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z"};
  Builder *builder = call->builder;
  DimContext *context = builder->module->dims;
  Value *a = call->inputs[0], *b = call->inputs[1];
  bool row_vector = a->type.rank == 1, column_vector = b->type.rank == 1;
  if (a->type.rank == 0 || b->type.rank == 0) return call_invalid(call, "A and B must have at least one axis");
  if (a->type.rank > 20 || b->type.rank > 20) return call_invalid(call, "more than 20 axes are not supported");
  uint32_t a_batch = a->type.rank < 2 ? 0 : a->type.rank - 2, b_batch = b->type.rank < 2 ? 0 : b->type.rank - 2;
  Dim inner_a = a->type.dims[a->type.rank - 1], inner_b = b->type.dims[column_vector ? 0 : b->type.rank - 2];
  if (!build_require_equal(builder, inner_a, inner_b, "the inner dims of A and B differ")) return false;
  Type left = a->type, right = b->type;
  left.rank = a_batch;
  right.rank = b_batch;
  const Type *types[2] = {&left, &right};
  Dim dims[RANK_LIMIT];
  uint32_t rank, labels[RANK_LIMIT];
  if (!build_broadcast_dims(builder, types, 2, dims, &rank)) return false;
  EquationBuilder *equation = equation_start(builder);
  for (uint32_t i = 0; i < rank; i++) labels[i] = equation_label(equation, names[i], dims[i]);
  uint32_t row = row_vector ? 0 : equation_label(equation, "m", a->type.dims[a_batch]);
  uint32_t column = column_vector ? 0 : equation_label(equation, "n", b->type.dims[b->type.rank - 1]);
  uint32_t inner = equation_label(equation, "k", dim_plainer(inner_a, inner_b));
  batch_axes(equation, context, 0, &left, rank, dims, labels);
  if (!row_vector) equation_operand_label(equation, 0, row);
  equation_operand_label(equation, 0, inner);
  batch_axes(equation, context, 1, &right, rank, dims, labels);
  equation_operand_label(equation, 1, inner);
  if (!column_vector) equation_operand_label(equation, 1, column);
  for (uint32_t i = 0; i < rank; i++) equation_result_label(equation, labels[i]);
  if (!row_vector) equation_result_label(equation, row);
  if (!column_vector) equation_result_label(equation, column);
  results[0] = build_contract(equation, a, b);
  return results[0] != NULL;
}

#define GEMM_ATTRIBUTES                                                                                      \
  FLOAT_ATTRIBUTE("alpha", 1), FLOAT_ATTRIBUTE("beta", 1), INT_ATTRIBUTE("transA", 0), INT_ATTRIBUTE("transB", 0)

const Operator matrix_operators[] = {
    {.name = "Gemm", .since = 1, .until = 6, .inputs = {INPUT("A", FLOAT), INPUT("B", FLOAT), INPUT("C", FLOAT)},
     .attributes = {GEMM_ATTRIBUTES, INT_ATTRIBUTE("broadcast", 0)}, .expand = expand_gemm,
     .doc = "alpha * A * B + beta * C."},
    {.name = "Gemm", .since = 7,
     .inputs = {INPUT("A", NUMERIC), INPUT("B", NUMERIC), OPTIONAL_INPUT("C", NUMERIC)},
     .attributes = {GEMM_ATTRIBUTES}, .expand = expand_gemm, .doc = "alpha * A * B + beta * C, C may be absent."},
    {.name = "MatMul", .since = 1, .inputs = {INPUT("A", NUMERIC), INPUT("B", NUMERIC)}, .expand = expand_matmul,
     .doc = "Products of matrices, one for each of the leading axes, which broadcast; vectors count as one row or column."},
    {0}};
