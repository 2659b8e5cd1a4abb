/* SPDX-License-Identifier: Apache-2.0 */
/* Private temporary folders and child processes: what the loader and aicc-run share. Not installed. */
#ifndef AICC_HOST_PROCESS_H
#define AICC_HOST_PROCESS_H
#include <stdbool.h>
#include <stddef.h>

enum { AICC_PATH_CAPACITY = 4096 };

/* Makes a folder that only this user can enter, in $TMPDIR or /tmp, and writes its path. False when it cannot
   be made; errno says why. */
bool aicc_temporary_folder_create(char path[AICC_PATH_CAPACITY]);

/* Removes the folder and the files in it (it has no folders inside). Errors are ignored. */
void aicc_temporary_folder_remove(const char *path);

/* Runs arguments[0], looked up in PATH when it has no slash, and waits. With error_path, standard error goes
   into that file. Returns the exit status, 128 + n after signal n, or -1 when it could not be started (errno
   says why). arguments ends with a null pointer. */
int aicc_process_run(char *const *arguments, const char *error_path);

#endif
