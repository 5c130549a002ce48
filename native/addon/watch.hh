// Tells JavaScript that a descriptor may be read or written, from Node's own event loop. libuv's
// poll handle does it: net.Socket knows no seqpacket, and a thread would cost a hop a message.
#pragma once

#include <napi.h>
#include <uv.h>

#include "binding.hh"

namespace keelson::addon {

// Lives until libuv has closed the handle; JavaScript holds an External that does not own it.
struct Watch {
  uv_poll_t poll;
  napi_env env;
  Napi::FunctionReference callback;
  Napi::AsyncContext context;
  bool stopped = false;

  Watch(Napi::Env environment, Napi::Function function)
      : env(environment),
        callback(Napi::Persistent(function)),
        context(environment, "keelson.watch") {}
};

inline void onPollEvent(uv_poll_t* poll, int status, int events) {
  auto* watch = static_cast<Watch*>(poll->data);
  Napi::Env env(watch->env);
  Napi::HandleScope scope(env);
  // An error shows itself in the read that follows.
  int ready = status < 0 ? UV_READABLE : events;
  watch->callback.MakeCallback(env.Global(), {Napi::Number::New(env, ready)}, watch->context);
}

inline void stopWatch(Watch* watch) {
  if (watch->stopped) return;
  watch->stopped = true;
  uv_poll_stop(&watch->poll);
  uv_close(reinterpret_cast<uv_handle_t*>(&watch->poll), [](uv_handle_t* handle) {
    auto* closed = static_cast<Watch*>(handle->data);
    Napi::HandleScope scope(Napi::Env(closed->env));
    delete closed;
  });
}

// watchStart(fd, (events) => void): external. The descriptor stays the caller's, and open until
// watchStop.
inline Napi::Value watchStart(const Call& info) {
  Napi::Env env = info.Env();
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  auto* watch = new Watch(env, info[1].As<Napi::Function>());
  watch->poll.data = watch;
  int result = uv_poll_init(loop, &watch->poll, toInt(info[0]));
  if (result < 0) {
    delete watch;
    return raise(env, Failure{"epoll_ctl", -result, {}});
  }
  uv_poll_start(&watch->poll, UV_READABLE, onPollEvent);
  return Napi::External<Watch>::New(env, watch);
}

inline Watch* toWatch(const Napi::Value& value) { return value.As<Napi::External<Watch>>().Data(); }

inline void registerWatch(Napi::Env env, Napi::Object exports) {
  bind(exports, "watchStart", watchStart);
  bind(exports, "watchStop", [](const Call& info) { stopWatch(toWatch(info[0])); });
  bind(exports, "watchWritable", [](const Call& info) {
    int events = UV_READABLE | (info[1].ToBoolean() ? UV_WRITABLE : 0);
    uv_poll_start(&toWatch(info[0])->poll, events, onPollEvent);
  });
  // Whether this keeps the process alive.
  bind(exports, "watchReference", [](const Call& info) {
    auto* handle = reinterpret_cast<uv_handle_t*>(&toWatch(info[0])->poll);
    if (info[1].ToBoolean()) uv_ref(handle);
    else uv_unref(handle);
  });
}

}  // namespace keelson::addon
