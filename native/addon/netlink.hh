// Netlink sockets: open one in any network namespace, exchange a request for its answer.
// Bytes are made and read in src/netlink; here only the header that frames them is known:
//
//   struct nlmsghdr {        // linux/netlink.h
//     __u32 nlmsg_len;       // with this header
//     __u16 nlmsg_type;
//     __u16 nlmsg_flags;
//     __u32 nlmsg_seq;
//     __u32 nlmsg_pid;
//   };
#pragma once

#include <linux/netlink.h>
#include <napi.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <memory>
#include <vector>

#include "../linux/descriptor.hh"
#include "../linux/failure.hh"
#include "argument.hh"
#include "error.hh"
#include "netlink-tap.hh"
#include "netlink-watch.hh"
#include "visit.hh"

namespace keelson::addon::netlink {

// The kernel fills a datagram of a dump up to this (netlink_dump in af_netlink.c), given the room.
inline constexpr size_t datagramBytes = 32 * 1024;
inline constexpr size_t answerBytes = 64 * 1024 * 1024;

// What ends the answer to a request, and how long to wait for it.
struct Expectation {
  uint32_t sequence;
  bool acknowledged;
  int timeoutMs;
};

// True when these messages hold the one that ends the answer. A malformed one ends it too:
// the reader in TypeScript reports it.
inline bool answered(const uint8_t* data, size_t length, const Expectation& expected) {
  while (length >= sizeof(nlmsghdr)) {
    nlmsghdr header;
    memcpy(&header, data, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > length) return true;
    if (header.nlmsg_seq == expected.sequence) {
      if (header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE) return true;
      if (!expected.acknowledged && !(header.nlmsg_flags & NLM_F_MULTI)) return true;
    }
    size_t step = NLMSG_ALIGN(static_cast<size_t>(header.nlmsg_len));
    if (step >= length) return false;
    data += step;
    length -= step;
  }
  return false;
}

struct Received {
  size_t bytes;
  bool answered;
};

// Receives until the answer has ended, nothing is there, or less than a datagram's room is left.
// Never waits. Datagrams that do not come from the kernel (nl_pid 0) are dropped.
inline Result<Received> receive(int fd, uint8_t* buffer, size_t size, const Expectation& expected) {
  size_t filled = 0;
  while (size - filled >= datagramBytes) {
    sockaddr_nl sender{};
    socklen_t senderBytes = sizeof sender;
    ssize_t got = recvfrom(fd, buffer + filled, size - filled, MSG_DONTWAIT | MSG_TRUNC,
                           reinterpret_cast<sockaddr*>(&sender), &senderBytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got < 0) return failed("recvmsg");
    if (static_cast<size_t>(got) > size - filled) return Failure{"recvmsg", EMSGSIZE, {}};
    if (sender.nl_pid != 0) continue;
    const uint8_t* datagram = buffer + filled;
    filled += got;
    while (filled % NLMSG_ALIGNTO != 0 && filled < size) buffer[filled++] = 0;
    if (answered(datagram, got, expected)) return Received{filled, true};
  }
  return Received{filled, false};
}

inline Outcome sendAll(int fd, const uint8_t* request, size_t length) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  for (;;) {
    ssize_t sent =
        sendto(fd, request, length, 0, reinterpret_cast<sockaddr*>(&kernel), sizeof kernel);
    if (sent >= 0) return ok;
    if (errno != EINTR) return failed("sendmsg");
  }
}

inline int64_t nowMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

// Waits on a thread of the pool until the answer has ended. With something received, an empty
// socket ends it as well: the kernel answers within sendmsg, and a refused transaction is short.
inline Result<std::vector<uint8_t>> await(int fd, const Expectation& expected) {
  std::vector<uint8_t> answer;
  size_t filled = 0;
  int64_t deadline = nowMs() + expected.timeoutMs;
  for (;;) {
    if (filled > answerBytes) return Failure{"recvmsg", EMSGSIZE, {}};
    answer.resize(std::max(filled + 2 * datagramBytes, filled * 2));
    auto got = receive(fd, answer.data() + filled, answer.size() - filled, expected);
    if (!got) return got.failure();
    filled += got->bytes;
    if (got->answered || (got->bytes == 0 && filled > 0)) break;
    if (got->bytes > 0) continue;
    pollfd waiting{fd, POLLIN, 0};
    int64_t remaining = deadline - nowMs();
    if (remaining <= 0) return Failure{"recvmsg", ETIMEDOUT, {}};
    if (poll(&waiting, 1, static_cast<int>(remaining)) < 0 && errno != EINTR) return failed("poll");
  }
  answer.resize(filled);
  return answer;
}

// ---- open

inline Result<int> openSocket(int protocol) {
  Descriptor fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!fd.valid()) return failed("socket", "AF_NETLINK");
  sockaddr_nl self{};
  self.nl_family = AF_NETLINK;
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&self), sizeof self) < 0) {
    return failed("bind", "AF_NETLINK");
  }
  return fd.release();
}

