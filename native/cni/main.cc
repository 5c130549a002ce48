// keelson-cni, installed under the name of each CNI plugin: hands a call to the resident runtime,
// which takes half a millisecond where the start of a Node process takes forty; runs the plugin in
// a process of its own where no runtime answers.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "call.hh"
#include "fallback.hh"
#include "output.hh"
#include "resident.hh"

namespace keelson::cni {

// keelson tells its own programs in a plugin folder from others by this sentence.
static const char introduction[] =
    "keelson CNI client of the resident runtime\n"
    "It is installed under each plugin's name and called by container runtimes.\n"
    "Usage: keelson-cni TYPE, with the environment and stdin of a CNI plugin\n";

static constexpr int inputMs = 30'000;

// A missing standard descriptor would be taken by a socket, and the answer be printed into it.
static bool openStandardDescriptors() {
  int fd;
  do fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd > STDERR_FILENO) close(fd);
  return fd >= 0;
}

// Gives the size; -1 with errno set. One byte more than allowed is enough to know.
static ssize_t readInput(char* input, size_t capacity) {
  size_t size = 0;
  int64_t deadline = nowMs() + inputMs;
  while (size < capacity) {
    pollfd waiting{STDIN_FILENO, POLLIN, 0};
    int left = static_cast<int>(deadline - nowMs());
    int ready = poll(&waiting, 1, left > 0 ? left : 0);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) errno = ETIMEDOUT;
    if (ready <= 0) return -1;
    ssize_t got = read(STDIN_FILENO, input + size, capacity - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  return static_cast<ssize_t>(size);
}

// O_NONBLOCK: a FIFO at that path would hold us. What it is, is the plugin's to judge.
static int openNetns(const char* path) {
  return *path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
}

static int serve(Call& call) {
  static char input[documentBytes + 1];
  const char* verb = variable(call, "CNI_COMMAND");
  bool takesInput = *verb && strcmp(verb, "VERSION") != 0;
  ssize_t size = takesInput ? readInput(input, sizeof input) : 0;
  if (size < 0) return printError(5, "error reading from stdin", strerror(errno));
  if (static_cast<size_t>(size) > documentBytes) {
    return printError(6, "The network configuration is too large", "over 1 MiB");
  }
  call.input = input;
  call.inputSize = static_cast<size_t>(size);
  call.netns = openNetns(variable(call, "CNI_NETNS"));
  Answer answer = askResident(call);
  if (answer.outcome == Outcome::answered) return answer.exitCode;
  // An ADD that somebody began may have made things that a second one would trip over: the caller
  // deletes and tries again. The other verbs may be done twice.
  bool begun = answer.outcome != Outcome::nobody;
  if (begun && (answer.outcome == Outcome::late || strcmp(verb, "ADD") == 0)) {
    return printError(11, "The keelson runtime began and did not answer",
                      answer.outcome == Outcome::late ? "deadline exceeded" : "it ended");
  }
  return runPlugin(call);
}

static int run(char** argv, char** environment) {
  if (!openStandardDescriptors()) return 1;
  // A runtime that closes its pipe early is told by a failing write, not by a signal.
  signal(SIGPIPE, SIG_IGN);
  const char* slash = strrchr(argv[0], '/');
  const char* name = slash ? slash + 1 : argv[0];
  if (strcmp(name, "keelson-cni") == 0) name = argv[1];
  if (!name || !*name || strlen(name) > 64) {
    writeAll(STDERR_FILENO, introduction, sizeof introduction - 1);
    return 2;
  }
  if (strcmp(name, "dhcp") == 0 && name != argv[1] && argv[1] && strcmp(argv[1], "daemon") == 0) {
    return runDaemon(name);
  }
  Call call = {name, environment, nullptr, 0, -1};
  return serve(call);
}

}  // namespace keelson::cni

int main(int argc, char** argv, char** environment) {
  return argc < 1 ? 2 : keelson::cni::run(argv, environment);
}
