/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the parser of loop programs, the verifier behind it, and that what parses prints to a text that
   prints the same again. Build with clang -fsanitize=fuzzer,address,undefined against aicc_loop. */
#include "base/text.h"
#include "loop/program.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *user, const char *text) {
  (void)user;
  (void)text;
}

static Text print_and_destroy(Program *program) {
  Text text = {0};
  program_print(&text, program);
  program_destroy(program);
  return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Diagnostics *diagnostics = diagnostics_create(ignore, NULL);
  Program *program = program_parse(diagnostics, "fuzz", (const char *)data, size);
  if (program) {
    bool sound = program_verify(program, NULL);
    Text first = print_and_destroy(program);
    Program *again = program_parse(diagnostics, "fuzz", text_string(&first), first.length);
    if (!again || program_verify(again, NULL) != sound) abort();
    Text second = print_and_destroy(again);
    if (strcmp(text_string(&first), text_string(&second)) != 0) abort();
    text_free(&first);
    text_free(&second);
  }
  diagnostics_destroy(diagnostics);
  return 0;
}
