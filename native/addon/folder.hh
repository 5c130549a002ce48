// Reading a folder by its descriptor. Node lists folders by path only.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>
#include <string>

#include "binding.hh"

namespace keelson::addon {

// All names, each followed by a NUL, in the file system's order. The descriptor's position is
// moved to the start first, so that a second call answers the same.
inline Napi::Value listFolder(const Call& info) {
  Napi::Env env = info.Env();
  int fd = toInt(info[0]);
  if (lseek(fd, 0, SEEK_SET) < 0) return raise(env, failed("lseek"));
  std::string names;
  alignas(dirent64) char buffer[32768];
  for (;;) {
    ssize_t length = again([&] { return getdents64(fd, buffer, sizeof buffer); });
    if (length < 0) return raise(env, failed("getdents64"));
    if (length == 0) return Napi::Buffer<char>::Copy(env, names.data(), names.size());
    for (ssize_t at = 0; at < length;) {
      auto* entry = reinterpret_cast<dirent64*>(buffer + at);
      at += entry->d_reclen;
      bool self = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
      if (!self) names.append(entry->d_name, strlen(entry->d_name) + 1);
    }
  }
}

inline void registerFolder(Napi::Env env, Napi::Object exports) {
  bind(exports, "listFolder", listFolder);
}

}  // namespace keelson::addon
