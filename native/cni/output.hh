// What a plugin prints: its answer on stdout and nothing else there.
#pragma once

#include <cstddef>

namespace keelson::cni {

// Writes all of it; false when the other end is gone.
bool writeAll(int fd, const char* data, size_t size);

// The specification's error document. Gives the exit code.
int printError(int code, const char* message, const char* details);

}  // namespace keelson::cni
