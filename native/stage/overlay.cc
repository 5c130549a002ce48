#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <initializer_list>

#include "../linux/call.hh"
#include "operations.hh"

namespace keelson::stage {

struct Overlay {
  const char* upper;
  const char* work;
  // Where the layers lie on the host, and where the kernel shall look for them: the same, or a copy
  // that the user namespace maps.
  const char* place;
  const char* folder;
  int userNamespace;
  Fields layers;
};

static int configure(int fd, const char* key, const char* value) {
  return fsconfig(fd, FSCONFIG_SET_STRING, key, value, 0);
}

// A single value is limited to 256 bytes, so long paths are given as descriptors' names.
static int configurePath(int fd, const char* key, const char* path) {
  if (strlen(path) < 256) return configure(fd, key, path);
  int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return -1;
  char name[64];
  snprintf(name, sizeof name, "/proc/self/fd/%d", folder);
  int result = configure(fd, key, name);
  int error = errno;
  close(folder);
  errno = error;
  return result;
}

// Kernels before 6.5 know no "lowerdir+".
static bool isOlder() {
  utsname system;
  int major = 0;
  int minor = 0;
  if (uname(&system) < 0 || sscanf(system.release, "%d.%d", &major, &minor) != 2) return false;
  return major < 6 || (major == 6 && minor < 5);
}

// One layer a call: several hundred work.
static int addLayers(int fd, Fields layers, const char* folder) {
  char path[2 * PATH_MAX];
  while (layers.left() > 0) {
    snprintf(path, sizeof path, "%s/%s", folder, layers.text());
    if (configurePath(fd, "lowerdir+", path) < 0) return -1;
  }
  return 0;
}

static int mountByConfiguration(const Overlay& overlay) {
  int fd = fsopen("overlay", FSOPEN_CLOEXEC);
  if (fd < 0) return -1;
  // `mount` and `df` show a source; without one it is "none".
  bool made = configure(fd, "source", "overlay") == 0 &&
              addLayers(fd, overlay.layers, overlay.folder) == 0;
  if (made && overlay.upper[0]) {
    made = configurePath(fd, "upperdir", overlay.upper) == 0 &&
           configurePath(fd, "workdir", overlay.work) == 0;
  }
  made = made && fsconfig(fd, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0;
  int mounted = made ? fsmount(fd, FSMOUNT_CLOEXEC, 0) : -1;
  int error = errno;
  close(fd);
  errno = error;
  return mounted;
}

// A folder as the user namespace sees it: owners 0 to N become those that the namespace has. The
// mount is attached nowhere; -1 with errno.
static int mapFolder(const char* folder, int userNamespace) {
  int fd = open_tree(AT_FDCWD, folder, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (fd < 0) return -1;
  mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<uint64_t>(userNamespace);
  return mount_setattr(fd, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0 ? fd : -1;
}

// Kernels before 6.5 take all layers in one value. Their names are descriptors' numbers, seen from
// /proc/self/fd: what fsconfig takes (255 bytes) holds some seventy so, and a page of mount(2) a
// thousand; paths would fill either with a few.
struct Options {
  char layers[4096];
  char upper[16];
  char work[16];
};

static bool addFolder(int parent, const char* path, char* text, size_t capacity) {
  int fd = openat(parent, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return fd >= 0 && snprintf(text, capacity, "%d", fd) < static_cast<int>(capacity);
}

static bool openLayers(const Overlay& overlay, Options& options) {
  int folder = open(overlay.place, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return false;
  size_t used = 0;
  for (Fields layers = overlay.layers; layers.left() > 0;) {
    if (used + 16 > sizeof options.layers) return errno = E2BIG, false;
    if (used > 0) options.layers[used++] = ':';
    if (!addFolder(folder, layers.text(), options.layers + used, 15)) return false;
    used += strlen(options.layers + used);
  }
  return true;
}

static bool openWritable(const Overlay& overlay, Options& options) {
  if (!overlay.upper[0]) return true;
  return addFolder(AT_FDCWD, overlay.upper, options.upper, sizeof options.upper) &&
         addFolder(AT_FDCWD, overlay.work, options.work, sizeof options.work);
}

static int mountByValue(const Options& options) {
  int fd = fsopen("overlay", FSOPEN_CLOEXEC);
  if (fd < 0 || configure(fd, "lowerdir", options.layers) < 0) return -1;
  if (options.upper[0] && configure(fd, "upperdir", options.upper) < 0) return -1;
  if (options.upper[0] && configure(fd, "workdir", options.work) < 0) return -1;
  if (fsconfig(fd, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0) return -1;
  return fsmount(fd, FSMOUNT_CLOEXEC, 0);
}

static int mountByPage(const Options& options, const char* place) {
  static char text[4096];
  const char* format = options.upper[0] ? "lowerdir=%s,upperdir=%s,workdir=%s" : "lowerdir=%s";
  int size = snprintf(text, sizeof text, format, options.layers, options.upper, options.work);
  if (size >= static_cast<int>(sizeof text)) return errno = E2BIG, -1;
  if (mount("overlay", place, "overlay", 0, text) < 0) return -1;
  return open_tree(AT_FDCWD, place, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

// In a mount namespace that is nobody's: mount(2) needs a place, an overlay takes layers of its own
// namespace only, and not even for a moment shall a mount show where the layers lie.
static int mountAside(const Overlay& overlay) {
  static Options options;
  if (unshare(CLONE_NEWNS) < 0) return -1;
  if (mount(nullptr, "/", nullptr, MS_PRIVATE | MS_REC, nullptr) < 0) return -1;
  // Before the map, which may cover them as well.
  if (!openWritable(overlay, options)) return -1;
  if (overlay.userNamespace >= 0) {
    int mapped = mapFolder(overlay.place, overlay.userNamespace);
    if (mapped < 0) return -1;
    if (move_mount(mapped, "", AT_FDCWD, overlay.place, MOVE_MOUNT_F_EMPTY_PATH) < 0) return -1;
  }
  if (!openLayers(overlay, options) || chdir("/proc/self/fd") < 0) return -1;
  if (strlen(options.layers) < 256) return mountByValue(options);
  return mountByPage(options, overlay.place);
}

// What the child has mounted survives it in the descriptors, which are shared.
static int mountOlder(const Overlay& overlay) {
  int result = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  clone_args args = {};
  args.flags = CLONE_FILES;
  args.exit_signal = SIGCHLD;
  pid_t child = clone3(args);
  if (child < 0) return -1;
  if (child == 0) {
    int made = mountAside(overlay);
    _exit(made >= 0 && dup3(made, result, O_CLOEXEC) >= 0 ? 0 : errno);
  }
  int status = 0;
  if (waitpid(child, &status, 0) < 0) return -1;
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
  return errno == 0 ? result : -1;
}

// The layers are mapped. The writable folder is not: who mounts an overlay works in it as the
// host's root, whom the map does not have. It belongs to the namespace's root instead, whose number
// is what the layers' own root has become.
static bool mapOverlay(Context& context, Overlay& overlay) {
  static char layers[64];
  int mapped = mapFolder(overlay.place, overlay.userNamespace);
  if (mapped < 0) return context.fail("mount_setattr", overlay.place);
  snprintf(layers, sizeof layers, "/proc/self/fd/%d", mapped);
  overlay.folder = layers;
  if (!overlay.upper[0]) return true;
  struct stat root;
  if (stat(layers, &root) < 0) return context.fail("stat", layers);
  for (const char* path : {overlay.upper, overlay.work}) {
    if (lchown(path, root.st_uid, root.st_gid) < 0) return context.fail("chown", path);
  }
  return true;
}

// overlay SLOT FOLDER UPPER WORK USERNS LAYER+: layers are names in FOLDER, topmost first; USERNS
// is a slot plus one, 0 is none
bool makeOverlay(Context& context, Fields& fields) {
  uint64_t slot = fields.number();
  Overlay overlay = {};
  overlay.place = fields.text();
  overlay.folder = overlay.place;
  overlay.upper = fields.text();
  overlay.work = fields.text();
  uint64_t userNamespace = fields.number();
  overlay.userNamespace = userNamespace > 0 ? context.slot(userNamespace - 1) : -1;
  overlay.layers = fields;
  if (userNamespace > 0 && !mapOverlay(context, overlay)) return false;
  // Whoever asks an older kernel all the same leaves a line in its log for each container.
  int fd = isOlder() ? (errno = EINVAL, -1) : mountByConfiguration(overlay);
  if (fd < 0 && errno == EINVAL) fd = mountOlder(overlay);
  return fd < 0 ? context.fail("mount overlay", overlay.place) : context.keep(slot, fd);
}

}  // namespace keelson::stage
