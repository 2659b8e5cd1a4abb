/* SPDX-License-Identifier: Apache-2.0 */
/* Getting hold of the model to run. */
#ifndef AICC_RUN_MODEL_H
#define AICC_RUN_MODEL_H
#include "aicc/loader.h"
#include "options.h"

/* Loads the model of the command line, compiling it first if it is not compiled. Null, with a report, when
   that fails. The caller closes it. */
aicc_library *model_open(const Options *options);

/* Finds the entry point that the options name, else the only one, else "run". Null, with a report. */
const aicc_entry *model_find_entry(const aicc_model *model, const Options *options);

#endif
