/* SPDX-License-Identifier: Apache-2.0 */
/* Names from models as C identifiers: the rule of the binary interface. */
#ifndef AICC_BASE_IDENTIFIER_H
#define AICC_BASE_IDENTIFIER_H
#include "base/arena.h"

/* Every character outside [A-Za-z0-9_] becomes '_', a leading digit gets a '_' before it, a reserved name a '_' after
   it; an empty name becomes "_". Reserved is what reserved_names.def lists, what C leaves to compilers (an underscore
   and a capital, two underscores), PRI and SCN before a small letter or X, and AICC_. */
char *identifier_from(Arena *arena, const char *name);
/* Identifiers for `count` names, none of which is among `own` (names of macros around them: those get a '_' as well).
   Collisions get the first free of _2, _3, ... in order. */
const char **identifiers_from(Arena *arena, const char *const *names, size_t count, const char *const *own,
                              size_t own_count);
#endif
