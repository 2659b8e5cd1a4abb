/* SPDX-License-Identifier: Apache-2.0 */
/* Holds every math kernel to its error bound against a reference of higher precision, over samples of the
   whole range and at the special points. Compiled by gcc it tests the scalar forms; compiled by clang with
   TEST_LANES_32 and TEST_LANES_64 it tests the vector forms of that many lanes, every lane.
   Usage: test_math [--full] [function]   (--full: all floats, and many more doubles: a minute per function)
          test_math --list                (the functions, a name a line) */
#include "math/math.h"
#include "reference.h"
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef TEST_LANES_32
#define TEST_LANES_32 1
#define TEST_LANES_64 1
#endif

/* Every how many floats one is tested by default; the scalar forms bear the denser run. */
enum { BATCH = 64, FLOAT_STRIDE = TEST_LANES_32 == 1 ? 2039 : 16381 };

typedef void (*Kernel32)(const float *x, const float *y, float *out);
typedef void (*Kernel64)(const double *x, const double *y, double *out);

/* Runs the form under test over a batch. */
#define JOIN_(a, b, c, d) a##b##c##d
#define JOIN(a, b, c, d) JOIN_(a, b, c, d)
#if TEST_LANES_32 == 1
typedef float Vector32;
typedef double Vector64;
#else
typedef float Vector32 __attribute__((ext_vector_type(TEST_LANES_32)));
typedef double Vector64 __attribute__((ext_vector_type(TEST_LANES_64)));
#endif
#define CALL_1(function, x, y) function(x)
#define CALL_2(function, x, y) function(x, y)
#define RUN(name, arity, type, vector, suffix, lanes)                                                        \
  vector JOIN(aicc_math_, name, suffix, lanes) AICC_MATH_PARAMETERS_##arity(vector);                         \
  static void JOIN(run_, name, suffix, )(const type *x, const type *y, type *out) {                          \
    for (int i = 0; i < BATCH; i += lanes) {                                                                 \
      vector a, b, result;                                                                                   \
      memcpy(&a, x + i, sizeof a);                                                                           \
      memcpy(&b, y + i, sizeof b);                                                                           \
      result = CALL_##arity(JOIN(aicc_math_, name, suffix, lanes), a, b);                                    \
      (void)b;                                                                                               \
      memcpy(out + i, &result, sizeof result);                                                               \
    }                                                                                                        \
  }
#define RUN_BOTH(name, arity)                                                                                \
  RUN(name, arity, float, Vector32, _f32x, TEST_LANES_32)                                                    \
  RUN(name, arity, double, Vector64, _f64x, TEST_LANES_64)
AICC_MATH_FUNCTIONS(RUN_BOTH)

/* The table of bounds, in ulp of the result (of the smallest denormal below the normal range). */
typedef struct {
  const char *name;
  double bound_f32, bound_f64;
  double span; /* |x| of the dense samples of f64: where the function is neither flat nor out of range */
} Bound;
static const Bound bounds[] = {
    {"exp", 2, 2, 745}, {"expm1", 2, 2, 710},    {"log", 2, 2, 16},          {"log1p", 2, 2, 4},
    {"sin", 2, 2, 100}, {"cos", 2, 2, 100},      {"tan", 2, 2, 100},         {"asin", 2, 2, 1},
    {"acos", 2, 2, 1},  {"atan", 2, 2, 8},       {"sinh", 2, 2, 710},        {"cosh", 2, 2, 710},
    {"tanh", 2, 2, 20}, {"asinh", 2, 2, 8},      {"acosh", 2, 2, 8},         {"atanh", 2, 2, 1},
    {"erf", 2, 2, 6},   {"erfc", 2, 3, 27},      {"sigmoid", 2.5, 2.5, 745}, {"softplus", 2, 2, 745},
    {"gelu", 2, 3, 39}, {"gelu_tanh", 2, 2, 22}, {"mish", 2, 2, 745},        {"rsqrt", 2, 2, 4},
    {"recip", 1, 1, 4}, {"pow", 2, 2, 0},        {"fmod", 0, 0, 0},
};

