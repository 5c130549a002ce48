#include "output.hh"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>

#include "attachment.hh"
#include "log.hh"
#include "loop.hh"

namespace keelson::shim {

bool watchOutput(Process& process) {
  for (unsigned part = 0; part < 2; part++) {
    int fd = process.streams[part].fd;
    if (fd >= 0 && !watch(fd, EPOLLIN, Source::output, indexOf(&process), part)) return false;
  }
  return true;
}

static void endOutput(Process& process, unsigned part) {
  Stream& stream = process.streams[part];
  if (stream.fd < 0) return;
  logRest(process, part);
  if (!stream.paused) unwatch(stream.fd);
  closeOnce(stream.fd);
  endStream(process, part);
}

bool readOutput(Process& process, unsigned part) {
  static char chunk[65536];
  Stream& stream = process.streams[part];
  if (stream.fd < 0) return false;
  ssize_t size = read(stream.fd, chunk, sizeof chunk);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return errno == EINTR;
  // EIO is how a terminal says that its last user is gone. That may be a pause between two users,
  // so a terminal ends with its process instead.
  if (size < 0 && errno == EIO && process.state != State::exited) {
    pauseOutput(process, part);
    return false;
  }
  if (size <= 0) {
    endOutput(process, part);
    return false;
  }
  logChunk(process, part, chunk, static_cast<size_t>(size));
  forward(process, part, chunk, static_cast<size_t>(size));
  return true;
}

void pauseOutput(Process& process, unsigned part) {
  Stream& stream = process.streams[part];
  if (stream.paused || stream.fd < 0) return;
  unwatch(stream.fd);
  stream.paused = true;
}

void resumeOutput(Process& process, unsigned part) {
  Stream& stream = process.streams[part];
  if (!stream.paused || stream.fd < 0) return;
  stream.paused = false;
  watch(stream.fd, EPOLLIN, Source::output, indexOf(&process), part);
}

void drainOutput(Process& process) {
  for (unsigned part = 0; part < 2; part++) {
    // A pipe holds a megabyte at most; what a surviving child goes on writing is not waited for.
    for (int chunks = 0; chunks < 64 && readOutput(process, part); chunks++) continue;
    endOutput(process, part);
  }
}

}  // namespace keelson::shim
