// cgroupfs by descriptor: every call takes the open folder of a cgroup and one name inside it, so
// that no path is walked twice and none leaves the hierarchy. Files of cgroupfs are small and
// answered by the kernel at once, so the calls are synchronous.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <napi.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "../linux/descriptor.hh"
#include "../linux/failure.hh"
#include "argument.hh"
#include "error.hh"

namespace keelson::addon {

// What every call begins with: (descriptor of the folder, name in it, the folder's path).
struct CgroupEntry {
  explicit CgroupEntry(const Napi::CallbackInfo& info)
      : folder(toInt(info[0])), name(toString(info[1])), folderPath(toString(info[2])) {}

  std::string path() const {
    if (name.empty() || name == ".") return folderPath;
    return folderPath.ends_with('/') ? folderPath + name : folderPath + "/" + name;
  }

  int folder;
  std::string name;
  std::string folderPath;
};

// O_NOFOLLOW guards the last step; names with a slash never reach the calls that use this.
inline Descriptor openEntry(const CgroupEntry& entry, int flags) {
  return Descriptor(openat(entry.folder, entry.name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW));
}

// (folder, path below it, folder's path) -> descriptor of the cgroup's folder, owned by the caller.
inline Napi::Value cgroupOpen(const Napi::CallbackInfo& info) {
  const CgroupEntry entry(info);
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  const long fd = syscall(SYS_openat2, entry.folder, entry.name.c_str(), &how, sizeof(how));
  if (fd < 0) return raise(info.Env(), failed("openat2", entry.path()));
  return Napi::Number::New(info.Env(), static_cast<double>(fd));
}

// The same for "..", which openat2 refuses as a way out of the folder.
inline Napi::Value cgroupOpenParent(const Napi::CallbackInfo& info) {
  const CgroupEntry entry(info);
  Descriptor parent = openEntry(entry, O_RDONLY | O_DIRECTORY);
  if (!parent.valid()) return raise(info.Env(), failed("openat", entry.path()));
  return Napi::Number::New(info.Env(), parent.release());
}

// -> true when the cgroup was made, false when it was there.
inline Napi::Value cgroupMake(const Napi::CallbackInfo& info) {
  const CgroupEntry entry(info);
  const bool made = mkdirat(entry.folder, entry.name.c_str(), 0755) == 0;
  if (!made && errno != EEXIST) return raise(info.Env(), failed("mkdirat", entry.path()));
  return Napi::Boolean::New(info.Env(), made);
}

inline Napi::Value cgroupRemove(const Napi::CallbackInfo& info) {
  const CgroupEntry entry(info);
  if (unlinkat(entry.folder, entry.name.c_str(), AT_REMOVEDIR) != 0)
    return raise(info.Env(), failed("unlinkat", entry.path()));
  return info.Env().Undefined();
}

inline Napi::Value cgroupRead(const Napi::CallbackInfo& info) {
  const CgroupEntry entry(info);
  const Descriptor file = openEntry(entry, O_RDONLY);
  if (!file.valid()) return raise(info.Env(), failed("openat", entry.path()));
  std::string text;
  char piece[4096];
  for (;;) {
    const ssize_t length = read(file.get(), piece, sizeof(piece));
    if (length < 0) return raise(info.Env(), failed("read", entry.path()));
    if (length == 0) return Napi::String::New(info.Env(), text);
    text.append(piece, static_cast<size_t>(length));
  }
}

// One write call, as cgroupfs wants it. (folder, name, folder's path, text)
inline Napi::Value cgroupWrite(const Napi::CallbackInfo& info) {
  const CgroupEntry entry(info);
  const std::string text = toString(info[3]);
  const Descriptor file = openEntry(entry, O_WRONLY);
  if (!file.valid()) return raise(info.Env(), failed("openat", entry.path()));
  if (write(file.get(), text.data(), text.size()) < 0)
    return raise(info.Env(), failed("write", entry.path()));
  return info.Env().Undefined();
}

// Names of the entries of one kind: folders are the children, files the interface.
template <unsigned char Kind>
inline Napi::Value cgroupNames(const Napi::CallbackInfo& info) {
  const CgroupEntry entry(info);
  // A descriptor of its own, because reading moves the position that descriptors share.
  Descriptor folder = openEntry(entry, O_RDONLY | O_DIRECTORY);
  if (!folder.valid()) return raise(info.Env(), failed("openat", entry.path()));
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(folder.get()), closedir);
  if (!stream) return raise(info.Env(), failed("fdopendir", entry.path()));
  folder.release();
  Napi::Array names = Napi::Array::New(info.Env());
  uint32_t count = 0;
  errno = 0;
  while (const dirent* item = readdir(stream.get())) {
    const std::string name = item->d_name;
    if (item->d_type == Kind && name != "." && name != "..") names[count++] = name;
  }
  if (errno != 0) return raise(info.Env(), failed("readdir", entry.path()));
  return names;
}

// (folder, name, folder's path, uid, gid)
inline Napi::Value cgroupChown(const Napi::CallbackInfo& info) {
  const CgroupEntry entry(info);
  if (fchownat(entry.folder, entry.name.c_str(), toUint32(info[3]), toUint32(info[4]),
               AT_SYMLINK_NOFOLLOW) != 0)
    return raise(info.Env(), failed("fchownat", entry.path()));
  return info.Env().Undefined();
}

inline void registerCgroup(Napi::Env env, Napi::Object exports) {
  exports["cgroupOpen"] = Napi::Function::New(env, cgroupOpen);
  exports["cgroupOpenParent"] = Napi::Function::New(env, cgroupOpenParent);
  exports["cgroupMake"] = Napi::Function::New(env, cgroupMake);
  exports["cgroupRemove"] = Napi::Function::New(env, cgroupRemove);
  exports["cgroupRead"] = Napi::Function::New(env, cgroupRead);
  exports["cgroupWrite"] = Napi::Function::New(env, cgroupWrite);
  exports["cgroupChildren"] = Napi::Function::New(env, cgroupNames<DT_DIR>);
  exports["cgroupFiles"] = Napi::Function::New(env, cgroupNames<DT_REG>);
  exports["cgroupChown"] = Napi::Function::New(env, cgroupChown);
}

}  // namespace keelson::addon
