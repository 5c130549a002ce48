// The two ways to a planner.
#pragma once

#include "oci.hh"

namespace keelson::oci {

// The resident runtime; -1 when there is none, or it does not answer at once.
int connectResident();

// Node, started for this command: its pid, and the connection. -1 when it cannot be started.
int startPlanner(pid_t& planner);

// Asks for a command to be done. False with errno set.
bool sendRequest(int socket, const Invocation& invocation);

// Where keelson is installed: the folder that has native/build.
void findHome();

}  // namespace keelson::oci
