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

// preserve SLOT COUNT: the program's descriptors from 3 on are what is in the slots from SLOT on.
// The last step but one: everything else may have any number, and loses it.
bool preserveDescriptors(Context& context, Fields& fields) {
  uint64_t first = fields.number();
  uint64_t count = fields.number();
  if (count > maximumPreserved) return context.refuse(EMFILE, "preserve");
  int end = 3 + static_cast<int>(count);
  if (context.status < end) {
    context.status = fcntl(context.status, F_DUPFD_CLOEXEC, end);
    if (context.status < 0) return context.fail("fcntl");
  }
  for (uint64_t i = 0; i < count; i++) {
    if (dup2(context.slot(first + i), 3 + static_cast<int>(i)) < 0) return context.fail("dup2");
  }
  context.preserved = static_cast<unsigned>(count);
  return true;
}

}  // namespace keelson::stage
