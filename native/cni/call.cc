#include "call.hh"

#include <cstring>
#include <ctime>

namespace keelson::cni {

const char* variable(const Call& call, const char* name) {
  size_t length = strlen(name);
  for (char** entry = call.environment; *entry; entry++) {
    if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=') return *entry + length + 1;
  }
  return "";
}

int64_t nowMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace keelson::cni
