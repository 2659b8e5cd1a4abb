/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the header of a compiled model, and decides the names of the object's interface with it. */
#ifndef AICC_DRIVER_HEADER_H
#define AICC_DRIVER_HEADER_H
#include "base/text.h"
#include "loop/program.h"

/* `name` is NAME, a C identifier. Fills `text` (freed by the caller) and sets the hash: 8 hexadecimal digits over
   the header with its digits as zeros. `symbols` are the dims that the caller gives, in the order of the fields. */
void header_write(Text *text, const Program *program, const char *name, const Symbol *const *symbols,
                  uint32_t symbol_count, char hash[9]);
/* Whether a name that the header of a model called `name` declares stands in the shared part already. */
bool header_name_clashes(Arena *arena, const char *name);
/* The symbols that the inputs' dims use, in order of first use. */
const Symbol **header_symbols(const Program *program, uint32_t *count);
#endif
