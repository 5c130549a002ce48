#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "../linux/call.hh"
#include "operations.hh"

namespace keelson::stage {

static constexpr size_t maximumArguments = 1024;

static char** readWords(Fields& fields, uint64_t count) {
  if (count > fields.left() || count > maximumArguments) return nullptr;
  auto** words = static_cast<char**>(calloc(count + 1, sizeof(char*)));
  for (uint64_t i = 0; words && i < count; i++) words[i] = const_cast<char*>(fields.text());
  return words;
}

// The pid that the host knows this process by: procfs is still the host's, or is not and then the
// hook sees the container's own numbers, as the specification wants for startContainer.
static pid_t visiblePid() {
  char name[32];
  ssize_t size = readlink("/proc/self", name, sizeof name - 1);
  if (size <= 0) return getpid();
  name[size] = '\0';
  return static_cast<pid_t>(atoi(name));
}

// The state document is given around the pid, which nobody knows before the process is there.
static int writeState(Field before, Field after) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return -1;
  fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(before.size + after.size + 4096));
  bool written = dprintf(ends[1], "%s%d%s", before.data, visiblePid(), after.data) > 0;
  close(ends[1]);
  if (written) return ends[0];
  close(ends[0]);
  return -1;
}

static bool waitWithin(Context& context, pid_t child, int timeoutMs, const char* path) {
  int pidfd = pidfdOpen(child);
  pollfd ended = {pidfd, POLLIN, 0};
  bool timely = pidfd >= 0 && poll(&ended, 1, timeoutMs) > 0;
  if (!timely) kill(child, SIGKILL);
  close(pidfd);
  int status = 0;
  waitpid(child, &status, 0);
  if (!timely) return context.refuse(ETIMEDOUT, "hook", path);
  bool succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return succeeded || context.refuse(ECHILD, "hook", path);
}

// hook PATH TIMEOUT-MS BEFORE AFTER ARGUMENT-COUNT ARGUMENT* ENVIRONMENT*: a timeout of 0 is none
bool runHook(Context& context, Fields& fields) {
  const char* path = fields.text();
  uint64_t timeout = fields.number();
  Field before = fields.bytes();
  Field after = fields.bytes();
  char** arguments = readWords(fields, fields.number());
  char** environment = readWords(fields, fields.left());
  if (!arguments || !environment || !fields.good()) return context.refuse(E2BIG, "hook", path);
  int state = writeState(before, after);
  if (state < 0) return context.fail("pipe", path);
  pid_t child = fork();
  if (child < 0) return context.fail("fork", path);
  if (child == 0) {
    dup2(state, 0);
    execve(path, arguments, environment);
    _exit(127);
  }
  close(state);
  return waitWithin(context, child, timeout > 0 ? static_cast<int>(timeout) : -1, path);
}

}  // namespace keelson::stage
