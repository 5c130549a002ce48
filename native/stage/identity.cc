#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>

#include "filter.hh"
#include "operations.hh"

namespace keelson::stage {

// bounding MASK: the capabilities that stay in the bounding set
bool dropBounding(Context& context, Fields& fields) {
  uint64_t kept = fields.number();
  for (int capability = 0; capability < 64; capability++) {
    if (kept >> capability & 1) continue;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    // EINVAL: the kernel has no capability of this number, nor of any higher one.
    if (errno == EINVAL) break;
    return context.fail("PR_CAPBSET_DROP");
  }
  return true;
}

// /proc/self/fd/1 can be opened again only by the owner of what is behind it.
static void ownStdio(uid_t uid) {
  for (int fd = 0; fd <= 2; fd++) {
    struct stat state;
    if (fstat(fd, &state) < 0 || state.st_uid == uid) continue;
    if (S_ISFIFO(state.st_mode) || S_ISSOCK(state.st_mode) || isatty(fd)) {
      // A pipe that somebody else gave may refuse; the program then only cannot open it again.
      (void)!fchown(fd, uid, static_cast<gid_t>(-1));
    }
  }
}

// identity UID GID GROUP*: groups first, and the capabilities stay for what follows
bool setIdentity(Context& context, Fields& fields) {
  static gid_t groups[65536];
  uid_t uid = static_cast<uid_t>(fields.number());
  gid_t gid = static_cast<gid_t>(fields.number());
  size_t count = 0;
  while (fields.left() > 0 && count < 65536) groups[count++] = static_cast<gid_t>(fields.number());
  ownStdio(uid);
  if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return context.fail("PR_SET_KEEPCAPS");
  // In a user namespace without setgroups the list is the caller's and cannot be changed.
  if (setgroups(count, groups) < 0 && (errno != EPERM || count > 0)) {
    return context.fail("setgroups");
  }
  if (setresgid(gid, gid, gid) < 0) return context.fail("setresgid");
  if (setresuid(uid, uid, uid) < 0) return context.fail("setresuid");
  return prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == 0 || context.fail("PR_SET_KEEPCAPS");
}

// capabilities EFFECTIVE PERMITTED INHERITABLE AMBIENT
bool setCapabilities(Context& context, Fields& fields) {
  uint64_t effective = fields.number();
  uint64_t permitted = fields.number();
  uint64_t inheritable = fields.number();
  uint64_t ambient = fields.number();
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2];
  for (int i = 0; i < 2; i++) {
    data[i].effective = static_cast<uint32_t>(effective >> (32 * i));
    data[i].permitted = static_cast<uint32_t>(permitted >> (32 * i));
    data[i].inheritable = static_cast<uint32_t>(inheritable >> (32 * i));
  }
  if (syscall(SYS_capset, &header, data) < 0) return context.fail("capset");
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) {
    return context.fail("PR_CAP_AMBIENT_CLEAR_ALL");
  }
  for (uint64_t rest = ambient; rest != 0; rest &= rest - 1) {
    int capability = __builtin_ctzll(rest);
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0) {
      return context.fail("PR_CAP_AMBIENT_RAISE");
    }
  }
  return true;
}

bool setNoNewPrivileges(Context& context, Fields&) {
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 || context.fail("PR_SET_NO_NEW_PRIVS");
}

bool loadFilter(Context& context, unsigned flags, Field program, int* listener) {
  static sock_filter instructions[BPF_MAXINSNS];
  size_t count = program.size / sizeof(sock_filter);
  if (count == 0 || count > BPF_MAXINSNS || program.size % sizeof(sock_filter) != 0) {
    return context.refuse(EINVAL, "seccomp");
  }
  // Fields are not aligned.
  memcpy(instructions, program.data, program.size);
  sock_fprog filter = {static_cast<unsigned short>(count), instructions};
  long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
  if (listener) *listener = static_cast<int>(result);
  return result >= 0 || context.fail("seccomp");
}

// seccomp FLAGS PROGRAM
bool loadSeccomp(Context& context, Fields& fields) {
  unsigned flags = static_cast<unsigned>(fields.number());
  return loadFilter(context, flags, fields.bytes(), nullptr);
}

}  // namespace keelson::stage
