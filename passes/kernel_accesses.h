/* SPDX-License-Identifier: Apache-2.0 */
/* Edits the subscripts of a kernel. */
#ifndef AICC_PASSES_KERNEL_ACCESSES_H
#define AICC_PASSES_KERNEL_ACCESSES_H
#include "loop/program.h"

typedef void (*AccessVisitor)(void *user, uint32_t buffer, Subscript **subscripts, uint32_t rank);

/* Every access of the kernel; accesses that are no buffer's (indices, guards) come with buffer UINT32_MAX. */
void kernel_visit_accesses(Kernel *kernel, AccessVisitor visit, void *user);
#endif
