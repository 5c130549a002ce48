// Unix sockets of kind SOCK_SEQPACKET: whole messages, with descriptors; and datagrams.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "../linux/descriptor.hh"
#include "../linux/message.hh"
#include "binding.hh"

namespace keelson::addon {

inline Napi::Value socketPair(const Call& info) {
  Napi::Env env = info.Env();
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) {
    return raise(env, failed("socketpair"));
  }
  Napi::Array pair = Napi::Array::New(env, 2);
  pair[0u] = ends[0];
  pair[1u] = ends[1];
  return pair;
}

// Through the folder's descriptor: a socket's path is limited to 107 bytes, a pod's folder is not.
inline int connectIn(const char* folder, const char* name) {
  int place = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (place < 0) return -1;
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", place, name);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  bool connected = fd >= 0 && connect(fd, generic, sizeof address) == 0;
  int error = errno;
  close(place);
  if (!connected && fd >= 0) close(fd);
  errno = error;
  return connected ? fd : -1;
}

inline Napi::Value socketConnect(const Call& info) {
  std::string folder = toString(info[0]), name = toString(info[1]);
  int fd = connectIn(folder.c_str(), name.c_str());
  return answer(info.Env(), fd, "connect", folder + "/" + name);
}

// It gets its name when it listens and has its mode, and takes the place of a dead process's
// socket: a client finds one that answers or none.
inline int listenIn(int place, const char* name, int backlog) {
  std::string temporary = std::string(".") + name + ".new";
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", place,
           temporary.c_str());
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  unlinkat(place, temporary.c_str(), 0);
  bool ready = fd >= 0 && bind(fd, generic, sizeof address) == 0 &&
               fchmodat(place, temporary.c_str(), 0600, 0) == 0 && listen(fd, backlog) == 0 &&
               renameat(place, temporary.c_str(), place, name) == 0;
  int error = errno;
  if (!ready && fd >= 0) close(fd);
  errno = error;
  return ready ? fd : -1;
}

// socketListen(folder, name, backlog): fd
inline Napi::Value socketListen(const Call& info) {
  std::string folder = toString(info[0]), name = toString(info[1]);
  Descriptor place(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  int fd = place.valid() ? listenIn(place.get(), name.c_str(), toInt(info[2])) : -1;
  return answer(info.Env(), fd, "listen", folder + "/" + name);
}

// socketAccept(fd): the next connection; undefined when none waits, or it is gone already.
inline Napi::Value socketAccept(const Call& info) {
  Napi::Env env = info.Env();
  int fd = accept4(toInt(info[0]), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd >= 0) return Napi::Number::New(env, fd);
  if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR) return env.Undefined();
  return raise(env, failed("accept"));
}

// False when the socket is full.
inline Napi::Value messageSend(const Call& info) {
  Napi::Env env = info.Env();
  auto data = info[1].As<Napi::Uint8Array>();
  auto list = info[2].As<Napi::Array>();
  int fds[descriptorsPerMessage];
  int count = static_cast<int>(list.Length());
  if (count > descriptorsPerMessage) return raise(env, Failure{"sendmsg", E2BIG, {}});
  for (int i = 0; i < count; i++) fds[i] = toInt(list.Get(static_cast<uint32_t>(i)));
  const char* bytes = reinterpret_cast<const char*>(data.Data());
  if (sendMessage(toInt(info[0]), bytes, data.ByteLength(), fds, count)) {
    return Napi::Boolean::New(env, true);
  }
  if (errno == EAGAIN) return Napi::Boolean::New(env, false);
  return raise(env, failed("sendmsg"));
}

// {data, fds}; null at the end of the stream; undefined when there is nothing yet.
inline Napi::Value messageReceive(const Call& info) {
  Napi::Env env = info.Env();
  static thread_local std::vector<char> buffer(256 * 1024);
  Received received = receiveMessage(toInt(info[0]), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (received.size < 0 && errno == EAGAIN) return env.Undefined();
  if (received.size < 0 && errno == ECONNRESET) return env.Null();
  if (received.size < 0) return raise(env, failed("recvmsg"));
  if (received.size == 0) return env.Null();
  Napi::Array fds = Napi::Array::New(env, static_cast<size_t>(received.count));
  for (int i = 0; i < received.count; i++) fds[static_cast<uint32_t>(i)] = received.fds[i];
  Napi::Object message = Napi::Object::New(env);
  size_t size = static_cast<size_t>(received.size);
  message["data"] = Napi::Buffer<char>::Copy(env, buffer.data(), size);
  message["fds"] = fds;
  return message;
}

// datagramBind(folder, name): a socket that takes what datagramSend sends to that path, mode 0600;
// fd. What was there under the name before is gone.
inline Napi::Value datagramBind(const Call& info) {
  std::string folder = toString(info[0]), name = toString(info[1]);
  Descriptor place(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  int fd = place.valid() ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", place.get(),
           name.c_str());
  if (fd >= 0) unlinkat(place.get(), name.c_str(), 0);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  bool ready = fd >= 0 && bind(fd, generic, sizeof address) == 0 &&
               fchmodat(place.get(), name.c_str(), 0600, 0) == 0;
  int error = errno;
  if (!ready && fd >= 0) close(fd);
  errno = error;
  return answer(info.Env(), ready ? fd : -1, "bind", folder + "/" + name);
}

// Who is at the other end of a connected socket: {pid, uid, gid}.
inline Napi::Value socketPeer(const Call& info) {
  Napi::Env env = info.Env();
  ucred peer = {};
  socklen_t size = sizeof peer;
  if (getsockopt(toInt(info[0]), SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
    return raise(env, failed("getsockopt"));
  }
  Napi::Object object = Napi::Object::New(env);
  object["pid"] = peer.pid;
  object["uid"] = peer.uid;
  object["gid"] = peer.gid;
  return object;
}

// datagramSend(path, data): to the socket of a path, or of an abstract name with an @ before it.
// It never waits: the receiver may be stopped.
inline Napi::Value datagramSend(const Call& info) {
  Napi::Env env = info.Env();
  std::string path = toString(info[0]);
  auto data = info[1].As<Napi::Uint8Array>();
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return raise(env, Failure{"sendto", ENAMETOOLONG, path});
  }
  memcpy(address.sun_path, path.data(), path.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  Descriptor sender(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ssize_t sent = sender.valid() ? sendto(sender.get(), data.Data(), data.ByteLength(), MSG_NOSIGNAL,
                                         generic, length)
                                : -1;
  if (sent < 0) return raise(env, failed("sendto", path));
  return env.Undefined();
}

inline void registerSocket(Napi::Env env, Napi::Object exports) {
  bind(exports, "socketPair", socketPair);
  bind(exports, "socketConnect", socketConnect);
  bind(exports, "socketPeer", socketPeer);
  bind(exports, "socketListen", socketListen);
  bind(exports, "socketAccept", socketAccept);
  bind(exports, "datagramBind", datagramBind);
  bind(exports, "datagramSend", datagramSend);
  bind(exports, "messageSend", messageSend);
  bind(exports, "messageReceive", messageReceive);
}

}  // namespace keelson::addon
