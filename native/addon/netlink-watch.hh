// Waiting for multicast netlink messages without a thread of Node's pool and without polling.
#pragma once

#include <napi.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

#include "../linux/descriptor.hh"
#include "argument.hh"
#include "error.hh"

namespace keelson::addon::netlink {

// A thread that waits in poll and calls back once each time it is armed, so that a slow reader
// leaves messages in the kernel's bounded buffer and learns of an overrun. It owns the socket.
struct Watch {
  Descriptor socket;
  Descriptor wake{eventfd(0, EFD_CLOEXEC)};
  Napi::ThreadSafeFunction notify;
  std::atomic<bool> closed{false};
  std::mutex ending;  // nobody writes to a descriptor that the thread is giving back

  void poke() {
    std::lock_guard<std::mutex> lock(ending);
    uint64_t one = 1;
    if (wake.valid() && write(wake.get(), &one, sizeof one) < 0) closed = true;
  }

  void end() {
    std::lock_guard<std::mutex> lock(ending);
    socket = Descriptor();
    wake = Descriptor();
  }
};

inline void watchLoop(const std::shared_ptr<Watch>& watch) {
  bool armed = false;
  while (!watch->closed) {
    pollfd waiting[] = {{watch->wake.get(), POLLIN, 0}, {watch->socket.get(), POLLIN, 0}};
    if (poll(waiting, armed ? 2 : 1, -1) < 0 && errno != EINTR) break;
    if (waiting[0].revents != 0) {
      uint64_t count = 0;
      armed = read(watch->wake.get(), &count, sizeof count) == sizeof count;
    } else if (armed && waiting[1].revents != 0) {
      armed = false;
      // The environment is gone: its finalizer has run or will, and nothing may be released.
      if (watch->notify.NonBlockingCall() != napi_ok) return watch->end();
    }
  }
  watch->end();
  watch->notify.Release();
}

// netlinkWatch(fd, readable): { arm(), close() }; takes the socket over
inline Napi::Value watch(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  auto watch = std::make_shared<Watch>();
  if (!watch->wake.valid()) return raise(env, failed("eventfd"));
  watch->socket = Descriptor(toInt(info[0]));
  // The finalizer also runs when a worker thread's environment ends without close().
  watch->notify = Napi::ThreadSafeFunction::New(
      env, info[1].As<Napi::Function>(), "netlink", 0, 1,
      [](Napi::Env, std::shared_ptr<Watch>* held) {
        (*held)->closed = true;
        (*held)->poke();
        delete held;
      },
      new std::shared_ptr<Watch>(watch));
  std::thread(watchLoop, watch).detach();
  Napi::Object handle = Napi::Object::New(env);
  handle["arm"] = Napi::Function::New(env, [watch](const Napi::CallbackInfo&) { watch->poke(); });
  handle["close"] = Napi::Function::New(env, [watch](const Napi::CallbackInfo&) {
    watch->closed = true;
    watch->poke();
  });
  return handle;
}

}  // namespace keelson::addon::netlink
