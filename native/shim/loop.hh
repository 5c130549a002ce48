// What the one thread waits for. A source is a kind and an index, kept in epoll's own data, so that
// waiting needs no memory of its own.
#pragma once

#include <cstdint>

namespace keelson::shim {

enum class Source : uint8_t { listener, signals, client, status, output, attachment };

// `part` tells stdout from stderr.
bool watch(int fd, uint32_t events, Source source, uint32_t index, uint32_t part = 0);
// For other events, or with none: that the other end is gone is told always.
void rewatch(int fd, uint32_t events, Source source, uint32_t index, uint32_t part = 0);
void unwatch(int fd);

// Returns when there is nothing left to serve. The spawner has one client from the start and ends
// with it; a shim has a listening socket and ends when it is told to.
void runLoop(int listener, int client);

}  // namespace keelson::shim
