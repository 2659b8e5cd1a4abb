/* SPDX-License-Identifier: Apache-2.0 */
/* Chunked bump allocation. Large requests get a chunk of their own, so that a chunk is never mostly waste. */
#include "base/arena.h"
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 64 * 1024, EXIT_NO_MEMORY = 71 };

typedef struct Chunk {
  struct Chunk *next;
  size_t used, capacity;
  alignas(max_align_t) unsigned char bytes[];
} Chunk;

typedef struct Release {
  struct Release *next;
  void (*function)(void *user);
  void *user;
} Release;

struct Arena {
  Chunk *chunks;
  Release *releases;
  size_t byte_count;
};

void memory_exhausted(void) {
  static const char message[] = "aicc: error: out of memory\n";
  fputs(message, stderr);
  exit(EXIT_NO_MEMORY);
}

void *heap_resize(void *memory, size_t byte_count) {
  void *result = realloc(memory, byte_count ? byte_count : 1);
  if (!result) memory_exhausted();
  return result;
}

Arena *arena_create(void) {
  Arena *arena = calloc(1, sizeof *arena);
  if (!arena) memory_exhausted();
  return arena;
}

void arena_destroy(Arena *arena) {
  if (!arena) return;
  for (const Release *release = arena->releases; release; release = release->next) release->function(release->user);
  for (Chunk *chunk = arena->chunks; chunk;) {
    Chunk *next = chunk->next;
    free(chunk);
    chunk = next;
  }
  free(arena);
}

static Chunk *chunk_create(size_t capacity) {
  Chunk *chunk = calloc(1, sizeof *chunk + capacity);
  if (!chunk) memory_exhausted();
  chunk->capacity = capacity;
  return chunk;
}

void *arena_allocate(Arena *arena, size_t byte_count) {
  const size_t align = alignof(max_align_t);
  if (byte_count > SIZE_MAX / 2) memory_exhausted();
  size_t need = (byte_count + align - 1) & ~(align - 1);
  if (need == 0) need = align;
  arena->byte_count += need;
  Chunk *head = arena->chunks;
  if (!head || head->capacity - head->used < need) {
    Chunk *chunk = chunk_create(need > CHUNK_BYTES / 4 ? need : CHUNK_BYTES);
    if (head && need > CHUNK_BYTES / 4) { /* keep filling the current chunk */
      chunk->next = head->next;
      head->next = chunk;
    } else {
      chunk->next = head;
      arena->chunks = chunk;
    }
    head = chunk;
  }
  void *result = head->bytes + head->used;
  head->used += need;
  return result;
}

void arena_at_destroy(Arena *arena, void (*release)(void *user), void *user) {
  Release *entry = arena_new(arena, Release);
  *entry = (Release){arena->releases, release, user};
  arena->releases = entry;
}

void *arena_allocate_array(Arena *arena, size_t element_size, size_t count) {
  if (element_size && count > SIZE_MAX / 2 / element_size) memory_exhausted();
  return arena_allocate(arena, element_size * count);
}

void *arena_copy(Arena *arena, const void *data, size_t byte_count) {
  void *result = arena_allocate(arena, byte_count);
  if (byte_count) memcpy(result, data, byte_count);
  return result;
}

char *arena_copy_text(Arena *arena, const char *text, size_t length) {
  char *result = arena_allocate(arena, length + 1);
  if (length) memcpy(result, text, length);
  result[length] = 0;
  return result;
}

char *arena_format(Arena *arena, const char *format, ...) {
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (length < 0) memory_exhausted();
  char *result = arena_allocate(arena, (size_t)length + 1);
  vsnprintf(result, (size_t)length + 1, format, again);
  va_end(again);
  return result;
}

void *arena_reserve(Arena *arena, void *items, size_t element_size, size_t count, size_t *capacity) {
  if (count < *capacity) return items;
  size_t grown = *capacity ? *capacity * 2 : 8;
  void *result = arena_allocate_array(arena, element_size, grown);
  if (count) memcpy(result, items, count * element_size);
  *capacity = grown;
  return result;
}

size_t arena_byte_count(const Arena *arena) { return arena->byte_count; }
