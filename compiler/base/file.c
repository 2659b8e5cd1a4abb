/* SPDX-License-Identifier: Apache-2.0 */
/* File mapping and atomic replacement (POSIX). */
#include "base/file.h"
#include "base/arena.h"
#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
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

bool file_write(const char *path, const void *bytes, size_t length) {
  struct stat status;
  bool special = stat(path, &status) == 0 && !S_ISREG(status.st_mode);
  Text temporary = {0};
  int descriptor;
  if (special) {
    descriptor = open(path, O_WRONLY | O_CLOEXEC);
  } else {
    text_format(&temporary, "%s.XXXXXX", path);
    descriptor = mkstemp(temporary.bytes);
  }
  bool ok = descriptor >= 0 && write_all(descriptor, bytes, length);
  if (descriptor >= 0 && !special) {
    mode_t mask = umask(0);
    umask(mask);
    ok = ok && fchmod(descriptor, 0666 & ~mask) == 0;
  }
  int error = errno;
  if (descriptor >= 0 && close(descriptor) != 0 && ok) {
    ok = false;
    error = errno;
  }
  if (ok && !special && rename(temporary.bytes, path) != 0) {
    ok = false;
    error = errno;
  }
  if (!ok && !special && descriptor >= 0) unlink(temporary.bytes);
  text_free(&temporary);
  errno = error;
  return ok;
}
