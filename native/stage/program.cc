#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>

#include "../linux/title.hh"
#include "operations.hh"
#include "report.hh"
#include "trace.hh"

namespace keelson::stage {

// working-directory PATH: one outside the root would be a way out (CVE-2024-21626)
bool changeDirectory(Context& context, Fields& fields) {
  const char* path = fields.text();
  if (chdir(path) < 0) return context.fail("chdir", path);
  static char where[PATH_MAX];
  if (!getcwd(where, sizeof where)) return context.fail("getcwd", path);
  return where[0] == '/' || context.refuse(EPERM, "getcwd", path);
}

// One byte lets the plan go on, the end of the stream gives it up.
static bool waitFor(Context& context, const char* word) {
  reportReached(context, word);
  char byte;
  ssize_t size;
  do size = read(context.status, &byte, 1);
  while (size < 0 && errno == EINTR);
  if (size != 1) _exit(127);
  return true;
}

// hold: namespaces and mounts are made, the root is not entered; hooks of the runtime come first
bool holdForHooks(Context& context, Fields&) { return waitFor(context, "held"); }

// wait: the container is created
bool waitForStart(Context& context, Fields&) { return waitFor(context, "created"); }

// A client that says nothing would keep all others from starting the container.
static bool tellsToStart(int connection) {
  timeval patience = {10, 0};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char byte;
  return read(connection, &byte, 1) == 1;
}

// await SLOT: as wait, but whoever connects to the listening socket in the slot and sends one byte
// starts it, and hears how that went: who created the container is gone by then
bool awaitStart(Context& context, Fields& fields) {
  int listener = context.slot(fields.number());
  // Who listens in an event loop made it so that accept does not wait.
  fcntl(listener, F_SETFL, O_RDWR);
  reportReached(context, "created");
  close(context.status);
  for (;;) {
    int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (connection < 0) _exit(127);
    if (tellsToStart(connection)) {
      context.status = connection;
      close(listener);
      return true;
    }
    close(connection);
  }
}

static bool isProgram(const char* file) {
  struct stat state;
  if (stat(file, &state) < 0) return false;
  if (S_ISREG(state.st_mode) && (state.st_mode & 0111)) return true;
  errno = EACCES;
  return false;
}

// find-program NAME PATH: fails as execve would, while who asked for the container still listens
bool findProgram(Context& context, Fields& fields) {
  const char* name = fields.text();
  const char* folder = fields.text();
  if (strchr(name, '/')) return isProgram(name) || context.fail("find", name);
  int error = ENOENT;
  while (true) {
    const char* end = strchrnul(folder, ':');
    char file[PATH_MAX];
    int length = static_cast<int>(end - folder);
    if (snprintf(file, sizeof file, "%.*s/%s", length, folder, name) < PATH_MAX) {
      if (length > 0 && isProgram(file)) return true;
      if (errno == EACCES) error = EACCES;
    }
    if (*end == '\0') return context.refuse(error, "find", name);
    folder = end + 1;
  }
}

static const char* searchPath(char** environment) {
  for (; *environment; environment++) {
    if (strncmp(*environment, "PATH=", 5) == 0) return *environment + 5;
  }
  return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

// As a shell does it: the first file found that may be run; EACCES is remembered, but looked past.
static void executeFromPath(const char* name, char** arguments, char** environment) {
  int error = ENOENT;
  const char* folder = searchPath(environment);
  while (true) {
    const char* end = strchrnul(folder, ':');
    char file[PATH_MAX];
    int length = static_cast<int>(end - folder);
    const char* here = length == 0 ? "." : "";
    int size = snprintf(file, sizeof file, "%s%.*s/%s", here, length, folder, name);
    if (size < PATH_MAX) {
      execve(file, arguments, environment);
      if (errno == EACCES) error = EACCES;
      else if (errno != ENOENT && errno != ENOTDIR) return;
    }
    if (*end == '\0') break;
    folder = end + 1;
  }
  errno = error;
}

static char** readAll(Fields& fields, uint64_t count) {
  if (count > fields.left()) return nullptr;
  auto** words = static_cast<char**>(calloc(count + 1, sizeof(char*)));
  for (uint64_t i = 0; words && i < count; i++) words[i] = const_cast<char*>(fields.text());
  return words;
}

// execute FILE ARGUMENT-COUNT ARGUMENT+ ENVIRONMENT*: FILE is "" where the first argument names it
bool executeProgram(Context& context, Fields& fields) {
  const char* file = fields.text();
  char** arguments = readAll(fields, fields.number());
  char** environment = readAll(fields, fields.left());
  if (!arguments || !environment || !arguments[0] || !fields.good()) {
    return context.refuse(E2BIG, "execve");
  }
  reportMarks(context);
  // The status socket is closed by exec as well, which is how success is told.
  if (close_range(3 + context.preserved, ~0U, CLOSE_RANGE_CLOEXEC) < 0) {
    return context.fail("close_range");
  }
  if (!file[0]) file = arguments[0];
  if (strchr(file, '/')) execve(file, arguments, environment);
  else executeFromPath(file, arguments, environment);
  return context.fail("execve", file);
}

// pause: stays as the first process of a PID namespace, and reaps
bool pauseForever(Context& context, Fields&) {
  setTitle("/pause");
  reportReached(context, "created");
  close_range(0, ~0U, 0);
  signal(SIGTERM, [](int) { _exit(0); });
  signal(SIGINT, [](int) { _exit(0); });
  signal(SIGCHLD, SIG_DFL);
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, nullptr);
  for (;;) {
    siginfo_t information;
    sigwaitinfo(&children, &information);
    while (waitpid(-1, nullptr, WNOHANG) > 0) continue;
  }
}

// finish: the plan was all there was to do
bool finish(Context& context, Fields&) {
  _exit(0);
}

}  // namespace keelson::stage
