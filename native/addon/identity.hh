// Who and what the calling thread is: numbers that Node itself does not tell.
#pragma once

#include <napi.h>
#include <unistd.h>

namespace keelson::addon {

inline void registerIdentity(Napi::Env env, Napi::Object exports) {
  exports["threadId"] = Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), gettid());
  });
}

}  // namespace keelson::addon
