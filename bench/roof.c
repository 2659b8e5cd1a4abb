/* SPDX-License-Identifier: Apache-2.0 */
/* What a core can reach: fused multiply-adds that touch only registers, and reads that are used for next to
   nothing. Results go into sinks, so that no loop can be left out. */
#include "contender.h"
#include "measure.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef float Float8 __attribute__((vector_size(32)));
typedef float Float16 __attribute__((vector_size(64)));
typedef uint64_t Word4 __attribute__((vector_size(32)));
typedef uint64_t Word8 __attribute__((vector_size(64)));

enum {
  CHAINS_V3 = 12, /* independent sums: more than latency times instructions per cycle, fewer than registers */
  CHAINS_V4 = 24,
  STEPS = 20000, /* per task: some tens of microseconds */
  READ_CHAINS = 8
};

static volatile float float_seed = 0.5F;
static volatile float float_sink;
static volatile uint64_t word_sink;

/* acc = acc * 0.5 + 0.25 in every chain; the values stay normal. */
#define MULTIPLY_ADD_TASK(name, level, Vector, chains)                                                       \
  __attribute__((target(level))) static void name(void *unused, size_t index, uint32_t worker) {             \
    (void)unused, (void)index, (void)worker;                                                                 \
    Vector sums[chains], half = {0}, quarter = half + float_seed * 0.5F;                                     \
    half += float_seed;                                                                                      \
    _Pragma("GCC unroll 32") for (int i = 0; i < chains; ++i) sums[i] = half + (float)i;                     \
    for (int step = 0; step < STEPS; ++step)                                                                 \
      _Pragma("GCC unroll 32") for (int i = 0; i < chains; ++i) sums[i] = sums[i] * half + quarter;          \
    _Pragma("GCC unroll 32") for (int i = 1; i < chains; ++i) sums[0] += sums[i];                            \
    float_sink = sums[0][0];                                                                                 \
  }
MULTIPLY_ADD_TASK(multiply_add_v3, "avx2,fma", Float8, CHAINS_V3)
MULTIPLY_ADD_TASK(multiply_add_v4, "avx512f", Float16, CHAINS_V4)

/* A task reads its slice of the buffer. */
typedef struct Reading {
  const unsigned char *bytes;
  size_t slice_bytes; /* a multiple of READ_CHAINS * 64 */
  size_t repeats;
} Reading;

#define READ_TASK(name, level, Vector)                                                                       \
  __attribute__((target(level))) static void name(void *argument, size_t index, uint32_t worker) {           \
    const Reading *reading = argument;                                                                       \
    (void)worker;                                                                                            \
    Vector seen[READ_CHAINS] = {0};                                                                          \
    const Vector *first = (const Vector *)(reading->bytes + index * reading->slice_bytes);                   \
    const Vector *last = first + reading->slice_bytes / sizeof(Vector);                                      \
    for (size_t repeat = 0; repeat < reading->repeats; ++repeat) {                                           \
      for (const Vector *at = first; at < last; at += READ_CHAINS)                                           \
        _Pragma("GCC unroll 8") for (int i = 0; i < READ_CHAINS; ++i) seen[i] |= at[i];                      \
      __asm__ volatile("" : : : "memory"); /* the next repeat must read again */                             \
    }                                                                                                        \
    for (int i = 1; i < READ_CHAINS; ++i) seen[0] |= seen[i];                                                \
    word_sink = seen[0][0];                                                                                  \
  }
READ_TASK(read_v3, "avx2", Word4)
READ_TASK(read_v4, "avx512f", Word8)

