// What the operations of one plan share. Everything lives in the stage process, between clone and
// exec; nothing is freed, because exec or exit does that.
#pragma once

#include <cerrno>
#include <cstddef>
#include <sys/types.h>

#include "../linux/record.hh"

namespace keelson::stage {

// Operations hand descriptors to each other in numbered slots.
inline constexpr size_t slotCount = 1024;
// Given descriptors begin at a number that those of the program never reach.
inline constexpr size_t maximumPreserved = 48;

struct Context {
  // A seqpacket socket to the supervisor, O_CLOEXEC: its end without a failure report says that
  // exec succeeded.
  int status = -1;
  // The new root; operations that name a path inside the container resolve it from here.
  int root = -1;
  // The host's procfs, verified; opened before anything of the container is reachable.
  int proc = -1;
  // The first slots hold the descriptors that came with the request; -1 is empty.
  int slots[slotCount];
  // The host's number of this process, where `remember-pid` has asked.
  pid_t pid = 0;
  // How many descriptors after stderr the program shall have.
  unsigned preserved = 0;
  // Whether steps are marked.
  bool tracing = false;
  // Which operation runs, and why it failed.
  unsigned index = 0;
  const char* call = "";
  const char* path = "";
  // What the errno does not say: the kernel's own words, a hook's.
  const char* text = "";

  bool fail(const char* failedCall, const char* failedPath = "") {
    call = failedCall;
    path = failedPath;
    return false;
  }

  bool refuse(int error, const char* failedCall, const char* failedPath = "") {
    errno = error;
    return fail(failedCall, failedPath);
  }

  int slot(uint64_t number) const { return number < slotCount ? slots[number] : -1; }

  bool keep(uint64_t number, int fd) {
    if (number >= slotCount) return refuse(EMFILE, "slot");
    slots[number] = fd;
    return true;
  }
};

// Runs one operation. False leaves errno, `call` and `path` set.
using Operation = bool (*)(Context&, Fields&);

struct Entry {
  const char* name;
  Operation run;
};

}  // namespace keelson::stage
