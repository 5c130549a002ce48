// Namespaces: made on a throwaway thread or by a child for user namespaces, pinned to files.
#pragma once

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "binding.hh"
#include "throwaway.hh"
#include "user-child.hh"
#include "../linux/descriptor.hh"

namespace keelson::addon {

// One namespace to make: its CLONE_NEW flag, its file under /proc/PID/ns, and the file to pin it
// on, empty for none.
struct Wanted {
  int flag;
  std::string name;
  std::string pin;
};

struct MakeRequest {
  std::vector<Wanted> wanted;
  UserMaps maps;
  std::string timeOffsets;

  int flags() const {
    int all = 0;
    for (const auto& each : wanted) all |= each.flag;
    return all;
  }
};

// Binds a namespace to a file made for it. The file is new (O_EXCL), so nobody's file is hidden,
// and reached by its descriptor, so the mount lands on this file and no other.
inline Outcome pinNamespace(int fd, const std::string& path) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0));
  if (!file.valid()) return failed("open", path);
  std::string source = "/proc/self/fd/" + std::to_string(fd);
  std::string target = "/proc/self/fd/" + std::to_string(file.get());
  if (mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) == 0) return ok;
  Failure failure = failed("mount", path);
  unlink(path.c_str());
  return failure;
}

inline Outcome unpinNamespace(const std::string& path) {
  // EINVAL: it is no mount, for instance after a reboot. The file goes all the same.
  if (umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL) {
    if (errno == ENOENT) return ok;
    return failed("umount2", path);
  }
  if (unlink(path.c_str()) < 0 && errno != ENOENT) return failed("unlink", path);
  return ok;
}

using Opened = std::vector<Descriptor>;

// Pins what asks for it; when one fails, those before it are undone.
inline Outcome pinAll(const MakeRequest& request, const Opened& opened) {
  for (size_t i = 0; i < opened.size(); i++) {
    if (request.wanted[i].pin.empty()) continue;
    Outcome outcome = pinNamespace(opened[i].get(), request.wanted[i].pin);
    if (!outcome) continue;
    while (i-- > 0) {
      if (!request.wanted[i].pin.empty()) unpinNamespace(request.wanted[i].pin);
    }
    return outcome;
  }
  return ok;
}

inline Result<Opened> openAll(const MakeRequest& request, const std::string& process) {
  Opened opened;
  for (const auto& each : request.wanted) {
    std::string path = process + "/ns/" + each.name;
    opened.emplace_back(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!opened.back().valid()) return failed("open", path);
  }
  return opened;
}

// The thread's own mounts keep their propagation until told otherwise: then a pin made by the host
// would appear in the new mount namespace and hold it for ever.
inline Outcome unshareThread(int flags) {
  if (unshare(flags) < 0) return failed("unshare");
  if (!(flags & CLONE_NEWNS)) return ok;
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return failed("mount", "/");
  return ok;
}

// The way back from a new mount namespace. setns leaves the thread at the root of the namespace,
// which is another than the process's when that runs in a chroot.
class Home {
 public:
  bool open() {
    mounts_ = Descriptor(::open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC));
    root_ = Descriptor(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    return mounts_.valid() && root_.valid();
  }
  bool enter() const {
    return setns(mounts_.get(), CLONE_NEWNS) == 0 && fchdir(root_.get()) == 0 && chroot(".") == 0;
  }

 private:
  Descriptor mounts_, root_;
};

inline Result<Opened> makeOnThread(const MakeRequest& request) {
  Home home;
  if (!home.open()) return failed("open", "/proc/thread-self/ns/mnt");
  int flags = request.flags();
  if (auto outcome = unshareThread(flags)) return *outcome;
  // /proc/TID exists for every thread, and only there lies timens_offsets.
  std::string self = "/proc/" + std::to_string(gettid());
  if (!request.timeOffsets.empty()) {
    if (auto outcome = writeFile(self + "/timens_offsets", request.timeOffsets)) return *outcome;
  }
  auto opened = openAll(request, "/proc/thread-self");
  if (!opened) return opened;
  if ((flags & CLONE_NEWNS) && !home.enter()) return failed("setns", "mnt");
  if (auto outcome = pinAll(request, *opened)) return *outcome;
  return opened;
}

