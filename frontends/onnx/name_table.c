/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing with linear probing, at most two thirds full. */
#include "name_table.h"
#include "base/hash.h"
#include <string.h>

static NameSlot *find_slot(const NameTable *table, const char *name, uint64_t hash) {
  size_t at = (size_t)hash & (table->capacity - 1);
  for (;; at = (at + 1) & (table->capacity - 1)) {
    NameSlot *slot = &table->slots[at];
    if (!slot->name || (slot->hash == hash && strcmp(slot->name, name) == 0)) return slot;
  }
}

void name_table_start(NameTable *table, Arena *arena, size_t expected) {
  size_t capacity = 8;
  while (capacity * 2 < expected * 3) capacity *= 2;
  *table = (NameTable){.arena = arena, .capacity = capacity, .slots = arena_array(arena, NameSlot, capacity)};
}

static void name_table_grow(NameTable *table) {
  NameTable larger;
  name_table_start(&larger, table->arena, table->capacity + 1);
  for (size_t i = 0; i < table->capacity; i++)
    if (table->slots[i].name)
      *find_slot(&larger, table->slots[i].name, table->slots[i].hash) = table->slots[i];
  larger.count = table->count;
  *table = larger;
}

void *name_table_find(const NameTable *table, const char *name) {
  return find_slot(table, name, hash_bytes(name, strlen(name), 0))->value;
}

void name_table_set(NameTable *table, const char *name, void *value) {
  if ((table->count + 1) * 3 > table->capacity * 2) name_table_grow(table);
  uint64_t hash = hash_bytes(name, strlen(name), 0);
  NameSlot *slot = find_slot(table, name, hash);
  if (!slot->name) table->count++;
  *slot = (NameSlot){.name = name, .hash = hash, .value = value};
}
