#include "launch.hh"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "../linux/call.hh"
#include "../linux/message.hh"
#include "../stage/stage.hh"
#include "client.hh"
#include "group.hh"
#include "log.hh"
#include "loop.hh"
#include "output.hh"
#include "request.hh"
#include "shim-log.hh"

namespace keelson::shim {

static constexpr size_t maximumPlanBytes = 8 * 1024 * 1024;

// When the process that matters is forked: never, by the launch, or by the start (a restore).
enum class Relay : uint8_t { none, launch, start };

// launch CONTAINER NAME CLONE-FLAGS CGROUP FOLDER LOG STDIO INPUT TERMINAL RELAY JOIN PLAN GROUP
struct Order {
  const char* container;
  const char* name;
  uint64_t cloneFlags;
  const char* cgroup;
  const char* folder;
  const char* log;
  // log: to the log and clients; pass: to the runtime; given: the first three descriptors; null
  Field stdio;
  bool input;
  bool terminal;
  Relay relay;
  // Into the PID namespace of the container's first process, whose pidfd becomes the first slot.
  bool join;
  // Empty when the plan is in the first descriptor.
  Field plan;
  // In a cgroup of its own below CGROUP (group.hh).
  bool group;
};

static Order readOrder(Fields& fields) {
  Order order;
  order.container = fields.text();
  order.name = fields.text();
  order.cloneFlags = fields.number();
  order.cgroup = fields.text();
  order.folder = fields.text();
  order.log = fields.text();
  order.stdio = fields.bytes();
  order.input = fields.number() != 0;
  order.terminal = fields.number() != 0;
  order.relay = static_cast<Relay>(fields.number());
  order.join = fields.number() != 0;
  order.plan = fields.bytes();
  // A runtime from before an upgrade does not say.
  order.group = fields.left() > 0 && fields.number() != 0;
  return order;
}

struct Failed {
  const char* call = "";
  const char* path = "";
};

static bool copyText(char* to, size_t capacity, const char* text) {
  return snprintf(to, capacity, "%s", text) < static_cast<int>(capacity);
}

// Both ends of one stream: the program's, and ours or the runtime's.
static bool openStream(int& programs, int& ours, bool programReads) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return false;
  programs = ends[programReads ? 0 : 1];
  ours = ends[programReads ? 1 : 0];
  return true;
}

static bool openNull(int& fd) {
  fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  return fd >= 0;
}

struct Streams {
  int program[3] = {-1, -1, -1};
  ~Streams() {
    for (int& fd : program) closeOnce(fd);
  }
};

static bool openStreams(Process& process, const Order& order, Streams& streams) {
  bool pipes = !order.terminal && (order.stdio.is("log") || order.stdio.is("pass"));
  int* ours[3] = {&process.input, &process.streams[0].fd, &process.streams[1].fd};
  for (int i = 0; i < 3; i++) {
    bool wanted = pipes && (i > 0 || order.input);
    int* end = process.passed ? &process.passing[i] : ours[i];
    bool opened = wanted ? openStream(streams.program[i], *end, i == 0)
                         : openNull(streams.program[i]);
    if (!opened) return false;
  }
  for (Stream& stream : process.streams) {
    if (stream.fd >= 0) fcntl(stream.fd, F_SETFL, O_NONBLOCK);
  }
  return true;
}

static bool takeGiven(Request& request, Streams& streams, int& next) {
  for (int i = 0; i < 3; i++, next++) {
    if (next >= request.fdCount) return errno = EBADF, false;
    streams.program[i] = request.fds[next];
    request.fds[next] = -1;
  }
  return true;
}

// Mapped, not copied: the child reads it from its copy of this address space.
struct Plan {
  const char* data = nullptr;
  size_t size = 0;
  void* mapped = nullptr;
  ~Plan() {
    if (mapped) munmap(mapped, size);
  }
};

static bool openPlan(const Order& order, Request& request, Plan& plan, int& next) {
  plan.data = order.plan.data;
  plan.size = order.plan.size;
  if (plan.size > 0) return true;
  struct stat state;
  if (next >= request.fdCount || fstat(request.fds[next], &state) < 0) return false;
  if (state.st_size <= 0 || static_cast<size_t>(state.st_size) > maximumPlanBytes) {
    return errno = EFBIG, false;
  }
  plan.size = static_cast<size_t>(state.st_size);
  plan.mapped = mmap(nullptr, plan.size, PROT_READ, MAP_PRIVATE, request.fds[next++], 0);
  if (plan.mapped == MAP_FAILED) return plan.mapped = nullptr, false;
  plan.data = static_cast<const char*>(plan.mapped);
  return true;
}

// A child made now belongs to that namespace, without a second fork; ours is set back at once.
static bool aimAtPidNamespace(int pidfd) { return setns(pidfd, CLONE_NEWPID) == 0; }

static bool aimBack() {
  static int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
  return setns(own, CLONE_NEWPID) == 0;
}

