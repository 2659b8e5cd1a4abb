/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that lives as long as its arena: a session, a module, a pass. Nothing is freed one by one; exhaustion
   goes to one handler (exit code 71), so allocation never returns null. */
#ifndef AICC_BASE_ARENA_H
#define AICC_BASE_ARENA_H
#include <stddef.h>
#include <stdint.h>

typedef struct Arena Arena;

/* Creates an empty arena; the caller destroys it. */
Arena *arena_create(void);
void arena_destroy(Arena *arena);

/* Zeroed memory of `byte_count` bytes, aligned for any object. */
void *arena_allocate(Arena *arena, size_t byte_count);
/* A null-terminated copy of the first `length` bytes of `text`. */
char *arena_copy_text(Arena *arena, const char *text, size_t length);
char *arena_format(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void *arena_copy(Arena *arena, const void *data, size_t byte_count);
/* Calls release(user) when the arena is destroyed, the last registered first. */
void arena_at_destroy(Arena *arena, void (*release)(void *user), void *user);
/* Bytes handed out so far. */
size_t arena_byte_count(const Arena *arena);

#define arena_new(arena, Type) ((Type *)arena_allocate((arena), sizeof(Type)))
#define arena_array(arena, Type, count) ((Type *)arena_allocate_array((arena), sizeof(Type), (count)))

/* As arena_allocate; a product that overflows counts as exhaustion. */
void *arena_allocate_array(Arena *arena, size_t element_size, size_t count);

/* Grows an arena-backed array to hold one more element:
     arena_push(arena, nodes, node_count, node_capacity) = value; */
#define arena_push(arena, items, count, capacity)                                                            \
  (*((items) = arena_reserve((arena), (items), sizeof *(items), (count), &(capacity)), &(items)[(count)++]))
void *arena_reserve(Arena *arena, void *items, size_t element_size, size_t count, size_t *capacity);

/* Ends the process: the one handler of memory exhaustion. */
_Noreturn void memory_exhausted(void);
/* malloc, realloc with the same handler, for the few buffers that outlive or outgrow an arena. */
void *heap_resize(void *memory, size_t byte_count);
#endif
