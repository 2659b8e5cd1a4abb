/* SPDX-License-Identifier: Apache-2.0 */
/* Transposed convolution by phases: output s*p+r sees the taps k with r + low - d*k divisible by s, which are every
   (s/g)-th from a first one on, g the greatest common divisor of s and d. So each residue r is a dense convolution with
   some of the taps, and the results interleave: joined along a new axis behind p. No reshape stands between the joins of
   several axes, so that all residues can be computed in place. */
#include "ops/families.h"

static const char *const output_names[SPATIAL_LIMIT] = {"p", "q", "r", "p3", "p4", "p5", "p6", "p7"};
static const char *const tap_names[SPATIAL_LIMIT] = {"i", "j", "k", "k3", "k4", "k5", "k6", "k7"};

typedef struct Transposed {
  OperatorCall *call;
  Value *x, *w, *bias; /* bias: null, or of rank axes + 1 */
  int64_t groups;
  Dim group_inputs, group_outputs;
  uint32_t axes;
  Dim kernel[SPATIAL_LIMIT];
  int64_t stride[SPATIAL_LIMIT], dilation[SPATIAL_LIMIT], low[SPATIAL_LIMIT];
  Dim output[SPATIAL_LIMIT], steps[SPATIAL_LIMIT]; /* steps: outputs per residue */
  /* Where only the run knows how much padding there is, all outputs are computed, and `wanted` of them taken from
     `start` on. */
  bool is_cut;
  Dim start[SPATIAL_LIMIT], wanted[SPATIAL_LIMIT];
} Transposed;

static int64_t list_or(const OperatorCall *call, const char *name, uint32_t index, int64_t fallback) {
  const Attribute *attribute = call_attribute(call, name);
  return attribute && index < attribute->count ? attribute->integers[index] : fallback;
}

static bool check_list(const OperatorCall *call, const char *name, size_t count, int64_t least) {
  const Attribute *attribute = call_attribute(call, name);
  if (!attribute) return true;
  if (attribute->count != count)
    return call_invalid(call, "attribute '%s' has %zu numbers, %zu are needed", name, attribute->count, count);
  for (size_t i = 0; i < count; i++)
    if (attribute->integers[i] < least || attribute->integers[i] > INT32_MAX)
      return call_invalid(call, "attribute '%s' has %lld", name, (long long)attribute->integers[i]);
  return true;
}

/* Padding before and extent of one axis. */
static bool read_axis(Transposed *t, uint32_t i, AutoPad mode) {
  const OperatorCall *call = t->call;
  DimContext *context = call->builder->module->dims;
  t->stride[i] = list_or(call, "strides", i, 1);
  t->dilation[i] = list_or(call, "dilations", i, 1);
  Dim stride = dim_constant(context, t->stride[i]), one = dim_constant(context, 1), input = t->x->type.dims[i + 2];
  Dim reach = dim_multiply(context, dim_subtract(context, t->kernel[i], one), dim_constant(context, t->dilation[i]));
  Dim full = dim_add(context, dim_multiply(context, dim_subtract(context, input, one), stride), reach);
  full = dim_add(context, full, dim_constant(context, list_or(call, "output_padding", i, 0) + 1));
  bool same = mode == PAD_SAME_UPPER || mode == PAD_SAME_LOWER;
  const Attribute *shape = call_attribute(call, "output_shape");
  t->low[i] = list_or(call, "pads", i, 0);
  t->output[i] = dim_subtract(context, full, dim_constant(context, t->low[i] + list_or(call, "pads", i + t->axes, 0)));
  if (mode == PAD_VALID) {
    t->low[i] = 0;
    t->output[i] = full;
  }
  if (shape || same) {
    t->output[i] = shape ? dim_constant(context, shape->integers[i]) : dim_multiply(context, input, stride);
    /* Below 0: outputs beyond the full extent, of which the formula puts some before it. */
    Dim total = dim_subtract(context, full, t->output[i]), half = dim_floor_divide(context, total, dim_constant(context, 2));
    Dim low = mode == PAD_SAME_UPPER ? half : dim_subtract(context, total, half);
    if (!dim_is_constant(low, &t->low[i])) {
      t->is_cut = true;
      t->start[i] = low;
      t->wanted[i] = t->output[i];
      t->low[i] = 0;
      t->output[i] = full;
    }
  }
  if (!build_require_at_least(call->builder, t->output[i], dim_constant(context, 0), "an axis of the output has a negative extent"))
    return false;
  t->output[i] = dim_max(context, t->output[i], dim_constant(context, 0));
  t->steps[i] = dim_ceil_divide(context, t->output[i], stride);
  if (!t->wanted[i]) {
    t->start[i] = dim_constant(context, 0);
    t->wanted[i] = t->output[i];
  }
  return true;
}

