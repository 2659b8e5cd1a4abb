/* SPDX-License-Identifier: Apache-2.0 */
/* Guarded buffers: an out-of-bounds access of a compiled model stops right there instead of passing
 * unnoticed. */
#include "buffers.h"
#include "tensor.h"
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PATTERN = 0xa5 };

static GuardedBuffer *all_buffers; /* for the signal handler, which has no other way to them */

bool guarded_buffer_create(GuardedBuffer *buffer, const char *role, const char *name, size_t byte_count,
                           size_t alignment, bool misalign) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), inside;
  *buffer = (GuardedBuffer){.byte_count = byte_count, .role = role, .name = name};
  if (alignment == 0 || (alignment & (alignment - 1)) != 0 || alignment > page)
    return report("%s %s asks for an alignment of %zu, which is not a power of two up to a page", role, name,
                  alignment);
  /* Room for the data and for the bytes that aligning and misaligning cost, in whole pages, and two guards.
   */
  if (__builtin_add_overflow(byte_count, 2 * alignment + page - 1, &inside) || inside > SIZE_MAX - 2 * page)
    return report("%s %s: %zu bytes are too many", role, name, byte_count);
  inside = inside / page * page;
  buffer->mapping_bytes = inside + 2 * page;
  void *mapping =
      mmap(NULL, buffer->mapping_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) return report("%s %s: no memory for %zu bytes", role, name, byte_count);
  buffer->mapping = mapping;
  if (inside > 0 && mprotect(buffer->mapping + page, inside, PROT_READ | PROT_WRITE) != 0) {
    munmap(mapping, buffer->mapping_bytes);
    buffer->mapping = NULL;
    return report("%s %s: no memory for %zu bytes", role, name, byte_count);
  }
  memset(buffer->mapping + page, PATTERN, inside);
  uintptr_t end = (uintptr_t)buffer->mapping + page + inside;
  uintptr_t start = (end - byte_count) & ~(uintptr_t)(alignment - 1);
  if (misalign && start % (2 * alignment) == 0 && inside > 0) start -= alignment;
  buffer->data = (unsigned char *)start;
  buffer->next = all_buffers;
  all_buffers = buffer;
  return true;
}

void guarded_buffer_make_read_only(GuardedBuffer *buffer) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE), inside = buffer->mapping_bytes - 2 * page;
  if (inside > 0) mprotect(buffer->mapping + page, inside, PROT_READ);
}

bool guarded_buffer_check(const GuardedBuffer *buffer) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const unsigned char *first = buffer->mapping + page, *last = buffer->mapping + buffer->mapping_bytes - page;
  for (const unsigned char *at = first; at < buffer->data; ++at)
    if (*at != PATTERN)
      return report("%s %s: the model wrote %zu bytes before its start", buffer->role, buffer->name,
                    (size_t)(buffer->data - at));
  for (const unsigned char *at = buffer->data + buffer->byte_count; at < last; ++at)
    if (*at != PATTERN)
      return report("%s %s: the model wrote %zu bytes past its end", buffer->role, buffer->name,
                    (size_t)(at - buffer->data) - buffer->byte_count);
  return true;
}

void guarded_buffer_destroy(GuardedBuffer *buffer) {
  if (!buffer->mapping) return;
  for (GuardedBuffer **at = &all_buffers; *at; at = &(*at)->next)
    if (*at == buffer) {
      *at = buffer->next;
      break;
    }
  munmap(buffer->mapping, buffer->mapping_bytes);
  *buffer = (GuardedBuffer){0};
}

/* The program is lost when this runs, inside the model's code and not inside a library call, so printing is
   safe enough. Afterwards the signal happens again and ends the program. */
static void explain_fault(int number, siginfo_t *info, void *context) {
  (void)context;
  const unsigned char *address = info->si_addr;
  const char *what = number == SIGILL   ? "executed an instruction that this CPU does not have"
                     : number == SIGFPE ? "divided by zero"
                                        : "accessed memory that is not its own";
  dprintf(STDERR_FILENO, "aicc-run: the model %s\n", what);
  for (const GuardedBuffer *at = all_buffers; at && (number == SIGSEGV || number == SIGBUS); at = at->next) {
    if (address < at->mapping || address >= at->mapping + at->mapping_bytes) continue;
    if (address < at->data)
      dprintf(STDERR_FILENO, "aicc-run: %zu bytes before the start of %s %s\n", (size_t)(at->data - address),
              at->role, at->name);
    else if (address >= at->data + at->byte_count)
      dprintf(STDERR_FILENO, "aicc-run: %zu bytes past the end of %s %s\n",
              (size_t)(address - at->data) - at->byte_count, at->role, at->name);
    else
      dprintf(STDERR_FILENO, "aicc-run: writing into %s %s\n", at->role, at->name);
  }
  signal(number, SIG_DFL);
}

void guarded_buffers_explain_faults(void) {
  static unsigned char stack[64 * 1024]; /* of its own: the fault may be a stack overflow */
  stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternative, NULL);
  struct sigaction action = {.sa_sigaction = explain_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; ++i) sigaction(signals[i], &action, NULL);
}
