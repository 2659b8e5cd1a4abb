/* SPDX-License-Identifier: Apache-2.0 */
#include "codegen/llvm/target.h"
#include <string.h>

static const Target targets[] = {
    {.architecture = "x86_64",
     .triple = "x86_64-unknown-linux-gnu",
     .level_count = 3,
     .levels = {{"x86-64-v2", "v2", 2, "x86-64-v2", "", 128, 16, false},
                {"x86-64-v3", "v3", 3, "x86-64-v3", "", 256, 16, true},
                {"x86-64-v4", "v4", 4, "x86-64-v4", "", 512, 32, true}}},
};

const Target *target_at(uint32_t index) { return index < sizeof targets / sizeof *targets ? &targets[index] : NULL; }

const Target *target_find(const char *triple) {
  if (!triple || !*triple) return &targets[0];
  size_t length = strcspn(triple, "-");
  for (uint32_t i = 0; target_at(i); i++)
    if (strlen(targets[i].architecture) == length && strncmp(targets[i].architecture, triple, length) == 0)
      return &targets[i];
  return NULL;
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
  (void)target;
  return -1;
#endif
}

int32_t target_level_find(const Target *target, const char *name) {
  if (strcmp(name, "native") == 0) return native_level(target);
  for (uint32_t i = 0; i < target->level_count; i++)
    if (strcmp(target->levels[i].name, name) == 0 || strcmp(target->levels[i].alias, name) == 0) return (int32_t)i;
  return -1;
}
