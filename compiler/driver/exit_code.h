/* SPDX-License-Identifier: Apache-2.0 */
/* Exit codes of aicc and aicc-opt; 70 stands with code generation, 71 with the arena. */
#ifndef AICC_DRIVER_EXIT_CODE_H
#define AICC_DRIVER_EXIT_CODE_H
#include "base/diagnostics.h"
#include "codegen/llvm/codegen.h"

enum { EXIT_INPUT = 1, EXIT_USAGE = 2 };

typedef enum Phase { PHASE_READING, PHASE_COMPILING } Phase;

/* The exit code after a failure. What is wrong with what was read is the input's fault; afterwards the messages
   decide. A failure that nothing explained is aicc's own, and is reported. */
static inline int exit_code(Diagnostics *diagnostics, Phase phase) {
  if (diagnostics_error_count(diagnostics) == 0) report(diagnostics, NULL, MESSAGE_UNEXPLAINED);
  else if (phase == PHASE_READING) return EXIT_INPUT;
  return diagnostics_internal(diagnostics) ? EXIT_INTERNAL : EXIT_INPUT;
}
#endif
