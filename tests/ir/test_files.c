/* SPDX-License-Identifier: Apache-2.0 */
/* Golden texts: each *.aicc-ir reads and prints back exactly. In invalid/, each line that ends in
   "// error: TEXT" must get a message with that text, and every message must be expected. With --update, the
   valid files are rewritten as they print. */
#include "base/diagnostics.h"
#include "base/file.h"
#include "ir_test.h"
#include <dirent.h>

typedef struct Name {
  char path[512];
} Name;

static int compare_names(const void *a, const void *b) {
  return strcmp(((const Name *)a)->path, ((const Name *)b)->path);
}

/* The *.aicc-ir files of a directory, sorted; the caller frees them. */
static Name *list_files(const char *directory, size_t *count) {
  DIR *stream = opendir(directory);
  Name *names = NULL;
  *count = 0;
  assert_non_null(stream);
  for (struct dirent *entry; (entry = readdir(stream));) {
    size_t length = strlen(entry->d_name);
    if (length < 8 || strcmp(entry->d_name + length - 8, ".aicc-ir") != 0) continue;
    names = heap_resize(names, (*count + 1) * sizeof *names);
    snprintf(names[(*count)++].path, sizeof names->path, "%s/%s", directory, entry->d_name);
  }
  closedir(stream);
  qsort(names, *count, sizeof *names, compare_names);
  return names;
}

static void golden_files(void **state) {
  const bool *update = *state;
  size_t count;
  Name *names = list_files(TEST_DIRECTORY, &count);
  assert_true(count >= 3);
  for (size_t i = 0; i < count; i++) {
    MappedFile file;
    Text messages = {0}, expected = {0}, printed = {0};
    assert_true(file_map(names[i].path, &file));
    text_add_bytes(&expected, (const char *)file.bytes, file.length);
    Diagnostics *diagnostics = diagnostics_create(collect_message, &messages);
    Module *module = module_parse(diagnostics, names[i].path, expected.bytes, expected.length, NULL);
    if (!module) print_message("%s", text_string(&messages));
    assert_non_null(module);
    module_print(&printed, module);
    if (*update)
      assert_true(file_write(names[i].path, printed.bytes, printed.length));
    else
      assert_string_equal(printed.bytes, expected.bytes); /* test_files --update rewrites the files */
    module_destroy(module);
    diagnostics_destroy(diagnostics);
    text_free(&messages);
    text_free(&expected);
    text_free(&printed);
    file_unmap(&file);
  }
  free(names);
}

/* Takes the line of "FILE:LINE:COLUMN: error: " off a message; 0 where there is none. */
static unsigned message_line(const char *message, const char *path) {
  size_t length = strlen(path);
  return strncmp(message, path, length) == 0 && message[length] == ':' ? (unsigned)atoi(message + length + 1)
                                                                       : 0;
}

/* Every expectation of the file has a message on its line; returns how many expectations there are. */
static size_t check_expectations(const char *path, const char *text, char *messages) {
  size_t expectations = 0;
  unsigned line = 1;
  for (const char *at = text; *at; line++) {
    size_t length = strcspn(at, "\n");
    char copy[1024];
    assert_true(length < sizeof copy);
    memcpy(copy, at, length);
    copy[length] = 0;
    at += length + (at[length] == '\n');
    const char *expected = strstr(copy, "// error: ");
    if (!expected) continue;
    expectations++;
    bool found = false;
    for (char *message = messages; *message && !found;) {
      char *end = strchr(message, '\n');
      *end = 0;
      found = message_line(message, path) == line && strstr(message, expected + 10);
      *end = '\n';
      message = end + 1;
    }
    if (!found)
      fprintf(stderr, "%s:%u: expected '%s', the messages are\n%s", path, line, expected + 10, messages);
    assert_true(found);
  }
  return expectations;
}

static void invalid_files(void **state) {
  (void)state;
  size_t count;
  Name *names = list_files(TEST_DIRECTORY "/invalid", &count);
  assert_true(count >= 3);
  for (size_t i = 0; i < count; i++) {
    MappedFile file;
    Text messages = {0}, text = {0};
    assert_true(file_map(names[i].path, &file));
    text_add_bytes(&text, (const char *)file.bytes, file.length);
    Diagnostics *diagnostics = diagnostics_create(collect_message, &messages);
    assert_null(module_parse(diagnostics, names[i].path, text.bytes, text.length, NULL));
    text_add(&messages, "");
    size_t expectations = check_expectations(names[i].path, text.bytes, messages.bytes);
    assert_true(expectations > 0);
    if (diagnostics_error_count(diagnostics) != expectations) fputs(messages.bytes, stderr);
    assert_int_equal(diagnostics_error_count(diagnostics), expectations);
    diagnostics_destroy(diagnostics);
    text_free(&messages);
    text_free(&text);
    file_unmap(&file);
  }
  free(names);
}

int main(int argc, char **argv) {
  bool update = argc > 1 && strcmp(argv[1], "--update") == 0;
  const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(golden_files, &update),
                                     cmocka_unit_test(invalid_files)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
