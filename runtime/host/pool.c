/* SPDX-License-Identifier: Apache-2.0 */
/* The thread pool. A compiled model calls parallel_for once per kernel, every few microseconds, so workers
   spin a little before they sleep, and a caller never waits for a worker that has not joined yet: a call is
   over when all tasks are done, however late the scheduler wakes the others. */
#include "aicc/pool.h"
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum {
  CACHE_LINE = 64,
  MAX_WORKERS = 1024,
  SPINS = 4000,             /* some 50 microseconds: longer than the gap between two kernels of a model */
  SPINS_OVERSUBSCRIBED = 50 /* more workers than cores: another worker needs the core */
};

/* The gate says whether there is work, for whom, and who is in: generation (32 bits), workers wanted (16
   bits, 0 when closed), workers inside besides the caller (16 bits). A worker enters by adding itself while
   the gate is open; the job's fields do not change between the opening of the gate and the leaving of the
   last one. */
#define GATE_INSIDE UINT64_C(0xffff)
#define GATE_WANTED_SHIFT 16
#define GATE_WANTED (UINT64_C(0xffff) << GATE_WANTED_SHIFT)
#define GATE_GENERATION_SHIFT 32

typedef struct Worker {
  struct aicc_pool *pool;
  pthread_t thread;
  uint32_t index;
} Worker;

struct aicc_pool {
  alignas(CACHE_LINE) _Atomic uint64_t gate;
  alignas(CACHE_LINE) _Atomic size_t next_task;
  alignas(CACHE_LINE) aicc_task task; /* the job: written while the gate is closed and nobody is inside */
  void *task_arg;
  size_t task_count;
  alignas(CACHE_LINE) _Atomic uint32_t sleepers; /* workers that sleep or are about to */
  _Atomic bool caller_sleeps;                    /* the caller waits for the last worker to leave */
  _Atomic bool stopping;
  pthread_mutex_t sleep_mutex;
  pthread_cond_t work_arrived, last_left;
  pthread_mutex_t call_mutex; /* held for a whole call: concurrent callers take turns */
  uint32_t worker_count, spin_count;
  Worker workers[]; /* worker 0 is the caller and has no thread */
};

/* The calls that this thread is inside of, innermost first: how a nested call is recognised. */
typedef struct ActiveCall {
  const aicc_pool *pool;
  const struct ActiveCall *outer;
} ActiveCall;
static _Thread_local const ActiveCall *active_calls;

static void spin_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void run_tasks(aicc_pool *pool, uint32_t worker) {
  ActiveCall call = {pool, active_calls};
  active_calls = &call;
  for (;;) {
    size_t index = atomic_fetch_add_explicit(&pool->next_task, 1, memory_order_relaxed);
    if (index >= pool->task_count) break;
    pool->task(pool->task_arg, index, worker);
  }
  active_calls = call.outer;
}

/* Whether the gate is open to this worker for a generation that it has not served yet. */
static bool gate_admits(uint64_t gate, uint32_t worker, uint32_t served) {
  return (uint32_t)(gate >> GATE_GENERATION_SHIFT) != served &&
         worker < ((gate & GATE_WANTED) >> GATE_WANTED_SHIFT);
}

/* Waits until the gate admits the worker, first spinning, then asleep. False when the pool ends. */
static bool await_gate(aicc_pool *pool, uint32_t worker, uint32_t served) {
  for (uint32_t i = 0; i < pool->spin_count; ++i) {
    if (gate_admits(atomic_load_explicit(&pool->gate, memory_order_relaxed), worker, served)) return true;
    spin_pause();
  }
  /* The opener stores the gate and then loads the sleepers; here it is the other way round. Both being
     sequentially consistent, at least one side sees the other. */
  pthread_mutex_lock(&pool->sleep_mutex);
  atomic_fetch_add(&pool->sleepers, 1);
  while (!atomic_load(&pool->stopping) && !gate_admits(atomic_load(&pool->gate), worker, served))
    pthread_cond_wait(&pool->work_arrived, &pool->sleep_mutex);
  atomic_fetch_sub(&pool->sleepers, 1);
  pthread_mutex_unlock(&pool->sleep_mutex);
  return !atomic_load(&pool->stopping);
}

/* Enters the gate if it still admits the worker. */
static bool enter_gate(aicc_pool *pool, uint32_t worker, uint32_t *served) {
  uint64_t gate = atomic_load_explicit(&pool->gate, memory_order_relaxed);
  do {
    if (!gate_admits(gate, worker, *served)) return false;
  } while (!atomic_compare_exchange_weak_explicit(&pool->gate, &gate, gate + 1, memory_order_acquire,
                                                  memory_order_relaxed));
  *served = (uint32_t)(gate >> GATE_GENERATION_SHIFT);
  return true;
}

static void leave_gate(aicc_pool *pool) {
  uint64_t gate = atomic_fetch_sub(&pool->gate, 1) - 1;
  if ((gate & (GATE_INSIDE | GATE_WANTED)) != 0 || !atomic_load(&pool->caller_sleeps)) return;
  pthread_mutex_lock(&pool->sleep_mutex);
  pthread_cond_signal(&pool->last_left);
  pthread_mutex_unlock(&pool->sleep_mutex);
}

