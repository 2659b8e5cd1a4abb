/* SPDX-License-Identifier: Apache-2.0 */
/* Private temporary folders and child processes. No shell is involved, so no file name needs quoting. */
#include "process.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

bool aicc_temporary_folder_create(char path[AICC_PATH_CAPACITY]) {
  const char *parent = getenv("TMPDIR");
  if (!parent || !*parent) parent = "/tmp";
  int length = snprintf(path, AICC_PATH_CAPACITY, "%s/aicc-XXXXXX", parent);
  if (length < 0 || length >= AICC_PATH_CAPACITY - 256) { /* 256: the names of the files inside */
    errno = ENAMETOOLONG;
    return false;
  }
  return mkdtemp(path) != NULL;
}

void aicc_temporary_folder_remove(const char *path) {
  DIR *folder = opendir(path);
  if (!folder) return;
  for (struct dirent *entry; (entry = readdir(folder));)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      unlinkat(dirfd(folder), entry->d_name, 0);
  closedir(folder);
  rmdir(path);
}

int aicc_process_run(char *const *arguments, const char *error_path) {
  posix_spawn_file_actions_t actions;
  int error = posix_spawn_file_actions_init(&actions);
  if (error == 0) {
    if (error_path)
      error = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, error_path,
                                               O_WRONLY | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);
    pid_t child = -1;
    if (error == 0) error = posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error == 0) {
      int status = 0;
      while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return -1;
      return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
  }
  errno = error;
  return -1;
}
