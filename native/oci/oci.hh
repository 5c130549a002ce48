// keelson-oci: the OCI runtime's command line. It decides nothing: the resident runtime, or where
// there is none Node, started for this one command, says what to do over a seqpacket socket, and
// this process does it, so that what it starts is its own child and, when it has ended, its
// caller's: conmon and containerd's shim wait for their container as its subreaper.
//
//   planner -> client                          client -> planner
//   ready                                      request PROTOCOL CWD IDENTITY ... (request.cc)
//   write FD BYTES
//   input                                      input BYTES | input-too-long
//   launch ...  (launch.cc)                    held PID | launched PID |
//                                              failed CALL ERRNO PATH INDEX TEXT
//   go-on
//   foreground ARGUMENT*                       (the end of the connection)
//   elsewhere
//   exit CODE
#pragma once

#include <sys/types.h>

namespace keelson::oci {

struct Invocation {
  int argumentCount;
  char** arguments;
  // How many descriptors after stderr were open when this program began, without a gap.
  unsigned inherited;
};

// Counts them; before anything else is opened.
unsigned countInherited();

// The whole command; the code to exit with.
int run(const Invocation& invocation);

}  // namespace keelson::oci
