// Starting a program, and what its stage tells on the way.
#pragma once

#include "process.hh"

namespace keelson::shim {

// The stage sent a record, or its socket was closed by a successful exec.
void readStatus(Process& process);


// Reaps everything that ended.
void reapChildren();

}  // namespace keelson::shim
