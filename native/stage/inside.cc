// Files that the runtime makes inside the container: always by the parent's descriptor, the parent
// found without following a symbolic link (CVE-2026-41579: an image whose /dev is one).
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "operations.hh"
#include "resolve.hh"

namespace keelson::stage {

// directory PATH MODE UID GID: an existing folder is left as it is
bool makeDirectory(Context& context, Fields& fields) {
  const char* path = fields.text();
  mode_t mode = static_cast<mode_t>(fields.number());
  uid_t uid = static_cast<uid_t>(fields.number());
  gid_t gid = static_cast<gid_t>(fields.number());
  int existing = openInside(context, path, false);
  if (existing >= 0) return close(existing) == 0;
  int fd = ensureInside(context, path, Missing::directory, false);
  if (fd < 0) return context.fail("mkdirat", path);
  bool owned = fchownat(fd, "", uid, gid, AT_EMPTY_PATH) == 0;
  // fchmod refuses O_PATH descriptors, so the folder is opened once more, by itself.
  int folder = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  close(fd);
  bool done = owned && folder >= 0 && fchmod(folder, mode) == 0;
  int error = errno;
  if (folder >= 0) close(folder);
  errno = error;
  return done || context.fail("fchmod", path);
}

// Where the image brings the very same device, it stays; anything else in its place is refused.
static bool isNode(int parent, const char* name, mode_t mode, dev_t device) {
  struct stat state;
  bool same = fstatat(parent, name, &state, AT_SYMLINK_NOFOLLOW) == 0 &&
              (state.st_mode & S_IFMT) == (mode & S_IFMT) && state.st_rdev == device;
  if (!same) errno = EEXIST;
  return same;
}

// node PATH MODE MAJOR MINOR UID GID: MODE with the file type
bool makeNode(Context& context, Fields& fields) {
  const char* path = fields.text();
  mode_t mode = static_cast<mode_t>(fields.number());
  unsigned major = static_cast<unsigned>(fields.number());
  unsigned minor = static_cast<unsigned>(fields.number());
  uid_t uid = static_cast<uid_t>(fields.number());
  gid_t gid = static_cast<gid_t>(fields.number());
  const char* name = nullptr;
  int parent = ensureParent(context, path, &name);
  if (parent < 0) return context.fail("openat2", path);
  // The plan's mode is meant: the umask is the runtime's, not the container's.
  mode_t mask = umask(0);
  bool made = mknodat(parent, name, mode, makedev(major, minor)) == 0;
  umask(mask);
  if (!made && errno == EEXIST) made = isNode(parent, name, mode, makedev(major, minor));
  if (!made) return context.fail("mknodat", path);
  if (uid != 0 || gid != 0) made = fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0;
  close(parent);
  return made || context.fail("fchownat", path);
}

// symlink TARGET PATH: an existing one is left as it is
bool makeSymlink(Context& context, Fields& fields) {
  const char* target = fields.text();
  const char* path = fields.text();
  const char* name = nullptr;
  int parent = ensureParent(context, path, &name);
  if (parent < 0) return context.fail("openat2", path);
  bool made = symlinkat(target, parent, name) == 0 || errno == EEXIST;
  int error = errno;
  close(parent);
  errno = error;
  return made || context.fail("symlinkat", path);
}

}  // namespace keelson::stage
