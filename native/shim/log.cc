#include "log.hh"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace keelson::shim {

int openLog(const char* path) {
  return open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
}

int64_t nowNs() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

static constexpr size_t prefixBytes = sizeof "2026-01-02T03:04:05.678901234Z stdout F " - 1;

// All lines of one chunk have one time: they arrived together.
static void makePrefix(char* prefix, unsigned part) {
  int64_t now = nowNs();
  time_t seconds = now / 1000000000;
  tm utc;
  gmtime_r(&seconds, &utc);
  char text[96];
  snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%09dZ %s F ", utc.tm_year + 1900,
           utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
           static_cast<int>(now % 1000000000), part == 0 ? "stdout" : "stderr");
  memcpy(prefix, text, prefixBytes);
}

// Collects lines, so that a chunk of many costs one write.
struct Batch {
  int fd;
  char prefix[prefixBytes];
  size_t size = 0;
  static char buffer[64 * 1024 + 2 * lineBytes];

  void add(char tag, const char* first, size_t firstSize, const char* second, size_t secondSize) {
    size_t needed = prefixBytes + firstSize + secondSize + 1;
    if (size + needed > sizeof buffer) flush();
    char* at = buffer + size;
    memcpy(at, prefix, prefixBytes);
    at[prefixBytes - 2] = tag;
    if (firstSize > 0) memcpy(at + prefixBytes, first, firstSize);
    memcpy(at + prefixBytes + firstSize, second, secondSize);
    at[needed - 1] = '\n';
    size += needed;
  }

  // A full disk loses these lines and nothing else: the container is neither stopped nor held up.
  void flush() {
    const char* at = buffer;
    while (size > 0) {
      ssize_t written = write(fd, at, size);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) break;
      at += written;
      size -= static_cast<size_t>(written);
    }
    size = 0;
  }
};

char Batch::buffer[64 * 1024 + 2 * lineBytes];

static void keepPartial(Stream& stream, const char* data, size_t size) {
  if (!stream.partial) stream.partial = static_cast<char*>(malloc(lineBytes));
  if (!stream.partial) return;
  memcpy(stream.partial + stream.partialSize, data, size);
  stream.partialSize += size;
}

void logChunk(Process& process, unsigned part, const char* data, size_t size) {
  if (process.log < 0) return;
  Stream& stream = process.streams[part];
  Batch batch = {process.log, {}};
  makePrefix(batch.prefix, part);
  while (size > 0) {
    size_t room = lineBytes - stream.partialSize;
    size_t window = size < room + 1 ? size : room + 1;
    const auto* end = static_cast<const char*>(memchr(data, '\n', window));
    if (!end && size < room) {
      keepPartial(stream, data, size);
      break;
    }
    size_t taken = end ? static_cast<size_t>(end - data) : room;
    batch.add(end ? 'F' : 'P', stream.partial, stream.partialSize, data, taken);
    stream.partialSize = 0;
    if (end) taken++;
    data += taken;
    size -= taken;
  }
  batch.flush();
}

void logRest(Process& process, unsigned part) {
  Stream& stream = process.streams[part];
  if (stream.partialSize == 0 || process.log < 0) return;
  Batch batch = {process.log, {}};
  makePrefix(batch.prefix, part);
  batch.add('F', stream.partial, stream.partialSize, "", 0);
  stream.partialSize = 0;
  batch.flush();
}

}  // namespace keelson::shim
