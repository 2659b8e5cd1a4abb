/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader wants to know of an ELF file before anything in it runs. Not installed. */
#ifndef AICC_HOST_ELF_SYMBOLS_H
#define AICC_HOST_ELF_SYMBOLS_H
#include <stdbool.h>
#include <stddef.h>

typedef struct ElfFile {
  const unsigned char *bytes; /* the mapped file */
  size_t byte_count;
  bool is_relocatable; /* else a shared object */
} ElfFile;

/* Maps the file and checks that it is an ELF object for this machine. On failure writes one line, without the
   file's name, into message and returns false. */
bool aicc_elf_open(const char *path, ElfFile *file, char *message, size_t message_bytes);
void aicc_elf_close(ElfFile *file);

/* Finds the one global function whose name ends in _model; *name points into the file. On failure (none,
   several, a damaged file) as above. */
bool aicc_elf_find_model(const ElfFile *file, const char **name, char *message, size_t message_bytes);

#endif
