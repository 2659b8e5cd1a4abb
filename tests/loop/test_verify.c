/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier: what lowering makes passes, and each broken rule is named. */
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

static Program *parse(const char *body) {
  Text text = {0};
  text_format(&text, "program \"m\" hash \"0123456789abcdef\" {\nsymbol N in [1, 8]\n%s\n}\n", body);
  Program *program = program_parse(fixture.diagnostics, "test", text_string(&text), text.length);
  if (!program) fail_msg("%s", text_string(&fixture.messages));
  text_free(&text);
  fixture.messages.length = 0;
  return program;
}

static void expect_sound(const char *body) {
  Program *program = parse(body);
  if (!program_verify(program, NULL)) fail_msg("%s", text_string(&fixture.messages));
  program_destroy(program);
}

/* Exactly this one message. */
static void expect_message(const char *body, const char *message) {
  Program *program = parse(body);
  assert_false(program_verify(program, "lower"));
  const char *found = text_string(&fixture.messages);
  if (!strstr(found, message) || strchr(found, '\n') != strrchr(found, '\n'))
    fail_msg("expected '%s', found '%s'", message, found);
  assert_non_null(strstr(found, "after pass 'lower'"));
  program_destroy(program);
}

#define KERNEL "kernel @k tasks 1 (%x: in f32[8] align 4, %y: out f32[8] align 4) loc \"Conv_0\" {\n"
#define VEC "schedule { vec n : y } }"

static void sound_kernels(void **state) {
  (void)state;
  expect_sound(KERNEL "axes n:8 y: %y[n] = %x[-n+7] " VEC);
  /* Softmax: a reduction that is read in the next leaf, then its target twice. */
  expect_sound("kernel @k tasks N (%x: in f32[N,100] align 4, %y: out f32[N,100] align 4) {\n"
               "local %m: f32[N] align 4 local %s: f32[N] align 4 axes r:N, i:100\n"
               "m: %m[r] = max[i] %x[r,i] e: %y[r,i] = exp(sub(%x[r,i], %m[r])) s: %s[r] = add[i] %y[r,i]\n"
               "y: %y[r,i] = div(%y[r,i], %s[r])\n"
               "schedule { par r { vec i : m vec i : e, s vec i : y } } }");
  /* Padding, tiles, a symbolic batch. */
  expect_sound(
      "kernel @k tasks 1 (%x: in f32[N,28] align 4, %y: out f32[N,28] align 4) {\n axes n:N, p:28, i:3\n"
      "y: %y[n,p] = add[i] (%x[n,p+i-1] where p+i-1 in [0, 28) else f32(0.0))\n"
      "schedule { par n { for p/8 { vec p%8 : y } } } }");
  /* The guard bounds another form than the subscript: x[7-(n+2)]. */
  expect_sound(KERNEL "axes n:8 y: %y[n] = (%x[-n+5] where n+2 in [0, 8) else f32(0.0)) " VEC);
  /* Two guards together. */
  expect_sound("kernel @k tasks 1 (%x: in f32[8] align 4, %y: out f32[8,8] align 4) {\n axes n:8, m:8\n"
               "y: %y[n,m] = (%x[4*n+m] where n in [0, 2), m in [0, 4) else f32(0.0)) schedule { for n { vec "
               "m : y } } }");
  expect_sound(
      "kernel @k tasks max(1,min(64,N)) (%x: in f32[2*N+1] align 4, %y: out f32[] align 4) {\n axes n:N\n"
      "y: %y[] = add[n] %x[2*n+1] schedule { vec n : y } }");
  /* A guard without axes says that there is something: the second half has a first element. */
  expect_sound("kernel @k tasks 1 (%x: in f32[2*N-2] align 4, %y: out f32[8] align 4) {\n axes n:8\n"
               "y: %y[n] = (%x[N-1] where 0 in [0, N-1) else f32(0.0)) " VEC);
}

#define INDEXED "kernel @k tasks 1 (%x: in f32[9] align 4, %i: in i32[8] align 4, %s: status i32[] align 4, %y: out f32[8] align 4) {\n"

