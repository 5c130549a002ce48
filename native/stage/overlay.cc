#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <initializer_list>

#include "operations.hh"

namespace keelson::stage {

struct Overlay {
  const char* upper;
  const char* work;
  // Where the layers lie: the kernel before 6.5 takes them all in one page of options.
  const char* folder;
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

// One layer a call: several hundred work. EINVAL for the first says that the kernel is older.
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

// mount(2) takes one page of options: relative names, from a working directory at the layers.
static int mountByOptions(const Overlay& overlay) {
  char options[4096];
  size_t used = static_cast<size_t>(snprintf(options, sizeof options, "lowerdir="));
  Fields layers = overlay.layers;
  for (bool first = true; layers.left() > 0; first = false) {
    int more = snprintf(options + used, sizeof options - used, first ? "%s" : ":%s", layers.text());
    used += static_cast<size_t>(more);
    if (used >= sizeof options) return errno = E2BIG, -1;
  }
  if (overlay.upper[0]) {
    int more = snprintf(options + used, sizeof options - used, ",upperdir=%s,workdir=%s",
                        overlay.upper, overlay.work);
    used += static_cast<size_t>(more);
  }
  if (used >= sizeof options) return errno = E2BIG, -1;
  // The mount needs a place; this one is the working directory, and is taken off it at once.
  if (chdir(overlay.folder) < 0 || mount("overlay", ".", "overlay", 0, options) < 0) return -1;
  int fd = open_tree(AT_FDCWD, overlay.folder, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  int error = errno;
  umount2(overlay.folder, MNT_DETACH);
  errno = error;
  return fd;
}

// A folder as the user namespace sees it: owners 0 to N become those that the namespace has.
static bool mapFolder(const char* folder, int userNamespace, char (&name)[PATH_MAX]) {
  int fd = open_tree(AT_FDCWD, folder, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (fd < 0) return false;
  mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<uint64_t>(userNamespace);
  if (mount_setattr(fd, "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0) return false;
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  return true;
}

// The layers are mapped. The writable folder is not: who mounts an overlay works in it as the
// host's root, whom the map does not have. It belongs to the namespace's root instead, whose number
// is what the layers' own root has become.
static bool mapOverlay(Context& context, Overlay& overlay, int userNamespace) {
  static char layers[PATH_MAX];
  if (!mapFolder(overlay.folder, userNamespace, layers)) {
    return context.fail("mount_setattr", overlay.folder);
  }
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
  overlay.folder = fields.text();
  overlay.upper = fields.text();
  overlay.work = fields.text();
  uint64_t userNamespace = fields.number();
  overlay.layers = fields;
  if (userNamespace > 0 && !mapOverlay(context, overlay, context.slot(userNamespace - 1))) {
    return false;
  }
  int fd = mountByConfiguration(overlay);
  if (fd < 0 && errno == EINVAL) fd = mountByOptions(overlay);
  return fd < 0 ? context.fail("mount overlay", overlay.folder) : context.keep(slot, fd);
}

}  // namespace keelson::stage
