/* SPDX-License-Identifier: Apache-2.0 */
/* What is done with the outputs of a run: compare, summarise, hash. */
#ifndef AICC_RUN_COMPARE_H
#define AICC_RUN_COMPARE_H
#include "tensor.h"

/* Compares an output with what was expected and prints one line. Element type and dims must be the same;
   floats are equal when |got - want| <= absolute + relative * |want|, NaN equals NaN, infinities equal
   themselves; all else must be identical. */
bool output_compare(const char *name, const Tensor *got, const Tensor *want, double relative,
                    double absolute);

/* Prints one line: type, first values, least, greatest and the number of NaNs. */
void output_summarise(const char *name, const Tensor *output);

/* Continues a 64-bit FNV-1a hash over the output's bytes (of strings: length and bytes). */
uint64_t output_hash(uint64_t hash, const Tensor *output);
#define OUTPUT_HASH_START UINT64_C(0xcbf29ce484222325)

#endif
