/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels and programs run by their meaning, against values worked out by hand. The programs are texts, so
   that the tests read as what they test. */
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

static Program *parse(const char *body) {
  Text text = {0};
  text_format(&text, "program \"m\" hash \"0123456789abcdef\" {\n%s\n}\n", body);
  Program *program = program_parse(fixture.diagnostics, "test", text_string(&text), text.length);
  if (!program) fail_msg("%s", text_string(&fixture.messages));
  text_free(&text);
  return program;
}

/* Runs the text's only kernel; `buffers` are its parameters. */
static void run(const char *kernel, void *const *buffers, const int64_t *symbols) {
  Program *program = parse(kernel);
  if (!interpret_kernel(program, program->kernels[0], buffers, symbols))
    fail_msg("%s", text_string(&fixture.messages));
  program_destroy(program);
}

static void expect_refusal(const char *kernel, void *const *buffers, const int64_t *symbols,
                           const char *message) {
  Program *program = parse(kernel);
  fixture.messages.length = 0;
  assert_false(interpret_kernel(program, program->kernels[0], buffers, symbols));
  if (!strstr(text_string(&fixture.messages), message)) fail_msg("%s", text_string(&fixture.messages));
  program_destroy(program);
}

static void sums_round_once(void **state) {
  (void)state;
  /* In f32, 2^24 + 1 + 1 + ... stays 2^24. */
  float x[3][300], y[3];
  for (int i = 0; i < 300; i++) x[0][i] = 1, x[1][i] = i == 7 ? NAN : 0, x[2][i] = 0x1p127f;
  x[0][0] = 0x1p24f;
  run("kernel @k (%x: in f32[3,300] align 4, %y: out f32[3] align 4) {\n axes r:3, i:300\n y: %y[r] = add[i] "
      "%x[r,i] }",
      (void *[]){x, y}, NULL);
  assert_true(y[0] == 0x1p24f + 300); /* 2^24 + 299 is no f32: a tie, to even */
  assert_true(isnan(y[1]));
  assert_true(isinf(y[2]));
}

static void sums_of_f64_are_compensated(void **state) {
  (void)state;
  double x[4] = {1, 0x1p80, 1, -0x1p80}, y, inf[4] = {1, INFINITY, 2, 3};
  const char *sum =
      "kernel @k (%x: in f64[4] align 8, %y: out f64[] align 8) {\n axes i:4\n y: %y[] = add[i] %x[i] }";
  run(sum, (void *[]){x, &y}, NULL);
  assert_true(y == 2);
  run(sum, (void *[]){inf, &y}, NULL);
  assert_true(isinf(y));
}

/* What is read at an index out of range is what stands at 0, and the status is AICC_E_INDEX (4). */
static void indices(void **state) {
  (void)state;
  float x[5] = {10, 11, 12, 13, 14}, y[6];
  int64_t at[6] = {4, 0, -1, 5, INT64_MIN, 2};
  int32_t status = 0, narrow[6] = {1, 1, 3, 0, 2, 9};
  const char *plain = "kernel @k (%x: in f32[5] align 4, %i: in i64[6] align 8, %s: status i32[] align 4, %y: out f32[6] align 4) {\n"
                      " axes n:6 index r in 5 = %i[n] y: %y[n] = %x[r] }";
  run(plain, (void *[]){x, at, &status, y}, NULL);
  const float wanted[6] = {14, 10, 10, 10, 10, 12};
  assert_memory_equal(y, wanted, sizeof y);
  assert_int_equal(status, 4);
  status = 0;
  at[2] = at[3] = at[4] = 3;
  run(plain, (void *[]){x, at, &status, y}, NULL);
  assert_int_equal(status, 0);
  assert_true(y[2] == 13 && y[4] == 13);
  /* Where the guard fails, no index is looked at. */
  run("kernel @k (%x: in f32[5] align 4, %i: in i32[6] align 4, %s: status i32[] align 4, %y: out f32[6] align 4) {\n"
      " axes n:6 index r in 5 = cast.i64(%i[n]) y: %y[n] = (%x[r] where n in [0, 5) else f32(-1.0)) }",
      (void *[]){x, narrow, &status, y}, NULL);
  assert_int_equal(status, 0);
  assert_true(y[2] == 13 && y[5] == -1);
}

