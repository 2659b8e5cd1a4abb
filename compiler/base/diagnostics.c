/* SPDX-License-Identifier: Apache-2.0 */
/* Formats and counts messages; the texts stand in messages.def. */
#include "base/diagnostics.h"
#include "base/arena.h"
#include "base/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Every fault of a real model is told; a hostile one does not fill the disk. */
enum { MESSAGE_LIMIT = 100000 };

struct Diagnostics {
  DiagnosticSink sink;
  void *user;
  uint32_t error_count, warning_count;
  bool internal;
};

typedef enum Severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_INTERNAL } Severity;

static const struct {
  Severity severity;
  const char *code, *format;
} message_table[] = {
#define MESSAGE(constant, code, format) {SEVERITY_ERROR, code, format},
#define WARNING_MESSAGE(constant, code, format) {SEVERITY_WARNING, code, format},
#define INTERNAL_MESSAGE(constant, code, format) {SEVERITY_INTERNAL, code, format},
#include "base/messages.def"
#undef MESSAGE
};

static void write_to_stderr(void *user, const char *text) {
  (void)user;
  fprintf(stderr, "%s\n", text);
}

Diagnostics *diagnostics_create(DiagnosticSink sink, void *user) {
  Diagnostics *diagnostics = calloc(1, sizeof *diagnostics);
  if (!diagnostics) memory_exhausted();
  diagnostics->sink = sink ? sink : write_to_stderr;
  diagnostics->user = user;
  return diagnostics;
}

void diagnostics_destroy(Diagnostics *diagnostics) { free(diagnostics); }

static void add_printable(Text *text, const char *string) {
  for (const unsigned char *at = (const unsigned char *)string; *at; at++)
    text_format(text, *at < 0x20 || *at == 0x7f ? "\\x%02x" : "%c", *at);
}

bool report(Diagnostics *diagnostics, const Location *location, Message message, ...) {
  Severity severity = message_table[message].severity;
  uint32_t *count = severity == SEVERITY_WARNING ? &diagnostics->warning_count : &diagnostics->error_count;
  diagnostics->internal |= severity == SEVERITY_INTERNAL;
  if ((*count)++ >= MESSAGE_LIMIT) return false;
  Text text = {0};
  text_format(&text, "%s:", location && location->file ? location->file : "aicc");
  if (location && location->line) text_format(&text, "%u:%u:", location->line, location->column);
  text_add(&text, severity == SEVERITY_WARNING ? " warning: " : " error: ");
  if (location && location->node) {
    text_add(&text, "node '");
    add_printable(&text, location->node);
    text_add(&text, "': ");
  }
  char buffer[1024];
  va_list arguments;
  va_start(arguments, message);
  vsnprintf(buffer, sizeof buffer, message_table[message].format, arguments);
  va_end(arguments);
  add_printable(&text, buffer);
  text_format(&text, " [%s]", message_table[message].code);
  diagnostics->sink(diagnostics->user, text_string(&text));
  text_free(&text);
  return false;
}

uint32_t diagnostics_error_count(const Diagnostics *diagnostics) { return diagnostics->error_count; }

bool diagnostics_internal(const Diagnostics *diagnostics) { return diagnostics->internal; }

static void tell_left_out(const Diagnostics *diagnostics, uint32_t count, const char *what) {
  if (count <= MESSAGE_LIMIT) return;
  Text text = {0};
  text_format(&text, "aicc: %u more %s", count - MESSAGE_LIMIT, what);
  diagnostics->sink(diagnostics->user, text_string(&text));
  text_free(&text);
}

void diagnostics_finish(Diagnostics *diagnostics) {
  tell_left_out(diagnostics, diagnostics->warning_count, "warnings");
  tell_left_out(diagnostics, diagnostics->error_count, "errors");
}

const char *message_code(Message message) { return message_table[message].code; }
