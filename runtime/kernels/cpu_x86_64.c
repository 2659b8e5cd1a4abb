/* SPDX-License-Identifier: Apache-2.0 */
/* Which x86-64 microarchitecture levels this CPU and its operating system offer (x86-64 psABI, section 3.1.1;
   Intel SDM volume 1, section 13.3 for XCR0). The answer is cached in one word: cpuid traps under
   virtualisation. */
#include "support.h"

typedef struct Cpuid {
  uint32_t eax, ebx, ecx, edx;
} Cpuid;

static Cpuid cpuid(uint32_t leaf, uint32_t subleaf) {
  Cpuid r;
  __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
  return r;
}

static uint64_t enabled_states(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

static int has_all(uint32_t word, uint32_t bits) { return (word & bits) == bits; }

static uint32_t detect(void) {
  enum { OSXSAVE = 1u << 27, LZCNT = 1u << 5 };
  const uint32_t v2_ecx = 1u << 0 | 1u << 9 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 23; /* SSE3 SSSE3 CX16 SSE4 POPCNT */
  const uint32_t v3_ecx = 1u << 12 | 1u << 22 | 1u << 28 | 1u << 29 | OSXSAVE;           /* FMA MOVBE AVX F16C */
  const uint32_t v3_ebx = 1u << 3 | 1u << 5 | 1u << 8;                                   /* BMI1 AVX2 BMI2 */
  const uint32_t v4_ebx = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;          /* F DQ CD BW VL */
  uint32_t leaves = cpuid(0, 0).eax;
  Cpuid one = cpuid(1, 0);
  if (!has_all(one.ecx, v2_ecx)) return 1;
  if (leaves < 7 || !has_all(one.ecx, v3_ecx)) return 2;
  uint64_t states = enabled_states();
  Cpuid seven = cpuid(7, 0);
  int extended = cpuid(0x80000000u, 0).eax >= 0x80000001u && has_all(cpuid(0x80000001u, 0).ecx, LZCNT);
  if (!extended || !has_all(seven.ebx, v3_ebx) || (states & 0x6) != 0x6) return 2;
  return has_all(seven.ebx, v4_ebx) && (states & 0xe6) == 0xe6 ? 4 : 3;
}

static uint32_t cached_level;

uint32_t aicc_support_level(uint32_t requested, uint32_t mask) {
  uint32_t level = __atomic_load_n(&cached_level, __ATOMIC_RELAXED);
  if (!level) {
    level = detect();
    __atomic_store_n(&cached_level, level, __ATOMIC_RELAXED);
  }
  if (requested) return requested < 32 && requested <= level && (mask >> requested & 1) ? requested : 0;
  while (level && !(mask >> level & 1)) level--;
  return level;
}
