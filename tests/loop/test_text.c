/* SPDX-License-Identifier: Apache-2.0 */
/* The textual form: what is printed reads back and prints the same; errors name their line. */
#include "loop/common.h"
#include <string.h>

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

static const char everything[] =
    "program \"model.onnx\" hash \"0123456789abcdef\" {\n"
    "  symbol N in [1, 80]\n"
    "  symbol \"odd name\" in [0, 2147483647]\n"
    "  symbol t0 in [0, 79] below N\n"
    "  symbol t1 in [0, 9223372036854775806] below 9223372036854775807\n"
    "  blob #0 : f32 x 9 = splat 1.0\n"
    "  blob #1 : i64 x 2 = [-9223372036854775808, 7]\n"
    "  entry @run(\"input\": f32[N,1,28,28]) -> (\"logits\": f32[N,1,28,28], _: i32[])\n"
    "  buffer #0 : f32[N,1,28,28] = argument 0\n"
    "  buffer #1 : f32[3,3] = constant #0\n"
    "  buffer #2 : f32[N,1,28,28] = result 0\n"
    "  buffer #3 : i64[2] = constant #1\n"
    "  buffer #4 : f32[9] = constant #0\n"
    "  buffer #5 : i32[] = workspace bytes 4 offset 64\n"
    "  buffer #6 : u8[N*\"odd name\"] = workspace\n"
    "  buffer #7 : i64[] = workspace\n"
    "  workspace 128 least 128\n"
    "  kernel @k0 tasks min(N,64) (%x: in f32[N,1,28,28] align 4, %k: in f32[3,3] align 64, %y: out "
    "f32[N,1,28,28] "
    "align 4) loc \"Conv_0\" {\n"
    "    local %t: f32[N,1,28,28] align 4\n"
    "    axes n:N, p:28, q:28, i:3, j:3\n"
    "    t: %t[n, 0, p, q] = add[i, j] mul((%x[n, 0, p+i-1, q+j-1] where p+i-1 in [0, 28), q+j-1 in [0, 28) "
    "else "
    "f32(0.0)), %k[-i+2, j])\n"
    "    y: %y[n, 0, p, q] = max(%t[n, 0, p, q], select(lt(index[2*p+N*q-1], i64(3)), f32(nan), f32(-inf)))\n"
    "    schedule {\n"
    "      par n {\n"
    "        for p/4 {\n"
    "          unroll p%4 {\n"
    "            vec q : t, y\n"
    "          }\n"
    "        }\n"
    "      }\n"
    "    }\n"
    "  }\n"
    "  kernel @\"odd kernel\" tasks 1 (%status: out i32[] align 4) {\n"
    "    s: %status[] = max[] cast.i32(bitcast.u32(f32(-0.0)))\n"
    "    schedule {\n"
    "      vec : s\n"
    "    }\n"
    "  }\n"
    "  kernel @indexed tasks 1 (%x: in f32[N,5] align 4, %i: in i64[N] align 8, %s: status i32[] align 4, %y: out f32[N] "
    "align 4) {\n"
    "    axes n:N\n"
    "    index r in N = %i[n]\n"
    "    index q in 2 = select(lt(%i[n], i64(0)), i64(1), index[n])\n"
    "    y: %y[n] = %x[r, 2*q+1]\n"
    "  }\n"
    "  require mod(N,2) loc \"Conv_0\"\n"
    "  require min(0,N-3)\n"
    "  run @k0(#0, #1, #2) loc \"Conv_0\"\n"
    "  run @\"odd kernel\"(#5)\n"
    "  check #5 loc \"a \\\"check\\\"\"\n"
    "  if #6 loc \"If_0\" {\n"
    "    loop t0 < N loc \"Loop_0\" {\n"
    "      require mod(N,2)\n"
    "      run @\"odd kernel\"(#5)\n"
    "      loop t1 < #7 while #6 {\n"
    "        check #5\n"
    "      }\n"
    "    }\n"
    "  } else {\n"
    "    loop t1 while #6 {\n"
    "    }\n"
    "    loop t1 < #7 {\n"
    "    }\n"
    "  }\n"
    "}\n";

static Program *parse(const char *text) {
  return program_parse(fixture.diagnostics, "test.loop", text, strlen(text));
}

