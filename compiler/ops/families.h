/* SPDX-License-Identifier: Apache-2.0 */
/* The operator families (one file each) and the macros their rows are written with. */
#ifndef AICC_OPS_FAMILIES_H
#define AICC_OPS_FAMILIES_H
#include "ops/operator.h"

extern const Operator arithmetic_operators[];
extern const Operator logic_operators[];
extern const Operator activation_operators[];
extern const Operator math_operators[];
extern const Operator conversion_operators[];
extern const Operator reduce_operators[];
extern const Operator softmax_operators[];
extern const Operator matrix_operators[];
extern const Operator convolution_operators[];
extern const Operator pooling_operators[];
extern const Operator shape_operators[];
extern const Operator movement_operators[];
extern const Operator pad_operators[];
extern const Operator conv_transpose_operators[];
extern const Operator normalization_operators[];
extern const Operator control_operators[];
extern const Operator gather_operators[];
extern const Operator resize_operators[];
extern const Operator statistics_operators[];
extern const Operator position_operators[];
extern const Operator block_operators[];
extern const Operator einsum_operators[];
extern const Operator attention_operators[];

/* Inputs: a required and an optional one whose type is the variable T. */
#define INPUT(name_, elements_) {.name = name_, .elements = ELEMENTS_##elements_, .type_variable = 'T'}
#define OPTIONAL_INPUT(name_, elements_)                                                                     \
  {.name = name_, .elements = ELEMENTS_##elements_, .type_variable = 'T', .optional = true}
/* Attributes with defaults, and without (absent unless the model gives them). */
#define INT_ATTRIBUTE(name_, default_) {.name = name_, .kind = ATTRIBUTE_INT, .integer = default_}
#define FLOAT_ATTRIBUTE(name_, default_) {.name = name_, .kind = ATTRIBUTE_FLOAT, .number = default_}
#define STRING_ATTRIBUTE(name_, default_) {.name = name_, .kind = ATTRIBUTE_STRING, .string = default_}
#define INTS_ATTRIBUTE(name_) {.name = name_, .kind = ATTRIBUTE_INTS}
#define REQUIRED_ATTRIBUTE(name_, kind_) {.name = name_, .kind = ATTRIBUTE_##kind_, .required = true}
/* How the second input broadcast before opset 7. */
#define LEGACY_BROADCAST                                                                                     \
  .legacy_broadcast = true,                                                                                  \
  .attributes = {INT_ATTRIBUTE("broadcast", 0), {.name = "axis", .kind = ATTRIBUTE_INT, .no_default = true}}

/* Helpers that several families need (ops/common.c). */
/* The type in which a number of the model (float32 among the attributes) takes part beside elements of that type: the
   specification computes with numbers, not in the tensor's type. It is the same type where that holds the number
   exactly, else what 16-bit floats compute in, and f64 for integers; what comes of it is cast back. */
ElementType element_beside(ElementType element, double number);
/* A model's axis (negative counts from the end) within [0, limit); reports and gives false outside. */
bool call_axis(const OperatorCall *call, int64_t axis, uint32_t limit, uint32_t *result);
/* The integers of an attribute list or of an input of that name, as dims in the module's arena; none where neither is
   given. A constant of floats serves as an input where its numbers are whole. Reports and gives false where an input's
   values are known to the run only. */
bool call_integers(const OperatorCall *call, const char *name, Dim **dims, size_t *count);
/* As call_integers, but of no more than RANK_LIMIT numbers: one per axis. */
bool call_dims(const OperatorCall *call, const char *name, Dim *dims, size_t *count);
/* The tensor at indices along one axis, which take the place of that axis. Indices are i64 and count from 0; a run in which
   one lies outside of the axis returns AICC_E_INDEX. Null after a report, and for null. */
Value *call_gather(OperatorCall *call, Value *x, Value *indices, uint32_t axis);
/* How many elements there are over a set of axes, as a number of that type. */
Value *elements_over(Builder *builder, const Value *x, uint64_t axes, ElementType element);
/* The call's `auto_pad`; reports and gives false where it is not defined. */
typedef enum AutoPad { PAD_GIVEN, PAD_VALID, PAD_SAME_UPPER, PAD_SAME_LOWER } AutoPad;
bool call_auto_pad(const OperatorCall *call, AutoPad *mode);
/* Spatial geometry of convolution and pooling. */
enum { SPATIAL_LIMIT = 8 };
typedef struct Window {
  uint32_t axes; /* spatial axes */
  Dim input[SPATIAL_LIMIT], output[SPATIAL_LIMIT];
  Dim low[SPATIAL_LIMIT], high[SPATIAL_LIMIT]; /* padding before and after */
  Dim kernel[SPATIAL_LIMIT];
  int64_t stride[SPATIAL_LIMIT], dilation[SPATIAL_LIMIT];
} Window;
/* From `strides`, `dilations`, `pads`, `auto_pad`, `ceil_mode` of the call; kernel is given. `input` has rank
   axes + 2. Reports and gives false where they do not fit. */
bool call_window(const OperatorCall *call, const Value *input, const Dim *kernel, Window *window);
#endif
