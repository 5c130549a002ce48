// Shuts one thread into a folder. For threads that unpack foreign archives: with a root and a mount
// namespace of their own, a path that leads out of the layer has nowhere to lead to.
#pragma once

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "binding.hh"

namespace keelson::addon {

// unshare(CLONE_NEWNS) of a thread implies CLONE_FS, so root, working folder and umask become the
// thread's own and all other threads keep theirs. The folder is mounted on itself because
// pivot_root takes mount points only; both paths may be "." and the old root then lies on top.
inline Outcome confine(const char* folder) {
  if (unshare(CLONE_NEWNS | CLONE_FS) < 0) return failed("unshare");
  if (mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return failed("mount", "/");
  if (mount(folder, folder, nullptr, MS_BIND, nullptr) < 0) return failed("mount", folder);
  unsigned long flags = MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (mount("", folder, nullptr, flags, nullptr) < 0) return failed("mount", folder);
  if (chdir(folder) < 0) return failed("chdir", folder);
  if (syscall(SYS_pivot_root, ".", ".") < 0) return failed("pivot_root", folder);
  if (umount2(".", MNT_DETACH) < 0) return failed("umount2", folder);
  if (chdir("/") < 0) return failed("chdir", "/");
  umask(0);
  return ok;
}

// setns leaves the thread at the root of the namespace, which is not the process's own root where
// keelson itself runs in a chroot.
inline Outcome release(int mountNamespace, int root) {
  if (setns(mountNamespace, CLONE_NEWNS) < 0) return failed("setns");
  if (fchdir(root) < 0) return failed("fchdir");
  if (chroot(".") < 0) return failed("chroot");
  return ok;
}

inline void registerConfine(Napi::Env env, Napi::Object exports) {
  bind(exports, "confineThread", [](const Call& info) -> Napi::Value {
    std::string folder = toPath(info[0]);
    Outcome outcome = confine(folder.c_str());
    return outcome ? raise(info.Env(), *outcome) : info.Env().Undefined();
  });
  bind(exports, "releaseThread", [](const Call& info) -> Napi::Value {
    Outcome outcome = release(toInt(info[0]), toInt(info[1]));
    return outcome ? raise(info.Env(), *outcome) : info.Env().Undefined();
  });
}

}  // namespace keelson::addon
