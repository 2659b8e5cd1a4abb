/* SPDX-License-Identifier: Apache-2.0 */
/* No object has undefined symbols, whatever instruction selection made of the code: it may ask for functions of libm or of
   the compiler's library that nobody links. ELF: System V ABI, chapter 4. */
#include "codegen/llvm/object_check.h"
#include <elf.h>
#include <stdint.h>
#include <string.h>

static const char broken[] = "(the object's symbol table cannot be read)";

static bool copy_out(const char *bytes, size_t length, uint64_t offset, void *to, size_t count) {
  if (offset > length || count > length - offset) return false;
  memcpy(to, bytes + offset, count);
  return true;
}

/* The first undefined name of a symbol table; the first symbol is none. */
static const char *undefined_in(const char *bytes, size_t length, const Elf64_Shdr *table, const Elf64_Shdr *names) {
  if (table->sh_entsize != sizeof(Elf64_Sym) || names->sh_offset > length || names->sh_size > length - names->sh_offset)
    return broken;
  for (uint64_t at = sizeof(Elf64_Sym); at < table->sh_size; at += sizeof(Elf64_Sym)) {
    Elf64_Sym symbol;
    if (!copy_out(bytes, length, table->sh_offset + at, &symbol, sizeof symbol)) return broken;
    if (symbol.st_shndx != SHN_UNDEF) continue;
    if (symbol.st_name >= names->sh_size) return broken;
    const char *name = bytes + names->sh_offset + symbol.st_name;
    if (*name) return memchr(name, 0, names->sh_size - symbol.st_name) ? name : broken;
  }
  return NULL;
}

const char *object_undefined_symbol(const char *bytes, size_t length) {
  Elf64_Ehdr header;
  bool found = false;
  if (!copy_out(bytes, length, 0, &header, sizeof header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
    return broken;
  for (uint64_t i = 0; i < header.e_shnum; i++) {
    Elf64_Shdr table, names;
    if (!copy_out(bytes, length, header.e_shoff + i * sizeof table, &table, sizeof table)) return broken;
    if (table.sh_type != SHT_SYMTAB) continue;
    if (!copy_out(bytes, length, header.e_shoff + (uint64_t)table.sh_link * sizeof names, &names, sizeof names)) return broken;
    const char *name = undefined_in(bytes, length, &table, &names);
    if (name) return name;
    found = true;
  }
  return found ? NULL : broken;
}
