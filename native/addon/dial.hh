// One exchange over TCP without Node's streams, which take ten times what the kernel takes for it:
// a kubelet asks each container of its node every second.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <string>

#include "../linux/descriptor.hh"
#include "binding.hh"

namespace keelson::addon {

// The kernel's form of an address; its size, or 0 for a text that is none.
inline socklen_t toSocketAddress(const std::string& text, uint16_t port, sockaddr_storage& out) {
  auto* four = reinterpret_cast<sockaddr_in*>(&out);
  auto* six = reinterpret_cast<sockaddr_in6*>(&out);
  out = {};
  if (inet_pton(AF_INET, text.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    return sizeof *four;
  }
  if (inet_pton(AF_INET6, text.c_str(), &six->sin6_addr) != 1) return 0;
  six->sin6_family = AF_INET6;
  six->sin6_port = htons(port);
  return sizeof *six;
}

// tcpDial(address, port): fd of a socket whose connection has begun.
inline Napi::Value tcpDial(const Call& info) {
  Napi::Env env = info.Env();
  std::string text = toString(info[0]);
  sockaddr_storage address;
  socklen_t size = toSocketAddress(text, static_cast<uint16_t>(toUint32(info[1])), address);
  if (size == 0) return raise(env, Failure{"connect", EINVAL, text.c_str()});
  Descriptor fd(socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  bool begun = fd.valid() && (connect(fd.get(), generic, size) == 0 || errno == EINPROGRESS);
  if (!begun) return raise(env, failed("connect"));
  return Napi::Number::New(env, fd.release());
}

// tcpReset(fd): closing will reset the connection. Who closes first would else leave a port in
// TIME_WAIT for a minute, and many a second all of them.
inline void tcpReset(const Call& info) {
  linger resets = {.l_onoff = 1, .l_linger = 0};
  setsockopt(toInt(info[0]), SOL_SOCKET, SO_LINGER, &resets, sizeof resets);
}

// streamSend(fd, data): how much of it the kernel took; undefined while there is no connection yet,
// or no room. Without data it tells whether there is a connection.
inline Napi::Value streamSend(const Call& info) {
  Napi::Env env = info.Env();
  auto data = info[1].As<Napi::Uint8Array>();
  auto act = [&] { return send(toInt(info[0]), data.Data(), data.ByteLength(), MSG_NOSIGNAL); };
  ssize_t sent = again(act);
  if (sent < 0 && errno == EAGAIN) return env.Undefined();
  return answer(env, sent, "send");
}

// streamReceive(fd): what has come, at most 16 KiB; null at the end; undefined while there is
// nothing.
inline Napi::Value streamReceive(const Call& info) {
  Napi::Env env = info.Env();
  char buffer[16 * 1024];
  ssize_t size = again([&] { return recv(toInt(info[0]), buffer, sizeof buffer, MSG_DONTWAIT); });
  if (size < 0 && errno == EAGAIN) return env.Undefined();
  if (size < 0) return raise(env, failed("recv"));
  if (size == 0) return env.Null();
  return Napi::Buffer<char>::Copy(env, buffer, static_cast<size_t>(size));
}

inline void registerDial(Napi::Env env, Napi::Object exports) {
  bind(exports, "tcpDial", tcpDial);
  bind(exports, "tcpReset", tcpReset);
  bind(exports, "streamSend", streamSend);
  bind(exports, "streamReceive", streamReceive);
}

}  // namespace keelson::addon
