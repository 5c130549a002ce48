// The code between clone and exec: runs a plan, one step after the other, in a process that has
// nothing but the descriptors it was given.
#pragma once

#include <cstddef>

namespace keelson::stage {

struct Start {
  const char* plan;
  size_t planSize;
  // A seqpacket socket to the supervisor.
  int status;
  int stdio[3];
  // Becomes the first slots, in order.
  const int* descriptors;
  int descriptorCount;
};

[[noreturn]] void run(const Start& start);

}  // namespace keelson::stage
