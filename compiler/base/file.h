/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: read by mapping, written so that a reader sees either the old file or the finished one. */
#ifndef AICC_BASE_FILE_H
#define AICC_BASE_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct MappedFile {
  const uint8_t *bytes; /* never null, also for an empty file */
  size_t length;
  void *mapping; /* null where the file was read into the heap (pipes) or is empty */
  void *heap;
} MappedFile;

/* Maps a regular file or reads a pipe to its end. On failure returns false and sets errno. */
bool file_map(const char *path, MappedFile *file);
void file_unmap(MappedFile *file);

/* Writes to a temporary file beside `path`, then renames it. Devices and pipes are written directly. On failure
   nothing is left behind; false with errno set. */
bool file_write(const char *path, const void *bytes, size_t length);
#endif