static bool has_v3(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_v4(void) {
  return __builtin_cpu_supports("avx512f");
}

typedef struct Roof {
  aicc_pool *pool;
  aicc_task task;
  Reading reading;
  void *buffer;
} Roof;

static bool roof_call(void *state) {
  Roof *roof = state;
  uint32_t worker_count = aicc_pool_worker_count(roof->pool);
  aicc_pool_parallel_for(roof->pool, worker_count, worker_count, roof->task, &roof->reading);
  return true;
}

static void roof_destroy(void *state) {
  Roof *roof = state;
  free(roof->buffer);
  free(roof);
}

static bool finish(Roof *roof, double work, Contender *contender) {
  contender->work = work * (double)aicc_pool_worker_count(roof->pool);
  contender->seconds = 0.02;
  contender->state = roof;
  contender->call = roof_call;
  contender->destroy = roof_destroy;
  return true;
}

static bool create_multiply_add(aicc_pool *pool, bool is_v4, Contender *contender) {
  Roof *roof = calloc(1, sizeof *roof);
  if (!roof) return report("out of memory");
  roof->pool = pool;
  roof->task = is_v4 ? multiply_add_v4 : multiply_add_v3;
  return finish(roof, is_v4 ? 2.0 * 16 * CHAINS_V4 * STEPS : 2.0 * 8 * CHAINS_V3 * STEPS, contender);
}

bool roof_multiply_add_create(aicc_pool *pool, Contender *contender) {
  if (!has_v3()) return report("the CPU is below x86-64-v3: no roof to measure");
  return create_multiply_add(pool, has_v4(), contender);
}

bool roof_read_create(aicc_pool *pool, size_t byte_count, Contender *contender) {
  enum { STEP_BYTES = READ_CHAINS * 64, LEAST_BYTES_A_CALL = 1 << 20 };
  size_t worker_count = aicc_pool_worker_count(pool),
         slice = byte_count / worker_count / STEP_BYTES * STEP_BYTES;
  if (!has_v3()) return report("the CPU is below x86-64-v3: no roof to measure");
  if (slice == 0) return report("%zu bytes are too few to read", byte_count);
  Roof *roof = calloc(1, sizeof *roof);
  if (!roof) return report("out of memory");
  roof->pool = pool;
  roof->task = has_v4() ? read_v4 : read_v3;
  roof->buffer = aligned_alloc(64, slice * worker_count);
  if (!roof->buffer) return roof_destroy(roof), report("out of memory");
  memset(roof->buffer, 1, slice * worker_count);
  size_t repeats = slice < LEAST_BYTES_A_CALL ? LEAST_BYTES_A_CALL / slice : 1;
  roof->reading = (Reading){.bytes = roof->buffer, .slice_bytes = slice, .repeats = repeats};
  return finish(roof, (double)slice * (double)repeats, contender);
}

/* Prints `"NAME": RATE`, in billions a second. */
static bool print_rate(const char *name, const char *separator, Contender *contender) {
  MeasurePlan plan = {.round_count = 5};
  Measurement *measurement = malloc(sizeof *measurement);
  bool ok = measurement && measure_rounds(contender, 1, &plan, measurement);
  /* The best sample: on a busy machine, workers seldom all run at once, and a median would say nothing. */
  if (ok) printf("%s\"%s\": %.1f", separator, name, contender->work / measurement->least_us * 1e-3);
  contender->destroy(contender->state);
  free(measurement);
  return ok;
}

static size_t cache_bytes(int name, size_t otherwise) {
  long bytes = sysconf(name);
  return bytes > 0 ? (size_t)bytes : otherwise;
}

bool roof_print(aicc_pool *pool) {
  size_t worker_count = aicc_pool_worker_count(pool);
  size_t l1 = cache_bytes(_SC_LEVEL1_DCACHE_SIZE, 32 << 10), l2 = cache_bytes(_SC_LEVEL2_CACHE_SIZE, 1 << 20);
  size_t l3 = cache_bytes(_SC_LEVEL3_CACHE_SIZE, 16 << 20);
  /* Half of a private cache per worker; of the shared one, more than the private ones hold and at most half.
   */
  size_t in_l3 = 4 * l2 * worker_count < l3 / 2 ? 4 * l2 * worker_count : l3 / 2;
  size_t in_memory = 4 * l3 < (size_t)256 << 20 ? 4 * l3 : (size_t)256 << 20;
  struct {
    const char *name;
    size_t byte_count;
  } const reads[] = {{"read_l1_gbs", l1 / 2 * worker_count},
                     {"read_l2_gbs", l2 / 2 * worker_count},
                     {"read_l3_gbs", in_l3},
                     {"read_memory_gbs", in_memory}};
  Contender contender = {0};
  bool ok = !has_v3() ||
            (create_multiply_add(pool, false, &contender) && print_rate("fma_v3_gflops", "{", &contender));
  if (!ok || !has_v3()) return report("no roof was measured");
  contender = (Contender){0};
  if (has_v4())
    ok = create_multiply_add(pool, true, &contender) && print_rate("fma_v4_gflops", ", ", &contender);
  for (size_t i = 0; ok && i < sizeof reads / sizeof *reads; ++i) {
    contender = (Contender){0};
    ok = roof_read_create(pool, reads[i].byte_count, &contender) &&
         print_rate(reads[i].name, ", ", &contender);
  }
  puts("}");
  return ok;
}
