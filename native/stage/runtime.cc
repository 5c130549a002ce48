#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "../linux/message.hh"
#include "operations.hh"
#include "report.hh"

namespace keelson::stage {

static constexpr size_t maximumWords = 256;

// The container's first process, or the exec's, once another runtime has made it.
static pid_t made = 0;

static int listenAt(const char* path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address.sun_path) return errno = ENAMETOOLONG, -1;
  memcpy(address.sun_path, path, strlen(path));
  unlink(path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (fd >= 0 && bind(fd, generic, sizeof address) == 0 && listen(fd, 1) == 0) return fd;
  int error = errno;
  if (fd >= 0) close(fd);
  errno = error;
  return -1;
}

// The runtime has connected and sent it by now, or never does.
static bool takeTerminal(Context& context, int listener) {
  fcntl(listener, F_SETFL, O_RDWR | O_NONBLOCK);
  int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (connection < 0) return context.fail("accept", "console socket");
  char name[256];
  Received received = receiveMessage(connection, name, sizeof name, MSG_DONTWAIT);
  bool taken = received.size > 0 && received.count == 1 && reportTerminal(context, received.fds[0]);
  closeReceived(received);
  close(connection);
  return taken || context.refuse(EPROTO, "recvmsg", "console socket");
}

static pid_t readPid(const char* path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return -1;
  char text[16] = {};
  ssize_t size = read(fd, text, sizeof text - 1);
  close(fd);
  return size > 0 ? static_cast<pid_t>(atoi(text)) : -1;
}

// A container whose start failed would wait for another for ever, and so would who asked.
static bool failWith(Context& context, int status, const char* path) {
  static char text[64];
  bool signaled = WIFSIGNALED(status);
  snprintf(text, sizeof text, "%s %d", signaled ? "ended by signal" : "exited with",
           signaled ? WTERMSIG(status) : WEXITSTATUS(status));
  context.text = text;
  if (made > 0) kill(made, SIGKILL);
  return context.refuse(ECHILD, "runtime", path);
}

// runtime PID-FILE CONSOLE ARGUMENT+: runs another OCI runtime's command to its end. What it leaves
// running is the supervisor's child by then; its pid is told as that of a fork, where PID-FILE
// names it. Its terminal comes through the socket CONSOLE. Either may be empty.
bool runRuntime(Context& context, Fields& fields) {
  const char* pidFile = fields.text();
  const char* console = fields.text();
  char* words[maximumWords + 1] = {};
  if (fields.left() == 0 || fields.left() > maximumWords) return context.refuse(E2BIG, "runtime");
  for (size_t i = 0; fields.left() > 0; i++) words[i] = const_cast<char*>(fields.text());
  char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char* environment[] = {path, nullptr};
  int listener = console[0] ? listenAt(console) : -1;
  if (console[0] && listener < 0) return context.fail("bind", console);
  pid_t child = fork();
  if (child < 0) return context.fail("fork", words[0]);
  if (child == 0) {
    execve(words[0], words, environment);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return failWith(context, status, words[0]);
  if (listener >= 0 && !takeTerminal(context, listener)) return false;
  if (listener >= 0) close(listener);
  if (!pidFile[0]) return true;
  made = readPid(pidFile);
  if (made <= 0) return context.refuse(EPROTO, "read", pidFile);
  reportFork(context, made);
  return true;
}

}  // namespace keelson::stage
