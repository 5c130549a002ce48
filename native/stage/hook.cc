#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "../linux/call.hh"
#include "operations.hh"

namespace keelson::stage {

static constexpr size_t maximumArguments = 1024;

struct Hook {
  const char* path;
  int timeoutMs;
  char** arguments;
  char** environment;
  // Its stdin, and a file in memory that keeps what it complains of.
  int state;
  int complaint;
};

static char** readWords(Fields& fields, uint64_t count) {
  if (count > fields.left() || count > maximumArguments) return nullptr;
  auto** words = static_cast<char**>(calloc(count + 1, sizeof(char*)));
  for (uint64_t i = 0; words && i < count; i++) words[i] = const_cast<char*>(fields.text());
  return words;
}

// The state document is given around the pid, which nobody knows before the process is there: for
// hooks in the container's namespaces it is the pid as the container sees it.
static int writeState(Field before, Field after) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return -1;
  fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(before.size + after.size + 4096));
  bool written = dprintf(ends[1], "%s%d%s", before.data, getpid(), after.data) > 0;
  close(ends[1]);
  if (written) return ends[0];
  close(ends[0]);
  return -1;
}

// Leads a group of its own, so that a hook that takes too long ends with all that it has started.
[[noreturn]] static void become(const Hook& hook) {
  setpgid(0, 0);
  dup2(hook.state, 0);
  int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (null >= 0) dup2(null, 1);
  if (hook.complaint >= 0) dup2(hook.complaint, 2);
  execve(hook.path, hook.arguments, hook.environment);
  dprintf(2, "%s", strerrorname_np(errno));
  _exit(127);
}

static bool failWith(Context& context, const Hook& hook, int status) {
  static char text[512];
  bool signaled = WIFSIGNALED(status);
  int size = snprintf(text, sizeof text, "%s %d", signaled ? "ended by signal" : "exited with",
                      signaled ? WTERMSIG(status) : WEXITSTATUS(status));
  char* at = text + size;
  ssize_t words = pread(hook.complaint, at + 2, sizeof text - static_cast<size_t>(size) - 3, 0);
  if (words > 0) {
    at[0] = ':';
    at[1] = ' ';
    while (words > 0 && static_cast<unsigned char>(at[1 + words]) <= ' ') words--;
    at[2 + words] = '\0';
  }
  context.text = text;
  return context.refuse(ECHILD, "hook", hook.path);
}

static bool waitWithin(Context& context, const Hook& hook, pid_t child) {
  int pidfd = pidfdOpen(child);
  pollfd ended = {pidfd, POLLIN, 0};
  bool timely = pidfd >= 0 && poll(&ended, 1, hook.timeoutMs) > 0;
  if (!timely) kill(-child, SIGKILL);
  if (!timely) kill(child, SIGKILL);
  close(pidfd);
  int status = 0;
  waitpid(child, &status, 0);
  static char late[64];
  snprintf(late, sizeof late, "took more than %d ms", hook.timeoutMs);
  if (!timely) context.text = late;
  if (!timely) return context.refuse(ETIMEDOUT, "hook", hook.path);
  bool succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return succeeded || failWith(context, hook, status);
}

static bool runToEnd(Context& context, const Hook& hook) {
  pid_t child = fork();
  if (child < 0) return context.fail("fork", hook.path);
  if (child == 0) become(hook);
  return waitWithin(context, hook, child);
}

// hook PATH TIMEOUT-MS BEFORE AFTER ARGUMENT-COUNT ARGUMENT* ENVIRONMENT*: a timeout of 0 is none
bool runHook(Context& context, Fields& fields) {
  Hook hook = {};
  hook.path = fields.text();
  uint64_t timeout = fields.number();
  hook.timeoutMs = timeout > 0 ? static_cast<int>(timeout) : -1;
  Field before = fields.bytes();
  Field after = fields.bytes();
  hook.arguments = readWords(fields, fields.number());
  hook.environment = readWords(fields, fields.left());
  if (!hook.arguments || !hook.environment || !fields.good()) {
    return context.refuse(E2BIG, "hook", hook.path);
  }
  hook.state = writeState(before, after);
  if (hook.state < 0) return context.fail("pipe", hook.path);
  hook.complaint = memfd_create("hook", MFD_CLOEXEC);
  bool done = runToEnd(context, hook);
  int error = errno;
  close(hook.state);
  if (hook.complaint >= 0) close(hook.complaint);
  errno = error;
  return done;
}

}  // namespace keelson::stage