static void indices(void **state) {
  (void)state;
  expect_sound(INDEXED "axes n:8 index r in 9 = cast.i64(%i[n]) y: %y[n] = %x[r] " VEC);
  expect_sound(INDEXED "axes n:8 index r in 4 = cast.i64(%i[n]) y: %y[n] = %x[2*r+1] " VEC);
  /* The index is looked at where the load is: within the guard. */
  expect_sound(INDEXED "axes n:8 index r in 9 = cast.i64(%i[n+1]) y: %y[n] = (%x[r] where n+1 in [0, 8) else f32(0.0)) " VEC);
  expect_message(INDEXED "axes n:8 index r in 9 = cast.i64(%i[n+1]) y: %y[n] = %x[r] " VEC, "subscript 0 of %i is not provably inside of [0, 8)");
  expect_message(INDEXED "axes n:8 index r in 10 = cast.i64(%i[n]) y: %y[n] = %x[r] " VEC, "subscript 0 of %x is not provably inside of [0, 9)");
  expect_message(INDEXED "axes n:8 index r in 9 = %i[n] y: %y[n] = %x[r] " VEC, "index 'r' is no i64");
  expect_message(INDEXED "axes n:8 index r in 8 = cast.i64(%i[n]) y: %y[r] = %x[n] schedule { vec : y } }", "index 'r' stands where none may");
  expect_message(INDEXED "axes n:8 index r in 8 = cast.i64(%i[n]) index q in 9 = cast.i64(%i[r]) y: %y[n] = %x[q] " VEC,
                 "index 'r' stands where none may");
  expect_message(INDEXED "axes n:8 index r in 9 = cast.i64(%y[n]) y: %y[n] = %x[r] " VEC, "an index reads %y, which is no input");
  expect_message(KERNEL "axes n:8 index r in 8 = index[n] y: %y[n] = %x[r] " VEC, "there are 0 statuses for 1 indices");
  expect_message(INDEXED "axes n:8 y: %y[n] = %x[n] " VEC, "there are 1 statuses for 0 indices");
  expect_message("kernel @k tasks 1 (%x: in f32[9] align 4, %s: status i64[] align 8, %y: out f32[8] align 4) {\n"
                 "axes n:8 index r in 9 = index[n] y: %y[n] = %x[r] " VEC, "%s is a status, and no i32[]");
}

static void broken_stages(void **state) {
  (void)state;
  expect_message(KERNEL "axes n:8 y: %y[n] = %x[n+1] " VEC,
                 "node 'Conv_0': after pass 'lower': kernel 'k': stage 'y': subscript 0 of %x is not "
                 "provably inside of [0, 8)");
  expect_message("kernel @k tasks 1 (%x: in f32[2*N-2] align 4, %y: out f32[8] align 4) {\n axes n:8\n"
                 "y: %y[n] = (%x[N] where 0 in [0, N-1) else f32(0.0)) " VEC,
                 "subscript 0 of %x is not provably inside");
  expect_message(KERNEL "axes n:8 y: %y[n] = (%x[n+1] where n in [0, 8) else f32(0.0)) " VEC,
                 "not provably inside");
  expect_message(KERNEL "axes n:8 y: %y[n] = (f32(0.0) where n in [0, 7) else %x[n+1]) " VEC,
                 "not provably inside");
  expect_message(KERNEL "axes n:9 y: %y[n] = %x[0] " VEC,
                 "subscript 0 of the target %y is not provably inside");
  expect_message(KERNEL "axes n:8 y: %x[n] = %x[n] " VEC, "the target is no out or local buffer");
  expect_message(KERNEL "axes n:8 y: %y[n] = %y[n] " VEC, "reads %y, which no earlier stage writes");
  expect_message(KERNEL "axes n:8, m:8 y: %y[n] = %x[m] " VEC,
                 "axis 'm' is neither in the target's subscripts nor reduced");
  expect_message(KERNEL "axes n:8 y: %y[n] = add[n] %x[n] " VEC,
                 "axis 'n' is reduced and also used by the target");
  expect_message(KERNEL "axes n:8 y: %y[n] = and[] %x[n] " VEC, "there is no such reduction over f32");
  expect_message(KERNEL "axes n:8 y: %y[n] = i32(1) " VEC, "%y takes f32, not i32");
  expect_message(KERNEL "axes n:8 y: %y[n] = add(i32(1), %x[n]) " VEC,
                 "operand 0 of add is i32 instead of f32");
  expect_message(KERNEL "axes n:8 y: %y[n] = and(%x[n], %x[n]) " VEC, "and is not defined from f32 to f32");
  expect_message(KERNEL "axes n:8 y: %y[n] = bitcast.f32(i64(1)) " VEC,
                 "bitcast is not defined from i64 to f32");
  expect_message(KERNEL "axes n:8 y: %y[n] = (%x[n] where n in [0, 8) else i32(0)) " VEC,
                 "operand 1 of a guard is i32");
  expect_message(KERNEL
                 "axes n:8 a: %y[n] = %x[n] y: %y[n] = %y[-n+7] schedule { for { vec n : a vec n : y } } }",
                 "reads its own target %y elsewhere");
  expect_message(KERNEL "axes n:8 y: %y[n] = cast.f32(cast.f16(%x[n])) " VEC,
                 "has type f16, which is no compute type");
}

