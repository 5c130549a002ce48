// A short visit of another network namespace by the calling thread. To open a socket there, or to
// write a setting, takes some microseconds; a thread for it takes a hundred, and on an idle machine
// several times that, for two processors have to be woken. Network namespaces alone allow this:
// they belong to the thread, not to the process, and no JavaScript runs before the thread is back.
#pragma once

#include <fcntl.h>
#include <napi.h>
#include <sched.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "../linux/descriptor.hh"
#include "error.hh"
#include "throwaway.hh"

namespace keelson::addon {

class Visit {
 public:
  explicit Visit(int network) {
    Descriptor own(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    // A process of a user namespace may be let into what it is then not let out of.
    if (!own.valid() || setns(own.get(), CLONE_NEWNET) < 0) {
      noWayBack_ = true;
    } else if (setns(network, CLONE_NEWNET) < 0) {
      outcome_ = failed("setns", "network namespace");
    } else {
      home_ = std::move(own);
    }
  }

  // A thread that stayed would do the right thing in the wrong place from here on.
  ~Visit() {
    if (!home_.valid() || setns(home_.get(), CLONE_NEWNET) == 0) return;
    perror("keelson: cannot come back from a network namespace");
    abort();
  }

  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  bool noWayBack() const { return noWayBack_; }
  const Outcome& outcome() const { return outcome_; }

 private:
  Descriptor home_;
  Outcome outcome_ = ok;
  bool noWayBack_ = false;
};

template <typename Value, typename Job>
Result<Value> inNetwork(int network, const Job& job) {
  if (setns(network, CLONE_NEWNET) < 0) return failed("setns", "network namespace");
  return job();
}

template <typename Value, typename Convert>
Napi::Value settled(Napi::Env env, Result<Value> result, const Convert& convert) {
  auto deferred = Napi::Promise::Deferred::New(env);
  if (result) deferred.Resolve(convert(env, *result));
  else deferred.Reject(kernelError(env, result.failure()));
  return deferred.Promise();
}

// A promise of what `job` (a Result<Value>, of calls that do not wait) gives in a network
// namespace; -1 is the thread's own.
template <typename Value, typename Job, typename Convert>
Napi::Value visiting(Napi::Env env, int network, Job job, Convert convert) {
  if (network < 0) return settled<Value>(env, job(), convert);
  std::optional<Result<Value>> result;
  {
    Visit visit(network);
    if (visit.outcome()) result.emplace(*visit.outcome());
    else if (!visit.noWayBack()) result.emplace(job());
  }
  if (result) return settled<Value>(env, std::move(*result), convert);
  // The caller may close its descriptor before the thread has come to it.
  auto space = std::make_shared<Descriptor>(fcntl(network, F_DUPFD_CLOEXEC, 3));
  return onThrowawayThread<Value>(
      env, [space, job] { return inNetwork<Value>(space->get(), job); }, convert);
}

}  // namespace keelson::addon
