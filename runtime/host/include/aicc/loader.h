/* SPDX-License-Identifier: Apache-2.0 */
/* Loads a compiled model into a running program, for tools and bindings that do not know the model when they
   are built. A product that links its model needs none of this. */
#ifndef AICC_LOADER_H
#define AICC_LOADER_H
#include "aicc/abi.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct aicc_library aicc_library;

/* Opens a compiled model: a shared object as it is, a relocatable object (.o) after it has been linked into a
   private temporary file, which is gone again when this returns. What a file is, its ELF header says, not its
   name.
     model_name     the NAME of NAME_model; null: the one function of the file whose name ends in _model
     linker         the command that links a relocatable object, split at spaces and given
                    `-shared -nostdlib -o OUT IN`; null: "cc"
     message        on failure, one line on what is wrong, cut to message_bytes; null when message_bytes is 0
   Null on failure. The caller owns the result. The file's code may run: open only what you trust. */
aicc_library *aicc_library_open(const char *path, const char *model_name, const char *linker, char *message,
                                size_t message_bytes);

/* The model; valid until the library is closed. */
const aicc_model *aicc_library_model(const aicc_library *library);

/* Null is fine. Nothing of the model may be in use any more. */
void aicc_library_close(aicc_library *library);

#ifdef __cplusplus
}
#endif
#endif
