#include "client.hh"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../linux/call.hh"
#include "../linux/message.hh"
#include "group.hh"
#include "loop.hh"
#include "process.hh"
#include "request.hh"
#include "shim-log.hh"

namespace keelson::shim {

static constexpr int maximumClients = 16;
// Descriptors plus one, so that zero is none.
static int clients[maximumClients];

bool addClient(int fd) {
  for (int i = 0; i < maximumClients; i++) {
    if (clients[i] > 0) continue;
    clients[i] = fd + 1;
    return watch(fd, EPOLLIN, Source::client, static_cast<uint32_t>(i));
  }
  return false;
}

// The folder is 0700 and the socket 0600; this holds even where somebody loosened them
// (CVE-2020-15257).
static bool isTrusted(int fd) {
  ucred peer = {};
  socklen_t size = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

// A client that does not read is dropped, but a runtime that is starved for a while is not to lose
// its pods: the usual 208 KiB hold some two hundred messages. Without the capability they stay.
static void widen(int fd) {
  int bytes = 4 * 1024 * 1024;
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
}

void acceptClient(int listener) {
  int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  widen(fd);
  if (!isTrusted(fd) || !addClient(fd)) close(fd);
}

bool anyClient() {
  for (int fd : clients) {
    if (fd > 0) return true;
  }
  return false;
}

// An exec whose streams nobody reads any more is of no use to anyone.
static void endPassed(int client) {
  for (uint32_t i = 0; i < maximumProcesses; i++) {
    Process* process = processAt(i);
    if (!process || process->client != client) continue;
    process->client = -1;
    if (process->passed && !killGroup(*process) && process->pidfd >= 0) {
      pidfdSignal(process->pidfd, SIGKILL);
    }
  }
}

static void dropClient(int index) {
  int fd = clients[index] - 1;
  unwatch(fd);
  close(fd);
  clients[index] = 0;
  endPassed(index);
}

void readClient(uint32_t index) {
  static char buffer[256 * 1024];
  if (index >= maximumClients || clients[index] == 0) return;
  Received received = receiveMessage(clients[index] - 1, buffer, sizeof buffer, MSG_DONTWAIT);
  if (received.size < 0 && errno == EAGAIN) return;
  if (received.size <= 0) {
    dropClient(static_cast<int>(index));
    return;
  }
  Request request = {static_cast<int>(index), 0, {}, received.fds, received.count, ""};
  Records records(buffer, static_cast<size_t>(received.size));
  bool valid = records.next(request.fields) && records.atEnd();
  if (valid) request.id = request.fields.number();
  if (valid) readOrigin(request.fields, request.origin);
  if (valid && request.fields.good()) handleRequest(request);
  else dropClient(static_cast<int>(index));
  closeReceived(received);
}

void answer(int client, const char* data, size_t size, const int* fds, int count) {
  if (client < 0 || clients[client] == 0) return;
  if (!sendMessage(clients[client] - 1, data, size, fds, count)) dropClient(client);
}

void answerOk(int client, uint64_t request) {
  RecordWriter<64> reply;
  reply.number(static_cast<int64_t>(request)).text("ok");
  answer(client, reply.data(), reply.size());
}

void answerFailure(int client, uint64_t request, const char* call, int error, const char* path) {
  RecordWriter<5120> reply;
  reply.number(static_cast<int64_t>(request)).text("failed").text(call).number(error).text(path);
  answer(client, reply.data(), reply.size());
}

void broadcast(const char* data, size_t size) {
  for (int i = 0; i < maximumClients; i++) answer(i, data, size);
}

}  // namespace keelson::shim
