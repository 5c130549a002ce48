// From a program's pipes (or terminal) to its log and clients.
#pragma once

#include "process.hh"

namespace keelson::shim {

bool watchOutput(Process& process);
// Takes one chunk; false when there is nothing more for now, or for ever.
bool readOutput(Process& process, unsigned part);
void pauseOutput(Process& process, unsigned part);
void resumeOutput(Process& process, unsigned part);
// Everything that was written before the program ended, then the streams' end.
void drainOutput(Process& process);

}  // namespace keelson::shim
