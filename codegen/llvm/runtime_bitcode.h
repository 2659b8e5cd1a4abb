/* SPDX-License-Identifier: Apache-2.0 */
/* The freestanding kernels as bitcode, carried inside aicc. */
#ifndef AICC_CODEGEN_RUNTIME_BITCODE_H
#define AICC_CODEGEN_RUNTIME_BITCODE_H
#include <stddef.h>
#include <stdint.h>

typedef struct RuntimeBitcode {
  const char *architecture;
  const uint8_t *start, *end;
} RuntimeBitcode;

/* Null where aicc was built without that architecture. */
const RuntimeBitcode *runtime_bitcode_find(const char *architecture);
#endif
