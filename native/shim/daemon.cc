#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "client.hh"
#include "request.hh"
#include "sealed.hh"
#include "shim-log.hh"

namespace keelson::shim {

// Bound here, so that the runtime can connect as soon as it has its answer. Through the folder's
// descriptor: a socket's path is limited to 107 bytes, a pod's folder is not.
static int listenIn(const char* path) {
  int folder = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) return -1;
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/shim.sock", folder);
  mode_t mask = umask(0177);
  bool bound = fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  umask(mask);
  bool listening = bound && listen(fd, 16) == 0;
  int error = errno;
  close(folder);
  if (!listening && fd >= 0) close(fd);
  errno = error;
  return listening ? fd : -1;
}

static int openLogIn(const char* path) {
  int folder = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) return -1;
  int log = openShimLog(folder);
  close(folder);
  return log;
}

[[noreturn]] static void becomeShim(int listener, int log, const char* pod) {
  setsid();
  // The first process of the machine, or of its service manager, is a shim's parent: the runtime's
  // end is not its own.
  if (fork() != 0) _exit(0);
  int program = fcntl(sealedProgram(), F_DUPFD_CLOEXEC, 10);
  int copy = fcntl(listener, F_DUPFD_CLOEXEC, 10);
  dup2(copy, 3);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd <= 1; fd++) dup2(null, fd);
  dup2(log >= 0 ? log : null, 2);
  close_range(4, ~0U, CLOSE_RANGE_CLOEXEC);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const char* const arguments[] = {"keelson-shim", "shim", pod, nullptr};
  const char* const environment[] = {nullptr};
  fexecve(program, const_cast<char**>(arguments), const_cast<char**>(environment));
  _exit(127);
}

// start-shim FOLDER POD
void startShim(Request& request) {
  const char* folder = request.fields.text();
  const char* pod = request.fields.text();
  int listener = listenIn(folder);
  if (listener < 0) return answerFailure(request.client, request.id, "bind", errno, folder);
  // Without one it is a shim all the same.
  int log = openLogIn(folder);
  pid_t child = fork();
  if (child == 0) becomeShim(listener, log, pod);
  int error = errno;
  close(listener);
  if (log >= 0) close(log);
  if (child < 0) return answerFailure(request.client, request.id, "fork", error, folder);
  waitpid(child, nullptr, 0);
  answerOk(request.client, request.id);
}

}  // namespace keelson::shim
