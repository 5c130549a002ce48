#include "connection.hh"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../linux/message.hh"
#include "../linux/record.hh"

namespace keelson::oci {

static constexpr const char* homeVariable = "KEELSON_HOME";
static constexpr int patienceMs = 2000;
// Node needs longer, the more so on a machine that is just starting a hundred of them.
static constexpr int startPatienceMs = 60000;

// The program is run again from a sealed copy, which has no place of its own.
void findHome() {
  char path[PATH_MAX];
  ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
  if (size <= 0 || path[0] != '/') return;
  path[size] = '\0';
  for (int levels = 0; levels < 3; levels++) {
    char* slash = strrchr(path, '/');
    if (!slash) return;
    *slash = '\0';
  }
  char main[PATH_MAX];
  snprintf(main, sizeof main, "%.*s/src/cli/plan-oci.ts", PATH_MAX - 32, path);
  if (access(main, R_OK) == 0) setenv(homeVariable, path, 0);
}

// Heard before anything is asked: one that is stopped, and goes on later, has then been told
// nothing, and this command can be done by another without being done twice.
static bool isReady(int socket, int patience) {
  pollfd answer = {socket, POLLIN, 0};
  if (poll(&answer, 1, patience) <= 0) return false;
  char buffer[64];
  Received received = receiveMessage(socket, buffer, sizeof buffer);
  if (received.size <= 0) return false;
  Records records(buffer, static_cast<size_t>(received.size));
  Fields fields;
  bool ready = records.next(fields) && fields.bytes().is("ready");
  closeReceived(received);
  return ready;
}

// Root's alone on both sides: who answers here decides what runs with this process's rights.
static bool isTrusted(int socket) {
  ucred peer = {};
  socklen_t size = sizeof peer;
  return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

int connectResident() {
  const char* path = getenv("KEELSON_OCI_SOCKET");
  if (!path) path = "/run/keelson/oci.sock";
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address.sun_path) return -1;
  memcpy(address.sun_path, path, strlen(path));
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  // A full queue of connections blocks; who cannot accept for so long is no help.
  timeval patience = {patienceMs / 1000, 0};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  bool ready = connect(fd, generic, sizeof address) == 0 && isTrusted(fd) &&
               isReady(fd, patienceMs);
  if (ready) return fd;
  close(fd);
  return -1;
}

[[noreturn]] static void becomePlanner(int socket) {
  char node[PATH_MAX], main[PATH_MAX];
  const char* home = getenv(homeVariable);
  if (!home) _exit(127);
  snprintf(node, sizeof node, "%s/node_modules/node/bin/node", home);
  snprintf(main, sizeof main, "%s/src/cli/plan-oci.ts", home);
  setenv("NODE_COMPILE_CACHE", "/var/cache/keelson", 0);
  dup2(socket, 3);
  fcntl(3, F_SETFL, O_RDWR | O_NONBLOCK);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(null, 0);
  dup2(null, 1);
  close_range(4, ~0U, CLOSE_RANGE_CLOEXEC);
  execl(node, "node", "--disable-warning=ExperimentalWarning", "--max-semi-space-size=1", "--",
        main, nullptr);
  _exit(127);
}

int startPlanner(pid_t& planner) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return -1;
  planner = fork();
  if (planner == 0) becomePlanner(ends[1]);
  close(ends[1]);
  if (planner > 0 && isReady(ends[0], startPatienceMs)) return ends[0];
  close(ends[0]);
  return -1;
}

}  // namespace keelson::oci
