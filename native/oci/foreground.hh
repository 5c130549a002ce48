#pragma once

#include "launch.hh"

namespace keelson::oci {

// From here on every signal is kept for the program; before it exists, so that none is lost.
void holdSignals();

// Stays until the program has ended: hands signals on to it, and is its terminal's other side.
// Returns its exit code, 128 plus the signal's number where one ended it.
int foreground(Launched& launched);

}  // namespace keelson::oci
