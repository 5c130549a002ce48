// System calls that glibc has no function for, or none that C++ can link (sys/pidfd.h of 2.36).
#pragma once

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace keelson {

inline int openat2(int folder, const char* path, uint64_t flags, uint64_t resolve,
                   uint64_t mode = 0) {
  open_how how = {};
  how.flags = flags | O_CLOEXEC;
  how.mode = mode;
  how.resolve = resolve;
  // EAGAIN says that a rename or mount raced with "..": the kernel asks to try again.
  for (int attempt = 0;; attempt++) {
    int fd = static_cast<int>(syscall(SYS_openat2, folder, path, &how, sizeof how));
    if (fd >= 0 || errno != EAGAIN || attempt == 128) return fd;
  }
}

inline pid_t clone3(clone_args& args) {
  return static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof args));
}

inline int pidfdOpen(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

inline bool pidfdSignal(int pidfd, int signal) {
  return syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) == 0;
}

}  // namespace keelson
