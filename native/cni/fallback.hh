// Runs the plugin in a Node process of its own.
#pragma once

#include "call.hh"

namespace keelson::cni {

// Returns only when it cannot; gives the exit code then.
int runPlugin(const Call& call);

// `dhcp daemon`, which renews leases until it is ended. Returns only when it cannot.
int runDaemon(const char* type);

}  // namespace keelson::cni
