/* SPDX-License-Identifier: Apache-2.0 */
/* The loader: objects and shared objects, one model or several, and every way it must refuse. The arguments
   are the sample model as .o and as .so, the same with two models in it as .o, and a folder to write in. */
#include "aicc/loader.h"
#include "elf_symbols.h"
#include <dirent.h>
#include <elf.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char message[2000];

#define CHECK(condition)                                                                                     \
  do {                                                                                                       \
    if (!(condition)) {                                                                                      \
      fprintf(stderr, "%s:%d: not so: %s\nlast message: %s\n", __FILE__, __LINE__, #condition, message);     \
      exit(1);                                                                                               \
    }                                                                                                        \
  } while (0)

static void check_opens(const char *path, const char *name, const char *expected_name) {
  message[0] = '\0';
  aicc_library *library = aicc_library_open(path, name, NULL, message, sizeof message);
  CHECK(library != NULL);
  const aicc_model *model = aicc_library_model(library);
  CHECK(model->abi == 1 && strcmp(model->name, expected_name) == 0 &&
        strcmp(model->entries[0].name, "run") == 0);
  aicc_library_close(library);
}

static void check_refused(const char *path, const char *name, const char *linker, const char *expected) {
  message[0] = '\0';
  CHECK(aicc_library_open(path, name, linker, message, sizeof message) == NULL);
  CHECK(strstr(message, expected) != NULL && strchr(message, '\n') == NULL);
  CHECK(aicc_library_open(path, name, linker, NULL, 0) == NULL); /* a message is not a must */
}

static void write_file(const char *path, const void *bytes, size_t count) {
  FILE *file = fopen(path, "wb");
  CHECK(file && fwrite(bytes, 1, count, file) == count && fclose(file) == 0);
}

static size_t read_file(const char *path, unsigned char *bytes, size_t capacity) {
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL);
  size_t count = fread(bytes, 1, capacity, file);
  CHECK(count > 0 && count < capacity && fclose(file) == 0);
  return count;
}

/* Any prefix of an object, and any object with some bytes changed, is refused or opened: never a crash. The
   linker is `false`, so nothing damaged is run. */
static void test_damaged_objects(const char *object, const char *folder) {
  static unsigned char original[1 << 20], bytes[1 << 20];
  char path[4096];
  size_t count = read_file(object, original, sizeof original);
  snprintf(path, sizeof path, "%s/damaged.o", folder);
  for (size_t length = 0; length < count; length += length < 128 ? 1 : count / 97) {
    write_file(path, original, length);
    CHECK(aicc_library_open(path, NULL, "false", message, sizeof message) == NULL);
  }
  srand(1);
  for (int round = 0; round < 500; ++round) {
    memcpy(bytes, original, count);
    /* The ELF header and the section headers, which stand at the end, steer all that is read. */
    for (int change = 0; change < 4; ++change) {
      size_t near = (size_t)rand() % 1024;
      bytes[round % 2 ? (near % 64) : count - 1 - near % count] = (unsigned char)rand();
    }
    write_file(path, bytes, count);
    CHECK(aicc_library_open(path, NULL, "false", message, sizeof message) == NULL);
    CHECK(message[0] != '\0');
  }
  remove(path);
}

/* Nothing behind an object's last byte is read, wherever it is cut and wherever its tables are said to be: a page
   without access follows. */
static void test_nothing_behind_the_end(const char *object) {
  static unsigned char original[1 << 20];
  size_t count = read_file(object, original, sizeof original), page = (size_t)sysconf(_SC_PAGESIZE);
  size_t room = (count + page - 1) / page * page;
  unsigned char *memory = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED && mprotect(memory + room, page, PROT_NONE) == 0);
  for (size_t length = count; length > 0; length -= length > 128 ? length / 64 : 1)
    for (uint64_t before_end = 0; before_end < sizeof(Elf64_Shdr); before_end += 9) {
      const char *name = NULL;
      unsigned char *bytes = memory + room - length;
      uint64_t table = length - before_end;
      memcpy(bytes, original, length);
      if (before_end && length > sizeof(Elf64_Ehdr)) memcpy(bytes + offsetof(Elf64_Ehdr, e_shoff), &table, sizeof table);
      ElfFile file = {.bytes = bytes, .byte_count = length, .is_relocatable = true};
      bool whole = length == count && !before_end;
      CHECK(aicc_elf_find_model(&file, &name, message, sizeof message) == whole);
    }
  munmap(memory, room + page);
}

static int count_entries(const char *folder) {
  int count = 0;
  DIR *stream = opendir(folder);
  CHECK(stream != NULL);
  while (readdir(stream)) ++count;
  closedir(stream);
  return count;
}

static void test_temporary_files_are_removed(const char *object, const char *folder) {
  char path[4096];
  snprintf(path, sizeof path, "%s/temporary", folder);
  mkdir(path, 0777);
  CHECK(setenv("TMPDIR", path, 1) == 0);
  check_opens(object, NULL, "sample");
  check_refused(object, NULL, "false", "could not link");
  CHECK(count_entries(path) == 2); /* . and .. */
  CHECK(setenv("TMPDIR", "/nonexistent/folder", 1) == 0);
  check_refused(object, NULL, NULL, "temporary folder");
  CHECK(unsetenv("TMPDIR") == 0);
}

int main(int argc, char **argv) {
  CHECK(argc == 5);
  const char *object = argv[1], *shared = argv[2], *two_models = argv[3], *folder = argv[4];
  char path[4096];
  check_opens(object, NULL, "sample");
  check_opens(object, "sample", "sample");
  check_opens(shared, NULL, "sample");
  check_opens(shared, "sample", "sample");
  check_opens(two_models, "sample", "sample");

  check_refused(two_models, NULL, NULL, "several models (");
  check_refused(two_models, "another", NULL, "binary interface 2"); /* the next one */
  check_refused(object, "other", NULL, "no function other_model");
  check_refused(shared, "other", NULL, "no function other_model");
  check_refused("/nonexistent.o", NULL, NULL, "No such file");
  check_refused("/", NULL, NULL, "not an object file");
  check_refused(argv[0], NULL, NULL, "holds no model");
  check_refused(object, NULL, "no-such-linker-at-all", "cannot be run");
  check_refused(object, NULL, " ", "empty");
  check_refused(object, NULL, "cc -no-such-option-at-all", "no-such-option-at-all");
  CHECK(aicc_library_open(NULL, NULL, NULL, message, sizeof message) == NULL);

  snprintf(path, sizeof path, "%s/text.o", folder);
  write_file(path, "#include <stdio.h>\n", 19);
  check_refused(path, NULL, NULL, "not an object file");
  write_file(path, "", 0);
  check_refused(path, NULL, NULL, "not an object file");
  remove(path);

  test_damaged_objects(object, folder);
  test_nothing_behind_the_end(object);
  test_temporary_files_are_removed(object, folder);
  aicc_library_close(NULL);
  return 0;
}
