// keelson-shim spawner      started once by a Node process; descriptor 3 is its socket
// keelson-shim shim POD     one a pod, started by a spawner; descriptor 3 is its listening socket
// keelson-init PID          a container's first process, started by a stage (init.hh)
// The first two supervise programs that they start on request. Nobody else is meant to run it, but
// under the name keelson-oci it is the OCI runtime's command line (native/oci).
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <initializer_list>

#include "../linux/title.hh"
#include "../oci/connection.hh"
#include "init.hh"
#include "loop.hh"
#include "sealed.hh"
#include "shim-log.hh"

namespace keelson::shim {

// Root may lower it where CAP_SYS_RESOURCE is there; where not, the shim lives as others do.
static void protectFromOom() {
  int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  (void)!write(fd, "-998", 4);
  close(fd);
}

static int run(const char* mode, const char* argument) {
  bool spawner = strcmp(mode, "spawner") == 0;
  if (!spawner && strcmp(mode, "shim") != 0) return 2;
  fcntl(3, F_SETFD, FD_CLOEXEC);
  // A spawner has one client, which asks for much at once and may be slow to read: it waits then.
  fcntl(3, F_SETFL, spawner ? O_RDWR : O_RDWR | O_NONBLOCK);
  prctl(PR_SET_NAME, spawner ? "keelson-spawner" : "keelson-shim");
  // Not the spawner: shims that it starts shall be children of the machine's first process.
  if (!spawner) prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  umask(022);
  if (!spawner) protectFromOom();
  if (!spawner && argument) beginShimLog(argument);
  if (!spawner && chdir("/") < 0) return 1;
  runLoop(spawner ? -1 : 3, spawner ? 3 : -1);
  return 0;
}

}  // namespace keelson::shim

static bool isCalled(const char* path, const char* name) {
  const char* slash = strrchr(path, '/');
  return strcmp(slash ? slash + 1 : path, name) == 0;
}

// Only a process that a container can look into has to be a sealed copy: launch refuses any other.
static bool mayLaunch(char** arguments) {
  for (; *arguments; arguments++) {
    for (const char* word : {"create", "run", "exec"}) {
      if (strcmp(*arguments, word) == 0) return true;
    }
  }
  return false;
}

int main(int argc, char** argv) {
  bool oci = argc > 0 && isCalled(argv[0], "keelson-oci");
  if (argc < 2 && !oci) return 2;
  // A sealed copy already, and in a container, where /proc may not be there.
  if (isCalled(argv[0], "keelson-init")) keelson::shim::runInit(argv[1]);
  unsigned inherited = oci ? keelson::oci::countInherited() : 0;
  if (oci) keelson::oci::findHome();
  keelson::keepTitle(argc, argv);
  bool sealed = !oci || mayLaunch(argv);
  if (sealed && !keelson::shim::sealSelf(argv)) {
    perror("keelson-shim: sealed copy");
    return 1;
  }
  if (oci) return keelson::oci::run({argc - 1, argv + 1, inherited});
  return keelson::shim::run(argv[1], argc > 2 ? argv[2] : nullptr);
}
