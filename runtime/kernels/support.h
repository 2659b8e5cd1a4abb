/* SPDX-License-Identifier: Apache-2.0 */
/* What every compiled object carries of hand-written code: checks of the caller's arguments, choice of the CPU
   level, cutting work into tasks, and the memory functions that the code generator may call. Freestanding; all of
   it becomes local to the object. */
#ifndef AICC_KERNELS_SUPPORT_H
#define AICC_KERNELS_SUPPORT_H
#include "aicc/abi.h"

/* How the run hands out tasks: the options of version 1, missing fields as zero. */
typedef struct aicc_frame {
  aicc_parallel_for parallel_for;
  void *parallel_user;
  uint32_t worker_count;
  uint32_t cpu_level;
} aicc_frame;

/* Fills the frame from the caller's options (null: serial, detect). AICC_E_ARGUMENT for a struct_size too small. */
aicc_status aicc_support_frame(const aicc_options *options, aicc_frame *frame);
/* AICC_E_WORKSPACE unless the workspace is aligned to 64 bytes and has `needed` bytes; null only for 0. */
aicc_status aicc_support_workspace(const void *workspace, uint64_t byte_count, uint64_t needed);
/* Runs all tasks, in parallel where the frame allows. */
void aicc_support_parallel(const aicc_frame *frame, aicc_task task, void *arg, uint64_t task_count);
/* The greatest level that this CPU has, of the levels in the mask (bit k: level k); 0 where it has none. A
   requested level must be in the mask and on this CPU. */
uint32_t aicc_support_level(uint32_t requested, uint32_t mask);
/* x to the power n, wrapping; a negative n gives 1/x^-n truncated towards zero. */
uint64_t aicc_support_ipow_unsigned(uint64_t x, uint64_t n);
int64_t aicc_support_ipow_signed(int64_t x, int64_t n);
#endif
