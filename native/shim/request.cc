#include "../linux/call.hh"
#include "request.hh"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "client.hh"
#include "group.hh"
#include "log.hh"
#include "process.hh"
#include "shim-log.hh"

namespace keelson::shim {

// The process that the next two fields name; the refusal is sent when there is none.
static Process* named(Request& request) {
  const char* container = request.fields.text();
  const char* name = request.fields.text();
  Process* process = request.fields.good() ? findProcess(container, name) : nullptr;
  if (!process) answerFailure(request.client, request.id, "find", ESRCH, container);
  return process;
}

static void conclude(Request& request, bool succeeded, const char* call) {
  if (succeeded) answerOk(request.client, request.id);
  else answerFailure(request.client, request.id, call, errno);
}

// signal CONTAINER NAME NUMBER: an exec is killed with all that it has made
static void signalProcess(Request& request) {
  Process* process = named(request);
  if (!process) return;
  int number = static_cast<int>(request.fields.number());
  errno = ESRCH;
  bool living = process->state != State::exited && request.fields.good();
  bool sent = living && ((number == SIGKILL && killGroup(*process)) ||
                         pidfdSignal(process->pidfd, number));
  conclude(request, sent, "pidfd_send_signal");
  logOperation(sent ? "signal" : "signal not sent", request.origin, process, {"signal", number});
}

// pidfd CONTAINER NAME
static void givePidfd(Request& request) {
  Process* process = named(request);
  if (!process) return;
  RecordWriter<64> reply;
  reply.number(static_cast<int64_t>(request.id)).text("ok");
  answer(request.client, reply.data(), reply.size(), &process->pidfd, 1);
}

// resize CONTAINER NAME ROWS COLUMNS
static void resizeTerminal(Request& request) {
  Process* process = named(request);
  if (!process) return;
  winsize size = {};
  size.ws_row = static_cast<unsigned short>(request.fields.number());
  size.ws_col = static_cast<unsigned short>(request.fields.number());
  errno = ENOTTY;
  bool sized = process->terminal >= 0 && ioctl(process->terminal, TIOCSWINSZ, &size) == 0;
  conclude(request, sized, "TIOCSWINSZ");
}

// close-input CONTAINER NAME
static void closeInput(Request& request) {
  Process* process = named(request);
  if (!process) return;
  closeOnce(process->input);
  answerOk(request.client, request.id);
}

// reopen-log CONTAINER: on failure the old file stays in use
static void reopenLog(Request& request) {
  const char* container = request.fields.text();
  Process* process = findProcess(container, "");
  errno = ESRCH;
  int fd = process && process->logPath[0] ? openLog(process->logPath) : -1;
  if (fd >= 0) {
    closeOnce(process->log);
    process->log = fd;
  }
  conclude(request, fd >= 0, "open");
}

// forget CONTAINER NAME
static void forget(Request& request) {
  Process* process = named(request);
  if (!process) return;
  if (process->state != State::exited) {
    answerFailure(request.client, request.id, "forget", EBUSY, process->container);
    return;
  }
  forgetProcess(process);
  answerOk(request.client, request.id);
}

static constexpr const char* stateNames[] = {"launching", "held",    "created",
                                             "starting",  "running", "exited"};

// state FROM: answers `ok SHIM-PID NEXT (CONTAINER NAME PID STATE CODE OOM FINISHED)*`; NEXT is 0
// at the end
static void describe(Request& request) {
  constexpr size_t perAnswer = 128;
  uint32_t from = static_cast<uint32_t>(request.fields.number());
  uint32_t next = 0;
  size_t told = 0;
  for (uint32_t i = from; i < maximumProcesses && next == 0; i++) {
    if (processAt(i) && ++told > perAnswer) next = i;
  }
  RecordWriter<65536> reply;
  reply.number(static_cast<int64_t>(request.id)).text("ok").number(getpid()).number(next);
  for (uint32_t i = from; i < (next ? next : maximumProcesses); i++) {
    const Process* process = processAt(i);
    if (!process) continue;
    reply.text(process->container).text(process->name).number(process->pid);
    reply.text(stateNames[static_cast<int>(process->state)]).number(process->exitCode);
    reply.number(process->oomKilled).number(process->finishedAtNs);
  }
  answer(request.client, reply.data(), reply.size());
}

static void shutDown(Request& request) {
  if (anyAlive()) {
    answerFailure(request.client, request.id, "shutdown", EBUSY);
    return;
  }
  answerOk(request.client, request.id);
  logOperation("shutdown", request.origin, nullptr);
  _exit(0);
}

struct Verb {
  const char* name;
  void (*handle)(Request&);
};

static constexpr Verb verbs[] = {
    {"launch", launch},         {"go-on", goOn},
    {"start", start},   {"signal", signalProcess},
    {"resize", resizeTerminal}, {"attach", attach}, {"close-input", closeInput},
    {"reopen-log", reopenLog},  {"forget", forget}, {"state", describe},
    {"pidfd", givePidfd},
    {"shutdown", shutDown},     {"start-shim", startShim},
};

void handleRequest(Request& request) {
  Field verb = request.fields.bytes();
  for (const Verb& entry : verbs) {
    if (verb.is(entry.name)) return entry.handle(request);
  }
  answerFailure(request.client, request.id, "request", ENOSYS, verb.data);
}

}  // namespace keelson::shim
