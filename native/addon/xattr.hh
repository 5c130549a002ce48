// Extended attributes of an open file, or of a path whose last part is never followed.
#pragma once

#include <sys/xattr.h>

#include <cstdio>
#include <vector>

#include "binding.hh"

namespace keelson::addon {

// One of three targets: a descriptor, a path, or an O_PATH descriptor, which the f* calls refuse
// (EBADF) and which is reached by its link under /proc. That link leads to the object itself, even
// when it is a symbolic link, so nothing is looked up a second time.
struct XattrTarget {
  int fd = -1;
  std::string path;

  explicit XattrTarget(const Napi::Value& value) {
    if (value.IsNumber()) {
      fd = toInt(value);
    } else {
      path = toPath(value);
    }
  }

  std::string name() const { return fd < 0 ? path : "descriptor " + std::to_string(fd); }

  // byFd(fd), byPath(path) without following, byLink(path) following the link under /proc.
  template <typename ByFd, typename ByPath, typename ByLink>
  ssize_t apply(ByFd byFd, ByPath byPath, ByLink byLink) const {
    if (fd < 0) return isCut(path) ? (errno = EINVAL, -1) : byPath(path.c_str());
    ssize_t result = byFd(fd);
    if (result >= 0 || errno != EBADF) return result;
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    result = byLink(link);
    if (result < 0 && errno == ENOENT) errno = EBADF;
    return result;
  }
};

// Asks for the size and then for the value, again if it grew in between.
template <typename Read>
Napi::Value readXattr(Napi::Env env, const char* call, const XattrTarget& target, Read read) {
  for (;;) {
    ssize_t size = read(nullptr, 0);
    if (size < 0) return raise(env, failed(call, target.name()));
    std::vector<char> value(size);
    ssize_t length = read(value.data(), value.size());
    if (length >= 0) return Napi::Buffer<char>::Copy(env, value.data(), length);
    if (errno != ERANGE) return raise(env, failed(call, target.name()));
  }
}

inline Napi::Value getXattr(const Call& info) {
  XattrTarget target(info[0]);
  std::string name = toString(info[1]);
  return readXattr(info.Env(), "getxattr", target, [&](char* value, size_t size) {
    const char* key = name.c_str();
    return target.apply([&](int fd) { return fgetxattr(fd, key, value, size); },
                        [&](const char* path) { return lgetxattr(path, key, value, size); },
                        [&](const char* link) { return getxattr(link, key, value, size); });
  });
}

inline Napi::Value listXattr(const Call& info) {
  XattrTarget target(info[0]);
  return readXattr(info.Env(), "listxattr", target, [&](char* names, size_t size) {
    return target.apply([&](int fd) { return flistxattr(fd, names, size); },
                        [&](const char* path) { return llistxattr(path, names, size); },
                        [&](const char* link) { return listxattr(link, names, size); });
  });
}

inline Napi::Value setXattr(const Call& info) {
  XattrTarget target(info[0]);
  std::string name = toString(info[1]);
  auto value = info[2].As<Napi::Uint8Array>();
  const char* key = name.c_str();
  const void* data = value.Data();
  size_t size = value.ByteLength();
  int flags = toInt(info[3]);
  ssize_t result = target.apply(
      [&](int fd) { return fsetxattr(fd, key, data, size, flags); },
      [&](const char* path) { return lsetxattr(path, key, data, size, flags); },
      [&](const char* link) { return setxattr(link, key, data, size, flags); });
  return answer(info.Env(), result, "setxattr", target.name());
}

inline Napi::Value removeXattr(const Call& info) {
  XattrTarget target(info[0]);
  std::string name = toString(info[1]);
  const char* key = name.c_str();
  ssize_t result = target.apply([&](int fd) { return fremovexattr(fd, key); },
                                [&](const char* path) { return lremovexattr(path, key); },
                                [&](const char* link) { return removexattr(link, key); });
  return answer(info.Env(), result, "removexattr", target.name());
}

inline void registerXattr(Napi::Env env, Napi::Object exports) {
  bind(exports, "getxattr", getXattr);
  bind(exports, "listxattr", listXattr);
  bind(exports, "setxattr", setXattr);
  bind(exports, "removexattr", removeXattr);
}

}  // namespace keelson::addon
