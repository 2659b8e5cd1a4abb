/* SPDX-License-Identifier: Apache-2.0 */
#include "codegen/llvm/runtime_bitcode.h"
#include <string.h>

/* Defined by runtime_bitcode_data.S, which the build writes. */
extern const uint8_t aicc_bitcode_x86_64_start[], aicc_bitcode_x86_64_end[];
extern const uint8_t aicc_bitcode_aarch64_start[], aicc_bitcode_aarch64_end[];

static const RuntimeBitcode table[] = {
    {"x86_64", aicc_bitcode_x86_64_start, aicc_bitcode_x86_64_end},
    {"aarch64", aicc_bitcode_aarch64_start, aicc_bitcode_aarch64_end},
};

const RuntimeBitcode *runtime_bitcode_find(const char *architecture) {
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (strcmp(table[i].architecture, architecture) == 0) return &table[i];
  return NULL;
}
