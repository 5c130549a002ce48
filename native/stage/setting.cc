#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <climits>
#include <cstdio>

#include "../linux/call.hh"
#include "operations.hh"

namespace keelson::stage {

bool setHostname(Context& context, Fields& fields) {
  Field name = fields.bytes();
  return sethostname(name.data, name.size) == 0 || context.fail("sethostname", name.data);
}

bool setDomainname(Context& context, Fields& fields) {
  Field name = fields.bytes();
  return setdomainname(name.data, name.size) == 0 || context.fail("setdomainname", name.data);
}

// The host's procfs as it was before any mount of the container: a container that mounts something
// else over /proc must not steer these writes (CVE-2019-16884, CVE-2025-52881).
static bool openProc(Context& context) {
  if (context.proc >= 0) return true;
  int fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  struct statfs state;
  if (fd < 0 || fstatfs(fd, &state) < 0) return context.fail("open", "/proc");
  if (state.f_type != PROC_SUPER_MAGIC) return context.refuse(EINVAL, "statfs", "/proc");
  context.proc = fd;
  return true;
}

// Each target is checked as well: within this one mount, and a procfs file.
static bool writeProc(Context& context, const char* path, uint64_t resolve, Field value) {
  if (!openProc(context)) return false;
  resolve |= RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
  int fd = openat2(context.proc, path, O_WRONLY, resolve);
  if (fd < 0) return context.fail("openat2", path);
  struct statfs state;
  bool verified = fstatfs(fd, &state) == 0 && state.f_type == PROC_SUPER_MAGIC;
  if (!verified) errno = EINVAL;
  bool written = verified && write(fd, value.data, value.size) == static_cast<ssize_t>(value.size);
  int error = errno;
  close(fd);
  errno = error;
  return written || context.fail("write", path);
}

// sysctl PATH VALUE: the path below /proc/sys, with slashes
bool setSysctl(Context& context, Fields& fields) {
  const char* name = fields.text();
  Field value = fields.bytes();
  static char path[PATH_MAX];
  if (snprintf(path, sizeof path, "sys/%s", name) >= PATH_MAX) {
    return context.refuse(ENAMETOOLONG, "sysctl", name);
  }
  return writeProc(context, path, RESOLVE_NO_SYMLINKS, value);
}

// oom-score-adj VALUE
bool setOomScoreAdj(Context& context, Fields& fields) {
  return writeProc(context, "self/oom_score_adj", 0, fields.bytes());
}

// limit RESOURCE SOFT HARD
bool setLimit(Context& context, Fields& fields) {
  auto resource = static_cast<__rlimit_resource>(fields.number());
  rlimit limit = {};
  limit.rlim_cur = fields.number();
  limit.rlim_max = fields.number();
  return setrlimit(resource, &limit) == 0 || context.fail("setrlimit");
}

bool setUmask(Context& context, Fields& fields) {
  umask(static_cast<mode_t>(fields.number()));
  return true;
}

bool setPersonality(Context& context, Fields& fields) {
  return personality(fields.number()) >= 0 || context.fail("personality");
}

struct SchedulingAttributes {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime;
  uint64_t deadline;
  uint64_t period;
};

// scheduler POLICY FLAGS NICE PRIORITY RUNTIME DEADLINE PERIOD: NICE is given plus 20
bool setScheduler(Context& context, Fields& fields) {
  SchedulingAttributes attributes = {};
  attributes.size = sizeof attributes;
  attributes.policy = static_cast<uint32_t>(fields.number());
  attributes.flags = fields.number();
  attributes.nice = static_cast<int32_t>(fields.number()) - 20;
  attributes.priority = static_cast<uint32_t>(fields.number());
  attributes.runtime = fields.number();
  attributes.deadline = fields.number();
  attributes.period = fields.number();
  return syscall(SYS_sched_setattr, 0, &attributes, 0) == 0 || context.fail("sched_setattr");
}

// io-priority CLASS LEVEL
bool setIoPriority(Context& context, Fields& fields) {
  uint64_t level = fields.number() << 13;
  level |= fields.number();
  constexpr int ofProcess = 1;
  return syscall(SYS_ioprio_set, ofProcess, 0, level) == 0 || context.fail("ioprio_set");
}

static constexpr size_t maskBits = 1024;

// A set of numbers, each a field of its own, as the kernel's bit mask.
static bool readMask(Context& context, Fields& fields, unsigned long* mask) {
  constexpr size_t wordBits = sizeof(unsigned long) * CHAR_BIT;
  while (fields.left() > 0) {
    uint64_t number = fields.number();
    if (number >= maskBits) return context.refuse(EINVAL, "mask");
    mask[number / wordBits] |= 1UL << (number % wordBits);
  }
  return true;
}

// memory-policy MODE NODE*: MODE with its flags
bool setMemoryPolicy(Context& context, Fields& fields) {
  uint64_t mode = fields.number();
  bool empty = fields.left() == 0;
  unsigned long mask[maskBits / (sizeof(unsigned long) * CHAR_BIT)] = {};
  if (!readMask(context, fields, mask)) return false;
  // The kernel reads one bit less than it is told.
  long result = syscall(SYS_set_mempolicy, mode, empty ? nullptr : mask, empty ? 0 : maskBits);
  return result == 0 || context.fail("set_mempolicy");
}

// affinity CPU+
bool setAffinity(Context& context, Fields& fields) {
  unsigned long mask[maskBits / (sizeof(unsigned long) * CHAR_BIT)] = {};
  if (!readMask(context, fields, mask)) return false;
  return syscall(SYS_sched_setaffinity, 0, sizeof mask, mask) == 0 ||
         context.fail("sched_setaffinity");
}

// keyring CONTAINER: a session keyring of its own, so that the host's keys stay out of reach.
// Without a name: by one, who has made it first would be joined.
bool joinKeyring(Context& context, Fields&) {
  constexpr int joinSession = 1;
  if (syscall(SYS_keyctl, joinSession, nullptr) >= 0) return true;
  // A kernel without keyrings has none to leak; a quota that is used up must not stop containers.
  return errno == ENOSYS || errno == EDQUOT || context.fail("keyctl", "");
}

}  // namespace keelson::stage
