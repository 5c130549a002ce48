// Starts what a plan describes, as a child of this process.
#pragma once

#include <sys/types.h>

#include "../linux/message.hh"
#include "../linux/record.hh"

namespace keelson::oci {

struct Launched {
  pid_t pid = 0;
  int pidfd = -1;
  // The stage's socket, until exec closes its other end.
  int status = -1;
  // The pty's master, where no console socket took it.
  int terminal = -1;
  // The process that forked the real one; reaped with it.
  pid_t relay = 0;
  char console[108] = "";
  // Where a pidfd is sent once, and with what word.
  char pidfdSocket[108] = "";
  const char* manner = "standard";
};

// How far a stage has come.
enum class Reached { held, created, running, failed };

// launch CLONE-FLAGS CGROUP RELAY JOIN PRESERVED CONSOLE PIDFD-SOCKET ADOPT PLAN, with the
// descriptors: the plan where PLAN is empty, then those for the first slots. With JOIN the first of
// them is the pidfd whose PID namespace is entered. False with errno and `call` set.
bool launch(Launched& launched, Fields& order, Received& received, unsigned inherited,
            const char** call);

// Waits until the stage has got somewhere; what it says of a failure is left in `failure`.
Reached follow(Launched& launched, RecordWriter<6144>& failure);

// Kills and reaps.
void abandon(Launched& launched);

}  // namespace keelson::oci
