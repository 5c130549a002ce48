#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdio>

#include "../linux/call.hh"
#include "operations.hh"
#include "resolve.hh"

namespace keelson::stage {

// propagation FLAGS: of every mount that this mount namespace was copied with
bool setPropagation(Context& context, Fields& fields) {
  unsigned long flags = fields.number();
  return mount(nullptr, "/", nullptr, flags, nullptr) == 0 || context.fail("mount", "/");
}

// open-tree SLOT PATH RECURSIVE: a copy of what is mounted at a path of the host
bool openTree(Context& context, Fields& fields) {
  uint64_t slot = fields.number();
  const char* path = fields.text();
  unsigned recursive = fields.number() ? AT_RECURSIVE : 0;
  int fd = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive);
  return fd < 0 ? context.fail("open_tree", path) : context.keep(slot, fd);
}

// The kernel's own words, which say more than the errno, are left in the first message.
static bool failWithLog(Context& context, int fd, const char* call, const char* key) {
  static char log[512];
  int error = errno;
  ssize_t size = read(fd, log, sizeof log - 1);
  errno = error;
  if (size <= 0) return context.fail(call, key);
  log[size] = '\0';
  if (char* end = strchr(log, '\n')) *end = '\0';
  context.text = log;
  return context.fail(call, key);
}

// filesystem SLOT TYPE ATTRIBUTES (KEY VALUE)*: a value of "" with a key of "+name" is a flag
bool makeFilesystem(Context& context, Fields& fields) {
  uint64_t slot = fields.number();
  const char* type = fields.text();
  unsigned attributes = static_cast<unsigned>(fields.number());
  int fd = fsopen(type, FSOPEN_CLOEXEC);
  if (fd < 0) return context.fail("fsopen", type);
  while (fields.left() >= 2) {
    const char* key = fields.text();
    const char* value = fields.text();
    bool flag = key[0] == '+';
    unsigned command = flag ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
    if (fsconfig(fd, command, flag ? key + 1 : key, flag ? nullptr : value, 0) < 0) {
      return failWithLog(context, fd, "fsconfig", key);
    }
  }
  if (fsconfig(fd, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0) {
    return failWithLog(context, fd, "fsconfig", type);
  }
  int made = fsmount(fd, FSMOUNT_CLOEXEC, attributes);
  if (made < 0) return failWithLog(context, fd, "fsmount", type);
  close(fd);
  return context.keep(slot, made);
}

// attributes SLOT RECURSIVE SET CLEAR PROPAGATION USERNS: USERNS is a slot plus one, 0 is none
bool setMountAttributes(Context& context, Fields& fields) {
  int fd = context.slot(fields.number());
  unsigned recursive = fields.number() ? AT_RECURSIVE : 0;
  mount_attr attributes = {};
  attributes.attr_set = fields.number();
  attributes.attr_clr = fields.number();
  attributes.propagation = fields.number();
  uint64_t userNamespace = fields.number();
  if (userNamespace > 0) {
    attributes.attr_set |= MOUNT_ATTR_IDMAP;
    attributes.userns_fd = static_cast<uint64_t>(context.slot(userNamespace - 1));
  }
  return mount_setattr(fd, "", AT_EMPTY_PATH | recursive, &attributes, sizeof attributes) == 0 ||
         context.fail("mount_setattr");
}

// attach SLOT PATH KIND STRICT: puts a mount at a path inside, which is made if it is missing.
// KIND: directory, file, or same (as the mount's own root is)
bool attachMount(Context& context, Fields& fields) {
  int fd = context.slot(fields.number());
  const char* path = fields.text();
  bool strict = fields.number() != 0;
  struct stat state;
  if (fstat(fd, &state) < 0) return context.fail("fstat", path);
  Missing kind = S_ISDIR(state.st_mode) ? Missing::directory : Missing::file;
  int target = ensureInside(context, path, kind, strict);
  if (target < 0) return context.fail("openat2", path);
  int moved = move_mount(fd, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
  int error = errno;
  close(target);
  errno = error;
  return moved == 0 || context.fail("move_mount", path);
}

// unmount PATH: what is not mounted, or not there, needs no unmounting
bool unmountPath(Context& context, Fields& fields) {
  const char* path = fields.text();
  bool gone = umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0 || errno == EINVAL ||
              errno == ENOENT;
  return gone || context.fail("umount2", path);
}

}  // namespace keelson::stage
