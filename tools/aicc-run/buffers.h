/* SPDX-License-Identifier: Apache-2.0 */
/* Memory whose edges are watched: an unreadable page on either side and known bytes in the slack between. */
#ifndef AICC_RUN_BUFFERS_H
#define AICC_RUN_BUFFERS_H
#include <stdbool.h>
#include <stddef.h>

typedef struct GuardedBuffer {
  unsigned char *data; /* never null once created, even for no bytes */
  size_t byte_count;
  unsigned char *mapping; /* the whole mapping, guard pages included */
  size_t mapping_bytes;
  const char *role, *name; /* "output", "y": for messages; both outlive the buffer */
  struct GuardedBuffer *next;
} GuardedBuffer;

/* Places byte_count bytes, filled with a pattern, so that their end touches an unreadable page, as far as the
   alignment (a power of two) allows. With misalign the address is not aligned to more than that. The buffer
   must not move until it is destroyed. False, with a report, when there is no memory or the alignment is too
   large. */
bool guarded_buffer_create(GuardedBuffer *buffer, const char *role, const char *name, size_t byte_count,
                           size_t alignment, bool misalign);

/* From here on a write to the buffer stops the program. */
void guarded_buffer_make_read_only(GuardedBuffer *buffer);

/* Checks the bytes around the data. False, with a report, when they have changed. */
bool guarded_buffer_check(const GuardedBuffer *buffer);

/* A buffer that was never created is fine if it is zeroed. */
void guarded_buffer_destroy(GuardedBuffer *buffer);

/* From here on a fatal signal prints which buffer was overrun, or what else happened, before it ends the
   program. */
void guarded_buffers_explain_faults(void);

#endif
