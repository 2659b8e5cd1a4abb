/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by passes that ask what is known when aicc runs, before constants are folded. */
#ifndef AICC_PASSES_CONSTANT_VALUES_H
#define AICC_PASSES_CONSTANT_VALUES_H
#include "ir/graph.h"

/* By Value.id, for the values that exist now: computed from constants alone. In the module's arena. */
const bool *constant_values(Module *module);
#endif