static void monoids(void **state) {
  (void)state;
  float x[5] = {3, -7, 2, 9, 0.5f}, with_nan[5] = {3, NAN, 2, 9, 1}, y[3];
  const char *three = "kernel @k (%x: in f32[5] align 4, %y: out f32[3] align 4) {\n axes i:5\n"
                      "a: %y[0] = max[i] %x[i] b: %y[1] = min[i] %x[i] c: %y[2] = mul[i] %x[i] }";
  run(three, (void *[]){x, y}, NULL);
  assert_true(y[0] == 9 && y[1] == -7 && y[2] == -189);
  run(three, (void *[]){with_nan, y}, NULL);
  assert_true(isnan(y[0]) && isnan(y[1]) && isnan(y[2]));
  int8_t i8[5] = {100, 100, 1, -1, 3}, sums[3];
  run("kernel @k (%x: in i8[5] align 1, %y: out i8[3] align 1) {\n axes i:5\n"
      "a: %y[0] = add[i] %x[i] b: %y[1] = or[i] %x[i] c: %y[2] = max[i] %x[i] }",
      (void *[]){i8, sums}, NULL);
  assert_int_equal(sums[0], (int8_t)203);
  assert_int_equal(sums[1], -1);
  assert_int_equal(sums[2], 100);
  uint8_t flags[3] = {1, 0, 7}, truth[2];
  run("kernel @k (%x: in bool[3] align 1, %y: out bool[2] align 1) {\n axes i:3\n"
      "a: %y[0] = and[i] %x[i] b: %y[1] = or[i] %x[i] }",
      (void *[]){flags, truth}, NULL);
  assert_int_equal(truth[0], 0);
  assert_int_equal(truth[1], 1);
}

static void empty_reductions_are_neutral(void **state) {
  (void)state;
  float y[4], x[1];
  const int64_t symbols[] = {0};
  run("symbol N in [0, 8]\nkernel @k (%x: in f32[N] align 4, %y: out f32[4] align 4) {\n axes i:N\n"
      "a: %y[0] = add[i] %x[i] b: %y[1] = mul[i] %x[i] c: %y[2] = max[i] %x[i] d: %y[3] = min[i] %x[i] }",
      (void *[]){x, y}, symbols);
  assert_true(y[0] == 0 && y[1] == 1 && y[2] == -INFINITY && y[3] == INFINITY);
  int32_t least[2];
  run("symbol N in [0, 8]\nkernel @k (%x: in i32[N] align 4, %y: out i32[2] align 4) {\n axes i:N\n"
      "a: %y[0] = max[i] %x[i] b: %y[1] = and[i] %x[i] }",
      (void *[]){x, least}, symbols);
  assert_int_equal(least[0], INT32_MIN);
  assert_int_equal(least[1], -1);
}

