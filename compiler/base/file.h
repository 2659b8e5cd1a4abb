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

typedef struct FileContent {
  const char *path; /* null: standard output */
  const void *bytes;
  size_t length;
} FileContent;

/* Writes all of the files or none: each to a temporary file beside its path, after links have been followed, and then
   renames them together. Devices, pipes and standard output are written directly, before that. On failure nothing is
   left behind; false with errno set and the index of the file in `failed`. At most FILE_GROUP_LIMIT files. */
enum { FILE_GROUP_LIMIT = 4 };
bool files_write(const FileContent *files, size_t count, size_t *failed);
/* One file. */
bool file_write(const char *path, const void *bytes, size_t length);
/* Whether the path leads to something that exists and is no regular file: a device, a pipe, a folder. */
bool file_is_special(const char *path);
/* Whether both paths lead, or would once they are written, to one regular file: by links, or spelt otherwise. */
bool file_same(const char *left, const char *right);
#endif
