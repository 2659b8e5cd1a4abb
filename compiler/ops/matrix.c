/* SPDX-License-Identifier: Apache-2.0 */
/* Matrix products. */
#include "ops/families.h"

/* The two axes of a matrix operand, exchanged where it is transposed. */
static void matrix_labels(EquationBuilder *equation, uint32_t operand, bool transposed, uint32_t first, uint32_t second) {
  equation_operand_label(equation, operand, transposed ? second : first);
  equation_operand_label(equation, operand, transposed ? first : second);
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
  if (dim_equal(builder->module->dims, k, b->type.dims[trans_b]) == TRUTH_NO)
    return call_invalid(call, "the inner dims of A and B differ");
  EquationBuilder *equation = equation_start(builder);
  uint32_t row = equation_label(equation, "m", m), column = equation_label(equation, "n", n);
  uint32_t inner = equation_label(equation, "k", k);
  matrix_labels(equation, 0, trans_a, row, inner);
  matrix_labels(equation, 1, trans_b, inner, column);
  equation_result_label(equation, row);
  equation_result_label(equation, column);
  Value *product = build_contract(equation, a, b);
  if (alpha != 1) product = build_binary(builder, SCALAR_MUL, product, build_number(builder, element, alpha));
  if (c && beta != 1) c = build_binary(builder, SCALAR_MUL, c, build_number(builder, element, beta));
  Value *sum = call_input(call, "C") ? build_binary(builder, SCALAR_ADD, product, c) : product;
  if (sum && product && !type_same_dims(&sum->type, &product->type))
    return call_invalid(call, "C does not broadcast to the product");
  results[0] = sum;
  return sum != NULL;
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
    {0}};