inline Result<Opened> makeByChild(const MakeRequest& request) {
  auto child = UserChild::start(request.flags(), request.maps);
  if (!child) return child.failure();
  std::string process = "/proc/" + std::to_string(child->pid());
  if (!request.timeOffsets.empty()) {
    if (auto outcome = writeFile(process + "/timens_offsets", request.timeOffsets)) return *outcome;
  }
  auto opened = openAll(request, process);
  if (!opened) return opened;
  if (auto outcome = pinAll(request, *opened)) return *outcome;
  return opened;
}

// Arguments: an array of flag, name, pin, flag, name, pin, …; uid_map, gid_map, setgroups and
// timens_offsets as their files take them. A promise of the descriptors in the same order.
inline Napi::Value makeNamespaces(const Call& info) {
  MakeRequest request;
  auto list = info[0].As<Napi::Array>();
  for (uint32_t i = 0; i + 2 < list.Length(); i += 3) {
    request.wanted.push_back({toInt(list[i]), toString(list[i + 1]), toString(list[i + 2])});
  }
  request.maps = {toString(info[1]), toString(info[2]), toString(info[3])};
  request.timeOffsets = toString(info[4]);
  return onThrowawayThread<Opened>(
      info.Env(),
      [request = std::move(request)] {
        return request.flags() & CLONE_NEWUSER ? makeByChild(request) : makeOnThread(request);
      },
      [](Napi::Env env, Opened& opened) {
        auto fds = Napi::Array::New(env, opened.size());
        for (uint32_t i = 0; i < opened.size(); i++) fds[i] = opened[i].release();
        return fds;
      });
}

inline Napi::Value relatedNamespace(const Call& info, const char* call, unsigned long request) {
  return answer(info.Env(), ioctl(toInt(info[0]), request), call);
}

inline void registerNamespace(Napi::Env env, Napi::Object exports) {
  bind(exports, "makeNamespaces", makeNamespaces);
  bind(exports, "pinNamespace", [](const Call& info) {
    auto outcome = pinNamespace(toInt(info[0]), toString(info[1]));
    return outcome ? raise(info.Env(), *outcome) : info.Env().Undefined();
  });
  bind(exports, "unpinNamespace", [](const Call& info) {
    auto outcome = unpinNamespace(toString(info[0]));
    return outcome ? raise(info.Env(), *outcome) : info.Env().Undefined();
  });
  bind(exports, "namespaceType", [](const Call& info) {
    return relatedNamespace(info, "ioctl NS_GET_NSTYPE", NS_GET_NSTYPE);
  });
  bind(exports, "namespaceParent", [](const Call& info) {
    return relatedNamespace(info, "ioctl NS_GET_PARENT", NS_GET_PARENT);
  });
  bind(exports, "namespaceOwner", [](const Call& info) {
    return relatedNamespace(info, "ioctl NS_GET_USERNS", NS_GET_USERNS);
  });
  bind(exports, "namespaceOwnerUid", [](const Call& info) -> Napi::Value {
    uid_t uid = 0;
    if (ioctl(toInt(info[0]), NS_GET_OWNER_UID, &uid) < 0)
      return raise(info.Env(), failed("ioctl NS_GET_OWNER_UID"));
    return Napi::Number::New(info.Env(), uid);
  });
  bind(exports, "unshare", [](const Call& info) {
    return answer(info.Env(), unshare(toInt(info[0])), "unshare");
  });
  bind(exports, "setns", [](const Call& info) {
    return answer(info.Env(), setns(toInt(info[0]), toInt(info[1])), "setns");
  });
}

}  // namespace keelson::addon
