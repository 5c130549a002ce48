// The shim's own log: JSON lines in `shim.log` of the pod's folder, with the id of the runtime's
// request as the runtime's log has it. Descriptor 2 is the file; the spawner has none. It holds the
// newest operations and never more than `logBytes`. What programs are given and print is not in it.
#pragma once

#include <cstddef>

#include "process.hh"
#include "request.hh"

namespace keelson::shim {

inline constexpr long logBytes = 64 * 1024;

// The file for a shim that is about to be started; -1 where it cannot be.
int openShimLog(int folder);
void beginShimLog(const char* pod);

// What is added to a line: a failed call, an exit code or a signal's number.
struct Detail {
  const char* key = nullptr;
  int64_t number = 0;
  // Of a failure.
  const char* call = nullptr;
  int error = 0;
  const char* path = nullptr;
};

void logOperation(const char* words, const char* origin, const Process* process,
                  const Detail& detail = {});
void logRefusal(const Request& request, const char* container, const Detail& detail);

// The id in `request=ID`, the last field of a request; empty without one.
void readOrigin(const Fields& fields, char* id);

}  // namespace keelson::shim
