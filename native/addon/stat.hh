// What a file and its file system are: statx and statfs.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "binding.hh"

namespace keelson::addon {

// The order is that of src/kernel/stat.ts. 64-bit numbers in one array cost a tenth of an object
// with as many properties; unpacking a layer asks for thousands.
inline Napi::Value packed(Napi::Env env, const struct statx& s) {
  const uint64_t fields[] = {s.stx_mode,
                             s.stx_uid,
                             s.stx_gid,
                             s.stx_nlink,
                             s.stx_size,
                             s.stx_blocks,
                             s.stx_ino,
                             s.stx_dev_major,
                             s.stx_dev_minor,
                             s.stx_rdev_major,
                             s.stx_rdev_minor,
                             static_cast<uint64_t>(s.stx_atime.tv_sec),
                             s.stx_atime.tv_nsec,
                             static_cast<uint64_t>(s.stx_mtime.tv_sec),
                             s.stx_mtime.tv_nsec,
                             static_cast<uint64_t>(s.stx_ctime.tv_sec),
                             s.stx_ctime.tv_nsec,
                             s.stx_mnt_id,
                             (s.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0};
  auto result = Napi::BigInt64Array::New(env, std::size(fields));
  memcpy(result.Data(), fields, sizeof fields);
  return result;
}

inline Napi::Value statX(const Call& info) {
  struct statx status {};
  Napi::Value result = onPath(info.Env(), "statx", info[1], [&](const char* path) {
    int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*path == '\0' ? AT_EMPTY_PATH : 0);
    return statx(toInt(info[0]), path, flags, STATX_BASIC_STATS | STATX_MNT_ID, &status);
  });
  return result.IsNumber() ? packed(info.Env(), status) : result;
}

inline Napi::Value fstatFs(const Call& info) {
  Napi::Env env = info.Env();
  struct statfs status;
  if (again([&] { return fstatfs(toInt(info[0]), &status); }) < 0)
    return raise(env, failed("fstatfs"));
  Napi::Object result = Napi::Object::New(env);
  result["type"] = static_cast<double>(static_cast<uint32_t>(status.f_type));
  result["blockBytes"] = static_cast<double>(status.f_bsize);
  result["blocks"] = static_cast<double>(status.f_blocks);
  result["blocksAvailable"] = static_cast<double>(status.f_bavail);
  result["files"] = static_cast<double>(status.f_files);
  result["filesFree"] = static_cast<double>(status.f_ffree);
  result["flags"] = static_cast<double>(status.f_flags);
  return result;
}

inline void registerStat(Napi::Env env, Napi::Object exports) {
  bind(exports, "statx", statX);
  bind(exports, "fstatfs", fstatFs);
}

}  // namespace keelson::addon
