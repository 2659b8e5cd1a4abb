/* SPDX-License-Identifier: Apache-2.0 */
/* One run of one entry point: everything that inputs.c prepares and run.c uses. */
#ifndef AICC_RUN_SESSION_H
#define AICC_RUN_SESSION_H
#include "aicc/abi.h"
#include "aicc/pool.h"
#include "buffers.h"
#include "options.h"
#include "tensor.h"

/* Special values of aicc_value.dims. */
#define DIM_DATA_DEPENDENT INT64_MIN
#define DIM_COMPUTED (INT64_MIN + 1)

typedef struct Session {
  const Options *options;
  const aicc_entry *entry;
  int64_t *symbols; /* symbol_count sizes, and whether each has been found */
  bool *symbol_known;
  Tensor *inputs;   /* input_count */
  Tensor *expected; /* output_count; dtype 0 where there is none */
  Tensor *outputs;  /* output_count; their data belongs to the buffers */
  GuardedBuffer *input_buffers, *output_buffers;
  GuardedBuffer workspace;
  size_t workspace_bytes;
  aicc_pool *pool;
  aicc_options run_options;
} Session;

/* Checks what the entry says about itself. False, with a report, when this program cannot run it. */
bool session_check_entry(const aicc_entry *entry);

/* Reads or makes the inputs, finds the symbols' sizes, reads the expected outputs, and places the inputs in
   guarded buffers. Returns -1 to go on, else the code to exit with, after a report. */
int session_prepare(Session *session);

/* Runs, checks and prints what the options ask for. Returns the code to exit with. */
int session_run(Session *session);

bool session_create(Session *session, const Options *options, const aicc_entry *entry);
void session_destroy(Session *session);

#endif
