/* SPDX-License-Identifier: Apache-2.0 */
/* Typed construction of nodes: operators expand through these functions, passes rewrite with them. Each appends
   a node to the builder's region (before `position` where that is set), infers its type and returns its value.
   A misuse that stems from the model is reported at the builder's location and gives null; null operands give
   null silently, so that an expansion may be written without a check per line. */
#ifndef AICC_IR_BUILD_H
#define AICC_IR_BUILD_H
#include "ir/graph.h"

typedef struct Builder {
  Module *module;
  Region *region;
  Node *position; /* null: append */
  Location location;
} Builder;

/* Constants. */
Value *build_blob(Builder *builder, const Blob *blob, Type type);
/* A splat of `value` converted to the element type. */
Value *build_number(Builder *builder, ElementType element, double value);
Value *build_integer(Builder *builder, ElementType element, int64_t value);
Value *build_splat(Builder *builder, ElementType element, double value, uint32_t rank, const Dim *dims);
Value *build_i64s(Builder *builder, const int64_t *values, size_t count);
Value *build_iota(Builder *builder, ElementType element, uint32_t rank, const Dim *dims, uint32_t axis);
Value *build_dims(Builder *builder, const Dim *dims, size_t count);

/* Elementwise. Operands are broadcast to one another by ONNX's (NumPy's) rule first; element types must agree
   (the first operand of select is bool). */
Value *build_map(Builder *builder, Scalar scalar, Value *const *operands, uint32_t count);
Value *build_unary(Builder *builder, Scalar scalar, Value *a);
Value *build_binary(Builder *builder, Scalar scalar, Value *a, Value *b);
Value *build_select(Builder *builder, Value *condition, Value *a, Value *b);
/* The same value where the type is that already. */
Value *build_cast(Builder *builder, Value *a, ElementType element);
Value *build_bitcast(Builder *builder, Value *a, ElementType element);

/* The dims that tensors of these types broadcast to, right-aligned, by NumPy's rule; what cannot be proved is checked
   when the object runs. Reports and gives false where they do not broadcast. */
bool build_broadcast_dims(Builder *builder, const Type *const *types, uint32_t count, Dim *dims, uint32_t *rank);

/* Names for labels of a tensor's axes: "i", "j", ...; `axis` is below RANK_LIMIT. */
const char *build_axis_name(uint32_t axis);

/* Data movement. */
Value *build_broadcast(Builder *builder, Value *a, uint32_t rank, const Dim *dims); /* right-aligned */
/* To the dims of `like`, in that direction only (ONNX's unidirectional broadcasting). Null after reporting `what`. */
Value *build_stretch(Builder *builder, Value *a, const Value *like, const char *what);
Value *build_transpose(Builder *builder, Value *a, const uint32_t *permutation);
Value *build_reshape(Builder *builder, Value *a, uint32_t rank, const Dim *dims);
/* Views with steps: result axis i reads start[i] + step[i] * index, for extent[i]. */
Value *build_slice(Builder *builder, Value *a, const Dim *start, const int64_t *step, const Dim *extent);
/* Adds low[i] before and high[i] after axis i (negative crops); fill is rank 0. */
Value *build_pad(Builder *builder, Value *a, const Dim *low, const Dim *high, Value *fill);
Value *build_concat(Builder *builder, Value *const *operands, uint32_t count, uint32_t axis);

/* Reductions over a set of axes (bit i: axis i); kept axes become 1 or vanish. */
Value *build_reduce(Builder *builder, Scalar monoid, Value *a, uint64_t axes, bool keep_axes);
Value *build_softmax(Builder *builder, Value *a, uint32_t axis, bool logarithm);
/* Makes the run return `status` where the rank-0 bool is false. */
bool build_require(Builder *builder, Value *condition, int64_t status);

/* What an operator demands of dims: the one way to demand anything of them. What is provably true costs nothing, what is
   provably false is reported as `what` with both dims, and gives false; what the dims leave open is checked when a run
   enters the builder's region, before it computes anything there, and makes it return AICC_E_SHAPE. */
