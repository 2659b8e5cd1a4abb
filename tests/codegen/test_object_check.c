/* SPDX-License-Identifier: Apache-2.0 */
/* That undefined symbols of objects are seen: an object of the C compiler's that needs one, one that needs none, and what
   is no whole object. The paths are the arguments. */
#include "codegen/llvm/object_check.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Bytes {
  char *bytes;
  size_t length;
} Bytes;

static Bytes open_object, closed_object;

static Bytes read_file(const char *path) {
  enum { MOST = 1 << 20 };
  Bytes file = {.bytes = malloc(MOST)};
  FILE *stream = fopen(path, "rb");
  if (stream) {
    file.length = fread(file.bytes, 1, MOST, stream);
    fclose(stream);
  }
  return file;
}

static void names_what_is_missing(void **state) {
  (void)state;
  assert_string_equal(object_undefined_symbol(open_object.bytes, open_object.length), "of_another_object");
  assert_null(object_undefined_symbol(closed_object.bytes, closed_object.length));
}

/* Every shorter file: nothing is read behind its end (the sanitizers of a debug build look), and none passes for whole. */
static void cut_files(void **state) {
  (void)state;
  for (size_t length = 0; length < closed_object.length; length++) {
    char *cut = malloc(length + 1);
    memcpy(cut, closed_object.bytes, length);
    const char *problem = object_undefined_symbol(cut, length);
    if (length < 64) assert_non_null(problem);
    free(cut);
  }
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  open_object = read_file(argv[1]);
  closed_object = read_file(argv[2]);
  const struct CMUnitTest tests[] = {cmocka_unit_test(names_what_is_missing), cmocka_unit_test(cut_files)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
