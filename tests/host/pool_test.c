/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of aicc_parallel_for, on the pool: every task once, workers in range and never shared, all
   done on return, whoever calls and however often. Built with ThreadSanitizer too. */
#include "aicc/pool.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_WORKERS = 16, MAX_TASKS = 1000 };

#define CHECK(condition)                                                                                     \
  do {                                                                                                       \
    if (!(condition)) {                                                                                      \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                \
      exit(1);                                                                                               \
    }                                                                                                        \
  } while (0)

typedef struct Record {
  uint32_t worker_count;
  int runs[MAX_TASKS];         /* plain: the pool must order what tasks write before its return */
  int per_worker[MAX_WORKERS]; /* plain: two tasks of one worker at once would be a race */
  atomic_int busy[MAX_WORKERS];
  atomic_int violations;
} Record;

static void record_task(void *arg, size_t index, uint32_t worker) {
  Record *record = arg;
  if (worker >= record->worker_count || index >= MAX_TASKS) {
    atomic_fetch_add(&record->violations, 1);
    return;
  }
  if (atomic_fetch_add(&record->busy[worker], 1) != 0) atomic_fetch_add(&record->violations, 1);
  ++record->runs[index];
  ++record->per_worker[worker];
  if (index % 7 == 0) sched_yield();
  atomic_fetch_sub(&record->busy[worker], 1);
}

static void check_call(aicc_pool *pool, size_t task_count, uint32_t worker_count, uint32_t allowed_workers) {
  Record record = {.worker_count = allowed_workers};
  aicc_pool_parallel_for(pool, task_count, worker_count, record_task, &record);
  CHECK(atomic_load(&record.violations) == 0);
  size_t total = 0;
  for (size_t i = 0; i < MAX_TASKS; ++i) CHECK(record.runs[i] == (i < task_count));
  for (size_t i = 0; i < MAX_WORKERS; ++i) total += (size_t)record.per_worker[i];
  CHECK(total == task_count);
}

static void test_contract(void) {
  for (uint32_t size = 1; size <= 5; ++size) {
    aicc_pool *pool = aicc_pool_create(size);
    CHECK(pool && aicc_pool_worker_count(pool) == size);
    for (size_t tasks = 0; tasks < 20; ++tasks)
      for (uint32_t workers = 0; workers < 8; ++workers) {
        uint32_t allowed = workers < size ? workers : size; /* a larger number is capped */
        check_call(pool, tasks, workers, allowed ? allowed : 1);
      }
    check_call(pool, MAX_TASKS, size, size);
    aicc_pool_destroy(pool);
  }
}

static void test_many_calls(void) {
  aicc_pool *pool = aicc_pool_create(3);
  CHECK(pool);
  for (int i = 0; i < 20000; ++i) {
    if (i % 5000 == 0) { /* long enough for the workers to fall asleep */
      struct timespec pause = {0, 5000000};
      nanosleep(&pause, NULL);
    }
    check_call(pool, (size_t)(i % 9), 3, 3);
  }
  aicc_pool_destroy(pool);
}

/* Both workers must be in a task at once for either to go on: the pool has to use its threads. */
static void meet_task(void *arg, size_t index, uint32_t worker) {
  (void)index, (void)worker;
  atomic_int *arrived = arg;
  atomic_fetch_add(arrived, 1);
  while (atomic_load(arrived) < 2) sched_yield();
}

static void test_runs_in_parallel(void) {
  aicc_pool *pool = aicc_pool_create(2);
  CHECK(pool);
  for (int i = 0; i < 100; ++i) {
    atomic_int arrived = 0;
    aicc_pool_parallel_for(pool, 2, 2, meet_task, &arrived);
    CHECK(atomic_load(&arrived) == 2);
  }
  aicc_pool_destroy(pool);
}

static void *call_often(void *arg) {
  for (int i = 0; i < 2000; ++i) check_call(arg, 11, 3, 3);
  return NULL;
}

static void test_concurrent_callers(void) {
  pthread_t callers[4];
  aicc_pool *pool = aicc_pool_create(3);
  CHECK(pool);
  for (int i = 0; i < 4; ++i) CHECK(pthread_create(&callers[i], NULL, call_often, pool) == 0);
  for (int i = 0; i < 4; ++i) CHECK(pthread_join(callers[i], NULL) == 0);
  aicc_pool_destroy(pool);
}

typedef struct Nested {
  aicc_pool *pool;
  atomic_int inner_tasks;
} Nested;

static void inner_task(void *arg, size_t index, uint32_t worker) {
  (void)index;
  if (worker < 3) atomic_fetch_add((atomic_int *)arg, 1);
}

static void outer_task(void *arg, size_t index, uint32_t worker) {
  (void)index, (void)worker;
  Nested *nested = arg;
  aicc_pool_parallel_for(nested->pool, 5, 3, inner_task, &nested->inner_tasks);
}

static void test_nested_calls(void) {
  Nested nested = {.pool = aicc_pool_create(3)};
  CHECK(nested.pool);
  for (int i = 0; i < 200; ++i) aicc_pool_parallel_for(nested.pool, 6, 3, outer_task, &nested);
  CHECK(atomic_load(&nested.inner_tasks) == 200 * 6 * 5);
  aicc_pool_destroy(nested.pool);
}

static void test_life(void) {
  aicc_pool_destroy(NULL);
  check_call(NULL, 10, 4, 1); /* without a pool: serial */
  for (int i = 0; i < 200; ++i) {
    aicc_pool *pool = aicc_pool_create(i % 2 ? 4 : 0);
    CHECK(pool && aicc_pool_worker_count(pool) >= 1);
    if (i % 3) check_call(pool, 4, 4, aicc_pool_worker_count(pool) < 4 ? aicc_pool_worker_count(pool) : 4);
    aicc_pool_destroy(pool); /* at once: workers may be anywhere */
  }
}

int main(void) {
  test_contract();
  test_many_calls();
  test_runs_in_parallel();
  test_concurrent_callers();
  test_nested_calls();
  test_life();
  return 0;
}
