/* SPDX-License-Identifier: Apache-2.0 */
/* What must not outlive the process: temporary files and folders, and a child process. They are removed when it exits
   or when SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM or SIGXCPU end it. The state is global, since signals are. */
#ifndef AICC_BASE_TEMPORARY_H
#define AICC_BASE_TEMPORARY_H
#include <stdbool.h>

/* Installs the handlers. Signals that are ignored stay so; SIGXFSZ is ignored, so that writing fails instead. Without
   this nothing is removed on a signal or exit. */
void temporary_guard(void);

/* As mkstemp: a descriptor, or -1 with errno set. `path` lives until temporary_place or temporary_remove. */
int temporary_file(char *path);
/* As mkdtemp; false with errno set. Files that others make in it, under names that are known, are noted with
   temporary_expect. `path` lives until temporary_remove. */
bool temporary_folder(char *path);
void temporary_expect(const char *path);
/* Renames all of the files, between which no signal is taken. Returns how many were: less than `count` with errno set,
   where the others are still temporary. */
int temporary_place(char *const *paths, const char *const *targets, int count);
/* Removes a file or an empty folder, keeping errno. */
void temporary_remove(const char *path);

/* Runs a command (null-terminated arguments, looked up in PATH) with its standard output joined to standard error, in a
   process group of its own, and waits. 0 and its status as of waitpid, else an error number. */
int temporary_run(char **arguments, int *status);
#endif
