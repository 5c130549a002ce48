#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "operations.hh"
#include "../linux/call.hh"

namespace keelson::stage {

// root SLOT HERE: attaches the new root, in this mount namespace only: over the old one, as any
// other folder may be closed to a user namespace's root; or HERE, at the working directory, where
// hooks look for it. Host paths stay valid until the pivot.
bool enterRoot(Context& context, Fields& fields) {
  int fd = context.slot(fields.number());
  bool here = fields.number() != 0;
  unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | (here ? MOVE_MOUNT_T_EMPTY_PATH : 0);
  if (move_mount(fd, "", AT_FDCWD, here ? "" : "/", flags) < 0) {
    return context.fail("move_mount", "/");
  }
  context.root = fd;
  // Hooks of the container, whose user may not be allowed on the way to it, start in its root.
  if (here && fchdir(fd) < 0) return context.fail("fchdir", "/");
  return true;
}

// use-root SLOT: the slot's folder is what paths inside are resolved from, without a pivot
bool useRoot(Context& context, Fields& fields) {
  context.root = context.slot(fields.number());
  return context.root >= 0 || context.refuse(EBADF, "use-root");
}

// leave-chroot: to the root of this mount namespace. In a chroot pivot_root would leave that root
// as it is, and whoever joins the namespace later would arrive there, outside.
bool leaveChroot(Context& context, Fields&) {
  int self = pidfdOpen(getpid());
  if (self < 0) return context.fail("pidfd_open", "");
  int result = setns(self, CLONE_NEWNS);
  int error = errno;
  close(self);
  errno = error;
  return result == 0 || context.fail("setns", "mnt");
}

// pivot: the host's tree goes away; pivot_root(".", ".") needs no folder to put it in
bool pivotRoot(Context& context, Fields&) {
  if (fchdir(context.root) < 0) return context.fail("fchdir", "/");
  if (syscall(SYS_pivot_root, ".", ".") < 0) return context.fail("pivot_root", "/");
  if (umount2(".", MNT_DETACH) < 0) return context.fail("umount2", "/");
  return chdir("/") == 0 || context.fail("chdir", "/");
}

// change-root MOVE: for a root that cannot be pivoted, such as an initramfs; the host's tree stays
// beneath. MOVE where the new root is not over the old one yet.
bool changeRoot(Context& context, Fields& fields) {
  bool move = fields.number() != 0;
  if (fchdir(context.root) < 0) return context.fail("fchdir", "/");
  if (move && mount(".", "/", nullptr, MS_MOVE, nullptr) < 0) return context.fail("mount", "/");
  if (chroot(".") < 0) return context.fail("chroot", "/");
  return chdir("/") == 0 || context.fail("chdir", "/");
}

}  // namespace keelson::stage
