/* SPDX-License-Identifier: Apache-2.0 */
/* Reads ELF symbol tables. The file may be cut or damaged: every offset is checked before it is followed, and
   structures are copied out, since nothing says that they are aligned. */
#include "elf_symbols.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define NATIVE_MACHINE EM_AARCH64
#elif defined(__riscv)
#define NATIVE_MACHINE EM_RISCV
#elif defined(__arm__)
#define NATIVE_MACHINE EM_ARM
#elif defined(__i386__)
#define NATIVE_MACHINE EM_386
#else
#error "name this machine's ELF number here"
#endif
#define NATIVE_CLASS (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)

/* Copies `count` bytes from the file, or says that they are not all there. */
static bool read_bytes(const ElfFile *file, uint64_t offset, void *to, size_t count) {
  if (offset > file->byte_count || count > file->byte_count - offset) return false;
  memcpy(to, file->bytes + offset, count);
  return true;
}

static bool read_section(const ElfFile *file, const ElfW(Ehdr) * header, uint64_t index,
                         ElfW(Shdr) * section) {
  uint64_t offset;
  if (__builtin_mul_overflow(index, (uint64_t)header->e_shentsize, &offset) ||
      __builtin_add_overflow(offset, (uint64_t)header->e_shoff, &offset))
    return false;
  return read_bytes(file, offset, section, sizeof *section);
}

static const char *header_problem(ElfFile *file) {
  ElfW(Ehdr) header;
  if (!read_bytes(file, 0, &header, sizeof header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return "not an object file (ELF)";
  if (header.e_ident[EI_CLASS] != NATIVE_CLASS || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_machine != NATIVE_MACHINE)
    return "an object file for another machine";
  if (header.e_type != ET_REL && header.e_type != ET_DYN) return "neither a relocatable nor a shared object";
  file->is_relocatable = header.e_type == ET_REL;
  return NULL;
}

bool aicc_elf_open(const char *path, ElfFile *file, char *message, size_t message_bytes) {
  *file = (ElfFile){0};
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (descriptor < 0 || fstat(descriptor, &status) != 0) {
    snprintf(message, message_bytes, "%s", strerror(errno));
    if (descriptor >= 0) close(descriptor);
    return false;
  }
  const char *problem = "not an object file (ELF)";
  if (S_ISREG(status.st_mode) && status.st_size > 0) {
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (bytes == MAP_FAILED) {
      problem = strerror(errno);
    } else {
      file->bytes = bytes;
      file->byte_count = (size_t)status.st_size;
      problem = header_problem(file);
    }
  }
  close(descriptor);
  if (!problem) return true;
  snprintf(message, message_bytes, "%s", problem);
  aicc_elf_close(file);
  return false;
}

void aicc_elf_close(ElfFile *file) {
  if (file->bytes) munmap((void *)(uintptr_t)file->bytes, file->byte_count);
  *file = (ElfFile){0};
}

/* Finds the symbol table that says what the object offers: the full one of a relocatable object, the dynamic
   one of a shared object. */
static bool find_symbol_table(const ElfFile *file, ElfW(Shdr) * symbols, ElfW(Shdr) * strings) {
  ElfW(Ehdr) header;
  ElfW(Shdr) section;
  if (!read_bytes(file, 0, &header, sizeof header) || header.e_shoff == 0 ||
      header.e_shentsize < sizeof(ElfW(Shdr)))
    return false;
  uint64_t count = header.e_shnum;
  if (count == 0) { /* too many for the field: the first section's size says how many */
    if (!read_section(file, &header, 0, &section)) return false;
    count = section.sh_size;
  }
  for (uint64_t i = 0; i < count; ++i) {
    if (!read_section(file, &header, i, &section)) return false;
    if (section.sh_type != (file->is_relocatable ? SHT_SYMTAB : SHT_DYNSYM)) continue;
    *symbols = section;
    return read_section(file, &header, section.sh_link, strings);
  }
  return false;
}

/* The symbol's name if it is a global function of this file whose name ends in _model, else null. */
static const char *model_function_name(const ElfFile *file, const ElfW(Shdr) * strings,
                                       const ElfW(Sym) * symbol) {
  static const char suffix[] = "_model";
  unsigned binding = symbol->st_info >> 4, type = symbol->st_info & 15;
  if ((binding != STB_GLOBAL && binding != STB_WEAK) || type != STT_FUNC || symbol->st_shndx == SHN_UNDEF ||
      (symbol->st_other & 3) != STV_DEFAULT)
    return NULL;
  if (strings->sh_offset > file->byte_count || symbol->st_name >= strings->sh_size) return NULL;
  uint64_t available = file->byte_count - strings->sh_offset;
  if (available > strings->sh_size) available = strings->sh_size;
  if (symbol->st_name >= available) return NULL;
  const char *name = (const char *)file->bytes + strings->sh_offset + symbol->st_name;
  size_t room = (size_t)(available - symbol->st_name), length = strnlen(name, room);
  if (length == room || length < sizeof suffix) return NULL;
  return strcmp(name + length - (sizeof suffix - 1), suffix) == 0 ? name : NULL;
}

bool aicc_elf_find_model(const ElfFile *file, const char **name, char *message, size_t message_bytes) {
  ElfW(Shdr) symbols, strings;
  if (!find_symbol_table(file, &symbols, &strings)) {
    snprintf(message, message_bytes, "the object has no readable symbol table");
    return false;
  }
  *name = NULL;
  for (uint64_t i = 0; i < symbols.sh_size / sizeof(ElfW(Sym)); ++i) {
    ElfW(Sym) symbol;
    uint64_t offset;
    if (__builtin_add_overflow((uint64_t)symbols.sh_offset, i * sizeof symbol, &offset) ||
        !read_bytes(file, offset, &symbol, sizeof symbol)) {
      snprintf(message, message_bytes, "the object's symbol table is cut short");
      return false;
    }
    const char *found = model_function_name(file, &strings, &symbol);
    if (!found) continue;
    if (*name) {
      snprintf(message, message_bytes, "the object holds several models (%s, %s): say which by its name",
               *name, found);
      return false;
    }
    *name = found;
  }
  if (*name) return true;
  snprintf(message, message_bytes, "the object holds no model: no function has a name ending in _model");
  return false;
}
