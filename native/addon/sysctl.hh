// Reading and writing /proc/sys as a network namespace has it. Which net/ one sees there is decided
// by the namespace of the thread that looks, which therefore visits it.
#pragma once

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>

#include <optional>
#include <string>
#include <vector>

#include "binding.hh"
#include "visit.hh"

namespace keelson::addon {

struct Sysctl {
  std::string name;                  // below /proc/sys, with slashes
  std::optional<std::string> value;  // to be written; what was read afterwards
  int error = 0;
};

inline constexpr size_t sysctlBytes = 4096;

// The name may come from a configuration: it cannot leave /proc/sys, whatever stands in it.
inline Descriptor openSysctl(int root, const Sysctl& sysctl) {
  open_how how{};
  how.flags = sysctl.value ? O_WRONLY : O_RDONLY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  return Descriptor(openat2(root, sysctl.name.c_str(), how));
}

inline void doSysctl(int root, Sysctl& sysctl) {
  if (isCut(sysctl.name)) {
    sysctl.error = EINVAL;
    return;
  }
  Descriptor file = openSysctl(root, sysctl);
  ssize_t count = -1;
  if (file.valid() && sysctl.value) {
    count = again([&] { return write(file.get(), sysctl.value->data(), sysctl.value->size()); });
  } else if (file.valid()) {
    std::string bytes(sysctlBytes, '\0');
    count = again([&] { return read(file.get(), bytes.data(), bytes.size()); });
    if (count >= 0) sysctl.value = bytes.substr(0, static_cast<size_t>(count));
  }
  if (count < 0) sysctl.error = errno;
}

inline Result<std::vector<Sysctl>> doSysctls(std::vector<Sysctl> sysctls) {
  Descriptor root(open("/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) return failed("open", "/proc/sys");
  for (Sysctl& sysctl : sysctls) doSysctl(root.get(), sysctl);
  return sysctls;
}

// What was read or written, or the negative errno.
inline Napi::Value sysctlAnswers(Napi::Env env, std::vector<Sysctl>& sysctls) {
  auto answers = Napi::Array::New(env, sysctls.size());
  for (uint32_t i = 0; i < sysctls.size(); i++) {
    Sysctl& sysctl = sysctls[i];
    if (sysctl.error != 0) {
      answers[i] = Napi::Value(kernelError(env, Failure{"sysctl", sysctl.error, sysctl.name}));
    } else {
      answers[i] = Napi::String::New(env, sysctl.value.value_or(""));
    }
  }
  return answers;
}

// sysctls(networkFd, names, values): Promise<(string | KernelError)[]>; -1 is the own namespace,
// null for a value reads.
inline Napi::Value sysctls(const Call& info) {
  Napi::Env env = info.Env();
  int network = toInt(info[0]);
  auto names = info[1].As<Napi::Array>();
  auto values = info[2].As<Napi::Array>();
  std::vector<Sysctl> wanted;
  for (uint32_t i = 0; i < names.Length(); i++) {
    Napi::Value value = values[i];
    wanted.push_back({toString(names[i]), std::nullopt});
    if (value.IsString()) wanted.back().value = toString(value);
  }
  return visiting<std::vector<Sysctl>>(
      env, network, [wanted] { return doSysctls(wanted); }, sysctlAnswers);
}

inline void registerSysctl(Napi::Env, Napi::Object exports) { bind(exports, "sysctls", sysctls); }

}  // namespace keelson::addon
