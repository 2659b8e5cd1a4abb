/* SPDX-License-Identifier: Apache-2.0 */
/* Shared objects: the object is linked by the system's linker without any library. */
#ifndef AICC_DRIVER_LINK_H
#define AICC_DRIVER_LINK_H
#include "base/diagnostics.h"

/* Runs `linker -shared -nostdlib -o TEMPORARY OBJECT` (the linker may have arguments of its own, separated by
   spaces) and moves the result to `output`. `foreign` is the triple where it is not this machine's, else null: the
   message of a linker that fails names it. False after reporting; nothing is left behind. */
bool link_shared(Diagnostics *diagnostics, const char *linker, const char *foreign, const char *output,
                 const void *object, size_t length);
#endif
