// A thread that runs one job and ends. Joining a namespace changes the thread for good, so neither
// the main thread nor one of libuv's pool, which others use afterwards, may do it.
#pragma once

#include <napi.h>
#include <pthread.h>
#include <signal.h>

#include <memory>
#include <optional>

#include "error.hh"

namespace keelson::addon {

inline constexpr size_t throwawayStackBytes = 256 * 1024;

// False while a worker's environment ends: its loop still runs callbacks, but every call that could
// reach JavaScript fails, and node-addon-api takes such a failure for fatal.
inline bool canRunJavaScript(napi_env env) {
  napi_value probe;
  return napi_create_object(env, &probe) == napi_ok &&
         napi_set_element(env, probe, 0, probe) == napi_ok;
}

template <typename Value, typename Job, typename Convert>
struct Errand {
  Napi::Promise::Deferred deferred;
  Job job;
  Convert convert;
  napi_threadsafe_function settle = nullptr;
  std::optional<Result<Value>> result;

  static void* run(void* data) {
    auto* errand = static_cast<Errand*>(data);
    errand->result.emplace(errand->job());
    // Answers napi_closing when the environment ends meanwhile: then nobody waits any more.
    if (napi_call_threadsafe_function(errand->settle, errand, napi_tsfn_blocking) != napi_ok) {
      delete errand;
    }
    return nullptr;
  }

  static void onLoop(napi_env rawEnv, napi_value, void*, void* data) {
    std::unique_ptr<Errand> errand(static_cast<Errand*>(data));
    if (rawEnv == nullptr) return;
    Napi::Env env(rawEnv);
    Napi::HandleScope scope(env);
    if (!canRunJavaScript(rawEnv)) {
      // Nobody waits any more; what was opened is closed with the errand.
    } else if (*errand->result) {
      errand->deferred.Resolve(errand->convert(env, **errand->result));
    } else {
      errand->deferred.Reject(kernelError(env, errand->result->failure()));
    }
    napi_release_threadsafe_function(errand->settle, napi_tsfn_release);
  }
};

// Starts a thread that takes no signals, for a handler of Node's must not run in the job's
// namespaces, nor interrupt its calls.
inline int startThread(void* (*run)(void*), void* data) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, throwawayStackBytes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  int error = pthread_create(&thread, &attributes, run, data);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return error;
}

// A promise of what `job` returns (a Result<Value>) on a thread of its own; `convert` turns the
// value into a JavaScript one, back on the event loop.
template <typename Value, typename Job, typename Convert>
Napi::Value onThrowawayThread(Napi::Env env, Job job, Convert convert) {
  using Its = Errand<Value, Job, Convert>;
  auto errand = std::unique_ptr<Its>(
      new Its{Napi::Promise::Deferred::New(env), std::move(job), std::move(convert)});
  Napi::Value promise = errand->deferred.Promise();
  Napi::String name = Napi::String::New(env, "keelson throwaway thread");
  napi_status made =
      napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, nullptr,
                                      Its::onLoop, &errand->settle);
  if (made != napi_ok) return raise(env, Failure{"napi_create_threadsafe_function", ENOMEM, {}});
  napi_threadsafe_function settle = errand->settle;
  if (int error = startThread(Its::run, errand.get()); error != 0) {
    napi_release_threadsafe_function(settle, napi_tsfn_abort);
    return raise(env, Failure{"pthread_create", error, {}});
  }
  errand.release();
  return promise;
}

}  // namespace keelson::addon
