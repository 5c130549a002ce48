// What can be opened inside another namespace: a throwaway thread joins it, opens, and ends. The
// descriptor stays in that namespace wherever it is used.
#pragma once

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <string>

#include "binding.hh"
#include "file.hh"
#include "throwaway.hh"

namespace keelson::addon {

struct SocketRequest {
  Descriptor network;
  int family, type, protocol;
  std::string local, remote;  // struct sockaddr; empty for none
  int backlog;                // -1: does not listen
  int timeoutMs;
};

inline const sockaddr* address(const std::string& bytes) {
  return reinterpret_cast<const sockaddr*>(bytes.data());
}

inline Outcome joinedSocket(const SocketRequest& request, int fd) {
  if (!request.local.empty()) {
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, address(request.local), request.local.size()) < 0) return failed("bind");
  }
  if (request.backlog >= 0 && listen(fd, request.backlog) < 0) return failed("listen");
  if (request.remote.empty()) return ok;
  // SO_SNDTIMEO bounds connect(2), and is taken back afterwards.
  timeval limit{request.timeoutMs / 1000, request.timeoutMs % 1000 * 1000}, none{};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(fd, address(request.remote), request.remote.size()) < 0) {
    if (errno == EINPROGRESS || errno == EAGAIN) errno = ETIMEDOUT;
    return failed("connect");
  }
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
  return ok;
}

inline Result<Descriptor> openSocket(const SocketRequest& request) {
  if (setns(request.network.get(), CLONE_NEWNET) < 0) return failed("setns", "net");
  Descriptor opened(socket(request.family, request.type | SOCK_CLOEXEC, request.protocol));
  if (!opened.valid()) return failed("socket");
  if (auto outcome = joinedSocket(request, opened.get())) return *outcome;
  return opened;
}

struct OpenRequest {
  Descriptor mounts;
  std::string path;
  open_how how;
};

inline Result<Descriptor> openFile(const OpenRequest& request) {
  // setns of a mount namespace is refused while the working folder is shared with other threads.
  if (unshare(CLONE_FS) < 0) return failed("unshare");
  if (setns(request.mounts.get(), CLONE_NEWNS) < 0) return failed("setns", "mnt");
  Descriptor opened(openat2(AT_FDCWD, request.path.c_str(), request.how));
  if (!opened.valid()) return failed("openat2", request.path);
  return opened;
}

inline Napi::Value takeDescriptor(Napi::Env env, Descriptor& opened) {
  return Napi::Number::New(env, opened.release());
}

// The caller may close its namespace descriptor before the thread has come to it.
inline Descriptor ownCopy(const Napi::Value& fd) {
  return Descriptor(fcntl(toInt(fd), F_DUPFD_CLOEXEC, 3));
}

inline Napi::Value socketInside(const Call& info) {
  auto request = std::make_unique<SocketRequest>(SocketRequest{
      ownCopy(info[0]), toInt(info[1]), toInt(info[2]), toInt(info[3]), toPath(info[4]),
      toPath(info[5]), toInt(info[6]), toInt(info[7])});
  return onThrowawayThread<Descriptor>(
      info.Env(), [request = std::move(request)] { return openSocket(*request); }, takeDescriptor);
}

inline Napi::Value openInside(const Call& info) {
  open_how how{};
  how.flags = toUint64(info[2]);
  how.mode = toUint64(info[3]);
  how.resolve = toUint64(info[4]);
  auto request =
      std::make_unique<OpenRequest>(OpenRequest{ownCopy(info[0]), toPath(info[1]), how});
  if (isCut(request->path)) return raise(info.Env(), Failure{"openat2", EINVAL, {}});
  return onThrowawayThread<Descriptor>(
      info.Env(), [request = std::move(request)] { return openFile(*request); }, takeDescriptor);
}

inline void registerInside(Napi::Env env, Napi::Object exports) {
  bind(exports, "socketInside", socketInside);
  bind(exports, "openInside", openInside);
}

}  // namespace keelson::addon