static void broken_kernels(void **state) {
  (void)state;
  expect_message("kernel @k tasks 65 (%y: out f32[8] align 4) { axes n:8 y: %y[n] = f32(0.0) " VEC,
                 "the number of tasks is not provably in [1, 64]");
  expect_message("kernel @k tasks N-1 (%y: out f32[8] align 4) { axes n:8 y: %y[n] = f32(0.0) " VEC,
                 "the number of tasks");
  expect_message("kernel @k tasks 1 (%y: out f32[8] align 2) { axes n:8 y: %y[n] = f32(0.0) " VEC,
                 "%y is aligned to 2 bytes");
  expect_message("kernel @k tasks 1 (%y: out f32[8] align 12) { axes n:8 y: %y[n] = f32(0.0) " VEC,
                 "aligned to 12 bytes");
  expect_message("kernel @k tasks 1 () { }", "there are no stages");
}

#define TWO                                                                                                  \
  "kernel @k tasks 1 (%x: in f32[8,8] align 4, %y: out f32[8,8] align 4) {\n local %t: f32[8,8] align 4\n"   \
  "axes n:8, m:8 t: %t[n,m] = neg(%x[n,m]) y: %y[n,m] = "

static void broken_schedules(void **state) {
  (void)state;
  expect_sound(KERNEL "axes n:8 y: %y[n] = %x[n] }"); /* not scheduled yet */
  expect_message(KERNEL "axes n:8 y: %y[n] = %x[n] schedule { vec : y } }",
                 "no loop around the stage binds axis 'n'");
  expect_message(KERNEL "axes n:8 y: %y[n] = %x[n] schedule { vec n : y, y } }",
                 "the stage is in the schedule twice");
  expect_message(KERNEL "axes n:8 y: %y[n] = %x[n] schedule { par n { vec n : y } } }",
                 "axis 'n' is bound twice");
  expect_message(KERNEL "axes n:8 y: %y[n] = %x[n] schedule { par n/4 { vec n%2 : y } } }",
                 "the inner part of axis 'n' has no outer part of the same tile");
  expect_message(KERNEL "axes n:8 y: %y[n] = %x[n] schedule { vec n%4 : y } }", "has no outer part");
  expect_message(KERNEL "axes n:8 y: %y[n] = %x[n] schedule { for n/4 { vec n : y } } }",
                 "bound inside of its own outer part");
  expect_message(
      "kernel @k tasks 1 (%x: in f32[8] align 4, %y: out f32[] align 4) { axes n:8 y: %y[] = add[n] %x[n]\n"
      "schedule { for n { vec : y } } }",
      "a loop around the stage binds axis 'n', which it reduces");
  expect_message(KERNEL "axes n:8, m:8 y: %y[n] = %x[n] schedule { for n { vec m : y } } }",
                 "neither indexes its target by nor reduces axis 'm'");
  expect_message(KERNEL "axes n:8 a: %y[n] = %x[n] y: %y[n] = %x[n] " VEC,
                 "stage 'a' is not in the schedule");
  expect_sound(TWO "%t[n,-m+7] schedule { for n { vec m : t vec m : y } } }");
  expect_sound(TWO "%t[n,m] schedule { par n/3 { for n%3 { vec m : t } for n%3 { vec m : y } } } }");
  expect_sound(TWO "%t[n,m] schedule { par n/3 { tile n%3, m : t tile n%3, m : y } } }");
#define ORDERED(order, axes, expr, tile)                                                                     \
  "kernel @k tasks 1 (%a: in f32[8,20] align 4, %x: in f32[20,40] stored [" order "] align 4, %y: out f32[8,40] align 4) {\n" \
  "axes " axes " y: %y[m,n] = add[k] " expr " schedule { " tile " } }"
  expect_sound(ORDERED("1/16, 0, 1%16", "m:8, n:40, k:20", "mul(%a[m,k], %x[k,n])", "tile m, n : y"));
  expect_sound(ORDERED("1/16, 0/4, 1%16, 0%4", "m:8, n:40, k:20", "mul(%a[m,k], %x[k,n])", "for m { vec n : y }"));
  expect_message(ORDERED("1/16, 0/4, 1%16, 0%4", "m:8, n:40, k:20", "mul(%a[m,k], %x[k,n])", "tile m, n : y"),
                 "the elements of %x that the tile reads along axis 'k' are not the same distance apart");
  expect_message(ORDERED("1/16, 0/4, 1%16, 0%4", "m:8, n:40, k:20", "mul(%a[m,k], %x[m,n])", "tile m, n : y"), "along axis 'm'");
  expect_message(ORDERED("1/16, 0, 1%16", "m:8, n:40, k:20", "mul(%a[m,k], %x[k,-n+39])", "tile m, n : y"), "along axis 'n'");
  expect_message("kernel @k tasks 1 (%x: in f32[20] align 4, %y: out f32[20] stored [0/4, 0%4] align 4) { axes n:20 y: %y[n] = %x[n] " VEC,
                 "%y cannot stand in that order");
  expect_message("kernel @k tasks 1 (%x: in f32[8,8] align 4, %y: out f32[8,8] align 4) {\n local %t: f32[8,8] align 4\n"
                 "axes n:8, m:8, h:4 t: %t[n,h] = neg(%x[n,h]) y: %y[n,m] = %t[n,m] schedule { for n { vec h : t vec m : y } } }",
                 "reads of %t what no stage has written in the same iteration");
  expect_message("kernel @k tasks 1 (%x: in f32[8,8] align 4, %y: out f32[8] align 4) {\n local %t: f32[8,8] align 4\n"
                 "axes n:8 t: %t[n,n] = neg(%x[n,n]) y: %y[n] = %t[n,0] schedule { for n { vec : t vec : y } } }",
                 "reads %t inside of a loop with 't'");
  expect_message("kernel @k tasks 1 (%x: in f32[8] align 4, %y: out f32[8] align 4) {\n local %t: f32[8] align 4\n"
                 "axes n:8 t: %t[n] = neg(%x[n]) y: %y[n] = %t[-n+7] schedule { par n/2 { vec n%2 : t vec n%2 : y } } }",
                 "reads %t inside of a loop with 't'");
  expect_message(TWO "%t[n,-m+7] schedule { for n { vec m : t, y } } }",
                 "reads %t inside of a loop with 't'");
  expect_message(TWO "%t[-n+7,m] schedule { for n { vec m : t vec m : y } } }",
                 "reads %t inside of a loop with 't'");
  expect_message(TWO "%t[n,m] schedule { for n { vec m : y vec m : t } } }", "moves the stage across 't'");
  expect_message(KERNEL "axes n:8 a: %y[n] = %x[n] y: %y[n] = neg(%x[n]) schedule { vec n : y, a } }",
                 "exchanges stages 'a' and 'y'");
  expect_message("kernel @k tasks 1 (%x: in f32[8] align 4, %y: out f32[8] align 4) {\n local %s: f32[] "
                 "align 4 axes n:8\n"
                 "s: %s[] = add[n] %x[n] y: %y[n] = mul(%x[n], %s[]) schedule { vec n : s, y } }",
                 "reads %s in the leaf in which 's' still reduces it");
}