static void *worker_main(void *arg) {
  Worker *self = arg;
  aicc_pool *pool = self->pool;
  uint32_t served = 0;
  while (await_gate(pool, self->index, served)) {
    if (!enter_gate(pool, self->index, &served)) continue;
    run_tasks(pool, self->index);
    leave_gate(pool);
  }
  return NULL;
}

/* Opens the gate to workers 1 .. workers - 1 and wakes those asleep. */
static void open_gate(aicc_pool *pool, uint32_t workers) {
  uint32_t generation = (uint32_t)(atomic_load(&pool->gate) >> GATE_GENERATION_SHIFT) + 1;
  atomic_store(&pool->gate,
               (uint64_t)generation << GATE_GENERATION_SHIFT | (uint64_t)workers << GATE_WANTED_SHIFT);
  if (atomic_load(&pool->sleepers) == 0) return;
  pthread_mutex_lock(&pool->sleep_mutex);
  pthread_cond_broadcast(&pool->work_arrived);
  pthread_mutex_unlock(&pool->sleep_mutex);
}

/* Lets nobody in any more and waits for those inside. */
static void close_gate(aicc_pool *pool) {
  uint64_t gate = atomic_fetch_and(&pool->gate, ~GATE_WANTED);
  for (uint32_t i = 0; (gate & GATE_INSIDE) != 0 && i < pool->spin_count; ++i) {
    spin_pause();
    gate = atomic_load_explicit(&pool->gate, memory_order_acquire);
  }
  if ((gate & GATE_INSIDE) == 0) return;
  pthread_mutex_lock(&pool->sleep_mutex);
  atomic_store(&pool->caller_sleeps, true);
  while ((atomic_load(&pool->gate) & GATE_INSIDE) != 0)
    pthread_cond_wait(&pool->last_left, &pool->sleep_mutex);
  atomic_store(&pool->caller_sleeps, false);
  pthread_mutex_unlock(&pool->sleep_mutex);
}

static bool is_nested(const aicc_pool *pool) {
  for (const ActiveCall *call = active_calls; call; call = call->outer)
    if (call->pool == pool) return true;
  return false;
}

void aicc_pool_parallel_for(void *user, size_t task_count, uint32_t worker_count, aicc_task task, void *arg) {
  aicc_pool *pool = user;
  uint32_t workers = pool && worker_count > pool->worker_count ? pool->worker_count : worker_count;
  if (workers > task_count) workers = (uint32_t)task_count;
  if (!pool || workers <= 1 || is_nested(pool)) {
    for (size_t i = 0; i < task_count; ++i) task(arg, i, 0);
    return;
  }
  pthread_mutex_lock(&pool->call_mutex);
  pool->task = task;
  pool->task_arg = arg;
  pool->task_count = task_count;
  atomic_store_explicit(&pool->next_task, 0, memory_order_relaxed);
  open_gate(pool, workers);
  run_tasks(pool, 0);
  close_gate(pool);
  pthread_mutex_unlock(&pool->call_mutex);
}

uint32_t aicc_pool_worker_count(const aicc_pool *pool) {
  return pool ? pool->worker_count : 1;
}

/* Ends and joins the threads of workers 1 .. started - 1 and frees the pool. */
static void stop_workers(aicc_pool *pool, uint32_t started) {
  pthread_mutex_lock(&pool->sleep_mutex);
  atomic_store(&pool->stopping, true);
  pthread_cond_broadcast(&pool->work_arrived);
  pthread_mutex_unlock(&pool->sleep_mutex);
  for (uint32_t i = 1; i < started; ++i) pthread_join(pool->workers[i].thread, NULL);
  pthread_cond_destroy(&pool->last_left);
  pthread_cond_destroy(&pool->work_arrived);
  pthread_mutex_destroy(&pool->sleep_mutex);
  pthread_mutex_destroy(&pool->call_mutex);
  free(pool);
}

aicc_pool *aicc_pool_create(uint32_t worker_count) {
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  uint32_t cores = online < 1 ? 1 : online > MAX_WORKERS ? MAX_WORKERS : (uint32_t)online;
  if (worker_count == 0) worker_count = cores;
  if (worker_count > MAX_WORKERS) worker_count = MAX_WORKERS;
  size_t bytes = sizeof(aicc_pool) + worker_count * sizeof(Worker);
  aicc_pool *pool = aligned_alloc(CACHE_LINE, (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
  if (!pool) return NULL;
  atomic_init(&pool->gate, 0);
  atomic_init(&pool->next_task, 0);
  atomic_init(&pool->sleepers, 0);
  atomic_init(&pool->caller_sleeps, false);
  atomic_init(&pool->stopping, false);
  pthread_mutex_init(&pool->sleep_mutex, NULL);
  pthread_mutex_init(&pool->call_mutex, NULL);
  pthread_cond_init(&pool->work_arrived, NULL);
  pthread_cond_init(&pool->last_left, NULL);
  pool->worker_count = worker_count;
  pool->spin_count = worker_count <= cores ? SPINS : SPINS_OVERSUBSCRIBED;
  for (uint32_t i = 1; i < worker_count; ++i) {
    Worker *worker = &pool->workers[i];
    worker->pool = pool;
    worker->index = i;
    if (pthread_create(&worker->thread, NULL, worker_main, worker) == 0) continue;
    stop_workers(pool, i);
    return NULL;
  }
  return pool;
}

void aicc_pool_destroy(aicc_pool *pool) {
  if (pool) stop_workers(pool, pool->worker_count);
}
