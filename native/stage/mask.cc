#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "operations.hh"
#include "resolve.hh"

namespace keelson::stage {

static int attachOver(int mounted, int target) {
  int result =
      move_mount(mounted, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
  int error = errno;
  close(mounted);
  errno = error;
  return result;
}

// All masked folders of a container share one empty read-only tmpfs.
static int emptyFolder() {
  int fd = fsopen("tmpfs", FSOPEN_CLOEXEC);
  if (fd < 0) return -1;
  fsconfig(fd, FSCONFIG_SET_STRING, "source", "tmpfs", 0);
  fsconfig(fd, FSCONFIG_SET_STRING, "size", "4k", 0);
  fsconfig(fd, FSCONFIG_SET_STRING, "nr_inodes", "2", 0);
  fsconfig(fd, FSCONFIG_SET_STRING, "mode", "0755", 0);
  unsigned attributes =
      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  bool created = fsconfig(fd, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0;
  int made = created ? fsmount(fd, FSMOUNT_CLOEXEC, attributes) : -1;
  int error = errno;
  close(fd);
  errno = error;
  return made;
}

// The slot holds the host's /dev/null, opened before anything of the container was reachable; the
// container's own may be a link to whatever the image likes (CVE-2025-31133).
static bool isNullDevice(int fd) {
  struct stat state;
  return fstat(fd, &state) == 0 && S_ISCHR(state.st_mode) && state.st_rdev == makedev(1, 3);
}

static int maskFor(Context& context, int target, int null) {
  static int attachedFolder = -1;
  struct stat state;
  if (fstat(target, &state) < 0) return -1;
  const unsigned copy = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
  if (!S_ISDIR(state.st_mode)) return open_tree(null, "", copy);
  if (attachedFolder >= 0) return open_tree(attachedFolder, "", copy);
  int made = emptyFolder();
  attachedFolder = made < 0 ? -1 : fcntl(made, F_DUPFD_CLOEXEC, 3);
  return made;
}

// mask NULL-SLOT PATH*: what is missing needs no mask
bool maskPath(Context& context, Fields& fields) {
  int null = context.slot(fields.number());
  if (!isNullDevice(null)) return context.refuse(EINVAL, "mask", "/dev/null");
  while (fields.left() > 0) {
    const char* path = fields.text();
    int target = openInside(context, path, false);
    if (target < 0 && (errno == ENOENT || errno == ENOTDIR)) continue;
    if (target < 0) return context.fail("openat2", path);
    int mask = maskFor(context, target, null);
    if (mask < 0) return context.fail("open_tree", path);
    if (attachOver(mask, target) < 0) return context.fail("move_mount", path);
    close(target);
  }
  return true;
}

// readonly PATH*: with everything mounted below
bool makeReadonly(Context& context, Fields& fields) {
  while (fields.left() > 0) {
    const char* path = fields.text();
    int target = openInside(context, path, false);
    if (target < 0 && (errno == ENOENT || errno == ENOTDIR)) continue;
    if (target < 0) return context.fail("openat2", path);
    int copy =
        open_tree(target, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH);
    if (copy < 0) return context.fail("open_tree", path);
    mount_attr attributes = {};
    attributes.attr_set = MOUNT_ATTR_RDONLY;
    if (mount_setattr(copy, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) < 0) {
      return context.fail("mount_setattr", path);
    }
    if (attachOver(copy, target) < 0) return context.fail("move_mount", path);
    close(target);
  }
  return true;
}

}  // namespace keelson::stage
