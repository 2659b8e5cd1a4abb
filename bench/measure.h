/* SPDX-License-Identifier: Apache-2.0 */
/* Measuring side by side: contenders take turns in rounds, so that what disturbs the machine disturbs all. */
#ifndef AICC_BENCH_MEASURE_H
#define AICC_BENCH_MEASURE_H
#include "contender.h"

enum { MAX_ROUNDS = 101 };

typedef struct MeasurePlan {
  unsigned round_count; /* at most MAX_ROUNDS */
  double seconds;       /* time of a turn; a turn has at least one call */
} MeasurePlan;

typedef struct Measurement {
  double round_us[MAX_ROUNDS]; /* microseconds of a call: the median of the round's turn */
  double least_us;             /* of all samples: what a roof is, and no fair figure for anything else */
  size_t call_count;           /* calls timed, over all rounds */
} Measurement;

double seconds_now(void);

/* Fills results[i] with the times of contenders[i]. Each round gives every contender one turn, forwards in
   even rounds and backwards in odd ones. A turn begins with a pause, in which threads of the one before stop
   spinning, and calls that are not timed, which bring the contender's data and threads back. Calls are timed
   one by one, or in groups where a call is too short for the clock. False when a call failed. */
bool measure_rounds(const Contender *contenders, size_t contender_count, const MeasurePlan *plan,
                    Measurement *results);

#endif
