// The files below a mount point, copied into the file system that will hide them (tmpcopyup). The
// image wrote them: each is reached from its folder's descriptor, no link is followed, no mount
// crossed, and the new file system's own size bounds what is taken.
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <climits>
#include <cstdio>

#include "../linux/call.hh"
#include "../linux/descriptor.hh"
#include "operations.hh"
#include "resolve.hh"

namespace keelson::stage {

static constexpr int maximumDepth = 128;
static constexpr size_t attributeBytes = 64 * 1024;

// What a file system does not have, or a user namespace may not give, is left out. After the owner,
// whose change takes file capabilities away.
static bool copyAttributes(int from, int to) {
  static char names[attributeBytes];
  static char value[attributeBytes];
  ssize_t size = flistxattr(from, names, sizeof names);
  for (ssize_t at = 0; at < size; at += static_cast<ssize_t>(strlen(names + at)) + 1) {
    const char* name = names + at;
    ssize_t length = fgetxattr(from, name, value, sizeof value);
    if (length < 0 || fsetxattr(to, name, value, static_cast<size_t>(length), 0) == 0) continue;
    if (errno != EOPNOTSUPP && errno != EPERM && errno != EACCES && errno != EINVAL) return false;
  }
  return true;
}

// Set-id bits go with a change of the owner, so the mode comes after.
static bool copyStatus(int to, const struct stat& status) {
  timespec times[2] = {status.st_atim, status.st_mtim};
  return fchown(to, status.st_uid, status.st_gid) == 0 &&
         fchmod(to, status.st_mode & 07777) == 0 && futimens(to, times) == 0;
}

// A hole stays one: what a sparse file claims to hold may be more than there is memory.
static bool copyBytes(int from, int to, off_t size) {
  for (off_t at = 0; at < size;) {
    off_t data = lseek(from, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;
    if (data < 0) return false;
    off_t end = lseek(from, data, SEEK_HOLE);
    if (end < 0 || lseek(to, data, SEEK_SET) < 0) return false;
    for (at = data; at < end;) {
      ssize_t sent = sendfile(to, from, &at, static_cast<size_t>(end - at));
      if (sent < 0) return false;
      if (sent == 0) return true;
    }
  }
  return ftruncate(to, size) == 0;
}

static bool copyFile(int from, int to, const char* name) {
  const int reading = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  Descriptor source(openat2(from, name, reading, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS));
  struct stat status;
  if (!source.valid() || fstat(source.get(), &status) < 0) return false;
  if (!S_ISREG(status.st_mode)) return errno = EINVAL, false;
  const int writing = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  Descriptor target(openat(to, name, writing, 0600));
  return target.valid() && copyBytes(source.get(), target.get(), status.st_size) &&
         copyStatus(target.get(), status) && copyAttributes(source.get(), target.get());
}

static bool copyLink(int from, int to, const char* name, const struct stat& status) {
  char target[PATH_MAX];
  ssize_t size = readlinkat(from, name, target, sizeof target - 1);
  if (size < 0) return false;
  target[size] = '\0';
  return symlinkat(target, to, name) == 0 &&
         fchownat(to, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) == 0;
}

// Devices cannot be made in a user namespace, and are of no use in a file system without them.
static bool copyNode(int to, const char* name, const struct stat& status) {
  if (mknodat(to, name, status.st_mode, status.st_rdev) < 0) return errno == EPERM;
  return fchownat(to, name, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) == 0 &&
         fchmodat(to, name, status.st_mode & 07777, 0) == 0;
}

static bool copyFolder(int from, int to, int depth);

static bool copySubfolder(int from, int to, const char* name, int depth) {
  const uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  Descriptor source(openat2(from, name, O_RDONLY | O_DIRECTORY, resolve));
  if (mkdirat(to, name, 0700) < 0) return false;
  // What is mounted there is no file of the image.
  if (!source.valid()) return errno == EXDEV;
  Descriptor target(openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return target.valid() && copyFolder(source.get(), target.get(), depth + 1);
}

static bool copyEntry(int from, int to, const char* name, int depth) {
  struct stat status;
  if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0) return false;
  switch (status.st_mode & S_IFMT) {
    case S_IFDIR: return copySubfolder(from, to, name, depth);
    case S_IFREG: return copyFile(from, to, name);
    case S_IFLNK: return copyLink(from, to, name, status);
    default: return copyNode(to, name, status);
  }
}

// The folder's own times and rights come last, so that what is put into it does not change them.
static bool copyFolder(int from, int to, int depth) {
  if (depth > maximumDepth) return errno = ELOOP, false;
  struct stat status;
  if (fstat(from, &status) < 0) return false;
  DIR* folder = fdopendir(fcntl(from, F_DUPFD_CLOEXEC, 3));
  if (!folder) return false;
  bool copied = true;
  while (const dirent* entry = copied ? readdir(folder) : nullptr) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    copied = copyEntry(from, to, entry->d_name, depth);
  }
  int error = errno;
  closedir(folder);
  errno = error;
  return copied && copyStatus(to, status) && copyAttributes(from, to);
}

// The folder at a path inside, for reading; -1 where there is none.
static int openFolder(Context& context, const char* path) {
  int fd = openInside(context, path, false);
  if (fd < 0) return -1;
  int folder = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  close(fd);
  return folder;
}

// copy-up SLOT PATH KEEP-MODE: into the file system in the slot, whose root keeps the mode that it
// was given; what is missing needs no copy
bool copyUp(Context& context, Fields& fields) {
  int target = context.slot(fields.number());
  const char* path = fields.text();
  bool keepMode = fields.number() != 0;
  struct stat status;
  Descriptor source(openFolder(context, path));
  if (!source.valid()) return errno == ENOENT || context.fail("openat2", path);
  // To copy a folder's attributes takes a descriptor that is open for more than its place.
  Descriptor folder(openat(target, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  bool copied = folder.valid() && fstat(folder.get(), &status) == 0 &&
                copyFolder(source.get(), folder.get(), 0);
  if (copied && keepMode) copied = fchmod(folder.get(), status.st_mode & 07777) == 0;
  return copied || context.fail("copy-up", path);
}

// inherit-mode SLOT PATH: the root of the file system in the slot gets that of what it will hide
bool inheritMode(Context& context, Fields& fields) {
  int target = context.slot(fields.number());
  const char* path = fields.text();
  Descriptor source(openFolder(context, path));
  struct stat status;
  if (!source.valid()) return errno == ENOENT || errno == ENOTDIR || context.fail("openat2", path);
  if (fstat(source.get(), &status) < 0) return context.fail("fstat", path);
  return fchmodat(target, ".", status.st_mode & 07777, 0) == 0 || context.fail("fchmodat", path);
}

}  // namespace keelson::stage
