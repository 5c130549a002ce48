#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "operations.hh"

namespace keelson::stage {

// root SLOT: attaches the new root over the old one, in this mount namespace only. Host paths
// stay valid until the pivot; any other folder may be closed to a user namespace's root.
bool enterRoot(Context& context, Fields& fields) {
  int fd = context.slot(fields.number());
  if (move_mount(fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0) {
    return context.fail("move_mount", "/");
  }
  context.root = fd;
  return true;
}

// use-root SLOT: the slot's folder is what paths inside are resolved from, without a pivot
bool useRoot(Context& context, Fields& fields) {
  context.root = context.slot(fields.number());
  return context.root >= 0 || context.refuse(EBADF, "use-root");
}

// pivot: the host's tree goes away; pivot_root(".", ".") needs no folder to put it in
bool pivotRoot(Context& context, Fields&) {
  if (fchdir(context.root) < 0) return context.fail("fchdir", "/");
  if (syscall(SYS_pivot_root, ".", ".") < 0) return context.fail("pivot_root", "/");
  if (umount2(".", MNT_DETACH) < 0) return context.fail("umount2", "/");
  return chdir("/") == 0 || context.fail("chdir", "/");
}

}  // namespace keelson::stage
