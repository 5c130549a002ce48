// Waiting until a descriptor can be read or written, on the event loop.
#pragma once

#include <fcntl.h>
#include <napi.h>
#include <node_api.h>
#include <unistd.h>
#include <uv.h>

#include <cstdlib>
#include <memory>

#include "binding.hh"
#include "throwaway.hh"
#include "../linux/descriptor.hh"

namespace keelson::addon {

// One wait. It watches a duplicate, for the caller may close its number, which then may become
// another file, and libuv refuses to watch a number twice.
// Deleted by libuv's close callback, after `stop`, or when the environment (a worker's) ends.
struct Readiness {
  Napi::Env env;
  Napi::FunctionReference ready;
  Descriptor watched;
  // By libuv's own size: the header that we compile with may be older than Node's libuv.
  uv_poll_t* handle = static_cast<uv_poll_t*>(calloc(1, uv_handle_size(UV_POLL)));
  napi_async_cleanup_hook_handle hook = nullptr;
  bool closing = false;
  // What the function that ends the wait holds: it may be called when all is over.
  std::shared_ptr<Readiness*> link = std::make_shared<Readiness*>(this);

  ~Readiness() {
    *link = nullptr;
    free(handle);
  }

  void close() {
    if (closing) return;
    closing = true;
    uv_poll_stop(handle);
    uv_close(reinterpret_cast<uv_handle_t*>(handle), [](uv_handle_t* closed) {
      auto* self = static_cast<Readiness*>(closed->data);
      napi_remove_async_cleanup_hook(self->hook);
      delete self;
    });
  }

  static void onReady(uv_poll_t* handle, int status, int events) {
    auto* self = static_cast<Readiness*>(handle->data);
    if (self->closing) return;
    Napi::Env env = self->env;
    Napi::HandleScope scope(env);
    Napi::Function ready = self->ready.Value();
    self->close();
    if (!canRunJavaScript(env)) return;
    // An error (POLLERR) counts as ready: the caller's next read tells what it is.
    ready.MakeCallback(env.Global(), {});
  }

  static void onCleanup(napi_async_cleanup_hook_handle, void* data) {
    static_cast<Readiness*>(data)->close();
  }
};

// Arguments: descriptor, whether to wait for writing, and a function called once. Answers a
// function that ends the wait; it may be called at any time until `ready` is called.
inline Napi::Value whenReady(const Call& info) {
  Napi::Env env = info.Env();
  auto* wait = new Readiness{env, Napi::Persistent(info[2].As<Napi::Function>())};
  std::unique_ptr<Readiness> owner(wait);
  wait->watched = Descriptor(fcntl(toInt(info[0]), F_DUPFD_CLOEXEC, 3));
  if (!wait->watched.valid()) return raise(env, failed("fcntl"));
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  // EPERM: a regular file or folder, which is always ready and cannot be watched.
  if (int error = uv_poll_init(loop, wait->handle, wait->watched.get()); error < 0)
    return raise(env, Failure{"epoll_ctl", -error, {}});
  owner.release();
  wait->handle->data = wait;
  napi_add_async_cleanup_hook(env, Readiness::onCleanup, wait, &wait->hook);
  uv_poll_start(wait->handle, info[1].ToBoolean() ? UV_WRITABLE : UV_READABLE, Readiness::onReady);
  return Napi::Function::New(env, [link = wait->link](const Call&) {
    if (*link != nullptr) (*link)->close();
  });
}

inline void registerReadiness(Napi::Env env, Napi::Object exports) {
  bind(exports, "whenReady", whenReady);
}

}  // namespace keelson::addon
