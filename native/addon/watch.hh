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
  napi_ref callback = nullptr;
  napi_async_context context = nullptr;
  bool stopped = false;
};

// What the callback throws is nobody's to catch, as with any event.
inline void onPollEvent(uv_poll_t* poll, int status, int events) {
  auto* watch = static_cast<Watch*>(poll->data);
  Napi::Env env(watch->env);
  Napi::HandleScope scope(env);
  // An error shows itself in the read that follows.
  Napi::Number ready = Napi::Number::New(env, status < 0 ? UV_READABLE : events);
  napi_value function = nullptr, argument = ready;
  napi_get_reference_value(env, watch->callback, &function);
  napi_status called = napi_make_callback(env, watch->context, env.Global(), function, 1,
                                          &argument, nullptr);
  if (called != napi_pending_exception) return;
  napi_value error = nullptr;
  napi_get_and_clear_last_exception(env, &error);
  napi_fatal_exception(env, error);
}

// A watch may be stopped from within its own callback, so its references go later, with it.
inline void releaseWatch(Watch* watch) {
  napi_delete_reference(watch->env, watch->callback);
  napi_async_destroy(watch->env, watch->context);
}

inline void closeWatch(Watch* watch, uv_close_cb closed) {
  watch->stopped = true;
  uv_poll_stop(&watch->poll);
  uv_close(reinterpret_cast<uv_handle_t*>(&watch->poll), closed);
}

// The environment ends first: no event may reach it any more.
inline void abandonWatch(void* data) {
  auto* watch = static_cast<Watch*>(data);
  releaseWatch(watch);
  closeWatch(watch, [](uv_handle_t* handle) { delete static_cast<Watch*>(handle->data); });
}

inline void stopWatch(Watch* watch) {
  if (watch->stopped) return;
  napi_remove_env_cleanup_hook(watch->env, abandonWatch, watch);
  closeWatch(watch, [](uv_handle_t* handle) {
    auto* closed = static_cast<Watch*>(handle->data);
    Napi::HandleScope scope(Napi::Env(closed->env));
    releaseWatch(closed);
    delete closed;
  });
}

// watchStart(fd, (events) => void): external. The descriptor stays the caller's, and open until
// watchStop.
inline Napi::Value watchStart(const Call& info) {
  Napi::Env env = info.Env();
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  auto* watch = new Watch();
  watch->env = env;
  watch->poll.data = watch;
  int result = uv_poll_init(loop, &watch->poll, toInt(info[0]));
  if (result < 0) {
    delete watch;
    return raise(env, Failure{"epoll_ctl", -result, {}});
  }
  napi_create_reference(env, info[1], 1, &watch->callback);
  napi_async_init(env, nullptr, Napi::String::New(env, "keelson.watch"), &watch->context);
  napi_add_env_cleanup_hook(env, abandonWatch, watch);
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
