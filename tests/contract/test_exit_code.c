/* SPDX-License-Identifier: Apache-2.0 */
/* Which messages make which exit code, and what warnings do. */
#include "driver/exit_code.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct Messages {
  unsigned count;
  char last[256];
} Messages;

static void keep(void *user, const char *text) {
  Messages *messages = user;
  messages->count++;
  snprintf(messages->last, sizeof messages->last, "%s", text);
}

static int code_of(const Message *reported, size_t count, Phase phase, Messages *messages) {
  *messages = (Messages){0};
  Diagnostics *diagnostics = diagnostics_create(keep, messages);
  for (size_t i = 0; i < count; i++) report(diagnostics, NULL, reported[i], "x", "y", "z");
  int code = exit_code(diagnostics, phase);
  diagnostics_destroy(diagnostics);
  return code;
}

static void test_codes(void **state) {
  (void)state;
  Messages messages;
  static const Message internal[] = {MESSAGE_VERIFY, MESSAGE_KERNEL, MESSAGE_CODEGEN};
  static const Message input[] = {MESSAGE_NODE_INVALID, MESSAGE_LINKER, MESSAGE_CANNOT_WRITE, MESSAGE_INTERFACE};
  for (size_t i = 0; i < sizeof internal / sizeof *internal; i++) {
    const Message both[] = {MESSAGE_NODE_INVALID, internal[i]};
    assert_int_equal(code_of(&internal[i], 1, PHASE_COMPILING, &messages), 70);
    assert_int_equal(code_of(both, 2, PHASE_COMPILING, &messages), 70);
    assert_int_equal(code_of(&internal[i], 1, PHASE_READING, &messages), 1); /* a text that was given */
  }
  for (size_t i = 0; i < sizeof input / sizeof *input; i++)
    assert_int_equal(code_of(&input[i], 1, PHASE_COMPILING, &messages), 1);
}

static void test_unexplained(void **state) {
  (void)state;
  Messages messages;
  static const Message warning[] = {MESSAGE_OPTION_IGNORED};
  for (int phase = PHASE_READING; phase <= PHASE_COMPILING; phase++) {
    assert_int_equal(code_of(NULL, 0, (Phase)phase, &messages), 70);
    assert_int_equal(messages.count, 1);
    assert_non_null(strstr(messages.last, "error: "));
    assert_int_equal(code_of(warning, 1, (Phase)phase, &messages), 70); /* a warning explains nothing */
    assert_int_equal(messages.count, 2);
  }
}

static void test_warnings(void **state) {
  (void)state;
  Messages messages = {0};
  Diagnostics *diagnostics = diagnostics_create(keep, &messages);
  Location location = {.file = "m.onnx"};
  report(diagnostics, &location, MESSAGE_OUTPUT_SHAPE, "y", "float32[1]", "float32[2]");
  assert_string_equal(messages.last, "m.onnx: warning: output 'y' is declared as float32[1] but computes float32[2]; the "
                                     "computed one counts [output-type]");
  assert_int_equal(diagnostics_error_count(diagnostics), 0);
  assert_false(diagnostics_internal(diagnostics));
  for (unsigned i = 0; i < 100004; i++) report(diagnostics, &location, MESSAGE_OUTPUT_SHAPE, "y", "a", "b");
  assert_int_equal(messages.count, 100000);
  report(diagnostics, &location, MESSAGE_OPTION, "an error is told even then");
  assert_int_equal(messages.count, 100001);
  diagnostics_finish(diagnostics);
  assert_string_equal(messages.last, "aicc: 5 more warnings");
  diagnostics_destroy(diagnostics);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_codes), cmocka_unit_test(test_unexplained),
                                     cmocka_unit_test(test_warnings)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