static void round_trip(void **state) {
  (void)state;
  Program *program = parse(everything);
  if (!program) fail_msg("%s", text_string(&fixture.messages));
  Text text = {0};
  program_print(&text, program);
  assert_string_equal(text_string(&text), everything);
  text_free(&text);
  assert_int_equal(program->kernel_count, 3);
  assert_int_equal(program->kernels[2]->axis_count, 1);
  assert_int_equal(program->kernels[2]->index_count, 2);
  assert_ptr_equal(program->buffers[1].blob, program->buffers[4].blob);
  assert_int_equal(program->entry->body->argument_count, 1);
  assert_int_equal(program->entry->body->result_count, 2);
  const Stage *stage = &program->kernels[0]->stages[0];
  assert_int_equal(stage->reduce_count, 2);
  assert_int_equal(stage->expr->operands[0]->kind, EXPR_GUARD);
  assert_int_equal(stage->expr->operands[0]->range_count, 2);
  assert_int_equal(program->step_count, 6);
  const Step *branch = &program->steps[5], *loop = &branch->bodies[0].steps[0];
  assert_int_equal(branch->bodies[1].count, 2);
  assert_ptr_equal(loop->trip, loop->iteration->limit);
  const Step *inner = &loop->bodies[0].steps[2];
  assert_int_equal(loop->bodies[0].steps[0].kind, STEP_REQUIRE);
  assert_true(inner->conditional && inner->counted && !inner->trip);
  assert_int_equal(inner->buffers[0], 6);
  assert_int_equal(inner->buffers[1], 7);
  program_destroy(program);
}

/* The text of one kernel alone, from the same printer. */
static void prints_a_kernel(void **state) {
  (void)state;
  Program *program = parse(everything);
  Text text = {0};
  kernel_print(&text, program->kernels[1]);
  assert_string_equal(text_string(&text), "  kernel @\"odd kernel\" tasks 1 (%status: out i32[] align 4) {\n"
                                          "    s: %status[] = max[] cast.i32(bitcast.u32(f32(-0.0)))\n"
                                          "    schedule {\n"
                                          "      vec : s\n"
                                          "    }\n"
                                          "  }\n");
  text_free(&text);
  program_destroy(program);
}

/* Names that are missing, odd or taken print as others, and print the same after a round trip. */
static void mends_names(void **state) {
  (void)state;
  Program *program = parse(everything);
  Kernel *kernel = program->kernels[0];
  kernel->axes[0].name = NULL;
  kernel->axes[1].name = "N"; /* a symbol */
  kernel->buffers[0].name = "conv/weight 1";
  kernel->buffers[1].name = kernel->buffers[2].name;
  kernel->stages[1].name = kernel->stages[0].name;
  Text first = {0}, second = {0};
  program_print(&first, program);
  Program *again = parse(text_string(&first));
  if (!again) fail_msg("%s", text_string(&fixture.messages));
  program_print(&second, again);
  assert_string_equal(text_string(&first), text_string(&second));
  assert_non_null(strstr(text_string(&first), "local %t: "));
  text_free(&first);
  text_free(&second);
  program_destroy(again);
  program_destroy(program);
}

/* A kernel around one piece of text, and the message that it causes. */
static void expect_error(const char *body, const char *message) {
  Text text = {0};
  fixture.messages.length = 0;
  text_format(&text,
              "program \"m\" hash \"0123456789abcdef\" {\n"
              "kernel @k (%%x: in f32[4] align 4, %%y: out f32[4] align 4) {\naxes n:4\n%s\n}\n}\n",
              body);
  Program *program = parse(text_string(&text));
  assert_null(program);
  if (!strstr(text_string(&fixture.messages), message))
    fail_msg("expected '%s', found '%s'", message, text_string(&fixture.messages));
  text_free(&text);
}

static void errors(void **state) {
  (void)state;
  expect_error("y: %y[m] = %x[n]", "test.loop:4:6: error: 'm' is no axis and no symbol");
  expect_error("y: %y[n, n] = %x[n]", "2 subscripts, expected 1");
  expect_error("y: %z[n] = %x[n]", "test.loop:4:4: error: the kernel has no buffer 'z'");
  expect_error("y: %y[n] = frob(%x[n])", "'frob' is no scalar function");
  expect_error("y: %y[n] = cast(%x[n])", "casts state a type");
  expect_error("y: %y[n] = exp.f32(%x[n])", "'exp.f32' is no scalar function");
  expect_error("y: %y[n] = sub[n] %x[n]", "'sub' is no monoid");
  expect_error("y: %y[n] = add[q] %x[n]", "expected an axis of the kernel");
  expect_error("y: %y[n] = i8(128)", "expected a literal of type i8");
  expect_error("y: %y[n] = add(%x[n])", "expected ','");
  expect_error("y: %y[n*n] = %x[n]", "a product of two labels");
  expect_error("y: %y[n] = %x[n] y: %y[n] = %x[n]", "stage 'y' is defined twice");
  expect_error("y: %y[n] = %x[n] schedule { vec n : z }", "expected a stage of the kernel");
  expect_error("y: %y[n] = %x[n] schedule { par n/0 { vec n : y } }", "a tile is 1 or more");
  expect_error("y: %y[n] = %x[n] schedule { loop n { vec n : y } }", "expected par, for, unroll, vec or tile");
  expect_error("y: %y[n] = (%x[n] where n in [0, 4) then", "expected 'else'");
}

