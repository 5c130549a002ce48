// The log of a container in the format that the CRI prescribes:
//   2026-01-02T03:04:05.678901234Z stdout F text
// F ends a line, P is a part of one. The shim writes it itself, so no restart of a runtime can
// lose a line.
#pragma once

#include "process.hh"

namespace keelson::shim {

// -1 with errno set; never through a symbolic link that somebody put in place of the file.
int openLog(const char* path);

// `part` is 0 for stdout and 1 for stderr.
void logChunk(Process& process, unsigned part, const char* data, size_t size);

// What is left of a line that never ended.
void logRest(Process& process, unsigned part);

int64_t nowNs();

}  // namespace keelson::shim