static bool read_transposed(OperatorCall *call, Transposed *t) {
  DimContext *context = call->builder->module->dims;
  Value *x = call->inputs[0], *w = call->inputs[1];
  *t = (Transposed){.call = call, .x = x, .w = w, .groups = call_int(call, "group"), .axes = x->type.rank - 2};
  if (x->type.rank < 3 || x->type.rank != w->type.rank || t->axes > SPATIAL_LIMIT)
    return call_invalid(call, "X and W must have the same rank of at least 3, found %u and %u", x->type.rank, w->type.rank);
  if (t->groups < 1 || t->groups > INT32_MAX) return call_invalid(call, "group is %lld", (long long)t->groups);
  Dim channels = dim_plainer(w->type.dims[0], x->type.dims[1]);
  if (!build_require_equal(call->builder, x->type.dims[1], w->type.dims[0], "the input's channels are not the weights' first dim") ||
      !build_require_multiple(call->builder, channels, t->groups, "the groups do not divide the input channels"))
    return false;
  t->group_inputs = dim_floor_divide(context, channels, dim_constant(context, t->groups));
  t->group_outputs = w->type.dims[1];
  if (!check_list(call, "strides", t->axes, 1) || !check_list(call, "dilations", t->axes, 1) ||
      !check_list(call, "output_padding", t->axes, 0) || !check_list(call, "output_shape", t->axes, 0) ||
      !check_list(call, "pads", 2 * (size_t)t->axes, 0) || !check_list(call, "kernel_shape", t->axes, 1))
    return false;
  AutoPad mode = PAD_GIVEN;
  if (!call_auto_pad(call, &mode)) return false;
  for (uint32_t i = 0; i < t->axes; i++) {
    t->kernel[i] = w->type.dims[i + 2];
    if (call_attribute(call, "kernel_shape")) t->kernel[i] = dim_constant(context, list_or(call, "kernel_shape", i, 0));
    if (!build_require_equal(call->builder, w->type.dims[i + 2], t->kernel[i], "the weights' window is not kernel_shape") ||
        !build_require_at_least(call->builder, t->kernel[i], dim_constant(context, 1), "a window has no extent") ||
        !read_axis(t, i, mode))
      return false;
  }
  return true;
}

