/* SPDX-License-Identifier: Apache-2.0 */
/* What things cost and from what size on they pay, with units. Grouping, layout, contractions, schedules, the merging of siblings
   and register tiles ask here; no other file knows the size of a cache. */
#ifndef AICC_LOOP_COST_H
#define AICC_LOOP_COST_H
#include "ir/machine.h"
#include <stdbool.h>

/* --- Tasks and blocks. --- */
enum {
  COST_TASK = 524288,         /* scalar operations for which a task pays */
  COST_MAP_BLOCK = 4096,      /* elements of an elementwise kernel of one axis, per iteration that tasks are made of */
  COST_TRANSPOSE_BLOCK = 16,  /* elements: lines that a block touches are full before they leave the cache */
  COST_FOLD_BYTES = 4096,     /* a constant that grows up to here by being computed when aicc runs is no matter */
  COST_GROUP_ROWS = 8,        /* a kernel of several stages has so many rows to share among tasks, or */
  COST_GROUP_POINTS = 1 << 18 /* no more points than that, which one task does as well */
};

/* --- Lanes: how much an axis hurts as the one along which vectors are read, in accesses to adjacent elements. --- */
enum {
  COST_SCATTERED = 16, /* an access whose lanes are not adjacent */
  COST_ABSENT = 24,    /* a reduction that has nothing to do along the axis */
  COST_SHORT = 128,    /* an axis of fewer elements than COST_SHORT_LANES */
  COST_SHORT_LANES = 4
};

/* --- Caches. --- */
/* Bytes that can be read again and again without leaving what a core has for itself. */
int64_t cost_near_bytes(const Machine *machine);
/* Bytes of one operand of a product that stay there while the other one, and the results, pass by. */
int64_t cost_held_bytes(const Machine *machine);
/* Bytes of a result that the kernels behind still find there. */
int64_t cost_passed_bytes(const Machine *machine);
/* Whether rows that lie so many bytes apart fall into one set of the first-level cache; and how many rows it has room for. */
bool cost_rows_collide(const Machine *machine, int64_t bytes);
int64_t cost_rows_of_set(const Machine *machine);
/* Bytes by which rows that would collide lie further apart. */
int64_t cost_row_gap(const Machine *machine);

/* --- Register tiles. --- */
/* Half cycles of one step of a reduction in a tile: so many multiply-adds and loads, which cannot take less than the latency of
   one, and the loop itself. */
uint64_t cost_tile_step(const Machine *machine, uint64_t multiply_adds, uint64_t loads);
#endif
