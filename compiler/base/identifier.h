/* SPDX-License-Identifier: Apache-2.0 */
/* Names from models as C identifiers: the rule of the binary interface. */
#ifndef AICC_BASE_IDENTIFIER_H
#define AICC_BASE_IDENTIFIER_H
#include "base/arena.h"

/* Every character outside [A-Za-z0-9_] becomes '_', a leading digit gets a '_' before it, a keyword of C or C++ a
   '_' after it; an empty name becomes "_". */
char *identifier_from(Arena *arena, const char *name);
/* Identifiers for `count` names: collisions get the first free of _2, _3, ... in order. */
const char **identifiers_from(Arena *arena, const char *const *names, size_t count);
#endif
