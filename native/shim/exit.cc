#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../linux/call.hh"
#include "../linux/message.hh"
#include "client.hh"
#include "group.hh"
#include "launch.hh"
#include "log.hh"
#include "loop.hh"
#include "output.hh"
#include "shim-log.hh"

namespace keelson::shim {

static void recordExit(Process& process, int waitStatus);

static constexpr const char* stateWords[] = {"launching", "held",    "created",
                                             "starting",  "running", "exited"};

// The answer to launch or start, with the runtime's ends of the streams.
static void answerStarted(Process& process) {
  RecordWriter<96> reply;
  reply.number(static_cast<int64_t>(process.request)).text("ok").number(process.pid);
  int fds[3] = {-1, -1, -1};
  int count = 0;
  for (int fd : process.passing) {
    if (fd >= 0) fds[count++] = fd;
  }
  int client = process.client;
  if (!process.passed) process.client = -1;
  logOperation(stateWords[static_cast<int>(process.state)], process.origin, &process);
  answer(client, reply.data(), reply.size(), fds, count);
  for (int& fd : process.passing) closeOnce(fd);
}

static void reach(Process& process, State state) {
  process.reached = state;
  if (process.awaitsFork || process.state != State::launching) return;
  process.state = state;
  answerStarted(process);
}

// Children that ended before anybody said what they were: what another runtime starts (relay) may
// be gone before its pid is told.
struct Orphan {
  pid_t pid;
  int status;
};

static Orphan orphans[64];
static unsigned orphanCount = 0;

static void rememberOrphan(pid_t pid, int status) {
  orphans[orphanCount++ % (sizeof orphans / sizeof *orphans)] = {pid, status};
}

static bool anyAwaitsFork() {
  for (uint32_t i = 0; i < maximumProcesses; i++) {
    if (processAt(i) && processAt(i)->awaitsFork) return true;
  }
  return false;
}

// Once nobody waits for such a pid, all are forgotten: the numbers go to others.
static void adoptOrphan(Process& process) {
  for (Orphan& orphan : orphans) {
    if (orphan.pid != process.pid) continue;
    process.exitPending = true;
    process.pendingStatus = orphan.status;
    orphan.pid = 0;
  }
  if (!anyAwaitsFork()) memset(orphans, 0, sizeof orphans);
}

// The relay's own exit means nothing from here on.
static void takeFork(Process& process, pid_t pid) {
  if (!process.awaitsFork) return;
  process.relay = process.pid;
  process.pid = pid;
  closeOnce(process.pidfd);
  process.pidfd = pidfdOpen(pid);
  process.awaitsFork = false;
  adoptOrphan(process);
  if (process.reached != State::launching) reach(process, process.reached);
}

static void takeTerminal(Process& process, Received& received) {
  if (received.count != 1) return;
  process.terminal = received.fds[0];
  received.count = 0;
  if (process.passed) {
    process.passing[0] = fcntl(process.terminal, F_DUPFD_CLOEXEC, 3);
    return;
  }
  fcntl(process.terminal, F_SETFL, O_RDWR | O_NONBLOCK);
  process.streams[0].fd = fcntl(process.terminal, F_DUPFD_CLOEXEC, 3);
  watch(process.streams[0].fd, EPOLLIN, Source::output, indexOf(&process));
}

static void takeFailure(Process& process, Fields& fields) {
  int64_t index = static_cast<int64_t>(fields.number());
  const char* call = fields.text();
  int error = static_cast<int>(fields.number());
  const char* path = fields.text();
  Field text = fields.bytes();
  RecordWriter<6144> reply;
  reply.number(static_cast<int64_t>(process.request)).text("failed").text(call).number(error);
  reply.text(path).number(index).bytes(text.data, text.size);
  logOperation("failed", process.origin, &process, {nullptr, 0, call, error, path});
  process.failed = true;
  process.failure = static_cast<char*>(malloc(reply.size()));
  if (!process.failure) return;
  memcpy(process.failure, reply.data(), reply.size());
  process.failureSize = reply.size();
}

static void answerFailed(Process& process) {
  if (!process.failed) return;
  answer(process.client, process.failure, process.failureSize);
  process.client = -1;
}

// To who waits for the answer; it comes before that.
static void passMarks(const Process& process, Fields& fields) {
  static RecordWriter<8192> event;
  event = {};
  event.number(0).text("marks").text(process.container).text(process.name);
  while (fields.left() > 0) {
    Field field = fields.bytes();
    event.bytes(field.data, field.size);
  }
  if (event.good()) answer(process.client, event.data(), event.size());
}

// The socket's end: exec closed it, or the stage is gone, which its exit will tell.
static void endStatus(Process& process) {
  unwatch(process.status);
  closeOnce(process.status);
  bool waited = process.state == State::held || process.state == State::created;
  if (!process.failed && !waited && process.state != State::exited) {
    process.state = State::running;
    answerStarted(process);
  }
  if (process.exitPending) recordExit(process, process.pendingStatus);
}

void readStatus(Process& process) {
  static char buffer[8192];
  while (process.status >= 0) {
    Received received = receiveMessage(process.status, buffer, sizeof buffer, MSG_DONTWAIT);
    if (received.size < 0 && errno == EAGAIN) return;
    if (received.size <= 0) return endStatus(process);
    Records records(buffer, static_cast<size_t>(received.size));
    Fields fields;
    if (!records.next(fields)) fields = Fields();
    Field word = fields.bytes();
    if (word.is("held")) reach(process, State::held);
    else if (word.is("created")) reach(process, State::created);
    else if (word.is("forked")) takeFork(process, static_cast<pid_t>(fields.number()));
    else if (word.is("terminal")) takeTerminal(process, received);
    else if (word.is("failed")) takeFailure(process, fields);
    else if (word.is("marks")) passMarks(process, fields);
    closeReceived(received);
  }
}

// Read while the cgroup is still there: whoever removes it comes after the exit is told.
static bool wasOomKilled(const Process& process) {
  if (process.cgroup < 0 || process.name[0]) return false;
  int fd = openat(process.cgroup, "memory.events", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  char text[512];
  ssize_t size = read(fd, text, sizeof text - 1);
  close(fd);
  text[size > 0 ? size : 0] = '\0';
  const char* count = strstr(text, "oom_kill ");
  return count && atoll(count + 9) > 0;
}

// `CODE OOM FINISHED-NS`, whole or not at all.
static void keepExit(const Process& process) {
  if (!process.folder[0]) return;
  int folder = open(process.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  int fd = openat(folder, "exit.new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd >= 0) {
    int size = dprintf(fd, "%d %d %lld\n", process.exitCode, process.oomKilled,
                       static_cast<long long>(process.finishedAtNs));
    close(fd);
    if (size > 0) renameat(folder, "exit.new", folder, "exit");
  }
  close(folder);
}

static void tellExit(const Process& process) {
  RecordWriter<512> event;
  event.number(0).text("exit").text(process.container).text(process.name);
  event.number(process.exitCode).number(process.oomKilled).number(process.finishedAtNs);
  broadcast(event.data(), event.size());
}

static void recordExit(Process& process, int waitStatus) {
  readStatus(process);
  bool launched = process.state != State::launching;
  process.finishedAtNs = nowNs();
  process.exitCode = WIFSIGNALED(waitStatus) ? 128 + WTERMSIG(waitStatus) : WEXITSTATUS(waitStatus);
  process.oomKilled = wasOomKilled(process);
  process.state = State::exited;
  leaveGroup(process);
  drainOutput(process);
  answerFailed(process);
  if (launched) {
    logOperation("exited", process.origin, &process, {"exitCode", process.exitCode});
    keepExit(process);
    tellExit(process);
  }
  // An exec or spawn is over with its event; a container stays until the runtime has forgotten it.
  if (!launched || process.name[0] || !process.folder[0]) forgetProcess(&process);
}

// A child may end before anyone has read that it was forked.
static Process* findForked(pid_t pid) {
  for (uint32_t i = 0; i < maximumProcesses; i++) {
    Process* process = processAt(i);
    if (process && process->awaitsFork) readStatus(*process);
  }
  return findByPid(pid);
}

// A command of another runtime may still be under way, and its outcome is asked for: the end of
// what it started is told after that. One that waits to be told to start is let go.
static void endProcess(Process& process, int status) {
  if (process.relay > 0) readStatus(process);
  bool busy = process.state == State::launching || process.state == State::starting;
  if (process.relay > 0 && process.status >= 0 && busy) {
    process.exitPending = true;
    process.pendingStatus = status;
    return;
  }
  if (process.relay > 0 && process.status >= 0) {
    unwatch(process.status);
    closeOnce(process.status);
  }
  recordExit(process, status);
}

void reapChildren() {
  int status = 0;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    Process* process = findByPid(pid);
    if (!process || process->awaitsFork) process = findForked(pid);
    // Orphans of containers end up here too: a shim is their reaper.
    if (process && process->pid == pid) endProcess(*process, status);
    else if (!process && anyAwaitsFork()) rememberOrphan(pid, status);
  }
}

}  // namespace keelson::shim