#define SCRATCH                                                                                              \
  "buffer #0 : f32[8,8] = workspace buffer #1 : f32[8,8] = workspace kernel @f tasks 1 (%y: out f32[8,8] align 4) {\n" \
  "axes n:8, m:8 y: %y[n,m] = f32(1.0) schedule { for n { vec m : y } } }\n" TWO                             \
  "%t[n,m] schedule { par n/3 { for n%3 { vec m : t } for n%3 { vec m : y } } } } run @f(#0)\n"

#define PROGRAM                                                                                              \
  "blob #0 : f32 x 8 = splat 1.0 entry @run(\"x\": f32[2,4]) -> (\"y\": f32[8])\n"                           \
  "buffer #0 : f32[8] = argument 0 buffer #1 : f32[8] = result 0 buffer #2 : f32[8] = constant #0\n"         \
  "buffer #3 : f32[4] = workspace buffer #4 : i32[8] = workspace buffer #5 : f32[8] = workspace\n" KERNEL    \
  "axes n:8 y: %y[n] = %x[n] " VEC "\n"

static void steps(void **state) {
  (void)state;
  expect_sound(PROGRAM "run @k(#0, #1)");
  expect_sound(PROGRAM "run @k(#2, #5) run @k(#5, #1)");
  expect_message(PROGRAM "run @k(#0)", "a call passes 1 buffers instead of 2");
  /* 3 rows of 8, a cache line apart. */
  expect_sound(SCRATCH "buffer #2 : u8[192] = workspace bytes 192 offset 0 workspace 192 least 192 run @k(#0, #1, #2)");
  expect_sound(SCRATCH "run @k(#0, #1)"); /* memory is not planned yet */
  expect_message(SCRATCH "workspace 0 least 0 run @k(#0, #1)", "a call has no buffer for the scratch that its kernel takes");
  expect_message(SCRATCH "buffer #2 : u8[128] = workspace bytes 128 offset 0 workspace 128 least 128 run @k(#0, #1, #2)",
                 "buffer #2 is too small for the scratch");
  expect_message(SCRATCH "buffer #2 : u8[192] = workspace bytes 192 offset 0 workspace 192 least 192 run @k(#0, #1, #1)",
                 "buffer #1 is too small for the scratch");
  expect_sound(PROGRAM "require N-3 require mod(N,2) run @k(#0, #1)");
  expect_sound("buffer #0 : f32[N] = workspace buffer #1 : f32[8] = workspace kernel @k tasks 1 (%a: out f32[N] align 4) "
               "{ axes i:N\n y: %a[i] = f32(1.0) } require N-8 run @k(#1)"); /* as many, since N is 8 */
  expect_message("buffer #0 : f32[N] = workspace buffer #1 : f32[8] = workspace kernel @k tasks 1 (%a: out f32[N] align 4) "
                 "{ axes i:N\n y: %a[i] = f32(1.0) } require N-7 run @k(#1)", "another element type or count");
  expect_sound(PROGRAM "buffer #6 : f32[12] = workspace run @k(#0, #6 at 4)"); /* a part of it */
  expect_message(PROGRAM "buffer #6 : f32[12] = workspace run @k(#0, #6 at 5)", "another element type or count");
  expect_message(PROGRAM "buffer #6 : f32[12] = workspace run @k(#0, #6 at -1)", "another element type or count");
  expect_message(PROGRAM "run @k(#0, #1) require N-3", "dims are required behind other steps");
  expect_message(PROGRAM "require 3 run @k(#0, #1)", "what is required is a constant");
}

