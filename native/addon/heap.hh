// What malloc keeps of memory that was freed: glibc gives it back only from the heap's end.
#pragma once

#include <malloc.h>
#include <napi.h>

namespace keelson::addon {

inline void registerHeap(Napi::Env env, Napi::Object exports) {
  exports["trimHeap"] = Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), malloc_trim(0) == 1);
  });
}

}  // namespace keelson::addon
