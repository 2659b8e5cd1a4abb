/* SPDX-License-Identifier: Apache-2.0 */
/* Finds and reads the tensor files of a data folder. */
#include "tensor.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_CAPACITY = 4096 };

/* Reads a whole file into *bytes, which the caller frees. */
static bool read_whole_file(const char *path, unsigned char **bytes, size_t *byte_count) {
  struct stat status;
  FILE *file = fopen(path, "rb");
  if (!file) return report("%s: %s", path, strerror(errno));
  bool ok = false;
  *bytes = NULL;
  if (fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode)) {
    report("%s: not a regular file", path);
  } else {
    *byte_count = (size_t)status.st_size;
    *bytes = malloc(*byte_count + 1);
    ok = *bytes && fread(*bytes, 1, *byte_count, file) == *byte_count;
    if (!ok) report("%s: cannot be read", path);
  }
  fclose(file);
  if (ok) return true;
  free(*bytes);
  return false;
}

static FileResult read_tensor_file(const char *path, uint32_t wanted_dtype, Tensor *tensor) {
  unsigned char *bytes = NULL;
  size_t byte_count = 0;
  if (access(path, F_OK) != 0) return FILE_ABSENT;
  if (!read_whole_file(path, &bytes, &byte_count)) return FILE_FAILED;
  const char *problem = NULL, *suffix = strrchr(path, '.');
  bool ok = strcmp(suffix, ".npy") == 0 ? tensor_decode_npy(bytes, byte_count, wanted_dtype, tensor, &problem)
                                        : tensor_decode_pb(bytes, byte_count, tensor, &problem);
  free(bytes);
  if (ok) return FILE_READ;
  report("%s %s", path, problem);
  return FILE_FAILED;
}

/* Builds FOLDER/STEM.SUFFIX with a stem that cannot leave the folder. */
static bool build_path(char path[PATH_CAPACITY], const char *folder, const char *stem, const char *suffix) {
  int length = snprintf(path, PATH_CAPACITY, "%s/%s%s", folder, stem, suffix);
  if (length < 0 || length >= PATH_CAPACITY) return false;
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  for (char *at = path + strlen(folder) + 1; *at; ++at)
    if (!strchr(plain, *at)) *at = '_';
  return true;
}

FileResult tensor_read(const char *folder, const char *role, uint32_t index, const char *name,
                       uint32_t wanted_dtype, Tensor *tensor) {
  char path[PATH_CAPACITY], numbered[64];
  snprintf(numbered, sizeof numbered, "%s_%u", role, (unsigned)index);
  const char *const choices[][2] = {{numbered, ".pb"}, {numbered, ".npy"}, {name, ".npy"}, {name, ".pb"}};
  for (size_t i = 0; i < sizeof choices / sizeof *choices; ++i) {
    if (!build_path(path, folder, choices[i][0], choices[i][1])) continue;
    FileResult result = read_tensor_file(path, wanted_dtype, tensor);
    if (result != FILE_ABSENT) return result;
  }
  return FILE_ABSENT;
}

bool tensor_file_exists(const char *folder, const char *role, uint32_t index) {
  char path[PATH_CAPACITY];
  for (int i = 0; i < 2; ++i) {
    int length = snprintf(path, sizeof path, "%s/%s_%u%s", folder, role, (unsigned)index, i ? ".npy" : ".pb");
    if (length > 0 && length < PATH_CAPACITY && access(path, F_OK) == 0) return true;
  }
  return false;
}
