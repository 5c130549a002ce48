#include <fcntl.h>
#include <linux/mount.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "operations.hh"
#include "report.hh"
#include "resolve.hh"

namespace keelson::stage {

static int peer = -1;

// The other end by descriptor: its name in /dev/pts could lead elsewhere by now (CVE-2025-52565).
static int openPeer(int master) {
  int unlocked = 0;
  if (ioctl(master, TIOCSPTLCK, &unlocked) < 0) return -1;
  return ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

// /dev/ptmx is 5:2; the image may have put anything else where the container's should be.
static bool isMultiplexer(int fd) {
  struct stat state;
  return fstat(fd, &state) == 0 && S_ISCHR(state.st_mode) && state.st_rdev == makedev(5, 2);
}

// open-terminal PTMX-SLOT ROWS COLUMNS: the slot holds a devpts mount, or is empty for /dev/pts
// here; the master goes to the supervisor
bool openTerminalPair(Context& context, Fields& fields) {
  int devpts = context.slot(fields.number());
  winsize size = {};
  size.ws_row = static_cast<unsigned short>(fields.number());
  size.ws_col = static_cast<unsigned short>(fields.number());
  const int flags = O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW;
  int master = devpts >= 0 ? openat(devpts, "ptmx", flags) : open("/dev/pts/ptmx", flags);
  if (master < 0) return context.fail("open", "/dev/pts/ptmx");
  if (!isMultiplexer(master)) return context.refuse(EINVAL, "open", "/dev/pts/ptmx");
  peer = openPeer(master);
  if (peer < 0) return context.fail("TIOCGPTPEER", "/dev/pts/ptmx");
  if (size.ws_row > 0) ioctl(master, TIOCSWINSZ, &size);
  if (!reportTerminal(context, master)) return context.fail("sendmsg");
  close(master);
  return true;
}

// take-terminal: the peer becomes stdio, and the terminal that this process controls
bool takeTerminal(Context& context, Fields&) {
  if (ioctl(peer, TIOCSCTTY, 0) < 0) return context.fail("TIOCSCTTY");
  for (int fd = 0; fd <= 2; fd++) {
    if (dup2(peer, fd) < 0) return context.fail("dup2");
  }
  return true;
}

// terminal PTMX-SLOT ROWS COLUMNS: both in one
bool openTerminal(Context& context, Fields& fields) {
  return openTerminalPair(context, fields) && takeTerminal(context, fields);
}

// console: the terminal is /dev/console as well
bool attachConsole(Context& context, Fields&) {
  int target = ensureInside(context, "/dev/console", Missing::file, true);
  if (target < 0) return context.fail("openat2", "/dev/console");
  int copy = open_tree(peer, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
  if (copy < 0) return context.fail("open_tree", "/dev/console");
  int moved = move_mount(copy, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
  int error = errno;
  close(copy);
  close(target);
  errno = error;
  return moved == 0 || context.fail("move_mount", "/dev/console");
}

}  // namespace keelson::stage
