// Ranges of a file: copies inside the kernel, reserved space, holes.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include "binding.hh"

namespace keelson::addon {

// -1 stands for the descriptor's own position, which then moves.
inline Napi::Value copyFileRange(const Call& info) {
  off64_t from = toInt64(info[1]), to = toInt64(info[3]);
  ssize_t copied = again([&] {
    return copy_file_range(toInt(info[0]), from < 0 ? nullptr : &from, toInt(info[2]),
                           to < 0 ? nullptr : &to, toUint64(info[4]), 0);
  });
  return answer(info.Env(), copied, "copy_file_range");
}

inline void registerExtent(Napi::Env env, Napi::Object exports) {
  bind(exports, "copyFileRange", copyFileRange);
  bind(exports, "fallocate", [](const Call& info) {
    int result = again([&] {
      return fallocate(toInt(info[0]), toInt(info[1]), toInt64(info[2]), toInt64(info[3]));
    });
    return answer(info.Env(), result, "fallocate");
  });
  bind(exports, "lseek", [](const Call& info) {
    return answer(info.Env(), lseek(toInt(info[0]), toInt64(info[1]), toInt(info[2])), "lseek");
  });
  bind(exports, "syncfs", [](const Call& info) {
    return answer(info.Env(), syncfs(toInt(info[0])), "syncfs");
  });
}

}  // namespace keelson::addon
