/* SPDX-License-Identifier: Apache-2.0 */
/* The table of targets: triples, CPU levels, vector widths. */
#ifndef AICC_CODEGEN_TARGET_H
#define AICC_CODEGEN_TARGET_H
#include "base/arena.h"
#include "ir/machine.h"
#include <stdbool.h>
#include <stdint.h>

enum { LEVEL_LIMIT = 4 };

typedef struct TargetLevel {
  const char *name;     /* of --cpu: "x86-64-v3" */
  const char *alias;    /* "v3" */
  uint32_t abi_level;   /* AICC_CPU_* */
  const char *cpu;      /* LLVM's name */
  const char *features; /* LLVM's feature string beyond the CPU's */
  uint32_t vector_bits;
  uint32_t registers; /* vector registers */
  bool fma;           /* multiplies and adds in one instruction */
  bool half_floats;   /* converts between f16 and f32 in one instruction */
  uint32_t mask_bits; /* the narrowest elements that it loads and stores under a mask; 0: none */
} TargetLevel;

typedef struct Target {
  const char *architecture; /* first part of the triple */
  const char *spelling;     /* another one that people use for it */
  const char *triple;       /* the normal one */
  const Machine *machine;   /* what its CPUs have in common */
  uint32_t level_count;     /* ascending; the first is the baseline */
  TargetLevel levels[LEVEL_LIMIT];
} Target;

/* The target of a triple, or of an architecture alone ("" or null: this machine's); null where there is none.
 */
const Target *target_find(const char *triple);
/* A triple of the target in LLVM's normal form, all parts in their places; an architecture alone gets the
   target's own. Null where the system's objects are not ELF. */
const char *target_triple(const Target *target, const char *triple, Arena *arena);
const Target *target_at(uint32_t index); /* null after the last */
/* The index of a level by name or alias, "native" for the best of this machine; -1 where there is none. */
int32_t target_level_find(const Target *target, const char *name);
#endif
