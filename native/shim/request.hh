// What a runtime may ask; src/kernel/supervisor.ts has the other side and describes each.
#pragma once

#include "../linux/record.hh"

namespace keelson::shim {

// An id of the runtime's requests, with its end.
inline constexpr size_t originBytes = 24;

struct Request {
  int client;
  uint64_t id;
  Fields fields;
  // What is taken is set to -1; the rest is closed afterwards.
  int* fds;
  int fdCount;
  // On whose behalf the runtime asks, for the log; empty when it does not say.
  char origin[originBytes];
};

void handleRequest(Request& request);

// launch.cc
void launch(Request& request);
void goOn(Request& request);
void start(Request& request);

// attachment.cc
void attach(Request& request);

// daemon.cc
void startShim(Request& request);

}  // namespace keelson::shim