static pid_t cloneStage(Process& process, const Order& order, const stage::Start& start) {
  clone_args args = {};
  args.flags = order.cloneFlags | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<uint64_t>(&process.pidfd);
  args.exit_signal = SIGCHLD;
  if (process.cgroup >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<uint64_t>(process.cgroup);
  }
  pid_t pid = clone3(args);
  if (pid < 0 && (errno == EOPNOTSUPP || errno == EBUSY) && giveUpGroup(process)) {
    args.cgroup = static_cast<uint64_t>(process.cgroup);
    pid = clone3(args);
  }
  if (pid == 0) stage::run(start);
  return pid;
}

static bool startStage(Process& process, const Order& order, stage::Start& start) {
  int status[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, status) < 0) return false;
  start.status = status[1];
  Process* target = order.join ? findProcess(order.container, "") : nullptr;
  int slots[descriptorsPerMessage + 1];
  if (target) {
    slots[0] = target->pidfd;
    for (int i = 0; i < start.descriptorCount; i++) slots[i + 1] = start.descriptors[i];
    start.descriptors = slots;
    start.descriptorCount++;
  }
  bool aimed = !target || aimAtPidNamespace(target->pidfd);
  process.pid = aimed ? cloneStage(process, order, start) : -1;
  int error = errno;
  if (target) aimBack();
  close(status[1]);
  process.status = status[0];
  errno = error;
  return process.pid > 0;
}

static bool prepare(Process& process, const Order& order, Failed& failed) {
  if (!copyText(process.container, identifierBytes, order.container) ||
      !copyText(process.name, identifierBytes, order.name) ||
      !copyText(process.folder, PATH_MAX, order.folder) ||
      !copyText(process.logPath, PATH_MAX, order.log)) {
    errno = ENAMETOOLONG;
    failed = {"launch", ""};
    return false;
  }
  if (order.cgroup[0]) {
    process.cgroup = open(order.cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (process.cgroup < 0) return failed = {"open", order.cgroup}, false;
    if (order.group) makeGroup(process);
  }
  if (order.log[0]) {
    process.log = openLog(order.log);
    if (process.log < 0) return failed = {"open", order.log}, false;
  }
  process.passed = order.stdio.is("pass");
  process.awaitsFork = order.relay == Relay::launch;
  process.forksAtStart = order.relay == Relay::start;
  return true;
}

static bool begin(Process& process, const Order& order, Request& request, Failed& failed) {
  if (!prepare(process, order, failed)) return false;
  Streams streams;
  Plan plan;
  int next = 0;
  failed.call = "plan";
  if (!openPlan(order, request, plan, next)) return false;
  failed.call = "stdio";
  bool opened = order.stdio.is("given") ? takeGiven(request, streams, next)
                                        : openStreams(process, order, streams);
  if (!opened) return false;
  stage::Start start = {plan.data, plan.size, -1, {}, request.fds + next, request.fdCount - next};
  for (int i = 0; i < 3; i++) start.stdio[i] = streams.program[i];
  failed.call = "clone3";
  if (!startStage(process, order, start)) return false;
  process.client = request.client;
  process.request = request.id;
  strcpy(process.origin, request.origin);
  failed.call = "epoll_ctl";
  return watch(process.status, EPOLLIN, Source::status, indexOf(&process)) && watchOutput(process);
}

void launch(Request& request) {
  Order order = readOrder(request.fields);
  if (!request.fields.good()) {
    return answerFailure(request.client, request.id, "launch", EBADMSG);
  }
  if (findProcess(order.container, order.name)) {
    return answerFailure(request.client, request.id, "launch", EEXIST, order.container);
  }
  Process* target = order.join ? findProcess(order.container, "") : nullptr;
  if (order.join && (!target || target->state == State::exited)) {
    return answerFailure(request.client, request.id, "launch", ESRCH, order.container);
  }
  Process* process = addProcess();
  if (!process) return answerFailure(request.client, request.id, "launch", EAGAIN, "processes");
  Failed failed;
  if (begin(*process, order, request, failed)) return;
  int error = errno;
  answerFailure(request.client, request.id, failed.call, error, failed.path);
  logRefusal(request, order.container, {nullptr, 0, failed.call, error, failed.path});
  if (process->pidfd >= 0) pidfdSignal(process->pidfd, SIGKILL);
  leaveGroup(*process);
  forgetProcess(process);
}

// Lets a waiting stage go on; the answer comes when it has got somewhere.
static void wake(Request& request, const char* verb, State from, State to) {
  const char* container = request.fields.text();
  Process* process = findProcess(container, "");
  if (!process || process->state != from) {
    return answerFailure(request.client, request.id, verb, process ? EINVAL : ESRCH, container);
  }
  process->client = request.client;
  process->request = request.id;
  strcpy(process->origin, request.origin);
  process->state = to;
  if (to == State::starting) process->awaitsFork = process->forksAtStart;
  char byte = 1;
  if (send(process->status, &byte, 1, MSG_NOSIGNAL) != 1) {
    answerFailure(request.client, request.id, verb, errno, container);
  }
}

// go-on CONTAINER: the hooks that it is held for are done; answered when it is created
void goOn(Request& request) { wake(request, "go-on", State::held, State::launching); }

// start CONTAINER: answered when its program is executed
void start(Request& request) { wake(request, "start", State::created, State::starting); }

}  // namespace keelson::shim
