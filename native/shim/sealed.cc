#include "sealed.hh"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

namespace keelson::shim {

static constexpr int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
static int program = -1;

int sealedProgram() { return program; }

static int createMemory() {
  int fd = memfd_create("keelson-shim", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  // Kernels before 6.3 know no MFD_EXEC, and need none.
  if (fd < 0 && errno == EINVAL) {
    fd = memfd_create("keelson-shim", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  }
  return fd;
}

static int copySealed(int original) {
  struct stat state;
  int copy = createMemory();
  if (copy < 0 || fstat(original, &state) < 0) return -1;
  for (off_t left = state.st_size; left > 0;) {
    ssize_t sent = sendfile(copy, original, nullptr, static_cast<size_t>(left));
    if (sent <= 0) return -1;
    left -= sent;
  }
  return fcntl(copy, F_ADD_SEALS, seals) < 0 ? -1 : copy;
}

bool sealSelf(char** arguments) {
  int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (self < 0) return false;
  if (fcntl(self, F_GET_SEALS) == seals) {
    program = self;
    return true;
  }
  int copy = copySealed(self);
  if (copy < 0) return false;
  fexecve(copy, arguments, environ);
  return false;
}

}  // namespace keelson::shim
