// Files by descriptor and name: openat2 and the *at calls.
#pragma once

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdio>

#include "binding.hh"
#include "../linux/descriptor.hh"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452  // Linux 6.6, the same number on all architectures
#endif

namespace keelson::addon {

// With RESOLVE_BENEATH and RESOLVE_IN_ROOT the kernel answers EAGAIN when any rename or mount on
// the system happened during the walk; openat2(2) says to try again. A neighbour that renames in a
// loop must not hold us for ever.
inline constexpr int resolveTries = 128;

inline int openat2(int at, const char* path, open_how how) {
  how.flags |= O_CLOEXEC;
  for (int tries = resolveTries;; tries--) {
    int fd = static_cast<int>(syscall(SYS_openat2, at, path, &how, sizeof how));
    if (fd >= 0 || errno != EAGAIN || tries == 0) return fd;
  }
}

// chmod that never follows a symbolic link. Before Linux 6.6 fchmodat has no flags, so the object
// is pinned by an O_PATH descriptor and changed by way of /proc.
inline int chmodAt(int at, const char* path, mode_t mode) {
  int flags = AT_SYMLINK_NOFOLLOW | (*path == '\0' ? AT_EMPTY_PATH : 0);
  int result = static_cast<int>(syscall(SYS_fchmodat2, at, path, mode, flags));
  if (result == 0 || errno != ENOSYS) return result;
  Descriptor opened(*path == '\0' ? -1 : openat(at, path, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (*path != '\0' && !opened.valid()) return -1;
  int fd = *path == '\0' ? at : opened.get();
  struct stat file;
  if (fstat(fd, &file) < 0) return -1;
  if (S_ISLNK(file.st_mode)) return errno = EOPNOTSUPP, -1;
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  return chmod(link, mode);
}

inline Napi::Value readLinkAt(const Call& info) {
  std::string target(4096, '\0');
  auto length = onPath(info.Env(), "readlinkat", info[1], [&](const char* path) {
    return readlinkat(toInt(info[0]), path, target.data(), target.size());
  });
  if (!length.IsNumber()) return length;
  return Napi::Buffer<char>::Copy(info.Env(), target.data(), toUint32(length));
}

inline Napi::Value openAt2(const Call& info) {
  open_how how{};
  how.flags = toUint64(info[2]);
  how.mode = toUint64(info[3]);
  how.resolve = toUint64(info[4]);
  return onPath(info.Env(), "openat2", info[1],
                [&](const char* path) { return openat2(toInt(info[0]), path, how); });
}

// The flags of open(2) differ between architectures, so JavaScript asks for them.
inline Napi::Value openFlags(const Call& info) {
  Napi::Object flags = Napi::Object::New(info.Env());
  flags["append"] = O_APPEND;
  flags["create"] = O_CREAT;
  flags["directory"] = O_DIRECTORY;
  flags["exclusive"] = O_EXCL;
  flags["noControllingTerminal"] = O_NOCTTY;
  flags["noFollow"] = O_NOFOLLOW;
  flags["nonBlocking"] = O_NONBLOCK;
  flags["path"] = O_PATH;
  flags["readOnly"] = O_RDONLY;
  flags["readWrite"] = O_RDWR;
  flags["temporaryFile"] = O_TMPFILE;
  flags["truncate"] = O_TRUNC;
  flags["writeOnly"] = O_WRONLY;
  return flags;
}

inline void registerMaking(Napi::Object exports) {
  bind(exports, "mkdirat", [](const Call& info) {
    return onPath(info.Env(), "mkdirat", info[1], [&](const char* path) {
      return mkdirat(toInt(info[0]), path, toUint32(info[2]));
    });
  });
  bind(exports, "mknodat", [](const Call& info) {
    return onPath(info.Env(), "mknodat", info[1], [&](const char* path) {
      dev_t device = makedev(toUint32(info[3]), toUint32(info[4]));
      return mknodat(toInt(info[0]), path, toUint32(info[2]), device);
    });
  });
  bind(exports, "symlinkat", [](const Call& info) {
    return onPaths(info, "symlinkat", {0, 2}, [&](const char* target, const char* path) {
      return symlinkat(target, toInt(info[1]), path);
    });
  });
  bind(exports, "linkat", [](const Call& info) {
    return onPaths(info, "linkat", {1, 3}, [&](const char* from, const char* to) {
      return linkat(toInt(info[0]), from, toInt(info[2]), to, *from == '\0' ? AT_EMPTY_PATH : 0);
    });
  });
  bind(exports, "renameat2", [](const Call& info) {
    return onPaths(info, "renameat2", {1, 3}, [&](const char* from, const char* to) {
      return renameat2(toInt(info[0]), from, toInt(info[2]), to, toUint32(info[4]));
    });
  });
  bind(exports, "unlinkat", [](const Call& info) {
    return onPath(info.Env(), "unlinkat", info[1], [&](const char* path) {
      return unlinkat(toInt(info[0]), path, info[2].ToBoolean() ? AT_REMOVEDIR : 0);
    });
  });
}

inline void registerChanging(Napi::Object exports) {
  bind(exports, "fchownat", [](const Call& info) {
    return onPath(info.Env(), "fchownat", info[1], [&](const char* path) {
      int flags = AT_SYMLINK_NOFOLLOW | (*path == '\0' ? AT_EMPTY_PATH : 0);
      return fchownat(toInt(info[0]), path, toUint32(info[2]), toUint32(info[3]), flags);
    });
  });
  bind(exports, "fchmodat", [](const Call& info) {
    return onPath(info.Env(), "fchmodat", info[1], [&](const char* path) {
      return chmodAt(toInt(info[0]), path, toUint32(info[2]));
    });
  });
  // Arguments 2 to 5: seconds and nanoseconds of access, then of modification.
  bind(exports, "utimensat", [](const Call& info) {
    timespec times[2] = {{toInt64(info[2]), toInt(info[3])}, {toInt64(info[4]), toInt(info[5])}};
    return onPath(info.Env(), "utimensat", info[1], [&](const char* path) {
      int flags = AT_SYMLINK_NOFOLLOW | (*path == '\0' ? AT_EMPTY_PATH : 0);
      return utimensat(toInt(info[0]), path, times, flags);
    });
  });
}

inline void registerFile(Napi::Env env, Napi::Object exports) {
  bind(exports, "openFlags", openFlags);
  bind(exports, "openat2", openAt2);
  bind(exports, "readlinkat", readLinkAt);
  registerMaking(exports);
  registerChanging(exports);
  bind(exports, "close", [](const Call& info) {
    return answer(info.Env(), close(toInt(info[0])), "close");
  });
  bind(exports, "duplicate", [](const Call& info) {
    return answer(info.Env(), fcntl(toInt(info[0]), F_DUPFD_CLOEXEC, 3), "fcntl");
  });
  bind(exports, "flock", [](const Call& info) {
    return answer(info.Env(), again([&] { return flock(toInt(info[0]), toInt(info[1])); }),
                  "flock");
  });
}

}  // namespace keelson::addon
