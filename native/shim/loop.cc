#include "loop.hh"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>

#include "attachment.hh"
#include "client.hh"
#include "launch.hh"
#include "output.hh"

namespace keelson::shim {

static int epollFd = -1;

static epoll_event eventOf(uint32_t events, Source source, uint32_t index, uint32_t part) {
  epoll_event event = {};
  event.events = events;
  event.data.u64 = static_cast<uint64_t>(source) << 40 | static_cast<uint64_t>(part) << 32 | index;
  return event;
}

bool watch(int fd, uint32_t events, Source source, uint32_t index, uint32_t part) {
  epoll_event event = eventOf(events, source, index, part);
  return epoll_ctl(epollFd, EPOLL_CTL_ADD, fd, &event) == 0;
}

void rewatch(int fd, uint32_t events, Source source, uint32_t index, uint32_t part) {
  epoll_event event = eventOf(events, source, index, part);
  epoll_ctl(epollFd, EPOLL_CTL_MOD, fd, &event);
}

void unwatch(int fd) { epoll_ctl(epollFd, EPOLL_CTL_DEL, fd, nullptr); }

static int openSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  for (int ignored : {SIGPIPE, SIGHUP, SIGINT}) signal(ignored, SIG_IGN);
  return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

// SIGTERM ends a shim only when there is nothing left to supervise.
static void readSignals(int fd) {
  signalfd_siginfo information;
  while (read(fd, &information, sizeof information) == sizeof information) {
    if (information.ssi_signo == SIGTERM && !anyAlive()) _exit(0);
  }
  reapChildren();
}

static void dispatch(uint64_t data, int listener, int signals) {
  uint32_t index = static_cast<uint32_t>(data);
  unsigned part = static_cast<unsigned>(data >> 32 & 0xff);
  // What an earlier event of the same round has freed is not there any more.
  Process* process = processAt(index);
  switch (static_cast<Source>(data >> 40)) {
    case Source::listener: return acceptClient(listener);
    case Source::signals: return readSignals(signals);
    case Source::client: return readClient(index);
    case Source::attachment: return continueAttachment(index, part);
    case Source::status:
      if (process) readStatus(*process);
      return;
    case Source::output:
      if (process) readOutput(*process, part);
      return;
  }
}

void runLoop(int listener, int client) {
  epollFd = epoll_create1(EPOLL_CLOEXEC);
  int signals = openSignals();
  watch(signals, EPOLLIN, Source::signals, 0);
  if (listener >= 0) watch(listener, EPOLLIN, Source::listener, 0);
  if (client >= 0) addClient(client);
  while (listener >= 0 || anyClient()) {
    epoll_event events[16];
    int count = epoll_wait(epollFd, events, 16, expireAttachments());
    for (int i = 0; i < count; i++) dispatch(events[i].data.u64, listener, signals);
  }
}

}  // namespace keelson::shim