bool build_require_equal(Builder *builder, Dim a, Dim b, const char *what);
bool build_require_at_least(Builder *builder, Dim a, Dim least, const char *what);
/* factor is positive. */
bool build_require_multiple(Builder *builder, Dim a, int64_t factor, const char *what);
/* a is `to` or 1: it broadcasts to `to`. */
bool build_require_stretches(Builder *builder, Dim a, Dim to, const char *what);
/* They are equal, or one is 1: they broadcast to each other, to dim_broadcast(a, b). */
bool build_require_broadcast(Builder *builder, Dim a, Dim b, const char *what);
/* The same tensor with these dims, which must be its own in every axis but `skipped` (RANK_LIMIT: in all): where they are
   not so by their form, a view of it. Null after reporting `what`. */
Value *build_with_dims(Builder *builder, Value *a, const Dim *dims, uint32_t skipped, const char *what);

/* Nodes with regions. Each start function appends the node with its regions and their arguments, still empty: the
   caller fills them through builders of their own, sets their results (region_set_results) and calls
   build_control_finish. Null after a report. */
/* Regions without arguments; the first is for a condition that is true. */
Node *build_if(Builder *builder, Value *condition);
/* Region arguments: iteration i64[], condition bool[] (true wherever it is read), carried values; results:
   condition, carried values, parts to stack. `trip` or `condition` may be null. */
Node *build_loop(Builder *builder, Value *trip, Value *condition, Value *const *carried, uint32_t carried_count);
/* Region arguments: carried values, a slice of each input along its first axis; results: carried values, parts
   to stack. */
Node *build_scan(Builder *builder, Value *const *carried, uint32_t carried_count, Value *const *inputs,
                 uint32_t input_count);
/* Types the node by its regions; `results` receives `count` values, which must be as many as the regions give. An
   `if` on a known condition gives the results of that branch, whose nodes take the place of the node. After an
   error, which is reported, or with `ok` false, the node is removed and false returned. */
bool build_control_finish(Builder *builder, Node *node, bool ok, Value **results, uint32_t count);

/* Equations. Labels are created first; subscripts are given as sums of terms. */
typedef struct EquationBuilder EquationBuilder;
EquationBuilder *equation_start(Builder *builder);
uint32_t equation_label(EquationBuilder *equation, const char *name, Dim extent);
/* A label whose value operand k (at least 1, of i64 or i32) gives; it stands in operand 0 only. */
uint32_t equation_index(EquationBuilder *equation, const char *name, Dim extent, uint32_t operand);
/* Adds an axis to operand k (or to the result with equation_result): its subscript is
   offset + coefficient[0] * label[0] + ... ; coefficients may be null (all 1). */
void equation_operand(EquationBuilder *equation, uint32_t operand, Dim offset, uint32_t term_count,
                      const uint32_t *labels, const Dim *coefficients);
void equation_operand_label(EquationBuilder *equation, uint32_t operand, uint32_t label);
void equation_result(EquationBuilder *equation, Dim offset, uint32_t term_count, const uint32_t *labels,
                     const Dim *coefficients, Dim dim);
void equation_result_label(EquationBuilder *equation, uint32_t label);
Value *build_view(EquationBuilder *equation, Value *a, Value *fill);
Value *build_reduction(EquationBuilder *equation, Scalar monoid, Value *a);
Value *build_contract(EquationBuilder *equation, Value *a, Value *b);
/* indices[i] is operand 1 + i. */
Value *build_gather(EquationBuilder *equation, Value *a, Value *const *indices, uint32_t count);

/* Value tracking: the integers that a small tensor (<= 64 elements) of integers, whole floats or bools holds, as dims.
   False where some element is unknown. `dims` has room for the element count; rank 0 counts as one element. Where they
   might not fit the tensor's type, a run checks that they do. */
enum { TRACKED_ELEMENT_LIMIT = 64 };
bool value_track(Builder *builder, const Value *value, Dim *dims, size_t *count);
/* As value_track, but false where a run would have to check something. */
bool value_track_surely(const Value *value, Dim *dims, size_t *count);
/* What a run must check so that value->tracked holds. */
bool value_require_assumed(Builder *builder, const Value *value);
/* The constant behind a value (through casts that keep it), null where it is none. */
const Blob *value_constant(const Value *value);
#endif
