/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds and turns. */
#include "measure.h"
#include <stdlib.h>
#include <time.h>

enum { MAX_SAMPLES = 1 << 16, PAUSE_NANOSECONDS = 10 * 1000 * 1000, MAX_WARM_CALLS = 3 };

static const double shortest_sample = 20e-6; /* seconds: some hundred times what reading the clock takes */

double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int compare_doubles(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *samples, size_t count) {
  qsort(samples, count, sizeof *samples, compare_doubles);
  return count % 2 ? samples[count / 2] : (samples[count / 2 - 1] + samples[count / 2]) / 2;
}

/* Calls until a call takes less than a tenth of the turn, or three times; one call suffices where it alone
   fills the turn. *call_seconds becomes the time of the last. */
static bool warm_up(const Contender *contender, double seconds, double *call_seconds) {
  for (int i = 0; i < MAX_WARM_CALLS; ++i) {
    double start = seconds_now();
    if (!contender->call(contender->state)) return false;
    *call_seconds = seconds_now() - start;
    if (*call_seconds > seconds / 10) break;
  }
  return true;
}

static bool take_turn(const Contender *contender, double seconds, double *samples, double *turn_us,
                      Measurement *result) {
  double call_seconds;
  nanosleep(&(struct timespec){.tv_nsec = PAUSE_NANOSECONDS}, NULL);
  if (contender->seconds > 0) seconds = contender->seconds;
  if (!warm_up(contender, seconds, &call_seconds)) return false;
  size_t group = call_seconds < shortest_sample ? (size_t)(shortest_sample / call_seconds) + 1 : 1;
  size_t count = 0;
  double now = seconds_now(), end = now + seconds;
  do {
    double start = now;
    for (size_t i = 0; i < group; ++i)
      if (!contender->call(contender->state)) return false;
    now = seconds_now();
    samples[count++] = (now - start) * 1e6 / (double)group;
  } while (now < end && count < MAX_SAMPLES);
  *turn_us = median(samples, count);
  /* median() has sorted the samples. */
  if (result->least_us == 0 || samples[0] < result->least_us) result->least_us = samples[0];
  result->call_count += count * group;
  return true;
}

bool measure_rounds(const Contender *contenders, size_t contender_count, const MeasurePlan *plan,
                    Measurement *results) {
  double *samples = malloc(MAX_SAMPLES * sizeof *samples);
  if (!samples) return report("out of memory");
  bool ok = true;
  for (size_t i = 0; i < contender_count; ++i) results[i] = (Measurement){0};
  for (unsigned round = 0; ok && round < plan->round_count; ++round)
    for (size_t turn = 0; ok && turn < contender_count; ++turn) {
      size_t i = round % 2 ? contender_count - 1 - turn : turn;
      ok = take_turn(&contenders[i], plan->seconds, samples, &results[i].round_us[round], &results[i]);
    }
  free(samples);
  return ok;
}
