/* SPDX-License-Identifier: Apache-2.0 */
#include "codegen/llvm/target.h"
#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>
#include <string.h>

#if defined(__aarch64__)
#define HOST_ARCHITECTURE "aarch64"
#else
#define HOST_ARCHITECTURE "x86_64"
#endif

static const Target targets[] = {
    {.architecture = "x86_64",
     .spelling = "amd64",
     .triple = "x86_64-unknown-linux-gnu",
     .machine = &machine_common,
     .level_count = 3,
     .levels = {{"x86-64-v2", "v2", 2, "x86-64-v2", "", 128, 16, false, false, 0},
                {"x86-64-v3", "v3", 3, "x86-64-v3", "", 256, 16, true, true, 32},
                {"x86-64-v4", "v4", 4, "x86-64-v4", "", 512, 32, true, true, 8}}},
    {.architecture = "aarch64",
     .spelling = "arm64",
     .triple = "aarch64-unknown-linux-gnu",
     .machine = &machine_common,
     .level_count = 1,
     .levels = {{"aarch64", "neon", 1, "generic", "", 128, 32, true, true, 0}}},
};

const Target *target_at(uint32_t index) {
  return index < sizeof targets / sizeof *targets ? &targets[index] : NULL;
}

static bool is_word(const char *word, const char *text, size_t length) {
  return strlen(word) == length && strncmp(word, text, length) == 0;
}

const Target *target_find(const char *triple) {
  if (!triple || !*triple) triple = HOST_ARCHITECTURE;
  size_t length = strcspn(triple, "-");
  for (uint32_t i = 0; target_at(i); i++)
    if (is_word(targets[i].architecture, triple, length) || is_word(targets[i].spelling, triple, length))
      return &targets[i];
  return NULL;
}

/* Whether a triple in normal form (architecture, vendor, system, environment) stands for a system with ELF.
 */
static bool is_elf(const char *normal) {
  static const char *const systems[] = {"linux", "freebsd", "netbsd", "openbsd", "none", "unknown"};
  const char *vendor = strchr(normal, '-'), *system = vendor ? strchr(vendor + 1, '-') : NULL;
  for (size_t i = 0; system && i < sizeof systems / sizeof *systems; i++)
    if (strncmp(system + 1, systems[i], strlen(systems[i])) == 0) return true;
  return false;
}

const char *target_triple(const Target *target, const char *triple, Arena *arena) {
  if (!triple || !strchr(triple, '-')) return target->triple;
  char *normal =
      LLVMNormalizeTargetTriple(arena_format(arena, "%s%s", target->architecture, strchr(triple, '-')));
  const char *copy = is_elf(normal) ? arena_copy_text(arena, normal, strlen(normal)) : NULL;
  LLVMDisposeMessage(normal);
  return copy;
}

/* The best level of the machine that aicc runs on. */
static int32_t native_level(const Target *target) {
#if defined(__x86_64__)
  if (strcmp(target->architecture, "x86_64") != 0) return -1;
  __builtin_cpu_init();
  if (__builtin_cpu_supports("x86-64-v4")) return 2;
  if (__builtin_cpu_supports("x86-64-v3")) return 1;
  return 0;
#else
  return strcmp(target->architecture, HOST_ARCHITECTURE) == 0 ? 0 : -1;
#endif
}

int32_t target_level_find(const Target *target, const char *name) {
  if (strcmp(name, "native") == 0) return native_level(target);
  for (uint32_t i = 0; i < target->level_count; i++)
    if (strcmp(target->levels[i].name, name) == 0 || strcmp(target->levels[i].alias, name) == 0)
      return (int32_t)i;
  return -1;
}
