// The program runs from a sealed copy in memory: what a container reaches through /proc/PID/exe
// while a stage enters it can be read, and never written (CVE-2019-5736).
#pragma once

namespace keelson::shim {

// Runs the program again from a sealed copy, unless it does already. False with errno set.
bool sealSelf(char** arguments);

// The sealed copy, to start more of it.
int sealedProgram();

}  // namespace keelson::shim