/* 3x3 sums with padding 1 over 1..9; the guarded load is never evaluated outside, or the sanitizer speaks. */
static void padded_window(void **state) {
  (void)state;
  const float x[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, expected[9] = {12, 21, 16, 27, 45, 33, 24, 39, 28};
  float y[9];
  run("kernel @k (%x: in f32[3,3] align 4, %y: out f32[3,3] align 4) {\n axes p:3, q:3, i:3, j:3\n"
      "y: %y[p,q] = add[i,j] (%x[p+i-1, q+j-1] where p+i-1 in [0,3), q+j-1 in [0,3) else f32(0.0)) }",
      (void *[]){(void *)(uintptr_t)x, y}, NULL);
  assert_memory_equal(y, expected, sizeof expected);
}

/* Strips longer than STRIP_LENGTH, cut by the guard on both sides. */
static void long_guarded_strips(void **state) {
  (void)state;
  static float x[1000], y[1010];
  for (int i = 0; i < 1000; i++) x[i] = (float)(i + 1);
  run("kernel @k (%x: in f32[1000] align 4, %y: out f32[1010] align 4) {\n axes i:1010\n"
      "y: %y[i] = (%x[-i+1004] where -i+1004 in [0,1000) else f32(-1.0)) }",
      (void *[]){x, y}, NULL);
  for (int i = 0; i < 1010; i++) assert_true(y[i] == (i < 5 || i > 1004 ? -1 : (float)(1005 - i)));
}

/* The maximum over a stride-2 window that hangs over the edge: padding is no candidate. */
static void pool_edges(void **state) {
  (void)state;
  const float x[5] = {-5, -1, -3, -2, -4};
  float y[3];
  run("kernel @k (%x: in f32[5] align 4, %y: out f32[3] align 4) {\n axes p:3, i:3\n"
      "y: %y[p] = max[i] (%x[2*p+i-1] where 2*p+i-1 in [0,5) else f32(-inf)) }",
      (void *[]){(void *)(uintptr_t)x, y}, NULL);
  assert_true(y[0] == -1 && y[1] == -1 && y[2] == -2);
}

static void strides_and_broadcasts(void **state) {
  (void)state;
  int16_t x[12], row[4] = {1000, 2000, 3000, 4000}, y[8];
  for (int i = 0; i < 12; i++) x[i] = (int16_t)i;
  /* Columns 2, 0 of each of 4 rows of 3, in reverse order of rows, plus a row that is read along columns. */
  run("kernel @k (%x: in i16[4,3] align 2, %r: in i16[4] align 2, %y: out i16[2,4] align 2) {\n axes a:2, "
      "b:4\n"
      "y: %y[a,b] = add(%x[-b+3, -2*a+2], %r[b]) }",
      (void *[]){x, row, y}, NULL);
  const int16_t expected[8] = {1011, 2008, 3005, 4002, 1009, 2006, 3003, 4000};
  assert_memory_equal(y, expected, sizeof expected);
}

static void indices_and_locals(void **state) {
  (void)state;
  float x[3] = {1, 2, 4}, y[3], total;
  run("kernel @k (%x: in f32[3] align 4, %y: out f32[3] align 4, %z: out f32[] align 4) {\n"
      "local %t: f32[] align 4\n axes i:3\n"
      "t: %t[] = max[i] %x[i]\n"
      "y: %y[i] = add(div(%x[i], %t[]), cast.f32(index[10*i+1]))\n"
      "y2: %y[i] = mul(%y[i], f32(2.0))\n"
      "z: %z[] = add[i] %y[i] }",
      (void *[]){x, y, &total}, NULL);
  assert_true(y[0] == 2.5f && y[1] == 23 && y[2] == 44 && total == 69.5f);
}

static void half_locals_round(void **state) {
  (void)state;
  float x[2] = {2049, 65520}, y[2];
  run("kernel @k (%x: in f32[2] align 4, %y: out f32[2] align 4) {\n local %h: f16[2] align 2\n local %b: "
      "bf16[2] align 2\n"
      " axes i:2\n h: %h[i] = %x[i] b: %b[i] = %x[i]\n y: %y[i] = add(%h[i], %b[i]) }",
      (void *[]){x, y}, NULL);
  assert_true(y[0] == 2048 + 2048);
  assert_true(isinf(y[1]));
}

static void symbolic_dims(void **state) {
  (void)state;
  const float x[6] = {1, 2, 3, 4, 5, 6};
  float y[3];
  const char *kernel = "symbol N in [1, 8]\nsymbol M in [0, 8]\n"
                       "kernel @k (%x: in f32[N,2*M] align 4, %y: out f32[2*M] align 4) {\n axes n:N, m:2*M\n"
                       "y: %y[m] = add[n] %x[-n+N-1, m] }";
  run(kernel, (void *[]){(void *)(uintptr_t)x, y}, (const int64_t[]){3, 1});
  assert_true(y[0] == 9 && y[1] == 12);
  y[0] = 7;
  run(kernel, (void *[]){(void *)(uintptr_t)x, y}, (const int64_t[]){3, 0});
  assert_true(y[0] == 7);
  expect_refusal(kernel, (void *[]){y, y}, (const int64_t[]){3, -1}, "axis 'm' has extent -2");
  expect_refusal(kernel, (void *[]){y, y}, (const int64_t[]){3, INT64_MAX},
                 "a dim has no value, or overflows");
}

/* What the verifier would have refused is an error here and no wild access. */
static void bounds_are_checked(void **state) {
  (void)state;
  float x[4] = {0}, y[4];
  void *buffers[] = {x, y};
  expect_refusal(
      "kernel @k (%x: in f32[4] align 4, %y: out f32[4] align 4) {\n axes i:4\n y: %y[i] = %x[i+1] }",
      buffers, NULL, "kernel 'k', stage 'y': subscript 0 of %x is 1 to 4, outside of [0, 4)");
  expect_refusal(
      "kernel @k (%x: in f32[4] align 4, %y: out f32[4] align 4) {\n axes i:4\n y: %y[i-1] = %x[i] }",
      buffers, NULL, "subscript 0 of %y is -1 to 2");
  expect_refusal("kernel @k (%x: in f32[4] align 4, %y: out f32[4] align 4) {\n axes i:4\n"
                 " y: %y[i] = %x[9223372036854775807*i] }",
                 buffers, NULL, "a subscript overflows");
  expect_refusal(
      "kernel @k (%x: in f32[4] align 4, %y: out f32[4] align 4) {\n axes i:4\n y: %x[i] = %x[i] }", buffers,
      NULL, "the target is no buffer that may be written");
}

static const char whole[] =
    "symbol N in [1, 8]\n"
    "blob #0 : f32 x 3 = [0.5, 1.0, 2.0]\n"
    "blob #1 : f32 x 3 = splat 10.0\n"
    "entry @run(\"x\": f32[N,3]) -> (\"y\": f32[N])\n"
    "buffer #0 : f32[N,3] = argument 0\n"
    "buffer #1 : f32[3] = constant #0\n"
    "buffer #2 : f32[3] = constant #1\n"
    "buffer #3 : f32[N,3] = workspace bytes 12*N offset 0\n"
    "buffer #4 : f32[N] = result 0\n"
    "buffer #5 : i32[] = workspace\n"
    "kernel @madd (%a: in f32[3*N] align 4, %w: in f32[3] align 4, %c: in f32[3] align 4, "
    "%o: out f32[N,3] align 4) {\n"
    "axes n:N, i:3\n o: %o[n,i] = add(mul(%a[3*n+i], %w[i]), %c[i]) }\n"
    "kernel @sum (%a: in f32[N,3] align 4, %y: out f32[N] align 4, %s: out i32[] align 4) {\n"
    "axes n:N, i:3\n y: %y[n] = add[i] %a[n,i]\n"
    "s: %s[] = max[n] select(lt(%y[n], f32(0.0)), i32(42), i32(0)) }\n"
    "require min(-N+2,0)\n"
    "run @madd(#0, #1, #2, #3)\n"
    "run @sum(#3, #4, #5)\n"
    "check #5\n";

static void programs(void **state) {
  (void)state;
  Program *program = parse(whole);
  float x[6] = {1, 2, 3, -1, -2, -3}, y[2] = {0};
  int32_t status = -1;
  const int64_t symbols[] = {2};
  assert_true(interpret_program(program, (const void *[]){x}, (void *[]){y}, symbols, &status));
  assert_true(y[0] == 38.5f && y[1] == 21.5f);
  assert_int_equal(status, 0);
  x[0] = -1000;
  assert_true(interpret_program(program, (const void *[]){x}, (void *[]){y}, symbols, &status));
  assert_int_equal(status, 42);
  assert_true(interpret_program(program, (const void *[]){x}, (void *[]){y}, (const int64_t[]){3}, &status));
  assert_int_equal(status, 3); /* what the dims must be is looked at before anything is read */
  fixture.messages.length = 0;
  assert_false(interpret_program(program, (const void *[]){NULL}, (void *[]){y}, symbols, &status));
  assert_non_null(strstr(text_string(&fixture.messages), "buffer #0 was given no memory"));
  program_destroy(program);
}

/* Doubles x until n iterations have passed or the sum is 100 or more; notes each state; then a branch. */
static const char nested[] =
    "symbol N in [1, 8]\n"
    "symbol t in [0, 7] below N\n"
    "symbol u in [0, 9223372036854775806] below 9223372036854775807\n"
    "entry @run(\"x\": f32[2], \"n\": i64[], \"c\": bool[]) -> (\"y\": f32[2], \"rows\": f32[N,2])\n"
    "buffer #0 : f32[2] = argument 0\n"
    "buffer #1 : i64[] = argument 1\n"
    "buffer #2 : bool[] = argument 2\n"
    "buffer #3 : f32[2] = result 0\n"
    "buffer #4 : f32[N,2] = result 1\n"
    "buffer #5 : f32[2] = workspace\n"
    "buffer #6 : bool[] = workspace\n"
    "buffer #7 : i32[] = workspace\n"
    "kernel @copy (%a: in f32[2] align 4, %y: out f32[2] align 4) {\n axes i:2\n y: %y[i] = %a[i] }\n"
    "kernel @negate (%a: in f32[2] align 4, %y: out f32[2] align 4) {\n axes i:2\n y: %y[i] = neg(%a[i]) }\n"
    "kernel @double (%a: in f32[2] align 4, %y: out f32[2] align 4) {\n axes i:2\n y: %y[i] = add(%a[i], %a[i]) }\n"
    "kernel @small (%a: in f32[2] align 4, %y: out bool[] align 1) {\n y: %y[] = lt(%a[1], f32(100.0)) }\n"
    "kernel @row (%a: in f32[2] align 4, %y: out f32[N,2] align 4) {\n axes i:2\n"
    " y: %y[t,i] = add(%a[i], cast.f32(index[t])) }\n"
    "kernel @status (%a: in f32[2] align 4, %y: out i32[] align 4) {\n"
    " y: %y[] = select(lt(%a[0], f32(0.0)), i32(9), i32(0)) }\n"
    "run @copy(#0, #3)\n"
    "run @small(#3, #6)\n"
    "loop u < #1 while #6 { run @double(#3, #5) run @copy(#5, #3) run @small(#3, #6) }\n"
    "loop t < N { run @row(#3, #4)\n"
    "if #2 { run @negate(#3, #5) run @copy(#5, #3) } else { run @status(#3, #7) check #7 } }\n";

static void nested_programs(void **state) {
  (void)state;
  static const struct {
    int64_t n;
    uint8_t c;
    float x, y, rows[3];
    int32_t status;
  } rows[] = {
      {3, 0, 1, 8, {8, 9, 10}, 0},       {1000, 0, 1, 128, {128, 129, 130}, 0}, {0, 0, 5, 5, {5, 6, 7}, 0},
      {-5, 0, 5, 5, {5, 6, 7}, 0},       {1, 1, 3, -6, {6, -5, 8}, 0},          {1, 0, 200, 200, {200, 201, 202}, 0},
      {1, 0, -1, -2, {-2, 7, 7}, 9},
  };
  Program *program = parse(nested);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    float x[2] = {rows[i].x, rows[i].x}, y[2] = {0}, stacked[6] = {7, 7, 7, 7, 7, 7};
    int32_t status = -1;
    const int64_t symbols[] = {3, -1, -1};
    const void *arguments[] = {x, &rows[i].n, &rows[i].c};
    assert_true(interpret_program(program, arguments, (void *[]){y, stacked}, symbols, &status));
    assert_int_equal(status, rows[i].status);
    assert_true(y[0] == rows[i].y && y[1] == rows[i].y);
    for (int k = 0; k < 3; k++) assert_true(stacked[2 * k + 1] == rows[i].rows[k]);
  }
  program_destroy(program);
}

