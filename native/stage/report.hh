// What a stage tells its supervisor, one record a message:
//   created | forked PID | failed INDEX CALL ERRNO PATH | terminal (with the pty's master)
#pragma once

#include "context.hh"

namespace keelson::stage {

void reportCreated(Context& context);
void reportFork(Context& context, pid_t pid);
bool reportTerminal(Context& context, int master);
[[noreturn]] void reportFailure(Context& context);

}  // namespace keelson::stage
