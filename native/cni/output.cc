#include "output.hh"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace keelson::cni {

bool writeAll(int fd, const char* data, size_t size) {
  while (size > 0) {
    ssize_t written = write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    data += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

// Only what cannot break out of a JSON string: the details may be a path from the environment.
static void copyPlain(char* to, size_t room, const char* from) {
  size_t at = 0;
  for (; *from && at + 1 < room; from++) {
    bool plain = *from >= ' ' && *from < 127 && *from != '"' && *from != '\\';
    to[at++] = plain ? *from : '?';
  }
  to[at] = '\0';
}

int printError(int code, const char* message, const char* details) {
  char words[512], more[512], text[1280];
  copyPlain(words, sizeof words, message);
  copyPlain(more, sizeof more, details);
  int length = snprintf(text, sizeof text,
                        "{\n    \"cniVersion\": \"1.1.0\",\n    \"code\": %d,\n    \"msg\": \"%s\","
                        "\n    \"details\": \"%s\"\n}\n",
                        code, words, more);
  writeAll(STDOUT_FILENO, text, static_cast<size_t>(length));
  return 1;
}

}  // namespace keelson::cni
