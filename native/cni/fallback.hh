// Runs the plugin in a Node process of its own.
#pragma once

#include "call.hh"

namespace keelson::cni {

// Returns only when it cannot; gives the exit code then.
int runPlugin(const Call& call);

}  // namespace keelson::cni
