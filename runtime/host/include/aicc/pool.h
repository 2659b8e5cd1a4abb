/* SPDX-License-Identifier: Apache-2.0 */
/* A thread pool for programs that have none: aicc_pool_parallel_for goes into aicc_options.parallel_for, the
   pool into aicc_options.parallel_user. Compiled models never need it; link aicc_host only to use it. */
#ifndef AICC_POOL_H
#define AICC_POOL_H
#include "aicc/abi.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct aicc_pool aicc_pool;

/* Starts a pool of worker_count workers; 0 stands for one per online core. The thread that calls
   aicc_pool_parallel_for is one of them, so worker_count - 1 threads are started. Null when memory or threads
   run out. The caller owns the pool. */
aicc_pool *aicc_pool_create(uint32_t worker_count);

/* Ends the pool's threads and frees it; null is fine. No call on it may be in progress. */
void aicc_pool_destroy(aicc_pool *pool);

/* The number of workers, the caller included: what to put into aicc_options.worker_count. */
uint32_t aicc_pool_worker_count(const aicc_pool *pool);

/* An aicc_parallel_for whose user pointer is the pool (null: serial). Uses at most worker_count workers and
   at most those that the pool has. Any number of threads may call it on one pool: they take turns. A task may
   call it on the pool that runs it: the inner call then runs serially on that task's thread. A task must not
   wait for a task of the same call, nor reach back to this pool through the threads of another one. */
void aicc_pool_parallel_for(void *pool, size_t task_count, uint32_t worker_count, aicc_task task, void *arg);

#ifdef __cplusplus
}
#endif
#endif
