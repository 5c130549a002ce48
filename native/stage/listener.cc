// Seccomp notifications: the filter's descriptor goes to an agent of the host, with the state of
// the container around it (config-linux.md, the container process state).
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "../linux/message.hh"
#include "filter.hh"
#include "operations.hh"

namespace keelson::stage {

// The number that the host knows this process by; its procfs is there until the root is entered.
bool rememberPid(Context& context, Fields&) {
  char name[32];
  ssize_t size = readlink("/proc/self", name, sizeof name - 1);
  if (size <= 0) return context.fail("readlink", "/proc/self");
  name[size] = '\0';
  context.pid = static_cast<pid_t>(atoi(name));
  return true;
}

// connect SLOT PATH: a stream socket of the host. By the descriptor of its file: a socket's path is
// limited to 107 bytes, and resolved but once.
bool connectSocket(Context& context, Fields& fields) {
  uint64_t slot = fields.number();
  const char* path = fields.text();
  int file = open(path, O_PATH | O_CLOEXEC);
  if (file < 0) return context.fail("open", path);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d", file);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool connected =
      fd >= 0 && connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  int error = errno;
  close(file);
  errno = error;
  return connected ? context.keep(slot, fd) : context.fail("connect", path);
}

// The descriptors travel with the first part; a large document takes several.
static bool sendState(int socket, const char* text, size_t size, int listener) {
  ssize_t sent = 0;
  iovec part = {const_cast<char*>(text), size};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &listener, sizeof(int));
  while (part.iov_len > 0) {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent < 0) return false;
    part.iov_base = static_cast<char*>(part.iov_base) + sent;
    part.iov_len -= static_cast<size_t>(sent);
    message.msg_control = nullptr;
    message.msg_controllen = 0;
  }
  return true;
}

// seccomp-listener FLAGS PROGRAM SLOT BEFORE BETWEEN AFTER: the state has the pid in two places
bool loadListenedSeccomp(Context& context, Fields& fields) {
  unsigned flags = static_cast<unsigned>(fields.number());
  Field program = fields.bytes();
  int socket = context.slot(fields.number());
  const char* before = fields.text();
  const char* between = fields.text();
  const char* after = fields.text();
  // Made before the filter is loaded: what comes after may be up to the agent.
  char* state = nullptr;
  int size = asprintf(&state, "%s%d%s%d%s", before, context.pid, between, context.pid, after);
  if (size < 0) return context.refuse(ENOMEM, "seccomp");
  int listener = -1;
  if (!loadFilter(context, flags | SECCOMP_FILTER_FLAG_NEW_LISTENER, program, &listener)) {
    return false;
  }
  if (!sendState(socket, state, static_cast<size_t>(size), listener)) {
    return context.fail("sendmsg", "seccomp listener");
  }
  close(socket);
  close(listener);
  return true;
}

}  // namespace keelson::stage
