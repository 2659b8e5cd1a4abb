/* SPDX-License-Identifier: Apache-2.0 */
/* Where the locals of a kernel stand. A local has its full logical dims; how much of it is kept, and where, follows from
   the schedule. Let N be the innermost node of the schedule around all leaves that touch the local. A dim whose subscript
   is everywhere the same plain axis is kept as one element where N or a loop around it binds the axis, and as the tile
   where they bind its outer part; other dims are kept whole. What is one element, or touched in one leaf only, stands in
   a register; the rest in the scratch memory of the worker, which nothing outlives from one task to the next. */
#ifndef AICC_LOOP_STORAGE_H
#define AICC_LOOP_STORAGE_H
#include "loop/program.h"

enum { NO_TILED_AXIS = POINT_LIMIT };

/* Elements are `strides` apart along the dims; 0 along a dim that keeps one element. */
typedef struct LocalStorage {
  bool in_register;
  Dim strides[RANK_LIMIT];
  uint32_t tiled[RANK_LIMIT]; /* the axis from whose tile's start the dim counts, or NO_TILED_AXIS */
  Dim byte_count;             /* of scratch, a multiple of WORKSPACE_ALIGNMENT; 0 in a register */
} LocalStorage;

/* The storage of a local. Without a schedule every local is whole and in scratch, and its rows are dense. */
LocalStorage local_storage(DimContext *dims, const Kernel *kernel, uint32_t local);
/* Bytes of scratch of one worker: locals stand one behind the other. 0 where there are none. */
Dim kernel_scratch_bytes(DimContext *dims, const Kernel *kernel);
/* The greatest scratch of the program's kernels. */
Dim program_scratch_bytes(const Program *program);
#endif
