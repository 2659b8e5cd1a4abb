/* SPDX-License-Identifier: Apache-2.0 */
/* The one hash of aicc: XXH3, 64 bits. */
#ifndef AICC_BASE_HASH_H
#define AICC_BASE_HASH_H
#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *bytes, size_t length, uint64_t seed);
#endif
