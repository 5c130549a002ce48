// A cgroup of an exec's own, below its container's. What an exec starts may leave its parent and
// its session, never its cgroup; so an exec is ended by it, with all that came from it.
#pragma once

#include "process.hh"

namespace keelson::shim {

// Before the process is made: makes the cgroup, named as the exec, and has the process born in it.
// Where the kernel refuses one (cgroup.max.descendants), the container's stays in use.
void makeGroup(Process& process);
// The kernel does not take a process into it (the container's cgroup is threaded): back to the
// container's. False when there is no way back.
bool giveUpGroup(Process& process);
// Ends everything in it; false where there is none.
bool killGroup(const Process& process);
// The exec has ended: removes its cgroup. One that a left process is still in is removed by a later
// exec of the container, or with the container.
void leaveGroup(Process& process);

}  // namespace keelson::shim
