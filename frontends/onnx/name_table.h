/* SPDX-License-Identifier: Apache-2.0 */
/* A map from names to pointers: the scopes of a graph, its tables of functions and domains. */
#ifndef AICC_ONNX_NAME_TABLE_H
#define AICC_ONNX_NAME_TABLE_H
#include "base/arena.h"

typedef struct NameSlot {
  const char *name; /* null: free */
  uint64_t hash;
  void *value;
} NameSlot;

typedef struct NameTable {
  Arena *arena;
  NameSlot *slots;
  size_t count, capacity; /* the capacity is a power of two */
} NameTable;

/* The table lives in `arena` and grows; `expected` avoids growing. Names are not copied. */
void name_table_start(NameTable *table, Arena *arena, size_t expected);
/* Null where the name is not in the table. */
void *name_table_find(const NameTable *table, const char *name);
/* Adds or replaces. `value` is not null. */
void name_table_set(NameTable *table, const char *name, void *value);
#endif
