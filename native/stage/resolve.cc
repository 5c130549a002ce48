#include "resolve.hh"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdio>

#include "../linux/call.hh"

namespace keelson::stage {

static constexpr int maximumLinks = 40;

static int ensure(Context& context, const char* path, Missing kind, bool strict, int links);

int openInside(Context& context, const char* path, bool strict) {
  uint64_t resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  if (strict) resolve |= RESOLVE_NO_SYMLINKS;
  return openat2(context.root, path, O_PATH, resolve);
}

static int closeWith(int fd, int error) {
  close(fd);
  errno = error;
  return -1;
}

// Where the last component is a symbolic link to something that does not exist yet (resolv.conf
// is one in many images), what it names is made instead, within the root.
static int ensureTarget(Context& context, const char* folder, int parent, const char* name,
                        Missing kind, int links) {
  char target[PATH_MAX];
  ssize_t size = readlinkat(parent, name, target, sizeof target - 1);
  close(parent);
  if (size < 0) return -1;
  target[size] = '\0';
  if (target[0] == '/') return ensure(context, target, kind, false, links + 1);
  char joined[2 * PATH_MAX];
  if (snprintf(joined, sizeof joined, "%s/%s", folder, target) >= PATH_MAX) {
    return errno = ENAMETOOLONG, -1;
  }
  return ensure(context, joined, kind, false, links + 1);
}

static int makeChild(int parent, const char* name, Missing kind) {
  if (kind == Missing::directory) {
    if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST) return -1;
    return openat(parent, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
  }
  int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (fd >= 0) close(fd);
  if (fd < 0 && errno != EEXIST) return -1;
  return openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static int ensure(Context& context, const char* path, Missing kind, bool strict, int links) {
  int fd = openInside(context, path, strict);
  if (fd >= 0 || errno != ENOENT) return fd;
  if (links > maximumLinks) return errno = ELOOP, -1;
  char folder[PATH_MAX];
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') length--;
  if (length >= sizeof folder) return errno = ENAMETOOLONG, -1;
  memcpy(folder, path, length);
  folder[length] = '\0';
  char* slash = strrchr(folder, '/');
  char name[NAME_MAX + 1];
  if (snprintf(name, sizeof name, "%s", slash ? slash + 1 : folder) > NAME_MAX) {
    return errno = ENAMETOOLONG, -1;
  }
  if (strcmp(name, "..") == 0 || strcmp(name, ".") == 0 || name[0] == '\0') return fd;
  *(slash ? slash : folder) = '\0';
  int parent = ensure(context, folder[0] ? folder : "/", Missing::directory, strict, links);
  if (parent < 0) return -1;
  struct stat state;
  bool isLink = fstatat(parent, name, &state, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(state.st_mode);
  if (isLink && strict) return closeWith(parent, ELOOP);
  if (isLink) return ensureTarget(context, folder, parent, name, kind, links);
  int made = makeChild(parent, name, kind);
  return made < 0 ? closeWith(parent, errno) : (close(parent), made);
}

int ensureInside(Context& context, const char* path, Missing kind, bool strict) {
  return ensure(context, path, kind, strict, 0);
}

int ensureParent(Context& context, const char* path, const char** name) {
  const char* slash = strrchr(path, '/');
  if (!slash || slash[1] == '\0') return errno = EINVAL, -1;
  *name = slash + 1;
  char folder[PATH_MAX];
  size_t length = static_cast<size_t>(slash - path);
  if (length >= sizeof folder) return errno = ENAMETOOLONG, -1;
  memcpy(folder, path, length);
  folder[length] = '\0';
  return ensureInside(context, length ? folder : "/", Missing::directory, true);
}

}  // namespace keelson::stage
