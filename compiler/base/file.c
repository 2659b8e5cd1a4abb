/* SPDX-License-Identifier: Apache-2.0 */
/* File mapping and atomic replacement (POSIX). */
#include "base/file.h"
#include "base/arena.h"
#include "base/temporary.h"
#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t empty_file[1] = {0};

static bool read_to_end(int descriptor, MappedFile *file) {
  uint8_t *bytes = NULL;
  size_t length = 0, capacity = 0;
  for (;;) {
    if (length == capacity) {
      capacity = capacity ? capacity * 2 : 65536;
      bytes = heap_resize(bytes, capacity);
    }
    ssize_t got = read(descriptor, bytes + length, capacity - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      free(bytes);
      return false;
    }
    if (got == 0) break;
    length += (size_t)got;
  }
  *file = (MappedFile){.bytes = bytes, .length = length, .heap = bytes};
  return true;
}

bool file_map(const char *path, MappedFile *file) {
  *file = (MappedFile){.bytes = empty_file};
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  struct stat status;
  bool ok = fstat(descriptor, &status) == 0;
  if (ok && S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    ok = false;
  } else if (ok && !S_ISREG(status.st_mode)) {
    ok = read_to_end(descriptor, file);
  } else if (ok && status.st_size > 0) {
    void *mapping = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    ok = mapping != MAP_FAILED;
    if (ok) *file = (MappedFile){.bytes = mapping, .length = (size_t)status.st_size, .mapping = mapping};
  }
  int error = errno;
  close(descriptor);
  errno = error;
  return ok;
}

void file_unmap(MappedFile *file) {
  if (file->mapping) munmap(file->mapping, file->length);
  free(file->heap);
  *file = (MappedFile){.bytes = empty_file};
}

static bool write_all(int descriptor, const uint8_t *bytes, size_t length) {
  while (length) {
    ssize_t put = write(descriptor, bytes, length > (1u << 30) ? (1u << 30) : length);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    bytes += put;
    length -= (size_t)put;
  }
  return true;
}

bool file_is_special(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

/* How many links are followed to a file that does not exist yet; stat has counted those to one that does. */
enum { LINK_LIMIT = 40 };

/* Appends the path that writing to `path` reaches, all links of its last part followed. */
static void follow_links(const char *path, Text *target) {
  char link[PATH_MAX];
  text_add(target, path);
  for (int i = 0; i < LINK_LIMIT; i++) {
    ssize_t length = readlink(text_string(target), link, sizeof link);
    if (length < 0 || (size_t)length == sizeof link) return;
    const char *slash = strrchr(target->bytes, '/');
    bool beside = slash && link[0] != '/';
    target->length = beside ? (size_t)(slash + 1 - target->bytes) : 0;
    text_add_bytes(target, link, (size_t)length);
  }
}

/* Appends the path with its folder resolved, for comparison. */
static void full_path(const char *path, Text *full) {
  Text target = {0};
  follow_links(path, &target);
  char *slash = strrchr(target.bytes, '/');
  const char *base = slash ? slash + 1 : target.bytes;
  char *name = heap_resize(NULL, strlen(base) + 1);
  strcpy(name, base);
  if (slash) slash[slash == target.bytes] = 0;
  char *folder = realpath(slash ? target.bytes : ".", NULL);
  text_format(full, "%s/%s", folder ? folder : text_string(&target), name);
  free(folder);
  free(name);
  text_free(&target);
}

bool file_same(const char *left, const char *right) {
  struct stat one, other;
  bool one_exists = stat(left, &one) == 0, other_exists = stat(right, &other) == 0;
  if (one_exists != other_exists) return false;
  if (one_exists)
    return S_ISREG(one.st_mode) && S_ISREG(other.st_mode) && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
  Text one_path = {0}, other_path = {0};
  full_path(left, &one_path);
  full_path(right, &other_path);
  bool same = strcmp(text_string(&one_path), text_string(&other_path)) == 0;
  text_free(&one_path);
  text_free(&other_path);
  return same;
}

/* One file on its way. */
typedef struct Draft {
  Text target, temporary; /* without a temporary: written directly, or not begun */
} Draft;

static bool close_written(int descriptor, bool ok) {
  int error = errno;
  if (close(descriptor) != 0 && ok) return false;
  errno = error;
  return ok;
}

static bool draft_write(Draft *draft, const FileContent *file) {
  follow_links(file->path, &draft->target);
  text_format(&draft->temporary, "%s.XXXXXX", text_string(&draft->target));
  int descriptor = temporary_file(draft->temporary.bytes);
  if (descriptor < 0) {
    int error = errno;
    text_free(&draft->temporary);
    errno = error;
    return false;
  }
  mode_t mask = umask(0);
  umask(mask);
  bool ok = write_all(descriptor, file->bytes, file->length) && fchmod(descriptor, 0666 & ~mask) == 0;
  return close_written(descriptor, ok);
}

static bool stream_write(const FileContent *file) {
  if (!file->path) return fflush(stdout) == 0 && write_all(STDOUT_FILENO, file->bytes, file->length);
  int descriptor = open(file->path, O_WRONLY | O_CLOEXEC);
  return descriptor >= 0 && close_written(descriptor, write_all(descriptor, file->bytes, file->length));
}

static bool is_stream(const FileContent *file) { return !file->path || file_is_special(file->path); }

/* Renames the drafts; those that are in place go again where a later one fails. */
static bool drafts_place(Draft *drafts, size_t count, size_t *failed) {
  char *from[FILE_GROUP_LIMIT];
  const char *to[FILE_GROUP_LIMIT];
  size_t index[FILE_GROUP_LIMIT];
  int pending = 0;
  for (size_t i = 0; i < count; i++)
    if (drafts[i].temporary.bytes) {
      from[pending] = drafts[i].temporary.bytes;
      to[pending] = text_string(&drafts[i].target);
      index[pending++] = i;
    }
  int placed = temporary_place(from, to, pending), error = errno;
  if (placed == pending) return true;
  *failed = index[placed];
  while (placed-- > 0) unlink(to[placed]);
  errno = error;
  return false;
}

bool files_write(const FileContent *files, size_t count, size_t *failed) {
  Draft drafts[FILE_GROUP_LIMIT] = {0};
  bool ok = true;
  for (size_t i = 0; ok && i < count; i++)
    if (!is_stream(&files[i]) && !draft_write(&drafts[*failed = i], &files[i])) ok = false;
  for (size_t i = 0; ok && i < count; i++)
    if (is_stream(&files[i]) && !stream_write(&files[*failed = i])) ok = false;
  ok = ok && drafts_place(drafts, count, failed);
  int error = errno;
  for (size_t i = 0; i < count; i++) {
    if (!ok && drafts[i].temporary.bytes) temporary_remove(drafts[i].temporary.bytes);
    text_free(&drafts[i].temporary);
    text_free(&drafts[i].target);
  }
  errno = error;
  return ok;
}

bool file_write(const char *path, const void *bytes, size_t length) {
  size_t failed;
  return files_write(&(FileContent){path, bytes, length}, 1, &failed);
}
