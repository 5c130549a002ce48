// Processes by descriptor (pidfd), and memory files.
#pragma once

#include <fcntl.h>
#include <linux/memfd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "binding.hh"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

namespace keelson::addon {

// Answers undefined while the child runs; else how it ended, and with which code or signal.
inline Napi::Value waitPidFd(const Call& info) {
  Napi::Env env = info.Env();
  siginfo_t status{};
  auto type = static_cast<idtype_t>(P_PIDFD);
  int result = again([&] {
    return waitid(type, toUint32(info[0]), &status, WEXITED | WNOHANG | __WALL);
  });
  if (result < 0) return raise(env, failed("waitid"));
  if (status.si_pid == 0) return env.Undefined();
  Napi::Object exit = Napi::Object::New(env);
  exit["exited"] = status.si_code == CLD_EXITED;
  exit["dumped"] = status.si_code == CLD_DUMPED;
  exit["status"] = status.si_status;
  return exit;
}

inline void registerMemoryFile(Napi::Object exports) {
  bind(exports, "memfdCreate", [](const Call& info) {
    return onPath(info.Env(), "memfd_create", info[0], [&](const char* name) {
      return syscall(SYS_memfd_create, name, toUint32(info[1]) | MFD_CLOEXEC);
    });
  });
  bind(exports, "addSeals", [](const Call& info) {
    return answer(info.Env(), fcntl(toInt(info[0]), F_ADD_SEALS, toInt(info[1])), "fcntl");
  });
  bind(exports, "getSeals", [](const Call& info) {
    return answer(info.Env(), fcntl(toInt(info[0]), F_GET_SEALS), "fcntl");
  });
}

inline void registerProcess(Napi::Env env, Napi::Object exports) {
  registerMemoryFile(exports);
  bind(exports, "pidfdOpen", [](const Call& info) {
    int pid = toInt(info[0]);
    return answer(info.Env(), syscall(SYS_pidfd_open, pid, toUint32(info[1])), "pidfd_open",
                  "process " + std::to_string(pid));
  });
  bind(exports, "pidfdSendSignal", [](const Call& info) {
    long result = syscall(SYS_pidfd_send_signal, toInt(info[0]), toInt(info[1]), nullptr, 0);
    return answer(info.Env(), result, "pidfd_send_signal");
  });
  bind(exports, "pidfdGetfd", [](const Call& info) {
    long result = syscall(SYS_pidfd_getfd, toInt(info[0]), toInt(info[1]), 0);
    return answer(info.Env(), result, "pidfd_getfd");
  });
  bind(exports, "waitPidfd", waitPidFd);
}

}  // namespace keelson::addon
