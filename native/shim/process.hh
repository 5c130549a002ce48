// One program that this supervisor started: a container's first process, an exec, or a toolkit
// spawn. Made by `launch`, freed by `forget`; nothing in it grows with traffic.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <climits>
#include <cstddef>
#include <cstdint>

namespace keelson::shim {

inline constexpr size_t maximumProcesses = 1024;
inline constexpr size_t identifierBytes = 129;
// A line of the log longer than this is written in parts, as containerd and CRI-O do it.
inline constexpr size_t lineBytes = 16384;

enum class State : uint8_t { launching, held, created, starting, running, exited };

// One of stdout and stderr on its way to the log and to attached clients.
struct Stream {
  int fd = -1;
  // The beginning of a line whose end has not come yet; allocated by the first such line.
  char* partial = nullptr;
  size_t partialSize = 0;
  // Not read while an attached client takes no more.
  bool paused = false;
};

struct Process {
  char container[identifierBytes];
  // Empty for a container's first process.
  char name[identifierBytes];
  pid_t pid = 0;
  // The process that forks the real one and ends at once; 0 when there is none.
  pid_t relay = 0;
  bool awaitsFork = false;
  // What waits to be started is such a process: a checkpoint is restored.
  bool forksAtStart = false;
  // Held or created, told before it was known who tells.
  State reached = State::launching;
  State state = State::launching;
  // It has ended, and its stage has not: that is told first.
  bool exitPending = false;
  int pendingStatus = 0;
  // The request that launched or started it, as the log names it.
  char origin[24] = "";
  // The runtime gets the streams, and the process ends with its connection.
  bool passed = false;
  int pidfd = -1;
  int status = -1;
  int cgroup = -1;
  // The container's, where `cgroup` is an exec's own below it (group.hh); -1 otherwise.
  int parentCgroup = -1;
  // Of a container: cgroups of execs that could not be removed yet.
  bool leftGroups = false;
  int input = -1;
  int terminal = -1;
  int log = -1;
  Stream streams[2];
  // Its stage could not do the plan, and said so. What it said is told when the stage has ended, so
  // that who hears it finds nothing of it any more.
  bool failed = false;
  char* failure = nullptr;
  size_t failureSize = 0;
  // Who waits for the answer to launch or start.
  int client = -1;
  uint64_t request = 0;
  // The runtime's ends of the streams, until the answer takes them along.
  int passing[3] = {-1, -1, -1};
  int exitCode = 0;
  bool oomKilled = false;
  int64_t finishedAtNs = 0;
  // Where the exit code is kept for a runtime that was not there; empty for none.
  char folder[PATH_MAX];
  char logPath[PATH_MAX];
};

// Looks up by both names; nullptr when there is none.
Process* findProcess(const char* container, const char* name);
Process* findByPid(pid_t pid);
Process* processAt(uint32_t index);
uint32_t indexOf(const Process* process);
// nullptr when the table is full.
Process* addProcess();
void forgetProcess(Process* process);
bool anyAlive();

inline void closeOnce(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

}  // namespace keelson::shim
