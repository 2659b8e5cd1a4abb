/* SPDX-License-Identifier: Apache-2.0 */
/* XXH3, inlined from the library's header so that aicc needs no shared object for it. */
#include "base/hash.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_bytes(const void *bytes, size_t length, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes, length, seed);
}
