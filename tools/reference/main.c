/* SPDX-License-Identifier: Apache-2.0 */
/* aicc-reference PAGE: prints a reference page. */
#include "reference.h"
#include <string.h>

enum { EXIT_USAGE = 2 };

static void list_pages(FILE *out) {
  fputs("usage: aicc-reference PAGE\n\nPrints a reference page as Markdown.\n\npages:\n", out);
  for (size_t i = 0; reference_page_at(i); i++) fprintf(out, "  %s\n", reference_page_at(i)->name);
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--help") == 0) {
    list_pages(stdout);
    return 0;
  }
  if (argc != 2 || !reference_write(argv[1], stdout)) {
    list_pages(stderr);
    return EXIT_USAGE;
  }
  return fflush(stdout) != 0 || ferror(stdout);
}
