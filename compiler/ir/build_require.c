/* SPDX-License-Identifier: Apache-2.0 */
/* What operators demand of dims. Each function answers at once where the dims say it; what they leave open becomes a
   check of the run: a dim that must be 0. */
#include "base/text.h"
#include "ir/build.h"
#include "ir/build_internal.h"

/* An outer region that has the check runs it before this one. */
static bool is_required_already(const Builder *builder, Dim form) {
  const Module *module = builder->module;
  for (const Region *region = builder->region; region; region = region->owner ? region->owner->parent : NULL)
    for (size_t i = module->requirement_count; i-- > 0;)
      if (module->requirements[i].form == form && module->requirements[i].region == region) return true;
  return false;
}

/* Makes the run return AICC_E_SHAPE where the dim is not 0. */
static bool require_zero(Builder *builder, Dim form) {
  Module *module = builder->module;
  if (!dim_is_valid(form)) return report(module->diagnostics, &builder->location, MESSAGE_SHAPE_OVERFLOW);
  if (is_required_already(builder, form)) return true;
  Node *node = build_node(builder, PRIMITIVE_REQUIRE_DIMS, NULL, 0);
  Attribute attribute = {.name = "zero", .kind = ATTRIBUTE_DIMS, .count = 1};
  attribute.dims = arena_copy(module->arena, &form, sizeof form);
  build_attributes(builder, node, &attribute, 1);
  module_add_requirement(module, builder->region, form);
  return true;
}

/* "the inner dims differ: 3 and N+1" */
static bool contradiction(Builder *builder, const char *what, Dim a, Dim b) {
  Text text = {0};
  text_format(&text, "%s: ", what);
  dim_print(&text, a);
  text_add(&text, " and ");
  dim_print(&text, b);
  build_error(builder, MESSAGE_SHAPE_MISMATCH, text_string(&text));
  text_free(&text);
  return false;
}

static Dim difference(DimContext *context, Dim a, Dim b) {
  Dim one_way = dim_subtract(context, a, b), other_way = dim_subtract(context, b, a);
  return dim_max(context, one_way, other_way);
}

bool build_require_equal(Builder *builder, Dim a, Dim b, const char *what) {
  DimContext *context = builder->module->dims;
  Truth truth = dim_equal(context, a, b);
  if (truth == TRUTH_NO) return contradiction(builder, what, a, b);
  return truth == TRUTH_YES || require_zero(builder, dim_subtract(context, a, b));
}

bool build_require_at_least(Builder *builder, Dim a, Dim least, const char *what) {
  DimContext *context = builder->module->dims;
  Truth truth = dim_less_equal(context, least, a);
  if (truth == TRUTH_NO) return contradiction(builder, what, a, least);
  Dim excess = dim_subtract(context, a, least);
  return truth == TRUTH_YES || require_zero(builder, dim_min(context, excess, dim_constant(context, 0)));
}

bool build_require_multiple(Builder *builder, Dim a, int64_t factor, const char *what) {
  DimContext *context = builder->module->dims;
  Dim rest = dim_modulo(context, a, dim_constant(context, factor));
  Truth truth = dim_equal(context, rest, dim_constant(context, 0));
  if (truth == TRUTH_NO) return contradiction(builder, what, a, dim_constant(context, factor));
  return truth == TRUTH_YES || require_zero(builder, rest);
}

bool build_require_stretches(Builder *builder, Dim a, Dim to, const char *what) {
  DimContext *context = builder->module->dims;
  Dim one = dim_constant(context, 1);
  Truth equal = dim_equal(context, a, to), unit = dim_equal(context, a, one);
  if (equal == TRUTH_YES || unit == TRUTH_YES) return true;
  if (unit == TRUTH_NO) return build_require_equal(builder, a, to, what);
  if (equal == TRUTH_NO) return build_require_equal(builder, a, one, what);
  return require_zero(builder, dim_min(context, difference(context, a, to), difference(context, a, one)));
}

bool build_require_broadcast(Builder *builder, Dim a, Dim b, const char *what) {
  DimContext *context = builder->module->dims;
  Dim one = dim_constant(context, 1);
  if (dim_equal(context, a, one) == TRUTH_YES) return true;
  if (dim_equal(context, a, one) == TRUTH_NO) return build_require_stretches(builder, b, a, what);
  if (dim_equal(context, b, one) == TRUTH_NO) return build_require_stretches(builder, a, b, what);
  if (dim_equal(context, a, b) == TRUTH_YES || dim_equal(context, b, one) == TRUTH_YES) return true;
  if (dim_is_clipped(context, a, b) || dim_is_clipped(context, b, a)) return build_require_equal(builder, a, b, what);
  Dim units = dim_min(context, difference(context, a, one), difference(context, b, one));
  return require_zero(builder, dim_min(context, difference(context, a, b), units));
}

Value *build_with_dims(Builder *builder, Value *a, const Dim *dims, uint32_t skipped, const char *what) {
  DimContext *context = builder->module->dims;
  Dim start[RANK_LIMIT], extent[RANK_LIMIT];
  int64_t step[RANK_LIMIT];
  bool same = true;
  if (!a) return NULL;
  for (uint32_t i = 0; i < a->type.rank; i++) {
    start[i] = dim_constant(context, 0);
    step[i] = 1;
    extent[i] = i == skipped ? a->type.dims[i] : dims[i];
    same = same && extent[i] == a->type.dims[i];
    if (i != skipped && !build_require_equal(builder, a->type.dims[i], dims[i], what)) return NULL;
  }
  return same ? a : build_slice(builder, a, start, step, extent);
}
