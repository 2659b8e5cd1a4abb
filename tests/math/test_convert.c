/* SPDX-License-Identifier: Apache-2.0 */
/* Checks the conversions of f16 and bf16: every 16-bit pattern when widening; when narrowing a stride over
   all floats, every midpoint between two results with its neighbours, and random doubles. The references are
   the compiler's own _Float16 and, for bf16, a search for the nearest value. Vector forms with TEST_LANES_32.
 */
#include "math/math.h"
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#ifndef TEST_LANES_32
#define TEST_LANES_32 1
#define TEST_LANES_64 1
#endif
enum { BATCH = 16 };

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#if TEST_LANES_32 == 1
#define VECTOR(type, lanes, name) typedef type name
#else
#define VECTOR(type, lanes, name) typedef type name __attribute__((ext_vector_type(lanes)))
#endif
VECTOR(float, TEST_LANES_32, Floats);
VECTOR(uint16_t, TEST_LANES_32, Halves);
VECTOR(double, TEST_LANES_64, Doubles);
VECTOR(uint16_t, TEST_LANES_64, NarrowHalves);

/* run_NAME converts BATCH numbers with the form under test. */
#define RUN(name, from, to, from_vector, to_vector, lanes)                                                   \
  to_vector JOIN(aicc_math_##name##_x, lanes)(from_vector x);                                                \
  static void run_##name(const from *x, to *out) {                                                           \
    for (int i = 0; i < BATCH; i += lanes) {                                                                 \
      from_vector in;                                                                                        \
      memcpy(&in, x + i, sizeof in);                                                                         \
      to_vector result = JOIN(aicc_math_##name##_x, lanes)(in);                                              \
      memcpy(out + i, &result, sizeof result);                                                               \
    }                                                                                                        \
  }
RUN(f16_to_f32, uint16_t, float, Halves, Floats, TEST_LANES_32)
RUN(f32_to_f16, float, uint16_t, Floats, Halves, TEST_LANES_32)
RUN(bf16_to_f32, uint16_t, float, Halves, Floats, TEST_LANES_32)
RUN(f32_to_bf16, float, uint16_t, Floats, Halves, TEST_LANES_32)
RUN(f64_to_f16, double, uint16_t, Doubles, NarrowHalves, TEST_LANES_64)

static int failures;

static void fail(const char *what, double x, unsigned got, unsigned want) {
  if (failures++ < 10) printf("%s of %a: got %#x, want %#x\n", what, x, got, want);
}

static uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static uint16_t half_bits(_Float16 x) {
  uint16_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static double half_value(uint16_t bits) {
  _Float16 x;
  memcpy(&x, &bits, sizeof x);
  return (double)x;
}

/* The bfloat16 nearest to x, ties to even, by comparing distances; x is no NaN. */
static uint16_t nearest_bf16(float x) {
  uint32_t below = bits_of(fabsf(x)) >> 16, sign = bits_of(x) >> 16 & 0x8000;
  if (below == 0x7f80) return (uint16_t)(below | sign);
  double low = (double)float_of(below << 16);
  double high = below + 1 == 0x7f80 ? 0x1p128 : (double)float_of((below + 1) << 16);
  double to_low = fabs((double)x) - low, to_high = high - fabs((double)x);
  bool up = to_high < to_low || (to_high == to_low && (below & 1));
  return (uint16_t)((below + up) | sign);
}

static void check_widening(void) {
  for (unsigned start = 0; start < 0x10000; start += BATCH) {
    uint16_t in[BATCH];
    float f16[BATCH], bf16[BATCH];
    for (unsigned i = 0; i < BATCH; i++) in[i] = (uint16_t)(start + i);
    run_f16_to_f32(in, f16);
    run_bf16_to_f32(in, bf16);
    for (unsigned i = 0; i < BATCH; i++) {
      float want = (float)half_value(in[i]), wide = float_of((uint32_t)in[i] << 16);
      bool same =
          isnan(want) ? isnan(f16[i]) && (bits_of(f16[i]) & 0x400000) : bits_of(want) == bits_of(f16[i]);
      if (!same) fail("f16 to f32", (double)in[i], bits_of(f16[i]), bits_of(want));
      same =
          isnan(wide) ? isnan(bf16[i]) && (bits_of(bf16[i]) & 0x400000) : bits_of(wide) == bits_of(bf16[i]);
      if (!same) fail("bf16 to f32", (double)in[i], bits_of(bf16[i]), bits_of(wide));
    }
  }
}

static void check_floats(const float *x) {
  uint16_t f16[BATCH], bf16[BATCH];
  run_f32_to_f16(x, f16);
  run_f32_to_bf16(x, bf16);
  for (int i = 0; i < BATCH; i++) {
    uint16_t want = half_bits((_Float16)x[i]);
    bool same = isnan(x[i]) ? (f16[i] & 0x7e00) == 0x7e00 : f16[i] == want;
    if (!same) fail("f32 to f16", (double)x[i], f16[i], want);
    want = isnan(x[i]) ? 0x7fc0 : nearest_bf16(x[i]);
    same = isnan(x[i]) ? (bf16[i] & 0x7fc0) == 0x7fc0 : bf16[i] == want;
    if (!same) fail("f32 to bf16", (double)x[i], bf16[i], want);
  }
}

static void check_doubles(const double *x) {
  uint16_t got[BATCH];
  run_f64_to_f16(x, got);
  for (int i = 0; i < BATCH; i++) {
    uint16_t want = half_bits((_Float16)x[i]);
    bool same = isnan(x[i]) ? (got[i] & 0x7e00) == 0x7e00 : got[i] == want;
    if (!same) fail("f64 to f16", x[i], got[i], want);
  }
}

/* Around the midpoint above every f16: just below, at, and just above it, in both source types and signs. */
static void check_midpoints(void) {
  for (unsigned bits = 0; bits < 0x7c00; bits++) {
    double high = bits + 1 == 0x7c00 ? 65536 : half_value((uint16_t)(bits + 1));
    double middle = (half_value((uint16_t)bits) + high) / 2;
    float narrow[BATCH];
    double wide[BATCH];
    for (int i = 0; i < BATCH; i++) {
      int step = i / 2 % 4;
      double d = step == 0   ? middle
                 : step == 1 ? nextafter(middle, 0)
                 : step == 2 ? nextafter(middle, 1e9)
                             : high;
      float f = step == 0   ? (float)middle
                : step == 1 ? nextafterf((float)middle, 0)
                : step == 2 ? nextafterf((float)middle, 1e9f)
                            : (float)high;
      wide[i] = i & 1 ? -d : d;
      narrow[i] = i & 1 ? -f : f;
    }
    check_floats(narrow);
    check_doubles(wide);
  }
}

static void check_strides(void) {
  uint64_t state = 1;
  for (uint64_t start = 0; start < 0x100000000u; start += BATCH * 1021u) {
    float narrow[BATCH];
    double wide[BATCH], around[BATCH];
    for (unsigned i = 0; i < BATCH; i++) {
      narrow[i] = float_of((uint32_t)(start + i * 1021u));
      state = state * 6364136223846793005u + 1442695040888963407u;
      memcpy(&wide[i], &state, sizeof wide[i]);
      around[i] = ldexp(1 + (double)(state >> 12) * 0x1p-52, (int)(state % 48) - 28);
    }
    check_floats(narrow);
    check_doubles(wide);
    check_doubles(around);
  }
}

/* Whether this machine has the instructions the vector forms were compiled for. */
static bool machine_fits(void) {
#if defined(__AVX512F__)
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
#elif defined(__AVX2__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return true;
#endif
}

int main(void) {
  if (!machine_fits()) {
    printf("skipped: this machine lacks the instructions\n");
    return 77;
  }
  check_widening();
  check_midpoints();
  check_strides();
  const double specials[BATCH] = {
      0.0,   -0.0,    (double)INFINITY,      -(double)INFINITY, (double)NAN, 0x1p-1074, 65504, 65519.999,
      65520, 0x1p-25, 0x1.0000000000001p-25, 0x1p-24,           0x1p-14,     1,         1e300, -2};
  check_doubles(specials);
  if (failures > 0) printf("%d conversions wrong\n", failures);
  return failures > 0;
}