static void error_in_the_program(void **state) {
  (void)state;
  static const struct {
    const char *text, *message;
  } rows[] = {
      {"", "expected 'program'"},
      {"program \"m\" hash \"0\" {}", "expected 16 hexadecimal digits"},
      {"program \"m\" hash \"0123456789abcdef\" {} x", "expected the end of the text"},
      {"program \"m\" hash \"0123456789abcdef\" { buffer #1 : f32[] = argument 0 }", "numbered in order"},
      {"program \"m\" hash \"0123456789abcdef\" { buffer #0 : f32[] = constant #0 }",
       "there is no such blob"},
      {"program \"m\" hash \"0123456789abcdef\" { buffer #0 : f32[N] = argument 0 }",
       "symbol 'N' is not declared"},
      {"program \"m\" hash \"0123456789abcdef\" { check #0 }", "0 is out of range"},
      {"program \"m\" hash \"0123456789abcdef\" { run @k() }", "expected the name of a kernel"},
      {"program \"m\" hash \"0123456789abcdef\" { kernel @k () {} kernel @k () {} }",
       "kernel 'k' is defined twice"},
      {"program \"m\" hash \"0123456789abcdef\" { kernel @k tasks 1 (%x: in f32[8] stored [0/4] align 4) {} }",
       "the order does not give each element one place"},
      {"program \"m\" hash \"0123456789abcdef\" { kernel @k tasks 1 (%x: in f32[8] stored [1] align 4) {} }", "a part of the order is of no dim"},
      {"program \"m\" hash \"0123456789abcdef\" { kernel @k tasks 1 (%x: in f32[8] stored [0/4, 0%y] align 4) {} }",
       "expected a number of at least 1"},
      {"program \"m\" hash \"0123456789abcdef\" {", "expected symbol, blob"},
      {"program \"m\" hash \"0123456789abcdef\" { loop t0 < 3 {", "expected the symbol of the iterations"},
      {"program \"m\" hash \"0123456789abcdef\" { symbol N in [0, 3] loop N < 3 {", "which has a limit"},
      {"program \"m\" hash \"0123456789abcdef\" { symbol t in [0, 3] below t }", "symbol 't' is not declared"},
      {"program \"m\" hash \"0123456789abcdef\" { symbol t in [0, 3] below 4 loop t < 4 { buffer",
       "expected run, check, require, if, loop or '}'"},
      {"program \"m\" hash \"0123456789abcdef\" { buffer #0 : bool[] = argument 0 if #0 { } run",
       "expected 'else'"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    fixture.messages.length = 0;
    assert_null(parse(rows[i].text));
    if (!strstr(text_string(&fixture.messages), rows[i].message))
      fail_msg("expected '%s', found '%s'", rows[i].message, text_string(&fixture.messages));
  }
}

/* Nesting is bounded: a hostile text is an error, not an overflow of the stack. */
static void deep_nesting(void **state) {
  (void)state;
  Text text = {0};
  text_add(
      &text,
      "program \"m\" hash \"0123456789abcdef\" { kernel @k (%y: out f32[4] align 4) { axes n:4 y: %y[n] = ");
  for (int i = 0; i < 100000; i++) text_add(&text, "neg(");
  fixture.messages.length = 0;
  assert_null(parse(text_string(&text)));
  assert_non_null(strstr(text_string(&fixture.messages), "nested deeper"));
  text.length = 0;
  text_add(&text, "program \"m\" hash \"0123456789abcdef\" { symbol t in [0, 3] below 4 ");
  for (int i = 0; i < 100000; i++) text_add(&text, "loop t < 4 { ");
  fixture.messages.length = 0;
  assert_null(parse(text_string(&text)));
  assert_non_null(strstr(text_string(&fixture.messages), "steps nested deeper"));
  text_free(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(round_trip, setup, teardown),
      cmocka_unit_test_setup_teardown(prints_a_kernel, setup, teardown),
      cmocka_unit_test_setup_teardown(mends_names, setup, teardown),
      cmocka_unit_test_setup_teardown(errors, setup, teardown),
      cmocka_unit_test_setup_teardown(error_in_the_program, setup, teardown),
      cmocka_unit_test_setup_teardown(deep_nesting, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
