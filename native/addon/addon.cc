// The one Node addon. Each header binds one subject of the kernel and has one register function.
// C++ knows system calls, not policy: no JSON, no decisions, and never fork.
#include <malloc.h>
#include <napi.h>

#include "bpf.hh"
#include "cgroup.hh"
#include "confine.hh"
#include "dial.hh"
#include "error.hh"
#include "extent.hh"
#include "file.hh"
#include "folder.hh"
#include "heap.hh"
#include "identity.hh"
#include "inside.hh"
#include "mount.hh"
#include "namespace.hh"
#include "inflate.hh"
#include "privilege.hh"
#include "process.hh"
#include "readiness.hh"
#include "remove.hh"
#include "seccomp.hh"
#include "socket.hh"
#include "stat.hh"
#include "sysctl.hh"
#include "watch.hh"
#include "terminal.hh"
#include "xattr.hh"
#include "netlink.hh"

namespace keelson::addon {

// A pull moves a gigabyte through buffers of 64 KiB on many threads. By default glibc gives each
// thread an arena that keeps what was freed, which doubles the process; with these, such buffers go
// back to the kernel at once.
static void keepMemorySmall() {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 64 * 1024);
}

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  keepMemorySmall();
  env.SetInstanceData(new Classes());
  exports["setErrorClass"] = Napi::Function::New(env, setErrorClass);
  registerConfine(env, exports);
  registerDial(env, exports);
  registerExtent(env, exports);
  registerFile(env, exports);
  registerBpf(env, exports);
  registerCgroup(env, exports);
  registerHeap(env, exports);
  registerIdentity(env, exports);
  registerInside(env, exports);
  registerMount(env, exports);
  registerNamespace(env, exports);
  registerFolder(env, exports);
  registerInflate(env, exports);
  registerPrivilege(env, exports);
  registerProcess(env, exports);
  registerReadiness(env, exports);
  registerRemove(env, exports);
  registerSeccomp(env, exports);
  registerSocket(env, exports);
  registerStat(env, exports);
  registerSysctl(env, exports);
  registerWatch(env, exports);
  registerTerminal(env, exports);
  registerXattr(env, exports);
  registerNetlink(env, exports);
  return exports;
}

}  // namespace keelson::addon

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  return keelson::addon::initialize(env, exports);
}

NODE_API_MODULE(keelson, initialize)
