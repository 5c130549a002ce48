// Who and what the calling thread is: numbers that Node itself does not tell.
#pragma once

#include <napi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace keelson::addon {

inline void registerIdentity(Napi::Env env, Napi::Object exports) {
  exports["threadId"] = Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), gettid());
  });
  // Answers the errno of a call made with arguments that no call accepts: a bad descriptor or
  // pointer, then zeros. ENOSYS means that the kernel has no such call.
  exports["probeCall"] = Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
    long number = info[0].As<Napi::Number>().Int64Value();
    return Napi::Number::New(info.Env(), syscall(number, -1, 0, 0, 0, 0, 0) < 0 ? errno : 0);
  });
}

}  // namespace keelson::addon