static void steps_of_wrong_buffers(void **state) {
  (void)state;
  expect_message(PROGRAM "run @k(#0, #2)", "parameter %y writes buffer #2, an argument or constant");
  expect_message(PROGRAM "run @k(#0, #3)", "buffer #3 has another element type or count than parameter %y");
  expect_message(PROGRAM "run @k(#0, #4)", "buffer #4 has another element type or count");
  expect_message(PROGRAM "run @k(#5, #1)", "reads buffer #5, which no earlier step writes");
  expect_message(PROGRAM "run @k(#0, #5) run @k(#5, #5)", "bound to two parameters of which one is written");
  expect_message(PROGRAM "check #1", "a check does not have one buffer of i32");
  expect_message("buffer #0 : f32[8] = constant _", "constant buffer #0 and its blob disagree");
  expect_message("blob #0 : f32 x 8 = splat 1.0 buffer #0 : f32[4] = constant #0", "constant buffer #0");
  expect_message("entry @run() -> () buffer #0 : f32[4] = argument 0",
                 "argument 0, which the entry does not have");
  expect_message("entry @run(\"x\": f32[5]) -> () buffer #0 : f32[4] = argument 0",
                 "another type than argument 0");
}

#define NESTED                                                                                               \
  "symbol t in [0, 7] below N symbol u in [0, 3] below 4\n"                                                  \
  "entry @run(\"x\": f32[N,8], \"c\": bool[], \"n\": i64[]) -> (\"y\": f32[N,8])\n"                         \
  "buffer #0 : f32[N,8] = argument 0 buffer #1 : bool[] = argument 1 buffer #2 : i64[] = argument 2\n"       \
  "buffer #3 : f32[N,8] = result 0 buffer #4 : f32[8] = workspace buffer #5 : bool[] = workspace\n"          \
  "kernel @row tasks 1 (%x: in f32[N,8] align 4, %y: out f32[8] align 4) { axes n:8\n"                       \
  "y: %y[n] = %x[N-t-1, n] " VEC "\n"                                                                        \
  "kernel @stack tasks 1 (%x: in f32[8] align 4, %y: out f32[N,8] align 4) { axes n:8\n"                     \
  "y: %y[t, n] = mul(%x[n], cast.f32(index[t])) " VEC "\n"                                                   \
  "kernel @fill tasks 1 (%y: out f32[8] align 4) { axes n:8 y: %y[n] = f32(1.0) " VEC "\n"

