// Turns a Failure into the KernelError that src/base/error.ts defines.
#pragma once

#include <napi.h>

#include <cstring>

#include "../linux/failure.hh"

namespace keelson::addon {

// The KernelError constructor of this environment, handed over by src/kernel/addon.ts at load.
// Kept per environment: each worker thread has a class of its own.
struct Classes {
  Napi::FunctionReference kernelError;
};

inline void setErrorClass(const Napi::CallbackInfo& info) {
  auto* classes = info.Env().GetInstanceData<Classes>();
  classes->kernelError = Napi::Persistent(info[0].As<Napi::Function>());
}

inline Napi::Value kernelError(Napi::Env env, const Failure& failure) {
  auto* classes = env.GetInstanceData<Classes>();
  Napi::Object fields = Napi::Object::New(env);
  fields["call"] = failure.call;
  fields["errno"] = failure.error;
  fields["code"] = strerrorname_np(failure.error) ? strerrorname_np(failure.error) : "EUNKNOWN";
  if (!failure.path.empty()) fields["path"] = failure.path;
  if (!failure.text.empty()) fields["text"] = failure.text;
  return classes->kernelError.New({fields});
}

// Leaves the exception pending in JavaScript; the caller returns at once.
inline Napi::Value raise(Napi::Env env, const Failure& failure) {
  napi_throw(env, kernelError(env, failure));
  return env.Undefined();
}

}  // namespace keelson::addon
