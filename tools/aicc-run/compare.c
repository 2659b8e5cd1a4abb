/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing, summarising and hashing outputs. */
#include "compare.h"
#include "aicc/abi.h"
#include <math.h>
#include <string.h>

typedef struct Difference {
  size_t mismatch_count, first_mismatch; /* in elements */
  double max_absolute, max_relative;     /* over finite pairs; relative where the expected value is not 0 */
} Difference;

static bool floats_agree(double got, double want, double relative, double absolute, Difference *difference) {
  if (isnan(got) || isnan(want)) return isnan(got) && isnan(want);
  if (isinf(got) || isinf(want)) return got == want;
  double error = fabs(got - want);
  if (error > difference->max_absolute) difference->max_absolute = error;
  if (want != 0 && error / fabs(want) > difference->max_relative)
    difference->max_relative = error / fabs(want);
  return error <= absolute + relative * fabs(want);
}

/* Integers take part in the figures too, as far as a double can tell. */
static bool integers_agree(const Tensor *got, const Tensor *want, size_t i, Difference *difference) {
  if (element_code(got->dtype, got->data, i) == element_code(want->dtype, want->data, i)) return true;
  double g = (double)element_integer(got->dtype, got->data, i),
         w = (double)element_integer(want->dtype, want->data, i);
  floats_agree(g, w, 0, 0, difference);
  return false;
}

static bool strings_agree(const Tensor *got, const Tensor *want, size_t i) {
  const aicc_string *g = (const aicc_string *)got->data + i, *w = (const aicc_string *)want->data + i;
  return g->length == w->length && (g->length == 0 || memcmp(g->data, w->data, g->length) == 0);
}

static bool elements_agree(const Tensor *got, const Tensor *want, size_t i, double relative, double absolute,
                           Difference *difference) {
  switch (element_type(got->dtype)->kind) {
  case ELEMENT_FLOAT:
    return floats_agree(element_float(got->dtype, got->data, i), element_float(want->dtype, want->data, i),
                        relative, absolute, difference);
  case ELEMENT_COMPLEX: {
    bool same = true;
    for (size_t part = 2 * i; part < 2 * i + 2; ++part)
      same = floats_agree(element_float(got->dtype, got->data, part),
                          element_float(want->dtype, want->data, part), relative, absolute, difference) &&
             same;
    return same;
  }
  case ELEMENT_STRING:
    return strings_agree(got, want, i);
  case ELEMENT_SIGNED:
  case ELEMENT_UNSIGNED:
  case ELEMENT_BOOL:
    break;
  }
  return integers_agree(got, want, i, difference);
}

static void print_index(const Tensor *tensor, size_t element) {
  int64_t index[MAX_RANK];
  for (uint32_t d = tensor->rank; d-- > 0; element /= (size_t)tensor->dims[d])
    index[d] = (int64_t)(element % (size_t)tensor->dims[d]);
  putchar('[');
  for (uint32_t d = 0; d < tensor->rank; ++d) printf("%s%lld", d ? "," : "", (long long)index[d]);
  putchar(']');
}

static void print_head(const char *name, const Tensor *output) {
  printf("output %s ", name);
  tensor_print_type(stdout, output->dtype, output->rank, output->dims);
}

bool output_compare(const char *name, const Tensor *got, const Tensor *want, double relative,
                    double absolute) {
  print_head(name, got);
  bool same_dims = got->rank == want->rank;
  for (uint32_t d = 0; same_dims && d < got->rank; ++d) same_dims = got->dims[d] == want->dims[d];
  if (got->dtype != want->dtype || !same_dims) {
    printf(" MISMATCH %s: expected ", got->dtype != want->dtype ? "element type" : "shape");
    tensor_print_type(stdout, want->dtype, want->rank, want->dims);
    putchar('\n');
    return false;
  }
  Difference difference = {0};
  for (size_t i = 0; i < got->element_count; ++i) {
    if (elements_agree(got, want, i, relative, absolute, &difference)) continue;
    if (difference.mismatch_count++ == 0) difference.first_mismatch = i;
  }
  bool ok = difference.mismatch_count == 0;
  printf(" %s max_abs=%.3g max_rel=%.3g", ok ? "ok" : "MISMATCH", difference.max_absolute,
         difference.max_relative);
  if (!ok) {
    printf(", %zu of %zu elements differ, first at ", difference.mismatch_count, got->element_count);
    print_index(got, difference.first_mismatch);
    printf(": got ");
    element_print(stdout, got->dtype, got->data, difference.first_mismatch);
    printf(" expected ");
    element_print(stdout, want->dtype, want->data, difference.first_mismatch);
  }
  putchar('\n');
  return ok;
}

/* Finds the least and the greatest element; NaNs are counted and left out. False when there is none. */
static bool find_range(const Tensor *output, size_t *least, size_t *greatest, size_t *nan_count) {
  const ElementType *type = element_type(output->dtype);
  bool any = false;
  for (size_t i = 0; i < output->element_count; ++i) {
    bool below, above;
    if (type->kind == ELEMENT_FLOAT) {
      double value = element_float(output->dtype, output->data, i);
      if (isnan(value)) {
        ++*nan_count;
        continue;
      }
      below = any && value < element_float(output->dtype, output->data, *least);
      above = any && value > element_float(output->dtype, output->data, *greatest);
    } else {
      int64_t value = element_integer(output->dtype, output->data, i);
      int64_t low = element_integer(output->dtype, output->data, any ? *least : i);
      int64_t high = element_integer(output->dtype, output->data, any ? *greatest : i);
      bool is_signed = type->kind == ELEMENT_SIGNED;
      below = is_signed ? value < low : (uint64_t)value < (uint64_t)low;
      above = is_signed ? value > high : (uint64_t)value > (uint64_t)high;
    }
    if (!any || below) *least = i;
    if (!any || above) *greatest = i;
    any = true;
  }
  return any;
}

void output_summarise(const char *name, const Tensor *output) {
  enum { SHOWN = 6 };
  print_head(name, output);
  printf(" first=");
  for (size_t i = 0; i < output->element_count && i < SHOWN; ++i) {
    if (i) putchar(',');
    element_print(stdout, output->dtype, output->data, i);
  }
  if (output->element_count > SHOWN) printf(",...");
  ElementKind kind = element_type(output->dtype)->kind;
  size_t least = 0, greatest = 0, nan_count = 0;
  if (kind != ELEMENT_STRING && kind != ELEMENT_COMPLEX &&
      find_range(output, &least, &greatest, &nan_count)) {
    printf(" min=");
    element_print(stdout, output->dtype, output->data, least);
    printf(" max=");
    element_print(stdout, output->dtype, output->data, greatest);
  }
  if (nan_count) printf(" nan=%zu", nan_count);
  putchar('\n');
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t byte_count) {
  const unsigned char *at = bytes;
  for (size_t i = 0; i < byte_count; ++i) hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
  return hash;
}

uint64_t output_hash(uint64_t hash, const Tensor *output) {
  if (element_type(output->dtype)->kind != ELEMENT_STRING)
    return hash_bytes(hash, output->data, output->byte_count);
  for (size_t i = 0; i < output->element_count; ++i) {
    const aicc_string *string = (const aicc_string *)output->data + i;
    uint64_t length = string->length;
    hash = hash_bytes(hash_bytes(hash, &length, sizeof length), string->data, string->length);
  }
  return hash;
}
