// Mounts, by the old calls and the new ones.
#pragma once

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "binding.hh"

// sys/mount.h and linux/mount.h cannot both be included: both define enum fsconfig_command.
extern "C" int mount(const char*, const char*, const char*, unsigned long, const void*) noexcept;
extern "C" int umount2(const char*, int) noexcept;

namespace keelson::addon {

// Absent and empty are different things to the kernel: a null pointer and an empty text.
struct OptionalText {
  std::string text;
  bool absent;

  explicit OptionalText(const Napi::Value& value)
      : text(value.IsUndefined() ? "" : toPath(value)), absent(value.IsUndefined()) {}
  const char* get() const { return absent ? nullptr : text.c_str(); }
};

// What the kernel wrote into the log of a file system context: lines such as
// "e overlay: No changes allowed in reconfigure", each by one read, until ENODATA.
inline std::string contextLog(int fd) {
  std::string log;
  char line[1024];
  for (int lines = 0; lines < 32; lines++) {
    ssize_t length = read(fd, line, sizeof line);
    if (length <= 0) break;
    while (length > 0 && line[length - 1] == '\n') length--;
    if (!log.empty()) log += "; ";
    log.append(line, length);
  }
  return log;
}

inline Napi::Value answerContext(Napi::Env env, int64_t result, const char* call, int fd,
                                 std::string key = {}) {
  if (result >= 0) return answer(env, result, call);
  Failure failure = failed(call, std::move(key));
  failure.text = contextLog(fd);
  return raise(env, failure);
}

inline Napi::Value mountOld(const Call& info) {
  OptionalText source(info[0]), type(info[2]), data(info[4]);
  return onPath(info.Env(), "mount", info[1], [&](const char* target) {
    return ::mount(source.get(), target, type.get(), toUint64(info[3]), data.get());
  });
}

// Arguments: context, command, key, value (text, bytes or undefined), number.
inline Napi::Value fsConfig(const Call& info) {
  int fd = toInt(info[0]);
  OptionalText key(info[2]), value(info[3]);
  unsigned command = toUint32(info[1]);
  long result = syscall(SYS_fsconfig, fd, command, key.get(), value.get(), toInt(info[4]));
  return answerContext(info.Env(), result, "fsconfig", fd, key.text);
}

// Arguments: folder, path, flags, attributes to set and to clear, propagation, user namespace.
inline Napi::Value mountSetAttr(const Call& info) {
  mount_attr attributes{};
  attributes.attr_set = toUint64(info[3]);
  attributes.attr_clr = toUint64(info[4]);
  attributes.propagation = toUint64(info[5]);
  attributes.userns_fd = toUint64(info[6]);
  return onPath(info.Env(), "mount_setattr", info[1], [&](const char* path) {
    unsigned flags = toUint32(info[2]) | (*path == '\0' ? AT_EMPTY_PATH : 0);
    return syscall(SYS_mount_setattr, toInt(info[0]), path, flags, &attributes, sizeof attributes);
  });
}

// The empty path names the descriptor itself, on either side.
inline Napi::Value moveMount(const Call& info) {
  return onPaths(info, "move_mount", {1, 3}, [&](const char* from, const char* to) {
    unsigned flags = toUint32(info[4]);
    if (*from == '\0') flags |= MOVE_MOUNT_F_EMPTY_PATH;
    if (*to == '\0') flags |= MOVE_MOUNT_T_EMPTY_PATH;
    return syscall(SYS_move_mount, toInt(info[0]), from, toInt(info[2]), to, flags);
  });
}

inline void registerMountContext(Napi::Object exports) {
  bind(exports, "fsopen", [](const Call& info) {
    return onPath(info.Env(), "fsopen", info[0],
                  [](const char* name) { return syscall(SYS_fsopen, name, FSOPEN_CLOEXEC); });
  });
  bind(exports, "fspick", [](const Call& info) {
    return onPath(info.Env(), "fspick", info[1], [&](const char* path) {
      unsigned flags = FSPICK_CLOEXEC | FSPICK_SYMLINK_NOFOLLOW | FSPICK_NO_AUTOMOUNT;
      if (*path == '\0') flags |= FSPICK_EMPTY_PATH;
      return syscall(SYS_fspick, toInt(info[0]), path, flags);
    });
  });
  bind(exports, "fsconfig", fsConfig);
  bind(exports, "fsmount", [](const Call& info) {
    int fd = toInt(info[0]);
    long result = syscall(SYS_fsmount, fd, FSMOUNT_CLOEXEC, toUint32(info[1]));
    return answerContext(info.Env(), result, "fsmount", fd);
  });
}

inline void registerMount(Napi::Env env, Napi::Object exports) {
  registerMountContext(exports);
  bind(exports, "mount", mountOld);
  bind(exports, "umount2", [](const Call& info) {
    return onPath(info.Env(), "umount2", info[0],
                  [&](const char* path) { return ::umount2(path, toInt(info[1])); });
  });
  bind(exports, "pivotRoot", [](const Call& info) {
    return onPaths(info, "pivot_root", {0, 1}, [](const char* root, const char* old) {
      return syscall(SYS_pivot_root, root, old);
    });
  });
  bind(exports, "openTree", [](const Call& info) {
    return onPath(info.Env(), "open_tree", info[1], [&](const char* path) {
      unsigned flags = toUint32(info[2]) | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW |
                       AT_NO_AUTOMOUNT | (*path == '\0' ? AT_EMPTY_PATH : 0);
      return syscall(SYS_open_tree, toInt(info[0]), path, flags);
    });
  });
  bind(exports, "moveMount", moveMount);
  bind(exports, "mountSetattr", mountSetAttr);
}

}  // namespace keelson::addon
