/* SPDX-License-Identifier: Apache-2.0 */
/* Every scalar function on every class of types that it accepts, against values worked out by hand from the
   comments of scalar.def and IEEE 754. Elementary functions: exact points here; their errors are bounded by
   tests/math. */
#include "loop/common.h"
#include <math.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static Fixture fixture;
static int setup(void **state) {
  (void)state;
  fixture_start(&fixture);
  return 0;
}
static int teardown(void **state) {
  (void)state;
  fixture_end(&fixture);
  return 0;
}

/* Runs `a op b` and compares all bytes with `expected`. */
#define CHECK_BINARY(scalar, element, type, result_element, result_type, a, b, ...)                          \
  do {                                                                                                       \
    const result_type wanted[] = {__VA_ARGS__};                                                              \
    result_type actual[COUNT(wanted)];                                                                       \
    assert_int_equal(COUNT(a), COUNT(wanted));                                                               \
    assert_int_equal(COUNT(b), COUNT(wanted));                                                               \
    assert_true(                                                                                             \
        run_scalar(&fixture, SCALAR_##scalar, element, result_element, COUNT(actual), a, b, NULL, actual));  \
    assert_memory_equal(actual, wanted, sizeof wanted);                                                      \
  } while (0)
#define CHECK_UNARY(scalar, element, result_element, result_type, a, ...)                                    \
  do {                                                                                                       \
    const result_type wanted[] = {__VA_ARGS__};                                                              \
    result_type actual[COUNT(wanted)];                                                                       \
    assert_int_equal(COUNT(a), COUNT(wanted));                                                               \
    assert_true(run_scalar(&fixture, SCALAR_##scalar, element, result_element, COUNT(actual), a, NULL, NULL, \
                           actual));                                                                         \
    assert_memory_equal(actual, wanted, sizeof wanted);                                                      \
  } while (0)
/* As CHECK_UNARY, with NaN equal to any NaN and zeros equal whatever their sign. */
#define CHECK_FLOATS(out, ...)                                                                               \
  do {                                                                                                       \
    const double wanted[] = {__VA_ARGS__};                                                                   \
    assert_int_equal(COUNT(out), COUNT(wanted));                                                             \
    for (size_t i = 0; i < COUNT(wanted); i++)                                                               \
      if (!((double)(out)[i] == wanted[i] || (isnan((out)[i]) && isnan(wanted[i]))))                         \
        fail_msg("element %zu is %a, not %a", i, (double)(out)[i], wanted[i]);                               \
  } while (0)

static void signed_arithmetic(void **state) {
  (void)state;
  const int8_t a[] = {127, -128, -128, -128, 7, -7, 7, -7, 0}, b[] = {1, 1, -1, 0, -2, 2, 2, -2, 0};
#define CHECK(scalar, ...) CHECK_BINARY(scalar, ELEMENT_I8, int8_t, ELEMENT_I8, int8_t, a, b, __VA_ARGS__)
  CHECK(ADD, -128, -127, 127, -128, 5, -5, 9, -9, 0);
  CHECK(SUB, 126, 127, -127, -128, 9, -9, 5, -5, 0);
  CHECK(MUL, 127, -128, -128, 0, -14, -14, 14, 14, 0);
  CHECK(DIV, 127, -128, -128, 0, -3, -3, 3, 3, 0);
  CHECK(MOD, 0, 0, 0, 0, -1, 1, 1, -1, 0);
  CHECK(REM, 0, 0, 0, 0, 1, -1, 1, -1, 0);
  CHECK(MIN, 1, -128, -128, -128, -2, -7, 2, -7, 0);
  CHECK(MAX, 127, 1, -1, 0, 7, 2, 7, -2, 0);
  CHECK(AND, 1, 0, -128, 0, 6, 0, 2, -8, 0);
  CHECK(OR, 127, -127, -1, -128, -1, -5, 7, -1, 0);
  CHECK(XOR, 126, -127, 127, -128, -7, -5, 5, 7, 0);
#undef CHECK
#define CHECK(scalar, ...) CHECK_BINARY(scalar, ELEMENT_I8, int8_t, ELEMENT_BOOL, uint8_t, a, b, __VA_ARGS__)
  CHECK(EQ, 0, 0, 0, 0, 0, 0, 0, 0, 1);
  CHECK(NE, 1, 1, 1, 1, 1, 1, 1, 1, 0);
  CHECK(LT, 0, 1, 1, 1, 0, 1, 0, 1, 0);
  CHECK(LE, 0, 1, 1, 1, 0, 1, 0, 1, 1);
  CHECK(GT, 1, 0, 0, 0, 1, 0, 1, 0, 0);
  CHECK(GE, 1, 0, 0, 0, 1, 0, 1, 0, 1);
#undef CHECK
  CHECK_UNARY(NEG, ELEMENT_I8, ELEMENT_I8, int8_t, a, -127, -128, -128, -128, -7, 7, -7, 7, 0);
  CHECK_UNARY(ABS, ELEMENT_I8, ELEMENT_I8, int8_t, a, 127, -128, -128, -128, 7, 7, 7, 7, 0);
  CHECK_UNARY(SIGN, ELEMENT_I8, ELEMENT_I8, int8_t, a, 1, -1, -1, -1, 1, -1, 1, -1, 0);
  CHECK_UNARY(NOT, ELEMENT_I8, ELEMENT_I8, int8_t, a, -128, 127, 127, 127, -8, 6, -8, 6, -1);
}

/* The corners of each width: wrapping, division without traps, shifts from the width on. */
#define SIGNED_CORNERS(bits)                                                                                 \
  do {                                                                                                       \
    typedef int##bits##_t T;                                                                                 \
    const T least = INT##bits##_MIN, most = INT##bits##_MAX;                                                 \
    const T a[] = {most, least, least, least, -1, -1, 1, 1},                                                 \
            b[] = {most, -1, least, 0, bits, bits - 1, -1, bits - 1};                                        \
    ElementType type = ELEMENT_I##bits;                                                                      \
    CHECK_BINARY(ADD, type, T, type, T, a, b, -2, most, 0, least, bits - 1, bits - 2, 0, bits);              \
    CHECK_BINARY(MUL, type, T, type, T, a, b, 1, least, 0, 0, -bits, 1 - bits, -1, bits - 1);                \
    CHECK_BINARY(DIV, type, T, type, T, a, b, 1, least, 1, 0, 0, 0, -1, 0);                                  \
    CHECK_BINARY(MOD, type, T, type, T, a, b, 0, 0, 0, 0, bits - 1, bits - 2, 0, 1);                         \
    CHECK_BINARY(REM, type, T, type, T, a, b, 0, 0, 0, 0, -1, -1, 0, 1);                                     \
    CHECK_BINARY(SHL, type, T, type, T, a, b, 0, 0, 0, least, 0, least, 0, least);                           \
    CHECK_BINARY(SHR, type, T, type, T, a, b, 0, 0, 0, least, 0, -1, 0, 0);                                  \
  } while (0)
#define UNSIGNED_CORNERS(bits)                                                                               \
  do {                                                                                                       \
    typedef uint##bits##_t T;                                                                                \
    const T most = UINT##bits##_MAX, half = (T)(UINT##bits##_MAX / 2 + 1);                                   \
    const T a[] = {most, most, 0, 5, half, 1, most}, b[] = {most, 1, 1, 0, bits, bits - 1, bits - 1};        \
    ElementType type = ELEMENT_U##bits;                                                                      \
    CHECK_BINARY(ADD, type, T, type, T, a, b, (T)(most - 1), 0, 1, 5, (T)(half + bits), bits, bits - 2);     \
    CHECK_BINARY(SUB, type, T, type, T, a, b, 0, (T)(most - 1), most, 5, (T)(half - bits), (T)(2 - bits),    \
                 (T)(most - bits + 1));                                                                      \
    CHECK_BINARY(MUL, type, T, type, T, a, b, 1, most, 0, 0, 0, bits - 1, (T)(1 - bits));                    \
    CHECK_BINARY(DIV, type, T, type, T, a, b, 1, most, 0, 0, (T)(half / bits), 0, (T)(most / (bits - 1)));   \
    CHECK_BINARY(MOD, type, T, type, T, a, b, 0, 0, 0, 0, 0, 1, (T)(most % (bits - 1)));                     \
    CHECK_BINARY(REM, type, T, type, T, a, b, 0, 0, 0, 0, 0, 1, (T)(most % (bits - 1)));                     \
    CHECK_BINARY(SHL, type, T, type, T, a, b, 0, (T)(most - 1), 0, 5, 0, half, half);                        \
    CHECK_BINARY(SHR, type, T, type, T, a, b, 0, (T)(half - 1), 0, 5, 0, 0, 1);                              \
    CHECK_BINARY(MIN, type, T, type, T, a, b, most, 1, 0, 0, bits, 1, bits - 1);                             \
    CHECK_BINARY(MAX, type, T, type, T, a, b, most, most, 1, 5, half, bits - 1, most);                       \
    CHECK_BINARY(LT, type, T, ELEMENT_BOOL, uint8_t, a, b, 0, 0, 1, 0, 0, 1, 0);                             \
    CHECK_UNARY(NEG, type, type, T, a, 1, 1, 0, (T)-5, half, most, 1);                                       \
    CHECK_UNARY(ABS, type, type, T, a, most, most, 0, 5, half, 1, most);                                     \
    CHECK_UNARY(SIGN, type, type, T, a, 1, 1, 0, 1, 1, 1, 1);                                                \
    CHECK_UNARY(NOT, type, type, T, a, 0, 0, most, (T)~5u, (T)(half - 1), (T)(most - 1), 0);                 \
  } while (0)

static void integer_corners(void **state) {
  (void)state;
  SIGNED_CORNERS(8);
  SIGNED_CORNERS(16);
  SIGNED_CORNERS(32);
  SIGNED_CORNERS(64);
  UNSIGNED_CORNERS(8);
  UNSIGNED_CORNERS(16);
  UNSIGNED_CORNERS(32);
}

static void unsigned_64(void **state) {
  (void)state;
  const uint64_t most = UINT64_MAX, half = UINT64_C(1) << 63;
  const uint64_t a[] = {most, most, 0, 5, half, 1}, b[] = {most, 1, 1, 0, 64, 63};
  CHECK_BINARY(ADD, ELEMENT_U64, uint64_t, ELEMENT_U64, uint64_t, a, b, most - 1, 0, 1, 5, half + 64, 64);
  CHECK_BINARY(MUL, ELEMENT_U64, uint64_t, ELEMENT_U64, uint64_t, a, b, 1, most, 0, 0, 0, 63);
  CHECK_BINARY(DIV, ELEMENT_U64, uint64_t, ELEMENT_U64, uint64_t, a, b, 1, most, 0, 0, UINT64_C(1) << 57, 0);
  CHECK_BINARY(SHL, ELEMENT_U64, uint64_t, ELEMENT_U64, uint64_t, a, b, 0, most - 1, 0, 5, 0, half);
  CHECK_BINARY(SHR, ELEMENT_U64, uint64_t, ELEMENT_U64, uint64_t, a, b, 0, half - 1, 0, 5, 0, 0);
  CHECK_BINARY(MAX, ELEMENT_U64, uint64_t, ELEMENT_U64, uint64_t, a, b, most, most, 1, 5, half, 63);
}

static void integer_powers(void **state) {
  (void)state;
  const int32_t a[] = {2, -2, 3, 0, 0, 0, 1, -1, -1, 2, -2, 2, 46341},
                b[] = {10, 3, 0, 0, 5, -1, -7, -3, -4, -1, -1, 32, 2};
  CHECK_BINARY(IPOW, ELEMENT_I32, int32_t, ELEMENT_I32, int32_t, a, b, 1024, -8, 1, 1, 0, 0, 1, -1, 1, 0, 0,
               0, -2147479015);
  const uint8_t c[] = {3, 2, 255, 0, 255}, d[] = {4, 8, 2, 0, 255};
  CHECK_BINARY(IPOW, ELEMENT_U8, uint8_t, ELEMENT_U8, uint8_t, c, d, 81, 0, 1, 1, 255);
  const int8_t e[] = {-1, -128}, f[] = {-128, 1};
  CHECK_BINARY(IPOW, ELEMENT_I8, int8_t, ELEMENT_I8, int8_t, e, f, 1, -128);
}

static void bools(void **state) {
  (void)state;
  const uint8_t a[] = {0, 0, 2, 255}, b[] = {0, 128, 0, 1}; /* any byte but 0 is true */
  CHECK_BINARY(AND, ELEMENT_BOOL, uint8_t, ELEMENT_BOOL, uint8_t, a, b, 0, 0, 0, 1);
  CHECK_BINARY(OR, ELEMENT_BOOL, uint8_t, ELEMENT_BOOL, uint8_t, a, b, 0, 1, 1, 1);
  CHECK_BINARY(XOR, ELEMENT_BOOL, uint8_t, ELEMENT_BOOL, uint8_t, a, b, 0, 1, 1, 0);
  CHECK_BINARY(EQ, ELEMENT_BOOL, uint8_t, ELEMENT_BOOL, uint8_t, a, b, 1, 0, 0, 1);
  CHECK_BINARY(NE, ELEMENT_BOOL, uint8_t, ELEMENT_BOOL, uint8_t, a, b, 0, 1, 1, 0);
  CHECK_UNARY(NOT, ELEMENT_BOOL, ELEMENT_BOOL, uint8_t, a, 1, 1, 0, 0);
}

#define FLOATS(T, element)                                                                                   \
  do {                                                                                                       \
    const T inf = (T)INFINITY, nan = (T)NAN;                                                                 \
    const T a[] = {1, -inf, nan, 2, 0, 5, -5, inf}, b[] = {2, inf, 1, nan, 0, 0, 0, inf};                    \
    T out[COUNT(a)];                                                                                         \
    RUN(ADD);                                                                                                \
    CHECK_FLOATS(out, 3, NAN, NAN, NAN, 0, 5, -5, INFINITY);                                                 \
    RUN(SUB);                                                                                                \
    CHECK_FLOATS(out, -1, -INFINITY, NAN, NAN, 0, 5, -5, NAN);                                               \
    RUN(MUL);                                                                                                \
    CHECK_FLOATS(out, 2, -INFINITY, NAN, NAN, 0, 0, 0, INFINITY);                                            \
    RUN(DIV);                                                                                                \
    CHECK_FLOATS(out, 0.5, NAN, NAN, NAN, NAN, INFINITY, -INFINITY, NAN);                                    \
    RUN(MIN);                                                                                                \
    CHECK_FLOATS(out, 1, -INFINITY, NAN, NAN, 0, 0, -5, INFINITY);                                           \
    RUN(MAX);                                                                                                \
    CHECK_FLOATS(out, 2, INFINITY, NAN, NAN, 0, 5, 0, INFINITY);                                             \
    CHECK_BINARY(EQ, element, T, ELEMENT_BOOL, uint8_t, a, b, 0, 0, 0, 0, 1, 0, 0, 1);                       \
    CHECK_BINARY(NE, element, T, ELEMENT_BOOL, uint8_t, a, b, 1, 1, 1, 1, 0, 1, 1, 0);                       \
    CHECK_BINARY(LT, element, T, ELEMENT_BOOL, uint8_t, a, b, 1, 1, 0, 0, 0, 0, 1, 0);                       \
    CHECK_BINARY(LE, element, T, ELEMENT_BOOL, uint8_t, a, b, 1, 1, 0, 0, 1, 0, 1, 1);                       \
    CHECK_BINARY(GT, element, T, ELEMENT_BOOL, uint8_t, a, b, 0, 0, 0, 0, 0, 1, 0, 0);                       \
    CHECK_BINARY(GE, element, T, ELEMENT_BOOL, uint8_t, a, b, 0, 0, 0, 0, 1, 1, 0, 1);                       \
    RUN(NEG);                                                                                                \
    CHECK_FLOATS(out, -1, INFINITY, NAN, -2, 0, -5, 5, -INFINITY);                                           \
    RUN(ABS);                                                                                                \
    CHECK_FLOATS(out, 1, INFINITY, NAN, 2, 0, 5, 5, INFINITY);                                               \
    RUN(SIGN);                                                                                               \
    CHECK_FLOATS(out, 1, -1, NAN, 1, 0, 1, -1, 1);                                                           \
    RUN(SQRT);                                                                                               \
    CHECK_FLOATS(out, 1, NAN, NAN, (double)(T)1.41421356237309504880, 0, (double)(T)2.23606797749978969641,  \
                 NAN, INFINITY);                                                                             \
    RUN(RECIP);                                                                                              \
    CHECK_FLOATS(out, 1, 0, NAN, 0.5, INFINITY, (double)(T)0.2L, (double)(T)-0.2L, 0);                       \
  } while (0)
#define ROUNDS(T, element)                                                                                   \
  do {                                                                                                       \
    const T a[] = {0.5, 1.5, -0.5, -1.5, 2.5, (T)NAN, (T)-INFINITY, -2.75};                                  \
    const T *b = a;                                                                                          \
    T out[COUNT(a)];                                                                                         \
    RUN(FLOOR);                                                                                              \
    CHECK_FLOATS(out, 0, 1, -1, -2, 2, NAN, -INFINITY, -3);                                                  \
    RUN(CEIL);                                                                                               \
    CHECK_FLOATS(out, 1, 2, 0, -1, 3, NAN, -INFINITY, -2);                                                   \
    RUN(TRUNC);                                                                                              \
    CHECK_FLOATS(out, 0, 1, 0, -1, 2, NAN, -INFINITY, -2);                                                   \
    RUN(ROUND);                                                                                              \
    CHECK_FLOATS(out, 0, 2, 0, -2, 2, NAN, -INFINITY, -3);                                                   \
  } while (0)

static void floats(void **state) {
  (void)state;
#define RUN(scalar)                                                                                          \
  assert_true(run_scalar(&fixture, SCALAR_##scalar, ELEMENT_F32, ELEMENT_F32, COUNT(out), a, b, NULL, out))
  FLOATS(float, ELEMENT_F32);
  ROUNDS(float, ELEMENT_F32);
#undef RUN
#define RUN(scalar)                                                                                          \
  assert_true(run_scalar(&fixture, SCALAR_##scalar, ELEMENT_F64, ELEMENT_F64, COUNT(out), a, b, NULL, out))
  FLOATS(double, ELEMENT_F64);
  ROUNDS(double, ELEMENT_F64);
#undef RUN
}

static void float_rounding(void **state) {
  (void)state;
  const float a[] = {0x1p-149f, 0x1.fffffep127f, 0x1p24f, 0x1p-126f}, b[] = {0x1p-149f, 0x1p127f, 1, 0.5f};
  CHECK_BINARY(ADD, ELEMENT_F32, float, ELEMENT_F32, float, a, b, 0x1p-148f, INFINITY, 0x1p24f, 0.5f);
  CHECK_BINARY(MUL, ELEMENT_F32, float, ELEMENT_F32, float, a, b, 0, INFINITY, 0x1p24f,
               0x1p-127f); /* denormal */
  const float zero[] = {-0.0f};
  CHECK_UNARY(NEG, ELEMENT_F32, ELEMENT_F32, float, zero, 0.0f);
  CHECK_UNARY(ABS, ELEMENT_F32, ELEMENT_F32, float, zero, 0.0f);
}

static void selects(void **state) {
  (void)state;
  const uint8_t condition[] = {1, 0, 7};
  const double a[] = {1, 2, NAN}, b[] = {4, 5, 6};
  double out[3];
  assert_true(run_scalar(&fixture, SCALAR_SELECT, ELEMENT_F64, ELEMENT_F64, 3, condition, a, b, out));
  CHECK_FLOATS(out, 1, 5, NAN);
  const int16_t c[] = {1, 2, 3}, d[] = {4, 5, 6}, expected[] = {1, 5, 3};
  int16_t narrow[3];
  assert_true(run_scalar(&fixture, SCALAR_SELECT, ELEMENT_I16, ELEMENT_I16, 3, condition, c, d, narrow));
  assert_memory_equal(narrow, expected, sizeof expected);
  const uint8_t e[] = {9, 0, 0}, f[] = {0, 9, 1}, bytes[] = {1, 1, 0};
  uint8_t truth[3];
  assert_true(run_scalar(&fixture, SCALAR_SELECT, ELEMENT_BOOL, ELEMENT_BOOL, 3, condition, e, f, truth));
  assert_memory_equal(truth, bytes, sizeof bytes);
}

static void casts_of_floats(void **state) {
  (void)state;
  const float a[] = {1.9f,      -1.9f,   300,      -300,    NAN,     INFINITY,
                     -INFINITY, 0x1p31f, -0x1p31f, 0x1p63f, 0x1p64f, -0.5f};
#define CHECK(element, type, ...) CHECK_UNARY(CAST, ELEMENT_F32, element, type, a, __VA_ARGS__)
  CHECK(ELEMENT_I8, int8_t, 1, -1, 127, -128, 0, 127, -128, 127, -128, 127, 127, 0);
  CHECK(ELEMENT_U8, uint8_t, 1, 0, 255, 0, 0, 255, 0, 255, 0, 255, 255, 0);
  CHECK(ELEMENT_I16, int16_t, 1, -1, 300, -300, 0, 32767, -32768, 32767, -32768, 32767, 32767, 0);
  CHECK(ELEMENT_U16, uint16_t, 1, 0, 300, 0, 0, 65535, 0, 65535, 0, 65535, 65535, 0);
  CHECK(ELEMENT_I32, int32_t, 1, -1, 300, -300, 0, INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN, INT32_MAX,
        INT32_MAX, 0);
  CHECK(ELEMENT_U32, uint32_t, 1, 0, 300, 0, 0, UINT32_MAX, 0, 0x80000000u, 0, UINT32_MAX, UINT32_MAX, 0);
  CHECK(ELEMENT_I64, int64_t, 1, -1, 300, -300, 0, INT64_MAX, INT64_MIN, INT64_C(1) << 31,
        -(INT64_C(1) << 31), INT64_MAX, INT64_MAX, 0);
  CHECK(ELEMENT_U64, uint64_t, 1, 0, 300, 0, 0, UINT64_MAX, 0, UINT64_C(1) << 31, 0, UINT64_C(1) << 63,
        UINT64_MAX, 0);
  CHECK(ELEMENT_BOOL, uint8_t, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
#undef CHECK
  const double d[] = {2147483647.5, -2147483648.5, 4294967295.5, 1e300, -0.0, 0x1.fffffffffffffp62};
  CHECK_UNARY(CAST, ELEMENT_F64, ELEMENT_I32, int32_t, d, INT32_MAX, INT32_MIN, INT32_MAX, INT32_MAX, 0,
              INT32_MAX);
  CHECK_UNARY(CAST, ELEMENT_F64, ELEMENT_U32, uint32_t, d, 2147483647u, 0, UINT32_MAX, UINT32_MAX, 0,
              UINT32_MAX);
  CHECK_UNARY(CAST, ELEMENT_F64, ELEMENT_I64, int64_t, d, 2147483647, -2147483648, 4294967295, INT64_MAX, 0,
              INT64_MAX - 1023);
  CHECK_UNARY(CAST, ELEMENT_F64, ELEMENT_BOOL, uint8_t, d, 1, 1, 1, 1, 0, 1);
  CHECK_UNARY(CAST, ELEMENT_F64, ELEMENT_F32, float, d, 0x1p31f, -0x1p31f, 0x1p32f, INFINITY, -0.0f, 0x1p63f);
}

static void casts_of_integers(void **state) {
  (void)state;
  const int64_t a[] = {-1, 128, 0x1000000000000001, INT64_MIN, 0, 16777217, 0x2000003};
#define CHECK(element, type, ...) CHECK_UNARY(CAST, ELEMENT_I64, element, type, a, __VA_ARGS__)
  CHECK(ELEMENT_I8, int8_t, -1, -128, 1, 0, 0, 1, 3);
  CHECK(ELEMENT_U8, uint8_t, 255, 128, 1, 0, 0, 1, 3);
  CHECK(ELEMENT_U16, uint16_t, 65535, 128, 1, 0, 0, 1, 3);
  CHECK(ELEMENT_I32, int32_t, -1, 128, 1, 0, 0, 16777217, 0x2000003);
  CHECK(ELEMENT_U32, uint32_t, UINT32_MAX, 128, 1, 0, 0, 16777217, 0x2000003);
  CHECK(ELEMENT_U64, uint64_t, UINT64_MAX, 128, 0x1000000000000001, UINT64_C(1) << 63, 0, 16777217,
        0x2000003);
  CHECK(ELEMENT_BOOL, uint8_t, 1, 1, 1, 1, 0, 1, 1);
  CHECK(ELEMENT_F32, float, -1, 128, 0x1p60f, -0x1p63f, 0, 16777216,
        0x1.000002p25f); /* ties to even; upwards */
  CHECK(ELEMENT_F64, double, -1, 128, 0x1p60, -0x1p63, 0, 16777217, 0x2000003);
#undef CHECK
  /* Rounding to f64 on the way to f32 would give 2^63 for the second. */
  const uint64_t u[] = {UINT64_MAX, (UINT64_C(1) << 63) + (UINT64_C(1) << 39) + 1, 1};
  CHECK_UNARY(CAST, ELEMENT_U64, ELEMENT_F32, float, u, 0x1p64f, 0x1.000002p63f, 1);
  CHECK_UNARY(CAST, ELEMENT_U64, ELEMENT_F64, double, u, 0x1p64, 0x1.000001p63, 1);
  const int8_t s[] = {-1, 127};
  CHECK_UNARY(CAST, ELEMENT_I8, ELEMENT_U64, uint64_t, s, UINT64_MAX, 127);
  CHECK_UNARY(CAST, ELEMENT_I8, ELEMENT_U16, uint16_t, s, 65535, 127);
  const uint8_t b[] = {0, 200};
  CHECK_UNARY(CAST, ELEMENT_BOOL, ELEMENT_F32, float, b, 0, 1);
  CHECK_UNARY(CAST, ELEMENT_BOOL, ELEMENT_I64, int64_t, b, 0, 1);
  CHECK_UNARY(CAST, ELEMENT_BOOL, ELEMENT_BOOL, uint8_t, b, 0, 1);
  CHECK_UNARY(CAST, ELEMENT_U8, ELEMENT_I8, int8_t, b, 0, -56);
}

static void bitcasts(void **state) {
  (void)state;
  const float a[] = {1, -0.0f, INFINITY};
  CHECK_UNARY(BITCAST, ELEMENT_F32, ELEMENT_U32, uint32_t, a, 0x3f800000, 0x80000000, 0x7f800000);
  CHECK_UNARY(BITCAST, ELEMENT_F32, ELEMENT_I32, int32_t, a, 0x3f800000, INT32_MIN, 0x7f800000);
  const int64_t b[] = {0x3ff0000000000000};
  CHECK_UNARY(BITCAST, ELEMENT_I64, ELEMENT_F64, double, b, 1);
}

static void half_precision(void **state) {
  (void)state;
  /* 1 + 2^-10 + 1 = 2 + 2^-10 lies between two f16: to even. 65504 + 65504 overflows. */
  const uint16_t a[] = {0x3c01, 0x7bff, 0x0001, 0x3c03, 0x7c00},
                 b[] = {0x3c00, 0x7bff, 0x0001, 0x3c00, 0xc000};
  CHECK_BINARY(ADD, ELEMENT_F16, uint16_t, ELEMENT_F16, uint16_t, a, b, 0x4000, 0x7c00, 0x0002, 0x4002,
               0x7c00);
  const uint16_t c[] = {0x3f80, 0x3f81, 0xff80}, d[] = {0x3f80, 0x3f80, 0x3f80};
  CHECK_BINARY(ADD, ELEMENT_BF16, uint16_t, ELEMENT_BF16, uint16_t, c, d, 0x4000, 0x4000, 0xff80);
  CHECK_UNARY(CAST, ELEMENT_F16, ELEMENT_F32, float, a, 0x1.004p0f, 65504, 0x1p-24f, 0x1.00cp0f, INFINITY);
  CHECK_UNARY(CAST, ELEMENT_BF16, ELEMENT_F32, float, c, 1, 0x1.02p0f, -INFINITY);
}

/* One exact or well-known point of each elementary function, f32 and f64: that the right one is called. */
static void elementary_functions(void **state) {
  (void)state;
  static const struct {
    Scalar scalar;
    double a, b, expected;
  } rows[] = {
      {SCALAR_FMOD, -7.5, 2, -1.5},
      {SCALAR_POW, 2, 10, 1024},
      {SCALAR_RSQRT, 4, 0, 0.5},
      {SCALAR_EXP, 1, 0, 2.718281828459045},
      {SCALAR_EXPM1, 1e-10, 0, 1.00000000005e-10},
      {SCALAR_LOG, 10, 0, 2.302585092994046},
      {SCALAR_LOG1P, 1e-10, 0, 9.9999999995e-11},
      {SCALAR_SIN, 1, 0, 0.8414709848078965},
      {SCALAR_COS, 1, 0, 0.5403023058681398},
      {SCALAR_TAN, 1, 0, 1.5574077246549023},
      {SCALAR_ASIN, 1, 0, 1.5707963267948966},
      {SCALAR_ACOS, -1, 0, 3.141592653589793},
      {SCALAR_ATAN, 1, 0, 0.7853981633974483},
      {SCALAR_SINH, 1, 0, 1.1752011936438014},
      {SCALAR_COSH, 1, 0, 1.5430806348152437},
      {SCALAR_TANH, 1, 0, 0.7615941559557649},
      {SCALAR_ASINH, 1, 0, 0.881373587019543},
      {SCALAR_ACOSH, 2, 0, 1.3169578969248166},
      {SCALAR_ATANH, 0.5, 0, 0.5493061443340549},
      {SCALAR_ERF, 1, 0, 0.8427007929497149},
      {SCALAR_ERFC, 1, 0, 0.15729920705028513},
      {SCALAR_SIGMOID, 1, 0, 0.7310585786300049},
      {SCALAR_SOFTPLUS, 1, 0, 1.3132616875182228},
      {SCALAR_GELU, 1, 0, 0.8413447460685429},
      {SCALAR_GELU_TANH, 1, 0, 0.8411919906082768},
      {SCALAR_MISH, 1, 0, 0.8650983882673103},
  };
  uint32_t expected_count = 0;
  for (unsigned s = 0; s < SCALAR_COUNT; s++) expected_count += scalar_info((Scalar)s)->math;
  assert_int_equal(COUNT(rows), expected_count);
  for (size_t i = 0; i < COUNT(rows); i++) {
    double out, nan = NAN;
    assert_true(run_scalar(&fixture, rows[i].scalar, ELEMENT_F64, ELEMENT_F64, 1, &rows[i].a, &rows[i].b,
                           NULL, &out));
    if (!(fabs(out - rows[i].expected) <= 1e-15 * fabs(rows[i].expected)))
      fail_msg("%s(%g) is %.17g", scalar_info(rows[i].scalar)->name, rows[i].a, out);
    float a = (float)rows[i].a, b = (float)rows[i].b, narrow;
    assert_true(run_scalar(&fixture, rows[i].scalar, ELEMENT_F32, ELEMENT_F32, 1, &a, &b, NULL, &narrow));
    if (!(fabs((double)narrow - rows[i].expected) <= 4e-7 * fabs(rows[i].expected)))
      fail_msg("%s(%g) is %.9g in f32", scalar_info(rows[i].scalar)->name, rows[i].a, (double)narrow);
    assert_true(
        run_scalar(&fixture, rows[i].scalar, ELEMENT_F64, ELEMENT_F64, 1, &nan, &rows[i].b, NULL, &out));
    assert_true(isnan(out));
  }
}

/* Whatever scalar.def accepts is computed, all else is refused with a message and no crash. */
static void accepted_types(void **state) {
  (void)state;
  static const ElementType types[] = {ELEMENT_BOOL, ELEMENT_I8,  ELEMENT_I16, ELEMENT_I32,
                                      ELEMENT_I64,  ELEMENT_U8,  ELEMENT_U16, ELEMENT_U32,
                                      ELEMENT_U64,  ELEMENT_F32, ELEMENT_F64};
  const uint64_t a[2] = {0}, b[2] = {0}, c[2] = {0};
  uint64_t out[2];
  assert_false(run_scalar(&fixture, SCALAR_BITCAST, ELEMENT_F32, ELEMENT_F64, 1, a, NULL, NULL, out));
  assert_false(run_scalar(&fixture, SCALAR_ADD, ELEMENT_I4, ELEMENT_I4, 1, a, b, NULL, out));
  assert_false(run_scalar(&fixture, SCALAR_ADD, ELEMENT_BOOL, ELEMENT_BOOL, 1, a, b, NULL, out));
  assert_non_null(strstr(text_string(&fixture.messages), "i4 is no compute type"));
  assert_non_null(strstr(text_string(&fixture.messages),
                         "kernel 'add', stage 'y': add is not defined from bool to bool"));
  for (unsigned s = 0; s < SCALAR_COUNT; s++)
    for (size_t i = 0; i < COUNT(types); i++) {
      ElementType result = scalar_info((Scalar)s)->result == RESULT_BOOL ? ELEMENT_BOOL : types[i];
      bool ran = run_scalar(&fixture, (Scalar)s, types[i], result, 2, a, b, c, out);
      assert_int_equal(ran, scalar_accepts((Scalar)s, types[i]));
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(signed_arithmetic),
      cmocka_unit_test(integer_corners),
      cmocka_unit_test(unsigned_64),
      cmocka_unit_test(integer_powers),
      cmocka_unit_test(bools),
      cmocka_unit_test(floats),
      cmocka_unit_test(float_rounding),
      cmocka_unit_test(selects),
      cmocka_unit_test(casts_of_floats),
      cmocka_unit_test(casts_of_integers),
      cmocka_unit_test(bitcasts),
      cmocka_unit_test(half_precision),
      cmocka_unit_test(elementary_functions),
      cmocka_unit_test(accepted_types),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
