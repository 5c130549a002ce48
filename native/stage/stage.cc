#include "stage.hh"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "operations.hh"
#include "report.hh"
#include "trace.hh"

namespace keelson::stage {

static constexpr Entry table[] = {
    {"unshare", unshareNamespaces},
    {"join", joinNamespace},
    {"user-namespace", makeUserNamespace},
    {"time-offsets", setTimeOffsets},
    {"fork", forkInto},
    {"pin", pinNamespace},
    {"loopback-up", bringLoopbackUp},
    {"open", openPath},
    {"close", closeSlot},
    {"preserve", preserveDescriptors},
    {"propagation", setPropagation},
    {"open-tree", openTree},
    {"filesystem", makeFilesystem},
    {"overlay", makeOverlay},
    {"attributes", setMountAttributes},
    {"attach", attachMount},
    {"unmount", unmountPath},
    {"copy-up", copyUp},
    {"inherit-mode", inheritMode},
    {"root", enterRoot},
    {"use-root", useRoot},
    {"leave-chroot", leaveChroot},
    {"pivot", pivotRoot},
    {"change-root", changeRoot},
    {"directory", makeDirectory},
    {"node", makeNode},
    {"symlink", makeSymlink},
    {"mask", maskPath},
    {"readonly", makeReadonly},
    {"hostname", setHostname},
    {"domainname", setDomainname},
    {"sysctl", setSysctl},
    {"oom-score-adj", setOomScoreAdj},
    {"limit", setLimit},
    {"umask", setUmask},
    {"personality", setPersonality},
    {"scheduler", setScheduler},
    {"io-priority", setIoPriority},
    {"memory-policy", setMemoryPolicy},
    {"affinity", setAffinity},
    {"keyring", joinKeyring},
    {"bounding", dropBounding},
    {"identity", setIdentity},
    {"capabilities", setCapabilities},
    {"no-new-privileges", setNoNewPrivileges},
    {"seccomp", loadSeccomp},
    {"remember-pid", rememberPid},
    {"connect", connectSocket},
    {"seccomp-listener", loadListenedSeccomp},
    {"terminal", openTerminal},
    {"open-terminal", openTerminalPair},
    {"take-terminal", takeTerminal},
    {"console", attachConsole},
    {"hook", runHook},
    {"trace", traceSteps},
    {"runtime", runRuntime},
    {"working-directory", changeDirectory},
    {"hold", holdForHooks},
    {"wait", waitForStart},
    {"await", awaitStart},
    {"find-program", findProgram},
    {"init", startInit},
    {"execute", executeProgram},
    {"pause", pauseForever},
    {"finish", finish},
};

// Nothing of the supervisor stays within reach: neither its descriptors, nor its signal state, nor,
// while the container's processes can already see this one, its memory (CVE-2016-9962).
static void arrange(Context& context, const Start& start) {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  // First out of the way of the numbers they shall have, then into place.
  const int base = 64;
  int kept = base;
  int status = fcntl(start.status, F_DUPFD, base + 64);
  int stdio[3];
  for (int i = 0; i < 3; i++) stdio[i] = fcntl(start.stdio[i], F_DUPFD, base + 64);
  int given[64];
  for (int i = 0; i < start.descriptorCount; i++) {
    given[i] = fcntl(start.descriptors[i], F_DUPFD, base + 64);
  }
  for (int i = 0; i < 3; i++) dup2(stdio[i], i);
  for (int i = 0; i < start.descriptorCount; i++) {
    context.slots[i] = dup3(given[i], kept++, O_CLOEXEC);
  }
  context.status = dup3(status, kept++, O_CLOEXEC);
  close_range(3, base - 1, 0);
  close_range(static_cast<unsigned>(kept), ~0U, 0);

  for (int signal = 1; signal < NSIG; signal++) {
    struct sigaction standard = {};
    standard.sa_handler = SIG_DFL;
    sigaction(signal, &standard, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  setsid();
}

static Operation find(Field name) {
  for (const Entry& entry : table) {
    if (name.is(entry.name)) return entry.run;
  }
  return nullptr;
}

void run(const Start& start) {
  static Context context;
  for (int& slot : context.slots) slot = -1;
  arrange(context, start);
  Records plan(start.plan, start.planSize);
  Fields fields;
  for (; plan.next(fields); context.index++) {
    Field name = fields.bytes();
    Operation operation = find(name);
    context.call = name.data;
    if (!operation) {
      context.refuse(ENOSYS, name.data);
      reportFailure(context);
    }
    bool done = operation(context, fields);
    if (done && !fields.good()) done = context.refuse(EBADMSG, name.data);
    if (!done) reportFailure(context);
    markStep(context, name.data);
  }
  // A plan ends by leaving: execute, pause or finish. One that is cut off or malformed comes here.
  context.refuse(EBADMSG, "plan");
  reportFailure(context);
}

}  // namespace keelson::stage
