#include "launch.hh"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "../linux/call.hh"
#include "../stage/stage.hh"

namespace keelson::oci {

static constexpr size_t maximumPlanBytes = 8 * 1024 * 1024;
static constexpr int maximumGiven = 63;

// Never unmapped: the stage reads it from its copy of this address space.
static bool readPlan(stage::Start& start, Field plan, const Received& received, int& next) {
  start.plan = plan.data;
  start.planSize = plan.size;
  if (plan.size > 0) return true;
  struct stat state;
  if (next >= received.count || fstat(received.fds[next], &state) < 0) return false;
  if (state.st_size <= 0 || static_cast<size_t>(state.st_size) > maximumPlanBytes) {
    return errno = EFBIG, false;
  }
  start.planSize = static_cast<size_t>(state.st_size);
  void* mapped =
      mmap(nullptr, start.planSize, PROT_READ, MAP_PRIVATE, received.fds[next++], 0);
  if (mapped == MAP_FAILED) return false;
  start.plan = static_cast<const char*>(mapped);
  return true;
}

static pid_t cloneStage(Launched& launched, uint64_t flags, int cgroup,
                        const stage::Start& start) {
  clone_args args = {};
  args.flags = flags | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<uint64_t>(&launched.pidfd);
  args.exit_signal = SIGCHLD;
  if (cgroup >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<uint64_t>(cgroup);
  }
  pid_t pid = clone3(args);
  if (pid == 0) stage::run(start);
  return pid;
}

static bool keepPath(char (&place)[108], const char* path) {
  int size = snprintf(place, sizeof place, "%s", path);
  return size < static_cast<int>(sizeof place) || (errno = ENAMETOOLONG, false);
}

bool launch(Launched& launched, Fields& order, Received& received, unsigned inherited,
            const char** call) {
  uint64_t flags = order.number();
  const char* cgroup = order.text();
  bool relay = order.number() != 0;
  bool join = order.number() != 0;
  uint64_t preserved = order.number();
  const char* console = order.text();
  const char* pidfdSocket = order.text();
  bool adopt = order.number() != 0;
  Field plan = order.bytes();
  *call = "launch";
  if (!order.good()) return errno = EBADMSG, false;
  *call = "console socket";
  if (!keepPath(launched.console, console)) return false;
  *call = "pidfd socket";
  if (!keepPath(launched.pidfdSocket, pidfdSocket)) return false;
  launched.manner = join ? "setns" : "standard";
  *call = "prctl";
  if (adopt && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) return false;
  stage::Start start = {};
  int next = 0;
  *call = "plan";
  if (!readPlan(start, plan, received, next)) return false;
  int given[maximumGiven];
  int count = 0;
  for (; next < received.count; next++) given[count++] = received.fds[next];
  *call = "preserve-fds";
  if (preserved > inherited || preserved + static_cast<unsigned>(count) > maximumGiven) {
    return errno = EBADF, false;
  }
  for (unsigned i = 0; i < preserved; i++) given[count++] = 3 + static_cast<int>(i);
  *call = "setns";
  // For good: nothing else is started by this process that it would be wrong for.
  if (join && setns(given[0], CLONE_NEWPID) < 0) return false;
  *call = "open cgroup";
  int folder = cgroup[0] ? open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (cgroup[0] && folder < 0) return false;
  *call = "socketpair";
  int status[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, status) < 0) return false;
  start.status = status[1];
  for (int i = 0; i < 3; i++) start.stdio[i] = i;
  start.descriptors = given;
  start.descriptorCount = count;
  *call = "clone3";
  launched.pid = cloneStage(launched, flags, folder, start);
  launched.relay = relay ? launched.pid : 0;
  launched.status = status[0];
  int error = errno;
  close(status[1]);
  if (folder >= 0) close(folder);
  errno = error;
  return launched.pid > 0;
}

// As runc does it: one message, a word and the descriptor.
static bool sendTo(const char* path, const char* word, int given) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path, strlen(path));
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  bool sent = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
              sendMessage(fd, word, strlen(word), given);
  int error = errno;
  close(fd);
  errno = error;
  return sent;
}

static bool takeTerminal(Launched& launched, Received& received) {
  if (received.count != 1) return errno = EBADMSG, false;
  if (!launched.console[0]) {
    launched.terminal = received.fds[0];
    received.count = 0;
    return true;
  }
  return sendTo(launched.console, "/dev/pts/ptmx", received.fds[0]);
}

static void takeFork(Launched& launched, pid_t pid) {
  // It has nothing more to do; left unreaped, it would be a riddle to who inherits it.
  waitpid(launched.relay, nullptr, 0);
  launched.pid = pid;
  close(launched.pidfd);
  launched.pidfd = pidfdOpen(pid);
}

static Reached fail(RecordWriter<6144>& failure, const char* call, const char* path) {
  failure.text("failed").text(call).number(errno).text(path).number(0).text("");
  return Reached::failed;
}

static Reached takeFailure(Fields& fields, RecordWriter<6144>& failure) {
  int64_t index = static_cast<int64_t>(fields.number());
  const char* call = fields.text();
  int64_t error = static_cast<int64_t>(fields.number());
  const char* path = fields.text();
  Field text = fields.left() > 0 ? fields.bytes() : Field{"", 0};
  failure.text("failed").text(call).number(error).text(path);
  failure.number(index).bytes(text.data, text.size);
  return Reached::failed;
}

// Its number may be another's by the time somebody reads it; the descriptor never is.
static Reached arrive(Launched& launched, Reached where, RecordWriter<6144>& failure) {
  char path[sizeof launched.pidfdSocket];
  memcpy(path, launched.pidfdSocket, sizeof path);
  launched.pidfdSocket[0] = '\0';
  if (!path[0] || sendTo(path, launched.manner, launched.pidfd)) return where;
  return fail(failure, "pidfd socket", path);
}

Reached follow(Launched& launched, RecordWriter<6144>& failure) {
  char buffer[6144];
  bool forked = launched.relay == 0 || launched.relay != launched.pid;
  for (;;) {
    Received received = receiveMessage(launched.status, buffer, sizeof buffer);
    if (received.size < 0) return fail(failure, "recvmsg", "");
    // Exec has closed it. A stage that dies without a word does as well, and is told by its exit.
    if (received.size == 0) {
      return forked ? arrive(launched, Reached::running, failure) : fail(failure, "fork", "");
    }
    Records records(buffer, static_cast<size_t>(received.size));
    Fields fields;
    if (!records.next(fields)) fields = Fields();
    Field word = fields.bytes();
    if (word.is("failed")) return takeFailure(fields, failure);
    if (word.is("held")) return arrive(launched, Reached::held, failure);
    if (word.is("created")) return arrive(launched, Reached::created, failure);
    if (word.is("forked")) {
      takeFork(launched, static_cast<pid_t>(fields.number()));
      forked = true;
    }
    bool taken = !word.is("terminal") || takeTerminal(launched, received);
    closeReceived(received);
    if (!taken) return fail(failure, "console socket", launched.console);
  }
}

void abandon(Launched& launched) {
  if (launched.pidfd >= 0) pidfdSignal(launched.pidfd, SIGKILL);
  if (launched.pid > 0) waitpid(launched.pid, nullptr, 0);
  launched.pid = 0;
}

}  // namespace keelson::oci
