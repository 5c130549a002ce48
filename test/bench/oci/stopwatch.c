// stopwatch N COMMAND ARGUMENT...   runs a command N times and prints each run's milliseconds
// stopwatch N --bare ROOT           the least that any runtime does: clone3 with the namespaces,
//                                   bind and pivot_root, exec, wait
// "@" in an argument becomes the number of the run, for names that must be new.
// It is small and static, so that starting a child from it costs no more than it must.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

static double nowMs(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void enter(const char* root) {
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) _exit(1);
  if (mount(root, root, NULL, MS_BIND | MS_REC, NULL) < 0 || chdir(root) < 0) _exit(2);
  if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0) _exit(3);
  char* arguments[] = {"/bin/true", NULL};
  execve(arguments[0], arguments, environ);
  _exit(4);
}

static pid_t startBare(const char* root) {
  struct clone_args args = {0};
  args.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
  args.exit_signal = SIGCHLD;
  pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof args);
  if (child == 0) enter(root);
  return child;
}

static pid_t startCommand(char** words, int run) {
  static char names[64][256];
  char* arguments[65] = {0};
  for (int i = 0; words[i] && i < 64; i++) {
    char* at = strchr(words[i], '@');
    if (at) {
      snprintf(names[i], sizeof names[i], "%.*s%d%s", (int)(at - words[i]), words[i], run, at + 1);
    }
    arguments[i] = at ? names[i] : words[i];
  }
  pid_t child = -1;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int fd = 0; fd <= 1; fd++) {
    posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  }
  posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ);
  return child;
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  for (int run = 0; run < atoi(argv[1]); run++) {
    double start = nowMs();
    int bare = strcmp(argv[2], "--bare") == 0;
    pid_t child = bare ? startBare(argv[3]) : startCommand(argv + 2, run);
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) {
      fprintf(stderr, "run %d ended with status %d\n", run, status);
      return 1;
    }
    printf("%.4f\n", nowMs() - start);
  }
  return 0;
}
