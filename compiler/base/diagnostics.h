/* SPDX-License-Identifier: Apache-2.0 */
/* Messages: errors in the input, warnings, errors of aicc itself; messages.def says which is which. A function that
   fails has reported why; passes and frontends go on after an error and report all of them. */
#ifndef AICC_BASE_DIAGNOSTICS_H
#define AICC_BASE_DIAGNOSTICS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum Message {
#define MESSAGE(constant, code, format) MESSAGE_##constant,
#include "base/messages.def"
#undef MESSAGE
  MESSAGE_COUNT
} Message;

/* Where a thing comes from; both parts may be null. `node` is the node's name or "#index OpType". `line` is
   0 where there is none (textual forms have it). */
typedef struct Location {
  const char *file;
  const char *node;
  uint32_t line, column;
} Location;

typedef struct Diagnostics Diagnostics;

/* Receives each finished message, without a newline. */
typedef void (*DiagnosticSink)(void *user, const char *text);

/* A null sink writes to stderr. */
Diagnostics *diagnostics_create(DiagnosticSink sink, void *user);
void diagnostics_destroy(Diagnostics *diagnostics);

/* Reports an error or a warning: "FILE: error: node 'NODE': TEXT [CODE]". `location` may be null. After a limit
   (100000 of each) they are only counted. Returns false, so that callers may `return report(...)` an error. The
   arguments follow the format in messages.def. */
bool report(Diagnostics *diagnostics, const Location *location, Message message, ...);
/* Without warnings. */
uint32_t diagnostics_error_count(const Diagnostics *diagnostics);
/* Whether an error of aicc itself has been reported. */
bool diagnostics_internal(const Diagnostics *diagnostics);
/* Reports how many messages were left out beyond the limit, if any. */
void diagnostics_finish(Diagnostics *diagnostics);
/* The stable code of a message. */
const char *message_code(Message message);
#endif
