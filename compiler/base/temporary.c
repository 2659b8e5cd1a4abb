/* SPDX-License-Identifier: Apache-2.0 */
/* The handler may run between any two instructions, so that the lists change while the signals wait. */
#include "base/temporary.h"
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { PATH_LIMIT = 16, PATIENCE_STEPS = 50, STEP_MILLISECONDS = 10 };

static const int fatal_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGXCPU};
enum { SIGNAL_COUNT = sizeof fatal_signals / sizeof *fatal_signals };

static const char *volatile noted[PATH_LIMIT]; /* null: free */
static volatile pid_t child;                   /* 0: none */
static pid_t owner;                            /* what is forked from it removes nothing */

static sigset_t fatal_set(void) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < SIGNAL_COUNT; i++) sigaddset(&set, fatal_signals[i]);
  return set;
}

static void hold(sigset_t *before) {
  sigset_t set = fatal_set();
  int error = errno;
  sigprocmask(SIG_BLOCK, &set, before);
  errno = error;
}

static void release(const sigset_t *before) {
  int error = errno;
  sigprocmask(SIG_SETMASK, before, NULL);
  errno = error;
}

/* Asks the child's whole group to end, waits half a second at most, then insists. */
static void end_child(void) {
  pid_t group = child;
  int status;
  if (group <= 0) return;
  child = 0;
  kill(-group, SIGTERM);
  for (int i = 0; i < PATIENCE_STEPS && waitpid(group, &status, WNOHANG) == 0; i++) poll(NULL, 0, STEP_MILLISECONDS);
  kill(-group, SIGKILL);
}

static void remove_all(void) {
  if (getpid() != owner) return;
  end_child();
  for (int i = 0; i < PATH_LIMIT; i++)
    if (noted[i]) unlink(noted[i]);
  for (int i = 0; i < PATH_LIMIT; i++)
    if (noted[i]) rmdir(noted[i]); /* folders are empty by now */
}

static void on_signal(int number) {
  remove_all();
  signal(number, SIG_DFL);
  raise(number); /* taken when the handler returns, where it is held until then */
}

void temporary_guard(void) {
  struct sigaction action = {.sa_handler = on_signal, .sa_mask = fatal_set()}, before;
  owner = getpid();
  for (int i = 0; i < SIGNAL_COUNT; i++)
    if (sigaction(fatal_signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
      sigaction(fatal_signals[i], &action, NULL);
  signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of writing */
  atexit(remove_all);
}

static void note(const char *path) {
  int at = 0;
  while (at < PATH_LIMIT && noted[at]) at++;
  assert(at < PATH_LIMIT);
  noted[at] = path;
}

static void forget(const char *path) {
  for (int i = 0; i < PATH_LIMIT; i++)
    if (noted[i] && strcmp(noted[i], path) == 0) noted[i] = NULL;
}

int temporary_file(char *path) {
  sigset_t before;
  hold(&before);
  int descriptor = mkstemp(path);
  if (descriptor >= 0) note(path);
  release(&before);
  return descriptor;
}

bool temporary_folder(char *path) {
  sigset_t before;
  hold(&before);
  bool ok = mkdtemp(path) != NULL;
  if (ok) note(path);
  release(&before);
  return ok;
}

void temporary_expect(const char *path) {
  sigset_t before;
  hold(&before);
  note(path);
  release(&before);
}

int temporary_place(char *const *paths, const char *const *targets, int count) {
  sigset_t before;
  int placed = 0;
  hold(&before);
  while (placed < count && rename(paths[placed], targets[placed]) == 0) forget(paths[placed++]);
  release(&before);
  return placed;
}

void temporary_remove(const char *path) {
  sigset_t before;
  int error = errno;
  hold(&before);
  if (unlink(path) != 0) rmdir(path);
  forget(path);
  release(&before);
  errno = error;
}

static int spawn(char **arguments, const sigset_t *mask, pid_t *process) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, mask);
  int error = posix_spawnp(process, arguments[0], &actions, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

int temporary_run(char **arguments, int *status) {
  sigset_t before;
  pid_t process = 0;
  hold(&before);
  int error = spawn(arguments, &before, &process);
  if (!error) child = process;
  release(&before);
  if (error) return error;
  /* Its number stays taken until it is reaped, which the signals may not fall into. */
  siginfo_t info;
  while (waitid(P_PID, (id_t)process, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) continue;
  hold(&before);
  while (waitpid(process, status, 0) < 0 && errno == EINTR) continue;
  child = 0;
  release(&before);
  return 0;
}
