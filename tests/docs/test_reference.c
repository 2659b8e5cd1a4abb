/* SPDX-License-Identifier: Apache-2.0 */
/* The reference pages list every row of the tables that they are made from. */
#include "ops/operator.h"
#include "reference.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static char *page_text(const char *page) {
  char *text = NULL;
  size_t length;
  FILE *out = open_memstream(&text, &length);
  assert_non_null(out);
  assert_true(reference_write(page, out));
  fclose(out);
  return text;
}

static void expect(const char *page, const char *text, const char *part) {
  if (!strstr(text, part)) fail_msg("page %s lacks: %s", page, part);
}

static size_t count_of(const char *text, const char *part) {
  size_t count = 0;
  for (const char *at = text; (at = strstr(at, part)); at += strlen(part)) count++;
  return count;
}

static void test_operators(void **state) {
  (void)state;
  char *text = page_text("operators"), part[1024];
  size_t rows = 0;
  for (; operator_at(rows); rows++) {
    const Operator *row = operator_at(rows);
    snprintf(part, sizeof part, "\n## %s\n", row->name);
    expect("operators", text, part);
    assert_int_equal(count_of(text, part), 1);
    const char *section = strstr(text, part);
    if (row->until)
      snprintf(part, sizeof part, "\nOpset %d to %d. %s\n", row->since, row->until, row->doc);
    else
      snprintf(part, sizeof part, "\nSince opset %d. %s\n", row->since, row->doc);
    expect(row->name, section, part);
    if (row->text) expect(row->name, section, row->text);
  }
  assert_int_equal(count_of(text, "\nOpset ") + count_of(text, "\nSince opset "), rows);
  free(text);
}

static void test_tables(void **state) {
  (void)state;
  char *text = page_text("primitives"), part[256];
  for (int i = 0; i < PRIMITIVE_COUNT; i++) {
    snprintf(part, sizeof part, "\n| `%s` | ", primitive_info((PrimitiveKind)i)->name);
    expect("primitives", text, part);
  }
  free(text);
  text = page_text("scalars");
  for (int i = 0; i < SCALAR_COUNT; i++) {
    snprintf(part, sizeof part, "\n| `%s` | %u | ", scalar_info((Scalar)i)->name, scalar_info((Scalar)i)->arity);
    expect("scalars", text, part);
  }
  free(text);
  text = page_text("element-types");
  for (int i = ELEMENT_UNDEFINED + 1; i < ELEMENT_COUNT; i++) {
    const ElementInfo *info = element_info((ElementType)i);
    snprintf(part, sizeof part, "\n| `%s` | %s | %d | ", info->name, info->onnx_name, i);
    expect("element-types", text, part);
  }
  free(text);
  text = page_text("messages");
  for (int i = 0; i < MESSAGE_COUNT; i++) {
    snprintf(part, sizeof part, "\n| `%s` | ", message_code((Message)i));
    expect("messages", text, part);
  }
  free(text);
}

static void test_every_page_is_a_document(void **state) {
  (void)state;
  assert_false(reference_write("no such page", stdout));
  for (size_t i = 0; reference_page_at(i); i++) {
    char *text = page_text(reference_page_at(i)->name);
    assert_int_equal(strncmp(text, "# ", 2), 0);
    assert_true(strlen(text) > 200);
    free(text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_operators),
      cmocka_unit_test(test_tables),
      cmocka_unit_test(test_every_page_is_a_document),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
