/* SPDX-License-Identifier: Apache-2.0 */
/* Monoids over strips. Whether a strip lies along a reduced axis (fold) or along the target (add) does not
   change the order in which floats are accumulated, hence not the bits. */
#include "loop/interpret_internal.h"
#include <math.h>
#include <string.h>

bool accumulator_create(Accumulator *accumulator, Scalar monoid, ElementType type) {
  bool rounds = element_is_float(type) && (monoid == SCALAR_ADD || monoid == SCALAR_MUL);
  accumulator->monoid = monoid;
  accumulator->type = type;
  accumulator->combine = rounds ? NULL : strip_function(monoid, type, type);
  accumulator->identity = scalar_identity_bits(monoid, type);
  return scalar_is_monoid(monoid) && (rounds || accumulator->combine);
}

void accumulator_reset(Accumulator *accumulator, size_t count) {
  if (accumulator->combine) {
    strip_fill(accumulator->type, accumulator->identity, count, accumulator->values);
    return;
  }
  for (size_t k = 0; k < count; k++) {
    accumulator->values[k] = accumulator->monoid == SCALAR_MUL;
    accumulator->lost[k] = 0;
  }
}

/* What s = a + b lost: Knuth, The Art of Computer Programming, volume 2, section 4.2.2. */
static double lost_by_sum(double a, double b, double s) {
  double part = s - a;
  return (a - (s - part)) + (b - part);
}

static void add_f64(Accumulator *accumulator, size_t at, double x) {
  double before = accumulator->values[at], after;
  if (accumulator->monoid == SCALAR_ADD) {
    after = before + x;
    accumulator->lost[at] += lost_by_sum(before, x, after);
  } else {
    after = before * x;
    accumulator->lost[at] = accumulator->lost[at] * x + fma(before, x, -after);
  }
  accumulator->values[at] = after;
}

void accumulator_add(Accumulator *accumulator, size_t count, const void *strip) {
  double *values = accumulator->values;
  if (accumulator->combine) {
    accumulator->combine(count, (const void *[]){values, strip}, values);
  } else if (accumulator->type == ELEMENT_F64) {
    for (size_t k = 0; k < count; k++) add_f64(accumulator, k, ((const double *)strip)[k]);
  } else if (accumulator->monoid == SCALAR_ADD) {
    for (size_t k = 0; k < count; k++) values[k] += (double)((const float *)strip)[k];
  } else {
    for (size_t k = 0; k < count; k++) values[k] *= (double)((const float *)strip)[k];
  }
}

void accumulator_fold(Accumulator *accumulator, size_t count, void *strip) {
  double *values = accumulator->values;
  if (accumulator->combine) { /* exact in any order: halve the strip */
    size_t size = compute_byte_count(accumulator->type);
    for (; count > 1; count -= count / 2) {
      const void *upper = (const uint8_t *)strip + (count - count / 2) * size;
      accumulator->combine(count / 2, (const void *[]){strip, upper}, strip);
    }
    accumulator->combine(count, (const void *[]){values, strip}, values);
  } else if (accumulator->type == ELEMENT_F64) {
    for (size_t k = 0; k < count; k++) add_f64(accumulator, 0, ((const double *)strip)[k]);
  } else if (accumulator->monoid == SCALAR_ADD) {
    for (size_t k = 0; k < count; k++) values[0] += (double)((const float *)strip)[k];
  } else {
    for (size_t k = 0; k < count; k++) values[0] *= (double)((const float *)strip)[k];
  }
}

void accumulator_finish(const Accumulator *accumulator, size_t count, void *strip) {
  const double *values = accumulator->values, *lost = accumulator->lost;
  if (accumulator->combine) {
    memcpy(strip, values, count * compute_byte_count(accumulator->type));
  } else if (accumulator->type == ELEMENT_F64) {
    double *out = strip;
    for (size_t k = 0; k < count; k++)
      out[k] = isfinite(values[k] + lost[k]) ? values[k] + lost[k] : values[k];
  } else {
    float *out = strip;
    for (size_t k = 0; k < count; k++) out[k] = (float)values[k];
  }
}
