#include <fcntl.h>
#include <unistd.h>

#include "operations.hh"

namespace keelson::stage {

// open SLOT PATH FLAGS: a path of the host, before the root is entered
bool openPath(Context& context, Fields& fields) {
  uint64_t slot = fields.number();
  const char* path = fields.text();
  int flags = static_cast<int>(fields.number());
  int fd = open(path, flags | O_CLOEXEC);
  return fd < 0 ? context.fail("open", path) : context.keep(slot, fd);
}

// close SLOT
bool closeSlot(Context& context, Fields& fields) {
  uint64_t slot = fields.number();
  int fd = context.slot(slot);
  if (fd >= 0) close(fd);
  return context.keep(slot, -1);
}

}  // namespace keelson::stage
