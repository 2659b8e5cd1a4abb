/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of an object that are the same for every model and architecture. */
#include "support.h"

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int value, size_t count);

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  unsigned char *out = to;
  const unsigned char *in = from;
  while (count--) *out++ = *in++;
  return to;
}

void *memmove(void *to, const void *from, size_t count) {
  unsigned char *out = to;
  const unsigned char *in = from;
  if (out < in)
    while (count--) *out++ = *in++;
  else
    while (count--) out[count] = in[count];
  return to;
}

void *memset(void *to, int value, size_t count) {
  unsigned char *out = to;
  while (count--) *out++ = (unsigned char)value;
  return to;
}

aicc_status aicc_support_frame(const aicc_options *options, aicc_frame *frame) {
  frame->parallel_for = 0;
  frame->parallel_user = 0;
  frame->worker_count = 0;
  frame->cpu_level = 0;
  if (!options) return AICC_OK;
  if (options->struct_size < sizeof(aicc_options)) return AICC_E_ARGUMENT;
  frame->parallel_for = options->parallel_for;
  frame->parallel_user = options->parallel_user;
  frame->worker_count = options->worker_count;
  frame->cpu_level = options->cpu_level;
  return AICC_OK;
}

aicc_status aicc_support_workspace(const void *workspace, uint64_t byte_count, uint64_t needed) {
  if (needed == 0) return AICC_OK;
  if (!workspace || ((uintptr_t)workspace & 63) || byte_count < needed) return AICC_E_WORKSPACE;
  return AICC_OK;
}

void aicc_support_parallel(const aicc_frame *frame, aicc_task task, void *arg, uint64_t task_count) {
  uint64_t workers = frame->worker_count;
  if (frame->parallel_for && workers > 1 && task_count > 1) {
    if (workers > task_count) workers = task_count;
    frame->parallel_for(frame->parallel_user, (size_t)task_count, (uint32_t)workers, task, arg);
    return;
  }
  for (uint64_t index = 0; index < task_count; index++) task(arg, (size_t)index, 0);
}

uint64_t aicc_support_ipow_unsigned(uint64_t x, uint64_t n) {
  uint64_t power = 1;
  for (; n; n >>= 1) {
    if (n & 1) power *= x;
    x *= x;
  }
  return power;
}

int64_t aicc_support_ipow_signed(int64_t x, int64_t n) {
  if (n >= 0) return (int64_t)aicc_support_ipow_unsigned((uint64_t)x, (uint64_t)n);
  if (x == 1) return 1;
  if (x == -1) return n & 1 ? -1 : 1;
  return 0;
}
