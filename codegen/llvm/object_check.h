/* SPDX-License-Identifier: Apache-2.0 */
/* That an object needs nothing. */
#ifndef AICC_CODEGEN_OBJECT_CHECK_H
#define AICC_CODEGEN_OBJECT_CHECK_H
#include <stdbool.h>
#include <stddef.h>

/* Looks through the symbol table of a relocatable ELF object of 64 bits, little-endian. Null where every symbol is
   defined, else the name of one that is not, or what keeps the object from being read. */
const char *object_undefined_symbol(const char *bytes, size_t length);
#endif
