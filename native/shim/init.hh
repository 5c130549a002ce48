// The first process of a container that was asked for with one: `keelson-init PID`, started by a
// stage (native/stage/init.cc) with all signals blocked and the program as its child PID.
#pragma once

namespace keelson::shim {

// Hands every signal on to the program and reaps what ends, until the program has ended; then it
// ends with its exit code, 128 and the signal's number where one ended it.
[[noreturn]] void runInit(const char* program);

}  // namespace keelson::shim