static int64_t greatest_common_divisor(int64_t a, int64_t b) {
  while (b) {
    int64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/* The taps of a residue: first, distance, count, and where the first reads for output step 0. */
typedef struct Taps {
  int64_t first, distance, start, step;
  Dim count;
} Taps;

static Taps taps_of(const Transposed *t, uint32_t axis, int64_t residue) {
  DimContext *context = t->call->builder->module->dims;
  int64_t s = t->stride[axis], d = t->dilation[axis], g = greatest_common_divisor(s, d);
  Taps taps = {.distance = s / g, .step = d / g, .count = dim_constant(context, 0)};
  for (int64_t k = 0; k < taps.distance; k++) {
    int64_t place = residue + t->low[axis] - d * k;
    if (place % s) continue;
    Dim behind = dim_subtract(context, t->kernel[axis], dim_constant(context, k));
    taps.first = k;
    taps.count = dim_max(context, taps.count, dim_ceil_divide(context, behind, dim_constant(context, taps.distance)));
    taps.start = place / s;
    break;
  }
  return taps;
}

/* The convolution of one residue per axis: x[n, C*g+c, p+start-step*k], w[C*g+c, o, first+distance*k] -> [n, O*g+o, p]. */
static Value *convolve_residue(const Transposed *t, const int64_t *residues) {
  Builder *builder = t->call->builder;
  DimContext *context = builder->module->dims;
  EquationBuilder *equation = equation_start(builder);
  Dim zero = dim_constant(context, 0), one = dim_constant(context, 1), dims[SPATIAL_LIMIT + 2];
  bool empty = false;
  dims[0] = t->x->type.dims[0];
  dims[1] = dim_multiply(context, dim_constant(context, t->groups), t->group_outputs);
  for (uint32_t i = 0; i < t->axes; i++) {
    dims[i + 2] = t->steps[i];
    empty = empty || dim_equals_constant(taps_of(t, i, residues[i]).count, 0);
  }
  ElementType element = t->x->type.element;
  if (empty) return build_splat(builder, element, 0, t->axes + 2, dims);
  uint32_t skip = t->groups == 1; /* without groups only the second of each pair stands */
  uint32_t batch = equation_label(equation, "n", dims[0]);
  uint32_t group = skip ? 0 : equation_label(equation, "g", dim_constant(context, t->groups));
  uint32_t output = equation_label(equation, "o", t->group_outputs), channel = equation_label(equation, "c", t->group_inputs);
  uint32_t inputs[2] = {group, channel}, outputs[2] = {group, output};
  Dim input_steps[2] = {t->group_inputs, one}, output_steps[2] = {t->group_outputs, one};
  equation_operand_label(equation, 0, batch);
  equation_operand(equation, 0, zero, 2 - skip, inputs + skip, input_steps + skip);
  equation_operand(equation, 1, zero, 2 - skip, inputs + skip, input_steps + skip);
  equation_operand_label(equation, 1, output);
  equation_result_label(equation, batch);
  equation_result(equation, zero, 2 - skip, outputs + skip, output_steps + skip, dims[1]);
  for (uint32_t i = 0; i < t->axes; i++) {
    Taps taps = taps_of(t, i, residues[i]);
    uint32_t pair[2] = {equation_label(equation, output_names[i], t->steps[i]),
                        equation_label(equation, tap_names[i], taps.count)};
    Dim steps[2] = {one, dim_constant(context, -taps.step)}, distance = dim_constant(context, taps.distance);
    equation_operand(equation, 0, dim_constant(context, taps.start), 2, pair, steps);
    equation_operand(equation, 1, dim_constant(context, taps.first), 1, &pair[1], &distance);
    equation_result_label(equation, pair[0]);
  }
  return build_contract(equation, t->x, t->w);
}

/* The result of one residue per axis, its bias added, with an axis of extent 1 behind each that residues share. */
static Value *residue_part(const Transposed *t, const int64_t *residues) {
  Builder *builder = t->call->builder;
  Value *y = convolve_residue(t, residues);
  Dim dims[2 + 2 * SPATIAL_LIMIT];
  uint32_t rank = 0;
  if (t->bias) y = build_binary(builder, SCALAR_ADD, y, t->bias);
  if (!y) return NULL;
  for (uint32_t i = 0; i < t->axes + 2; i++) {
    dims[rank++] = y->type.dims[i];
    if (i >= 2 && t->stride[i - 2] > 1) dims[rank++] = dim_constant(builder->module->dims, 1);
  }
  return build_reshape(builder, y, rank, dims);
}

/* All residues of the axes from `axis` on, joined; `place` is where the axis stands among those of the parts. */
static Value *join_residues(const Transposed *t, int64_t *residues, uint32_t axis, uint32_t place) {
  Builder *builder = t->call->builder;
  if (axis == t->axes) return residue_part(t, residues);
  int64_t stride = t->stride[axis];
  Value **parts = arena_array(builder->module->arena, Value *, (size_t)stride);
  for (int64_t r = 0; r < stride; r++) {
    residues[axis] = r;
    parts[r] = join_residues(t, residues, axis + 1, place + (stride > 1 ? 2 : 1));
    if (!parts[r]) return NULL;
  }
  return stride == 1 ? parts[0] : build_concat(builder, parts, (uint32_t)stride, place + 1);
}

/* Joined residues side by side: output s*p+r is step p of residue r. */
static Value *interleave(const Transposed *t) {
  DimContext *context = t->call->builder->module->dims;
  int64_t residues[SPATIAL_LIMIT] = {0};
  Value *joined = join_residues(t, residues, 0, 2);
  Dim dims[SPATIAL_LIMIT + 2];
  if (!joined) return NULL;
  for (uint32_t i = 0; i < t->axes + 2; i++)
    dims[i] = i < 2 ? joined->type.dims[i] : dim_multiply(context, t->steps[i - 2], dim_constant(context, t->stride[i - 2]));
  return build_reshape(t->call->builder, joined, t->axes + 2, dims);
}

static bool expand_conv_transpose(OperatorCall *call, Value **results) {
  enum { RESIDUE_LIMIT = 4096 };
  Builder *builder = call->builder;
  DimContext *context = builder->module->dims;
  Transposed t;
  int64_t step[RANK_LIMIT], product = 1;
  if (!read_transposed(call, &t)) return false;
  for (uint32_t i = 0; i < t.axes && product <= RESIDUE_LIMIT; i++) product *= t.stride[i];
  if (product > RESIDUE_LIMIT) return call_invalid(call, "strides whose product is above %d are not supported", RESIDUE_LIMIT);
  Value *bias = call_input(call, "B");
  if (bias) {
    Dim dims[SPATIAL_LIMIT + 1];
    Dim outputs = dim_multiply(context, dim_constant(context, t.groups), t.group_outputs);
    if (bias->type.rank != 1) return call_invalid(call, "the bias must have one axis, found %u", bias->type.rank);
    bias = build_with_dims(builder, bias, &outputs, RANK_LIMIT, "the bias does not have one number per output channel");
    for (uint32_t i = 0; i <= t.axes; i++) dims[i] = i ? dim_constant(context, 1) : outputs;
    bias = build_reshape(builder, bias, t.axes + 1, dims);
    if (!t.is_cut) t.bias = bias;
  }
  Value *y = interleave(&t);
  if (!y) return false;
  Dim start[RANK_LIMIT], extent[RANK_LIMIT];
  for (uint32_t i = 0; i < y->type.rank; i++) {
    start[i] = i < 2 ? dim_constant(context, 0) : t.start[i - 2];
    step[i] = 1;
    extent[i] = i < 2 ? y->type.dims[i] : t.wanted[i - 2];
  }
  results[0] = build_slice(builder, y, start, step, extent);
  if (bias && t.is_cut) results[0] = build_binary(builder, SCALAR_ADD, results[0], bias); /* also beyond what was computed */
  return results[0] != NULL;
}

const Operator conv_transpose_operators[] = {
    {.name = "ConvTranspose", .since = 1, .inputs = {INPUT("X", FLOAT), INPUT("W", FLOAT), OPTIONAL_INPUT("B", FLOAT)},
     .attributes = {STRING_ATTRIBUTE("auto_pad", "NOTSET"), INTS_ATTRIBUTE("dilations"), INT_ATTRIBUTE("group", 1),
                    INTS_ATTRIBUTE("kernel_shape"), INTS_ATTRIBUTE("output_padding"), INTS_ATTRIBUTE("output_shape"),
                    INTS_ATTRIBUTE("pads"), INTS_ATTRIBUTE("strides")},
     .expand = expand_conv_transpose, .doc = "The adjoint of a convolution, as one dense convolution per residue of the strides."},
    {0}};