static void nested_steps(void **state) {
  (void)state;
  expect_sound(NESTED "loop t < N { run @row(#0, #4) run @stack(#4, #3) }");
  expect_sound(NESTED "loop t < N while #1 { run @row(#0, #4) loop u < #2 { run @stack(#4, #3) } }");
  expect_sound(NESTED "if #1 { run @fill(#4) } else { run @fill(#4) } loop t < N { run @stack(#4, #3) }");
  expect_message(NESTED "run @fill(#4) run @stack(#4, #3)", "uses the iteration number 't' outside of its loop");
  expect_message(NESTED "loop u < 4 { run @row(#0, #4) }", "uses the iteration number 't' outside");
  expect_message(NESTED "loop t < N { loop t < N { } }", "nested loops count in one symbol, 't'");
  expect_message(NESTED "loop u < 5 { }", "the trip count is not provably within the limit of 'u'");
  expect_message(NESTED "loop u { }", "a loop never ends");
  expect_message(NESTED "loop u < 4 while #2 { }", "reads buffer #2, which is not one bool");
  expect_message(NESTED "loop u < #1 { }", "reads buffer #1, which is not one i64");
  expect_message(NESTED "loop u < 4 while #5 { }", "reads buffer #5, which no earlier step writes");
  expect_message(NESTED "if #4 { } else { }", "reads buffer #4, which is not one bool");
  expect_message(NESTED "if #1 { run @fill(#4) } else { } loop t < N { run @stack(#4, #3) }",
                 "reads buffer #4, which no earlier step writes");
}

/* Proofs with the number of an iteration: below its limit, no further. */
static void iteration_bounds(void **state) {
  (void)state;
#define READ(subscript)                                                                                      \
  "symbol t in [0, 7] below N kernel @k tasks 1 (%x: in f32[N,8] align 4, %y: out f32[8] align 4) {\n"       \
  "axes n:8 y: %y[n] = %x[" subscript ", n] " VEC
  expect_sound(READ("t"));
  expect_sound(READ("N-t-1"));
  expect_message(READ("t+1"), "is not provably inside");
  expect_message(READ("t-1"), "is not provably inside");
  expect_message(READ("N-t"), "is not provably inside");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(sound_kernels, setup, teardown),
      cmocka_unit_test_setup_teardown(indices, setup, teardown),
      cmocka_unit_test_setup_teardown(broken_stages, setup, teardown),
      cmocka_unit_test_setup_teardown(broken_kernels, setup, teardown),
      cmocka_unit_test_setup_teardown(broken_schedules, setup, teardown),
      cmocka_unit_test_setup_teardown(steps, setup, teardown),
      cmocka_unit_test_setup_teardown(steps_of_wrong_buffers, setup, teardown),
      cmocka_unit_test_setup_teardown(nested_steps, setup, teardown),
      cmocka_unit_test_setup_teardown(iteration_bounds, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
