#include "init.hh"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace keelson::shim {

// All that have ended by now; several ends make one SIGCHLD.
static void reap(pid_t program) {
  int status = 0;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid == program) _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
  }
  // Whose child the program is not has nothing to wait for.
  if (errno == ECHILD) _exit(1);
}

// What the kernel tells a background process of the terminal is about the init alone.
static bool isOwn(int signal) { return signal == SIGTTIN || signal == SIGTTOU; }

void runInit(const char* text) {
  pid_t program = static_cast<pid_t>(atol(text));
  if (program <= 1) _exit(2);
  prctl(PR_SET_NAME, "keelson-init");
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  reap(program);
  for (;;) {
    siginfo_t information;
    int signal = sigwaitinfo(&all, &information);
    if (signal == SIGCHLD) reap(program);
    else if (signal > 0 && !isOwn(signal)) kill(program, signal);
  }
}

}  // namespace keelson::shim
