#include "foreground.hh"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "../linux/call.hh"

namespace keelson::oci {

static int signals = -1;

void holdSignals() {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void copySize(int terminal) {
  winsize size;
  if (terminal >= 0 && ioctl(0, TIOCGWINSZ, &size) == 0) ioctl(terminal, TIOCSWINSZ, &size);
}

// The user's terminal hands every key on; what it was is put back at the end.
class RawTerminal {
 public:
  RawTerminal() {
    if (tcgetattr(0, &before_) < 0) return;
    termios raw = before_;
    cfmakeraw(&raw);
    changed_ = tcsetattr(0, TCSANOW, &raw) == 0;
  }
  ~RawTerminal() {
    if (changed_) tcsetattr(0, TCSANOW, &before_);
  }

 private:
  termios before_;
  bool changed_ = false;
};

static bool writeAll(int fd, const char* data, ssize_t size) {
  while (size > 0) {
    ssize_t written = write(fd, data, static_cast<size_t>(size));
    if (written < 0 && errno == EAGAIN) {
      pollfd room = {fd, POLLOUT, 0};
      poll(&room, 1, -1);
      continue;
    }
    if (written <= 0 && errno != EINTR) return false;
    if (written > 0) data += written, size -= written;
  }
  return true;
}

// False at the end of `from`.
static bool copyChunk(int from, int to) {
  char chunk[16384];
  ssize_t size = read(from, chunk, sizeof chunk);
  if (size < 0) return errno == EINTR || errno == EAGAIN;
  return size > 0 && writeAll(to, chunk, size);
}

static void handOn(Launched& launched, bool& ended, int& exitStatus) {
  signalfd_siginfo information;
  while (read(signals, &information, sizeof information) == sizeof information) {
    int number = static_cast<int>(information.ssi_signo);
    if (number == SIGWINCH) copySize(launched.terminal);
    else if (number != SIGCHLD && number != SIGPIPE) pidfdSignal(launched.pidfd, number);
  }
  for (pid_t pid; (pid = waitpid(-1, &exitStatus, WNOHANG)) > 0;) {
    if (pid == launched.pid) {
      ended = true;
      return;
    }
  }
}

static void drain(int terminal) {
  pollfd rest = {terminal, POLLIN, 0};
  while (poll(&rest, 1, 0) > 0 && (rest.revents & POLLIN) && copyChunk(terminal, 1)) continue;
}

int foreground(Launched& launched) {
  int exitStatus = 0;
  bool ended = false;
  bool tty = launched.terminal >= 0;
  {
    std::optional<RawTerminal> raw;
    if (tty) raw.emplace();
    copySize(launched.terminal);
    pollfd watched[3] = {
        {signals, POLLIN, 0}, {launched.terminal, POLLIN, 0}, {tty ? 0 : -1, POLLIN, 0}};
    // A child that has ended already has sent its signal, perhaps before this one was looked at.
    handOn(launched, ended, exitStatus);
    while (!ended) {
      if (poll(watched, 3, -1) < 0 && errno != EINTR) break;
      if (watched[1].revents && !copyChunk(launched.terminal, 1)) watched[1].fd = -1;
      if (watched[2].revents && !copyChunk(0, launched.terminal)) watched[2].fd = -1;
      if (watched[0].revents) handOn(launched, ended, exitStatus);
    }
    if (tty) drain(launched.terminal);
  }
  return WIFSIGNALED(exitStatus) ? 128 + WTERMSIG(exitStatus) : WEXITSTATUS(exitStatus);
}

}  // namespace keelson::oci
