/* SPDX-License-Identifier: Apache-2.0 */
/* An error inside LLVM ends the process with exit code 70 and a message that names the kernel. The error is provoked
   with a target row that no real table has: a CPU without 64-bit code. */
#include "codegen/llvm/codegen.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char text[] =
    "program \"m\" hash \"0000000000000000\" {\n"
    "  entry @run(\"x\": f32[64]) -> (\"y\": f32[64])\n"
    "  buffer #0 : f32[64] = argument 0\n"
    "  buffer #1 : f32[64] = result 0\n"
    "  workspace 0 least 0\n"
    "  kernel @k0 tasks 1 (%a: out f32[64] align 4, %b: in f32[64] align 4) loc \"negate_17\" {\n"
    "    axes i:64\n"
    "    y: %a[i] = neg(%b[i])\n"
    "    schedule {\n"
    "      par {\n"
    "        vec i : y\n"
    "      }\n"
    "    }\n"
    "  }\n"
    "  run @k0(#1, #0)\n"
    "}\n";

/* Generates code for the text in a child process; returns what it wrote to standard error and its exit code. */
static int generate(const Target *target, char *messages, size_t capacity) {
  int ends[2], status;
  assert_int_equal(pipe(ends), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    Diagnostics *diagnostics = diagnostics_create(NULL, NULL);
    Program *program = program_parse(diagnostics, "m", text, strlen(text));
    if (!program) _exit(99);
    InterfaceNames names = {.name = "m", .run_symbol = "m_run_00000000"};
    CodegenOptions options = {.target = target, .triple = target->triple, .level_mask = 1, .optimisation = 2, .compiler = "test"};
    CodegenResult result;
    bool ok = codegen_run(program, &names, &options, &result);
    _exit(ok ? 0 : 1);
  }
  close(ends[1]);
  size_t length = 0;
  for (ssize_t got; length + 1 < capacity && (got = read(ends[0], messages + length, capacity - 1 - length)) > 0;)
    length += (size_t)got;
  messages[length] = 0;
  close(ends[0]);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

static void test_sound_target(void **state) {
  (void)state;
  char messages[4096];
  assert_int_equal(generate(target_find("x86_64-unknown-linux-gnu"), messages, sizeof messages), 0);
  assert_string_equal(messages, "");
}

static void test_fatal_error(void **state) {
  (void)state;
  char messages[4096];
  Target broken = *target_find("x86_64-unknown-linux-gnu");
  broken.levels[0].cpu = "i386";
  assert_int_equal(generate(&broken, messages, sizeof messages), EXIT_INTERNAL);
  assert_non_null(strstr(messages, "aicc: internal error in kernel 'negate_17': "));
  assert_ptr_equal(strchr(messages, '\n'), messages + strlen(messages) - 1); /* one line */
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_sound_target), cmocka_unit_test(test_fatal_error)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
