// Connections of runtimes: the requests they send, the answers and events they get.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../linux/record.hh"

namespace keelson::shim {

bool addClient(int fd);
void acceptClient(int listener);
void readClient(uint32_t index);
bool anyClient();

// To one client; a client that does not read loses its connection and asks for the state later.
void answer(int client, const char* data, size_t size, const int* fds = nullptr, int count = 0);
void answerOk(int client, uint64_t request);
void answerFailure(int client, uint64_t request, const char* call, int error,
                   const char* path = "");
void broadcast(const char* data, size_t size);

}  // namespace keelson::shim
