#include "group.hh"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace keelson::shim {

static constexpr char prefix[] = "exec-";

static void sweep(Process& container) {
  container.leftGroups = false;
  int copy = openat(container.cgroup, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* folder = copy < 0 ? nullptr : fdopendir(copy);
  if (!folder) return closeOnce(copy);
  while (const dirent* entry = readdir(folder)) {
    if (strncmp(entry->d_name, prefix, sizeof prefix - 1) != 0) continue;
    if (unlinkat(container.cgroup, entry->d_name, AT_REMOVEDIR) < 0 && errno == EBUSY) {
      container.leftGroups = true;
    }
  }
  closedir(folder);
}

static void sweepContainer(const Process& exec) {
  Process* container = findProcess(exec.container, "");
  if (container && container->leftGroups) sweep(*container);
}

void makeGroup(Process& process) {
  if (process.cgroup < 0 || strncmp(process.name, prefix, sizeof prefix - 1) != 0) return;
  sweepContainer(process);
  if (mkdirat(process.cgroup, process.name, 0755) < 0) return;
  int own = openat(process.cgroup, process.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) {
    unlinkat(process.cgroup, process.name, AT_REMOVEDIR);
    return;
  }
  process.parentCgroup = process.cgroup;
  process.cgroup = own;
}

bool giveUpGroup(Process& process) {
  if (process.parentCgroup < 0) return false;
  unlinkat(process.parentCgroup, process.name, AT_REMOVEDIR);
  closeOnce(process.cgroup);
  process.cgroup = process.parentCgroup;
  process.parentCgroup = -1;
  return true;
}

bool killGroup(const Process& process) {
  if (process.parentCgroup < 0) return false;
  int fd = openat(process.cgroup, "cgroup.kill", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool killed = write(fd, "1", 1) == 1;
  close(fd);
  return killed;
}

void leaveGroup(Process& process) {
  if (process.parentCgroup < 0) return;
  bool left = unlinkat(process.parentCgroup, process.name, AT_REMOVEDIR) < 0 && errno == EBUSY;
  Process* container = left ? findProcess(process.container, "") : nullptr;
  if (container) container->leftGroups = true;
}

}  // namespace keelson::shim
