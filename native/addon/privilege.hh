// What a thread or process may do: capabilities, resource limits, scheduling.
#pragma once

#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "binding.hh"

namespace keelson::addon {

// Of linux/ioprio.h, which is not C++ in newer kernels' headers: a parameter is called `class`.
inline constexpr int ioprioWhoProcess = 1;

inline uint64_t join(uint32_t low, uint32_t high) {
  return static_cast<uint64_t>(high) << 32 | low;
}

// struct sched_attr of linux/sched/types.h, which does not go with glibc's sched.h: both define
// struct sched_param.
struct SchedulingAttributes {
  uint32_t size, sched_policy;
  uint64_t sched_flags;
  int32_t sched_nice;
  uint32_t sched_priority;
  uint64_t sched_runtime, sched_deadline, sched_period;
};

// Effective, permitted, inheritable, as three numbers of 64 bits.
inline Napi::Value capGet(const Call& info) {
  Napi::Env env = info.Env();
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, toInt(info[0])};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) < 0)
    return raise(env, failed("capget", "process " + std::to_string(header.pid)));
  auto sets = Napi::BigUint64Array::New(env, 3);
  sets[0] = join(data[0].effective, data[1].effective);
  sets[1] = join(data[0].permitted, data[1].permitted);
  sets[2] = join(data[0].inheritable, data[1].inheritable);
  return sets;
}

inline Napi::Value capSet(const Call& info) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2];
  for (int word = 0; word < 2; word++) {
    auto half = [&](int argument) {
      return static_cast<uint32_t>(toUint64(info[argument]) >> (32 * word));
    };
    data[word] = {half(0), half(1), half(2)};
  }
  return answer(info.Env(), syscall(SYS_capset, &header, data), "capset");
}

// Arguments: pid (0 for our own), resource, and for a change the soft and hard limit. Answers the
// limits as they were.
inline Napi::Value pRLimit(const Call& info) {
  Napi::Env env = info.Env();
  rlimit64 now{}, wanted{};
  bool change = info.Length() > 2;
  if (change) wanted = {toUint64(info[2]), toUint64(info[3])};
  auto resource = static_cast<__rlimit_resource>(toInt(info[1]));
  if (prlimit64(toInt(info[0]), resource, change ? &wanted : nullptr, &now) < 0)
    return raise(env, failed("prlimit", "process " + std::to_string(toInt(info[0]))));
  auto limits = Napi::BigUint64Array::New(env, 2);
  limits[0] = now.rlim_cur;
  limits[1] = now.rlim_max;
  return limits;
}

// struct sched_attr by its eight fields in order, without the size.
inline Napi::Value schedGetAttr(const Call& info) {
  Napi::Env env = info.Env();
  SchedulingAttributes attributes{};
  if (syscall(SYS_sched_getattr, toInt(info[0]), &attributes, sizeof attributes, 0) < 0)
    return raise(env, failed("sched_getattr"));
  const int64_t fields[] = {attributes.sched_policy,
                            static_cast<int64_t>(attributes.sched_flags),
                            attributes.sched_nice,
                            attributes.sched_priority,
                            static_cast<int64_t>(attributes.sched_runtime),
                            static_cast<int64_t>(attributes.sched_deadline),
                            static_cast<int64_t>(attributes.sched_period)};
  auto result = Napi::Array::New(env, std::size(fields));
  for (uint32_t i = 0; i < std::size(fields); i++)
    result[i] = Napi::Number::New(env, static_cast<double>(fields[i]));
  return result;
}

inline Napi::Value schedSetAttr(const Call& info) {
  SchedulingAttributes attributes{};
  attributes.size = sizeof attributes;
  attributes.sched_policy = toUint32(info[1]);
  attributes.sched_flags = toUint64(info[2]);
  attributes.sched_nice = toInt(info[3]);
  attributes.sched_priority = toUint32(info[4]);
  attributes.sched_runtime = toUint64(info[5]);
  attributes.sched_deadline = toUint64(info[6]);
  attributes.sched_period = toUint64(info[7]);
  long result = syscall(SYS_sched_setattr, toInt(info[0]), &attributes, 0);
  return answer(info.Env(), result, "sched_setattr");
}

// Processors as a mask of bytes, as large as the kernel's own.
inline Napi::Value getAffinity(const Call& info) {
  unsigned char mask[1024] = {};
  long bytes = syscall(SYS_sched_getaffinity, toInt(info[0]), sizeof mask, mask);
  if (bytes < 0) return raise(info.Env(), failed("sched_getaffinity"));
  return Napi::Buffer<unsigned char>::Copy(info.Env(), mask, bytes);
}

inline Napi::Value setAffinity(const Call& info) {
  auto mask = info[1].As<Napi::Uint8Array>();
  long result =
      syscall(SYS_sched_setaffinity, toInt(info[0]), mask.ByteLength(), mask.Data());
  return answer(info.Env(), result, "sched_setaffinity");
}

inline void registerPrivilege(Napi::Env env, Napi::Object exports) {
  bind(exports, "capget", capGet);
  bind(exports, "capset", capSet);
  bind(exports, "dropBounding", [](const Call& info) {
    return answer(info.Env(), prctl(PR_CAPBSET_DROP, toInt(info[0]), 0, 0, 0), "prctl");
  });
  bind(exports, "changeAmbient", [](const Call& info) {
    return answer(info.Env(), prctl(PR_CAP_AMBIENT, toInt(info[0]), toInt(info[1]), 0, 0),
                  "prctl");
  });
  bind(exports, "prlimit", pRLimit);
  bind(exports, "schedGetattr", schedGetAttr);
  bind(exports, "schedSetattr", schedSetAttr);
  bind(exports, "getAffinity", getAffinity);
  bind(exports, "setAffinity", setAffinity);
  bind(exports, "ioprioGet", [](const Call& info) {
    return answer(info.Env(), syscall(SYS_ioprio_get, ioprioWhoProcess, toInt(info[0])),
                  "ioprio_get");
  });
  bind(exports, "ioprioSet", [](const Call& info) {
    long result = syscall(SYS_ioprio_set, ioprioWhoProcess, toInt(info[0]), toInt(info[1]));
    return answer(info.Env(), result, "ioprio_set");
  });
}

}  // namespace keelson::addon
