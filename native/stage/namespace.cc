#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "../linux/call.hh"
#include "operations.hh"
#include "report.hh"

namespace keelson::stage {

// unshare FLAGS
bool unshareNamespaces(Context& context, Fields& fields) {
  int flags = static_cast<int>(fields.number());
  return unshare(flags) == 0 || context.fail("unshare");
}

// join SLOT FLAGS: the slot holds a namespace, or a pidfd with several flags at once, which the
// kernel joins in the right order around a user namespace
bool joinNamespace(Context& context, Fields& fields) {
  int fd = context.slot(fields.number());
  int flags = static_cast<int>(fields.number());
  return setns(fd, flags) == 0 || context.fail("setns");
}

static bool writeFile(const char* path, Field text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return false;
  bool written = write(fd, text.data, text.size) == static_cast<ssize_t>(text.size);
  int error = errno;
  close(fd);
  errno = error;
  return written;
}

static bool writeMaps(Context& context, pid_t pid, Field uidMap, Field gidMap) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/uid_map", pid);
  if (!writeFile(path, uidMap)) return context.fail("write", "/proc/PID/uid_map");
  snprintf(path, sizeof path, "/proc/%d/gid_map", pid);
  if (!writeFile(path, gidMap)) return context.fail("write", "/proc/PID/gid_map");
  return true;
}

struct OwnedKind {
  uint64_t flag;
  const char* name;
};

static constexpr OwnedKind ownedKinds[] = {
    {CLONE_NEWUSER, "user"}, {CLONE_NEWNET, "net"}, {CLONE_NEWIPC, "ipc"}, {CLONE_NEWUTS, "uts"}};

static bool openNamespaces(Context& context, pid_t pid, uint64_t flags, uint64_t slot) {
  for (const OwnedKind& kind : ownedKinds) {
    if (!(flags & kind.flag)) continue;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", pid, kind.name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return context.fail("open", "/proc/PID/ns");
    if (!context.keep(slot++, fd)) return false;
  }
  return true;
}

// user-namespace SLOT UIDMAP GIDMAP FLAGS: a user namespace that nobody lives in yet, and in the
// following slots those of net, ipc and uts that it shall own. A child holds them only until they
// are mapped and opened; idmapped mounts need it before the container's first process.
bool makeUserNamespace(Context& context, Fields& fields) {
  uint64_t slot = fields.number();
  Field uidMap = fields.bytes();
  Field gidMap = fields.bytes();
  clone_args args = {};
  args.flags = fields.number() | CLONE_NEWUSER;
  args.exit_signal = SIGCHLD;
  pid_t child = clone3(args);
  if (child < 0) return context.fail("clone3", "user");
  if (child == 0) {
    for (;;) pause();
  }
  bool made = writeMaps(context, child, uidMap, gidMap) &&
              openNamespaces(context, child, args.flags, slot);
  int error = errno;
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  errno = error;
  return made;
}

// time-offsets TEXT: of the time namespace that children will be in
bool setTimeOffsets(Context& context, Fields& fields) {
  Field text = fields.bytes();
  return writeFile("/proc/self/timens_offsets", text) ||
         context.fail("write", "/proc/self/timens_offsets");
}

// fork FLAGS: the rest of the plan runs in a child that has the same parent as this process. A time
// namespace, and a PID namespace that a user namespace owns, have no first process otherwise.
bool forkInto(Context& context, Fields& fields) {
  clone_args args = {};
  args.flags = fields.number() | CLONE_PARENT;
  pid_t child = clone3(args);
  if (child < 0) return context.fail("clone3");
  // The relay led the session; a controlling terminal needs a leader that stays.
  if (child == 0) return setsid() > 0 || context.fail("setsid");
  reportFork(context, child);
  _exit(0);
}

// pin KIND PATH SLOT: the namespace lives on without a process. SLOT is one plus the slot that
// holds it, or 0 for this process's own.
bool pinNamespace(Context& context, Fields& fields) {
  const char* kind = fields.text();
  const char* path = fields.text();
  uint64_t slot = fields.number();
  char source[64];
  if (slot > 0) snprintf(source, sizeof source, "/proc/self/fd/%d", context.slot(slot - 1));
  else snprintf(source, sizeof source, "/proc/self/ns/%s", kind);
  int file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);
  if (file < 0) return context.fail("open", path);
  close(file);
  return mount(source, path, nullptr, MS_BIND, nullptr) == 0 || context.fail("mount", path);
}

// loopback-up
bool bringLoopbackUp(Context& context, Fields&) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return context.fail("socket");
  ifreq request = {};
  snprintf(request.ifr_name, sizeof request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
  bool up = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  close(fd);
  return up || context.fail("SIOCSIFFLAGS", "lo");
}

}  // namespace keelson::stage