typedef struct {
  const char *name;
  int arity;
  Kernel32 kernel_f32;
  Kernel64 kernel_f64;
  Reference32 reference_f32;
  Reference64 reference_f64;
  const Bound *bound;
} Case;
static Case cases[] = {
#define CASE(name, arity)                                                                                    \
  {#name, arity, run_##name##_f32x, run_##name##_f64x, ref32_##name, ref64_##name, NULL},
    AICC_MATH_FUNCTIONS(CASE)};

static int failures;

static float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static double double_of(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* The distance of got from want in ulps of a type with this many mantissa bits and least exponent; 0 when
   both are NaN, or the same infinity, or zeros of one sign; infinite where the kind differs. */
static double ulp_error(long double want, double got, int mantissa_bits, int least_exponent, double largest) {
  if (isnan(want) || isnan(got)) return isnan(want) && isnan(got) ? 0 : INFINITY;
  if (!signbit(want) != !signbit(got)) return INFINITY;
  if (isinf(want)) return isinf(got) ? 0 : INFINITY;
  long double beyond = ldexpl(1, 1 + ilogb(largest));
  long double held = isinf(got) ? (got > 0 ? beyond : -beyond) : (long double)got;
  if (fabsl(want) > beyond) return isinf(got) ? 0 : INFINITY;
  int exponent = ilogbl(want);
  if (exponent < least_exponent) exponent = least_exponent;
  return (double)(fabsl(held - want) / ldexpl(1, exponent - mantissa_bits));
}

/* ulp_error of a float, without the slow functions where neither number is at the edges. */
static double ulp_error_f32(double want, float got) {
  uint64_t bits;
  memcpy(&bits, &want, sizeof bits);
  int exponent = (int)(bits >> 52 & 0x7ff) - 1023;
  if (exponent >= 127 || !isfinite(got) || !signbit(want) != !signbit(got))
    return ulp_error(want, (double)got, 23, -126, 0x1.fffffep127);
  if (exponent < -126) exponent = -126;
  return fabs((double)got - want) * double_of((uint64_t)(1023 + 23 - exponent) << 52);
}

typedef struct {
  double worst, x, y, got, want;
} Worst;

static void note(Worst *worst, double error, double x, double y, double got, double want) {
  if (!(error > worst->worst)) return;
  Worst now = {error, x, y, got, want};
  *worst = now;
}

static void check_f32(const Case *test, const float *x, const float *y, Worst *worst) {
  float got[BATCH];
  test->kernel_f32(x, y, got);
  for (int i = 0; i < BATCH; i++) {
    double want = test->reference_f32((double)x[i], (double)y[i]);
    note(worst, ulp_error_f32(want, got[i]), (double)x[i], (double)y[i], (double)got[i], want);
  }
}

static void check_f64(const Case *test, const double *x, const double *y, Worst *worst) {
  double got[BATCH];
  test->kernel_f64(x, y, got);
  for (int i = 0; i < BATCH; i++) {
    long double want = test->reference_f64((long double)x[i], (long double)y[i]);
    note(worst, ulp_error(want, got[i], 52, -1022, 0x1.fffffffffffffp1023), x[i], y[i], got[i], (double)want);
  }
}

static uint64_t random_state = 0x9e3779b97f4a7c15;
static uint64_t random_bits(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state * 0x2545f4914f6cdd1d;
}

/* Points around which every neighbour is tested: thresholds of the kernels and of the results. */
static const double specials[] = {0.0,
                                  0x1p-149,
                                  0x1p-126,
                                  0x1p-1074,
                                  0x1p-1022,
                                  0x1p-55,
                                  0x1p-28,
                                  0x1p-26,
                                  0x1p-13,
                                  0.25,
                                  0.5,
                                  0.625,
                                  0.70710678118654752,
                                  1.0,
                                  1.4142135623730951,
                                  1.5,
                                  2.0,
                                  3.0,
                                  4.0,
                                  6.0,
                                  7.0,
                                  11.0,
                                  15.0,
                                  28.0,
                                  39.0,
                                  50.0,
                                  88.722839,
                                  89.415986,
                                  87.336544,
                                  103.97208,
                                  103.27893,
                                  709.782712893384,
                                  710.4758600739439,
                                  708.3964185322641,
                                  745.1332191019412,
                                  744.4400719213812,
                                  752.0,
                                  0.34657359027997264,
                                  0.6931471805599453,
                                  0.78539816339744831,
                                  1.5707963267948966,
                                  3.1415926535897932,
                                  4.7123889803846899,
                                  6.2831853071795865,
                                  10.0,
                                  26.5432,
                                  27.2263,
                                  38.5,
                                  14.4,
                                  524288.0,
                                  8192.0,
                                  268435456.0,
                                  134217728.0,
                                  0x1p23,
                                  0x1p24,
                                  0x1p52,
                                  0x1p53,
                                  0x1p63,
                                  0x1p127,
                                  0x1.fffffep127,
                                  0x1p1023,
                                  0x1.fffffffffffffp1023,
                                  (double)INFINITY,
                                  (double)NAN};
enum { SPECIAL_COUNT = sizeof specials / sizeof *specials };

static float special_f32(unsigned i) {
  float x = (float)specials[i / 128 % SPECIAL_COUNT];
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return float_of(bits + i % 64 - 32 + (i / 64 % 2 ? 0x80000000u : 0));
}

static double special_f64(unsigned i) {
  double x = specials[i / 128 % SPECIAL_COUNT];
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return double_of(bits + i % 64 - 32 + (i / 64 % 2 ? 0x8000000000000000u : 0));
}

static void test_unary_f32(const Case *test, uint32_t stride, Worst *worst) {
  float x[BATCH];
  for (unsigned i = 0; i < SPECIAL_COUNT * 128; i += BATCH) {
    for (unsigned j = 0; j < BATCH; j++) x[j] = special_f32(i + j);
    check_f32(test, x, x, worst);
  }
  /* An odd start, so that a stride does not always meet the same low bits. */
  for (uint64_t bits = 0; bits < 0x100000000u; bits += (uint64_t)stride * BATCH) {
    for (unsigned j = 0; j < BATCH; j++)
      x[j] = float_of((uint32_t)bits + j * stride + (stride > 1 ? (uint32_t)random_bits() % stride : 0));
    check_f32(test, x, x, worst);
  }
}

static void test_unary_f64(const Case *test, int batches, Worst *worst) {
  double x[BATCH];
  for (unsigned i = 0; i < SPECIAL_COUNT * 128; i += BATCH) {
    for (unsigned j = 0; j < BATCH; j++) x[j] = special_f64(i + j);
    check_f64(test, x, x, worst);
  }
  for (int i = 0; i < batches; i++) {
    for (int j = 0; j < BATCH; j++) {
      double unit = (double)(random_bits() >> 11) * 0x1p-52 - 1;
      int kind = j & 3;
      x[j] = kind == 0   ? double_of(random_bits())
             : kind == 1 ? unit * test->bound->span
             : kind == 2 ? unit * 2.5
                         : ldexp(unit, (int)(random_bits() % 48) - 36);
      if (kind == 2 && j & 4) x[j] = 1 + ldexp(unit, -(int)(random_bits() % 30));
    }
    check_f64(test, x, x, worst);
  }
}

static void test_binary_f32(const Case *test, int batches, Worst *worst) {
  float x[BATCH], y[BATCH];
  for (unsigned i = 0; i < SPECIAL_COUNT * 2; i++)
    for (unsigned j = 0; j < SPECIAL_COUNT * 2; j += BATCH) {
      for (unsigned k = 0; k < BATCH; k++) {
        x[k] = special_f32(i * 64 + 32 + (unsigned)(random_bits() % 3) - 1);
        y[k] = special_f32((j + k) * 64 + 32 + (unsigned)(random_bits() % 3) - 1);
      }
      check_f32(test, x, y, worst);
    }
  for (int i = 0; i < batches; i++) {
    for (int j = 0; j < BATCH; j++) {
      float unit = (float)(random_bits() >> 40) * 0x1p-24f;
      int kind = j & 3;
      x[j] = kind < 2 ? float_of((uint32_t)random_bits()) : ldexpf(1 + unit, (int)(random_bits() % 12) - 6);
      y[j] = kind == 0   ? float_of((uint32_t)random_bits())
             : kind == 1 ? (float)((int)(random_bits() % 64) - 32)
                         : (float)(random_bits() >> 40) * 0x1p-16f - 128;
      if (kind == 1 && j & 4) x[j] = -fabsf(unit * 8);
    }
    check_f32(test, x, y, worst);
  }
}

static void test_binary_f64(const Case *test, int batches, Worst *worst) {
  double x[BATCH], y[BATCH];
  for (unsigned i = 0; i < SPECIAL_COUNT * 2; i++)
    for (unsigned j = 0; j < SPECIAL_COUNT * 2; j += BATCH) {
      for (unsigned k = 0; k < BATCH; k++) {
        x[k] = special_f64(i * 64 + 32 + (unsigned)(random_bits() % 3) - 1);
        y[k] = special_f64((j + k) * 64 + 32 + (unsigned)(random_bits() % 3) - 1);
      }
      check_f64(test, x, y, worst);
    }
  for (int i = 0; i < batches; i++) {
    for (int j = 0; j < BATCH; j++) {
      double unit = (double)(random_bits() >> 11) * 0x1p-53;
      int kind = j & 3;
      x[j] = kind < 2 ? double_of(random_bits()) : ldexp(1 + unit, (int)(random_bits() % 12) - 6);
      y[j] = kind == 0   ? double_of(random_bits())
             : kind == 1 ? (double)((int)(random_bits() % 64) - 32)
                         : ((double)(random_bits() >> 11) * 0x1p-53 - 0.5) * 2000;
      if (kind == 1 && j & 4) x[j] = -fabs(unit * 8);
      /* Powers that use the whole exponent range. */
      if (kind == 3) y[j] = (unit - 0.5) * 1480 / log(x[j]);
    }
    check_f64(test, x, y, worst);
  }
}

static void report(const char *name, const char *type, double bound, Worst worst) {
  bool bad = !(worst.worst <= bound);
  printf("%-10s %s  %7.3f ulp  (bound %g)  at x = %a", name, type, worst.worst, bound, worst.x);
  if (bad) printf(", y = %a: got %a, want %a  FAILED", worst.y, worst.got, worst.want);
  printf("\n");
  failures += bad;
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

int main(int argc, char **argv) {
  if (!machine_fits()) {
    printf("skipped: this machine lacks the instructions\n");
    return 77;
  }
  if (argc > 1 && strcmp(argv[1], "--list") == 0) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) puts(cases[i].name);
    return 0;
  }
  bool full = argc > 1 && strcmp(argv[1], "--full") == 0;
  const char *only = argc > 1 + full ? argv[1 + full] : NULL;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    Case *test = &cases[i];
    for (size_t j = 0; j < sizeof bounds / sizeof *bounds; j++)
      if (strcmp(bounds[j].name, test->name) == 0) test->bound = &bounds[j];
    if (test->bound == NULL) {
      printf("%s has no bound in the table\n", test->name);
      failures++;
      continue;
    }
    if (only != NULL && strcmp(only, test->name) != 0) continue;
    Worst worst_f32 = {0}, worst_f64 = {0};
    if (test->arity == 1) {
      test_unary_f32(test, full ? 1 : FLOAT_STRIDE, &worst_f32);
      test_unary_f64(test, full ? 200000 : 1500, &worst_f64);
    } else {
      test_binary_f32(test, full ? 400000 : 1500, &worst_f32);
      test_binary_f64(test, full ? 200000 : 1000, &worst_f64);
    }
    report(test->name, "f32", test->bound->bound_f32, worst_f32);
    report(test->name, "f64", test->bound->bound_f64, worst_f64);
  }
  if (failures > 0) printf("%d bounds broken\n", failures);
  return failures > 0;
}