/* Weights in mapped files have any alignment; so may the caller's memory in the interpreter. */
static void unaligned_memory(void **state) {
  (void)state;
  unsigned char in[1 + 4 * 8], out[1 + 4 * 8];
  for (int i = 0; i < 4; i++) memcpy(in + 1 + 8 * i, &(double){i + 0.5}, 8);
  run("kernel @k (%x: in f64[4] align 8, %y: out f64[4] align 8) {\n axes i:4\n y: %y[i] = add(%x[-i+3], "
      "%x[i]) }",
      (void *[]){in + 1, out + 1}, NULL);
  for (int i = 0; i < 4; i++) {
    double value;
    memcpy(&value, out + 1 + 8 * i, 8);
    assert_true(value == 4);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_round_once),
      cmocka_unit_test(sums_of_f64_are_compensated),
      cmocka_unit_test(monoids),
      cmocka_unit_test(indices),
      cmocka_unit_test(empty_reductions_are_neutral),
      cmocka_unit_test(padded_window),
      cmocka_unit_test(long_guarded_strips),
      cmocka_unit_test(pool_edges),
      cmocka_unit_test(strides_and_broadcasts),
      cmocka_unit_test(indices_and_locals),
      cmocka_unit_test(half_locals_round),
      cmocka_unit_test(symbolic_dims),
      cmocka_unit_test(bounds_are_checked),
      cmocka_unit_test(programs),
      cmocka_unit_test(nested_programs),
      cmocka_unit_test(unaligned_memory),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
