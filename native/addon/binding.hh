// How a system call becomes a function of the addon: one line of registration, one way to fail.
#pragma once

#include <napi.h>

#include <cerrno>
#include <string>

#include "argument.hh"
#include "error.hh"

namespace keelson::addon {

using Call = Napi::CallbackInfo;

template <typename Function>
void bind(Napi::Object exports, const char* name, Function function) {
  exports[name] = Napi::Function::New(exports.Env(), function, name);
}

// The number a system call returned, or its KernelError.
inline Napi::Value answer(Napi::Env env, int64_t result, const char* call, std::string path = {}) {
  if (result < 0) return raise(env, failed(call, std::move(path)));
  return Napi::Number::New(env, static_cast<double>(result));
}

// Repeats what a signal interrupted. Not for close: Linux has closed the descriptor even then.
template <typename Act>
auto again(Act act) {
  auto result = act();
  while (result < 0 && errno == EINTR) result = act();
  return result;
}

// Runs `act` with a path. A path with a NUL byte would reach the kernel cut short, that is, as
// another path than the one that was checked, so it is refused here for every call.
template <typename Act>
Napi::Value onPath(Napi::Env env, const char* call, const Napi::Value& value, Act act) {
  std::string path = toPath(value);
  if (isCut(path)) return raise(env, Failure{call, EINVAL, path.c_str()});
  return answer(env, again([&] { return act(path.c_str()); }), call, path);
}

// The same for calls about two paths; the failure names both.
template <typename Act>
Napi::Value onPaths(const Call& info, const char* call, std::pair<int, int> indexes, Act act) {
  Napi::Env env = info.Env();
  std::string from = toPath(info[indexes.first]), to = toPath(info[indexes.second]);
  std::string both = from + " to " + to;
  if (isCut(from) || isCut(to)) return raise(env, Failure{call, EINVAL, both.c_str()});
  return answer(env, again([&] { return act(from.c_str(), to.c_str()); }), call, both);
}

}  // namespace keelson::addon