// netlinkOpen(protocol, namespaceFd): Promise<fd>; -1 is the process's own namespace. The socket
// stays in the namespace of the thread that made it.
inline Napi::Value open(const Napi::CallbackInfo& info) {
  int protocol = toInt(info[0]);
  return visiting<int>(
      info.Env(), toInt(info[1]), [protocol] { return openSocket(protocol); },
      [](Napi::Env env, int fd) -> Napi::Value { return Napi::Number::New(env, fd); });
}

// netlinkOption(fd, level, option, value)
inline Napi::Value setOption(const Napi::CallbackInfo& info) {
  int value = toInt(info[3]);
  if (setsockopt(toInt(info[0]), toInt(info[1]), toInt(info[2]), &value, sizeof value) < 0) {
    return raise(info.Env(), failed("setsockopt", "AF_NETLINK"));
  }
  return info.Env().Undefined();
}

// netlinkClose(fd)
inline Napi::Value closeSocket(const Napi::CallbackInfo& info) {
  close(toInt(info[0]));
  return info.Env().Undefined();
}

// ---- exchange

// netlinkExchange(fd, request, length, answer, sequence, acknowledged): bytes received
//
// The kernel answers rtnetlink, nfnetlink and generic netlink within sendmsg, so send and receive
// in one call save a turn of the event loop. It never waits: nothing there is 0 bytes.
inline Napi::Value exchange(const Napi::CallbackInfo& info) {
  int fd = toInt(info[0]);
  size_t length = toUint32(info[2]);
  auto request = info[1].As<Napi::Uint8Array>();
  auto answer = info[3].As<Napi::Uint8Array>();
  Expectation expected{toUint32(info[4]), info[5].As<Napi::Boolean>().Value(), 0};
  if (length > 0) {
    Outcome sent = sendAll(fd, request.Data(), length);
    if (sent) return raise(info.Env(), *sent);
  }
  auto got = receive(fd, answer.Data(), answer.ByteLength(), expected);
  if (!got) return raise(info.Env(), got.failure());
  return Napi::Number::New(info.Env(), static_cast<double>(got->bytes));
}

class ExchangeWork : public Napi::AsyncWorker {
 public:
  ExchangeWork(Napi::Env env, int fd, const Expectation& expected)
      : AsyncWorker(env), deferred_(env), fd_(fd), expected_(expected) {}
  // Held, not copied: a transaction can have megabytes.
  void hold(Napi::Uint8Array request) {
    held_ = Napi::Persistent(request);
    data_ = request.Data();
    size_ = request.ByteLength();
  }
  Napi::Promise promise() { return deferred_.Promise(); }
  void Execute() override {
    Outcome sent = size_ == 0 ? ok : sendAll(fd_, data_, size_);
    answer_ = sent ? Result<std::vector<uint8_t>>(*sent) : await(fd_, expected_);
  }
  void OnOK() override {
    if (answer_) {
      deferred_.Resolve(Napi::Buffer<uint8_t>::Copy(Env(), answer_->data(), answer_->size()));
    } else {
      deferred_.Reject(kernelError(Env(), answer_.failure()));
    }
  }

 private:
  Napi::Promise::Deferred deferred_;
  int fd_;
  Expectation expected_;
  Napi::Reference<Napi::Uint8Array> held_;
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
  Result<std::vector<uint8_t>> answer_ = std::vector<uint8_t>{};
};

// netlinkExchangeLater(fd, request, sequence, acknowledged, timeoutMs): Promise<Buffer>
//
// The same on a thread of the pool, for what the kernel takes milliseconds to do (the end of an
// interface waits for RCU) and for answers that are not there at once. The request stays as it is
// until the promise is settled.
inline Napi::Value exchangeLater(const Napi::CallbackInfo& info) {
  auto request = info[1].As<Napi::Uint8Array>();
  Expectation expected{toUint32(info[2]), info[3].As<Napi::Boolean>().Value(), toInt(info[4])};
  auto* work = new ExchangeWork(info.Env(), toInt(info[0]), expected);
  work->hold(request);
  Napi::Promise promise = work->promise();
  work->Queue();
  return promise;
}

}  // namespace keelson::addon::netlink

namespace keelson::addon {

inline void registerNetlink(Napi::Env env, Napi::Object exports) {
  exports["netlinkOpen"] = Napi::Function::New(env, netlink::open);
  exports["netlinkOption"] = Napi::Function::New(env, netlink::setOption);
  exports["netlinkClose"] = Napi::Function::New(env, netlink::closeSocket);
  exports["netlinkExchange"] = Napi::Function::New(env, netlink::exchange);
  exports["netlinkExchangeLater"] = Napi::Function::New(env, netlink::exchangeLater);
  exports["netlinkTap"] = Napi::Function::New(env, netlink::tap);
  exports["netlinkWatch"] = Napi::Function::New(env, netlink::watch);
}

}  // namespace keelson::addon
