/* SPDX-License-Identifier: Apache-2.0 */
/* Proves that subscripts stay inside: from the axes' extents, or with guards. Where form = c * guard + rest,
   the guard's range bounds the first part and the rest is bounded in turn. */
#include "loop/verify_kernel.h"

enum { PROOF_DEPTH_LIMIT = 3 };

/* coefficients[a] is null where the form does not use axis a. */
typedef struct Form {
  Dim offset;
  Dim coefficients[POINT_LIMIT];
} Form;

static Form form_of(const Subscript *subscript) {
  Form form = {.offset = subscript->offset};
  for (uint32_t i = 0; i < subscript->term_count; i++)
    form.coefficients[subscript->terms[i].label] = subscript->terms[i].coefficient;
  return form;
}

/* form + factor * subscript. */
static Form form_add(DimContext *dims, Form form, Dim factor, const Subscript *subscript) {
  form.offset = dim_add(dims, form.offset, dim_multiply(dims, factor, subscript->offset));
  for (uint32_t i = 0; i < subscript->term_count; i++) {
    Dim *coefficient = &form.coefficients[subscript->terms[i].label];
    Dim more = dim_multiply(dims, factor, subscript->terms[i].coefficient);
    *coefficient = *coefficient ? dim_add(dims, *coefficient, more) : more;
    if (dim_equals_constant(*coefficient, 0)) *coefficient = NULL;
  }
  return form;
}

/* The least value over all points of the axes; the invalid dim where a coefficient's sign is unknown. */
static Dim form_least(const KernelVerifier *verifier, const Form *form) {
  DimContext *dims = verifier->program->dims;
  Dim least = form->offset, one = dim_constant(dims, 1);
  for (uint32_t a = 0; a < verifier->kernel->axis_count + verifier->kernel->index_count; a++) {
    Dim coefficient = form->coefficients[a];
    if (!coefficient || dim_range(dims, coefficient).low >= 0) continue;
    if (dim_range(dims, coefficient).high > 0) return dim_invalid(dims);
    Dim last = dim_subtract(dims, verifier->kernel->axes[a].extent, one);
    least = dim_add(dims, least, dim_multiply(dims, coefficient, last));
  }
  return least;
}

/* c with form = c * guard on this axis; null where there is none. */
static Dim quotient(DimContext *dims, Dim form, Dim guard) {
  int64_t a, b;
  if (form == guard) return dim_constant(dims, 1);
  if (form == dim_subtract(dims, dim_constant(dims, 0), guard)) return dim_constant(dims, -1);
  if (!dim_is_constant(form, &a) || !dim_is_constant(guard, &b) || b == 0 || (a == INT64_MIN && b == -1) ||
      a % b)
    return NULL;
  return dim_constant(dims, a / b);
}

static bool at_least(const KernelVerifier *verifier, const Form *form, Dim low, uint64_t used, int depth);

/* Through a guard without axes, such as 0 in [0, N): what it says of dims is not negative, so the form is at least what is
   left of it without that. */
static bool at_least_without(const KernelVerifier *verifier, const Form *form, Dim low, uint64_t used, int depth,
                             const GuardRange *guard) {
  DimContext *dims = verifier->program->dims;
  Dim above = dim_subtract(dims, guard->form.offset, guard->low);
  Dim below = dim_subtract(dims, dim_subtract(dims, guard->high, dim_constant(dims, 1)), guard->form.offset);
  Form less = *form, lesser = *form;
  less.offset = dim_subtract(dims, form->offset, above);
  lesser.offset = dim_subtract(dims, form->offset, below);
  return at_least(verifier, &less, low, used, depth) || at_least(verifier, &lesser, low, used, depth);
}

/* Through one guard: form = c * guard + rest, so form >= c * (guard's end) + rest. */
static bool at_least_by(const KernelVerifier *verifier, const Form *form, Dim low, uint64_t used, int depth,
                        uint32_t index) {
  DimContext *dims = verifier->program->dims;
  const GuardRange *guard = verifier->guards[index];
  if (!guard->form.term_count)
    return at_least_without(verifier, form, low, used | UINT64_C(1) << index, depth + 1, guard);
  for (uint32_t i = 0; i < guard->form.term_count; i++) {
    const AffineTerm *term = &guard->form.terms[i];
    Dim own = form->coefficients[term->label], factor = own ? quotient(dims, own, term->coefficient) : NULL;
    if (!factor) continue;
    bool positive = dim_range(dims, factor).low > 0;
    Dim end = positive ? guard->low : dim_subtract(dims, guard->high, dim_constant(dims, 1));
    Form rest = form_add(dims, *form, dim_subtract(dims, dim_constant(dims, 0), factor), &guard->form);
    Dim needed = dim_subtract(dims, low, dim_multiply(dims, factor, end));
    if (at_least(verifier, &rest, needed, used | UINT64_C(1) << index, depth + 1)) return true;
  }
  return false;
}

static bool at_least(const KernelVerifier *verifier, const Form *form, Dim low, uint64_t used, int depth) {
  DimContext *dims = verifier->program->dims;
  Dim least = form_least(verifier, form);
  if (dim_is_valid(least) && dim_is_valid(low) && dim_less_equal(dims, low, least) == TRUTH_YES) return true;
  for (uint32_t i = 0; depth < PROOF_DEPTH_LIMIT && i < verifier->guard_count; i++)
    if (!(used >> i & 1) && at_least_by(verifier, form, low, used, depth, i)) return true;
  return false;
}

bool form_proved_within(KernelVerifier *verifier, const Subscript *subscript, Dim low, Dim high) {
  DimContext *dims = verifier->program->dims;
  for (uint32_t i = 0; i < verifier->guard_count; i++) {
    const GuardRange *guard = verifier->guards[i];
    if (subscript_equal(&guard->form, subscript) && guard->low == low && guard->high == high) return true;
  }
  Dim zero = dim_constant(dims, 0), minus = dim_constant(dims, -1);
  Form form = form_of(subscript), none = {.offset = zero};
  Form negative = form_add(dims, none, minus, subscript);
  return at_least(verifier, &form, low, 0, 0) &&
         at_least(verifier, &negative, dim_subtract(dims, dim_constant(dims, 1), high), 0, 0);
}
