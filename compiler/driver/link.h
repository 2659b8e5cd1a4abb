/* SPDX-License-Identifier: Apache-2.0 */
/* Shared objects: the object is linked by the system's linker without any library. */
#ifndef AICC_DRIVER_LINK_H
#define AICC_DRIVER_LINK_H
#include "base/diagnostics.h"
#include "base/file.h"

/* Runs `linker -shared -nostdlib -Wl,-z,defs -o TEMPORARY OBJECT` (the linker may have arguments of its own, separated
   by spaces) and maps the result, for the caller to unmap. `foreign` is the triple where it is not this machine's, else
   null: the message of a linker that fails names it. False after reporting; nothing is left behind either way. */
bool link_shared(Diagnostics *diagnostics, const char *linker, const char *foreign, const void *object, size_t length,
                 MappedFile *library);
#endif
