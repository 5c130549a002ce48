// What ps shows of a process that stays what it was started as: its name and its command line.
#pragma once

#include <sys/prctl.h>

#include <cstring>

namespace keelson {

inline char* titleStart = nullptr;
inline size_t titleSize = 0;

// The arguments lie one behind the other; main says where, before anyone takes them for its own.
inline void keepTitle(int count, char** arguments) {
  titleStart = arguments[0];
  titleSize = static_cast<size_t>(arguments[count - 1] - titleStart) + strlen(arguments[count - 1]);
}

// Overwrites the arguments. The kernel ends the command line at the first NUL when the byte where
// it ended before is none (proc(5), setproctitle).
inline void setTitle(const char* title) {
  const char* slash = strrchr(title, '/');
  prctl(PR_SET_NAME, slash ? slash + 1 : title);
  size_t size = strlen(title);
  if (!titleStart || size + 1 >= titleSize) return;
  memset(titleStart, 0, titleSize);
  memcpy(titleStart, title, size);
  titleStart[titleSize] = ' ';
}

}  // namespace keelson
