// One call of a plugin, as the runtime made it: type, environment, stdin, network namespace.
#pragma once

#include <cstddef>
#include <cstdint>

namespace keelson::cni {

// A network configuration, and a plugin's answer (limits.cniDocumentBytes).
inline constexpr size_t documentBytes = 1024 * 1024;

struct Call {
  const char* type;
  char** environment;
  // All of stdin.
  const char* input;
  size_t inputSize;
  // Descriptor of CNI_NETNS; -1 where there is none.
  int netns;
};

// The value of an environment variable; empty for an absent one.
const char* variable(const Call& call, const char* name);

// Milliseconds of the monotonic clock.
int64_t nowMs();

}  // namespace keelson::cni
