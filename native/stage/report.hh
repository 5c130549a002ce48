// What a stage tells its supervisor, one record a message:
//   held | created | forked PID | terminal (with the pty's master)
//   failed INDEX CALL ERRNO PATH TEXT
//   marks (NAME NS)*, where they were asked for
#pragma once

#include "context.hh"

namespace keelson::stage {

// `word` is held or created.
void reportReached(Context& context, const char* word);
void reportFork(Context& context, pid_t pid);
bool reportTerminal(Context& context, int master);
[[noreturn]] void reportFailure(Context& context);

}  // namespace keelson::stage
