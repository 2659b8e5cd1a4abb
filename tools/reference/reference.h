/* SPDX-License-Identifier: Apache-2.0 */
/* The reference pages, written as Markdown from the tables that the compiler itself is built from: what is on a
   page is what the program does. */
#ifndef AICC_TOOLS_REFERENCE_H
#define AICC_TOOLS_REFERENCE_H
#include <stdbool.h>
#include <stdio.h>

typedef struct ReferencePage {
  const char *name; /* "operators": also the stem of its file */
  void (*write)(FILE *out);
} ReferencePage;

/* Null after the last. */
const ReferencePage *reference_page_at(size_t index);
/* False where there is no page of that name. */
bool reference_write(const char *page, FILE *out);

/* reference_operators.c */
void reference_operators(FILE *out);
/* Text within a table cell: bars are escaped. */
void reference_cell(FILE *out, const char *text);
#endif
