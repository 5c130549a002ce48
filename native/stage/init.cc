#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

#include "operations.hh"

namespace keelson::stage {

// Signals that come before the init waits for them stay pending: the kernel drops none that is
// blocked, not even for the first process of a PID namespace.
static void blockSignals(sigset_t& before) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
}

// The program's own process group, and the terminal's foreground one where there is a terminal:
// what is typed then reaches the program and not the init, which would hand it on once more.
static void takeForeground() {
  setpgid(0, 0);
  tcsetpgrp(0, getpid());
}

// init SLOT: the plan goes on in a child. This process becomes keelson's own program, which is open
// in the slot, from its sealed copy and with nothing in memory: it hands on signals and reaps
// (native/shim/init.cc). It is what the program would be: user, filter, limits.
bool startInit(Context& context, Fields& fields) {
  int program = context.slot(fields.number());
  // Where it is not the first process of a PID namespace, orphans come to it all the same.
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  sigset_t before;
  blockSignals(before);
  pid_t child = fork();
  if (child < 0) return context.fail("fork", "init");
  if (child == 0) {
    takeForeground();
    sigprocmask(SIG_SETMASK, &before, nullptr);
    return true;
  }
  char number[16];
  snprintf(number, sizeof number, "%d", child);
  char name[] = "keelson-init";
  char* arguments[] = {name, number, nullptr};
  char* environment[] = {nullptr};
  if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
    syscall(SYS_execveat, program, "", arguments, environment, AT_EMPTY_PATH);
  }
  int error = errno;
  kill(child, SIGKILL);
  return context.refuse(error, "execveat", "init");
}

}  // namespace keelson::stage
