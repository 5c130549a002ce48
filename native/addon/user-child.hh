// A child that lives in a new user namespace while we open and pin it. unshare(CLONE_NEWUSER) is
// refused in a process with threads, which Node always is; clone(2) is not.
// The child shares our memory (CLONE_VM), so that no page table is copied, runs one function on a
// stack of its own and never touches what the other threads use: no locks, no allocation.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "../linux/descriptor.hh"
#include "../linux/failure.hh"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

namespace keelson::addon {

inline Outcome writeFile(const std::string& path, const std::string& text) {
  Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid()) return failed("open", path);
  // The files of /proc take their text in a single write.
  if (write(file.get(), text.data(), text.size()) < 0) return failed("write", path);
  return ok;
}

// The texts of uid_map and gid_map, and of setgroups (empty leaves it as it is).
struct UserMaps {
  std::string uids, gids, setgroups;
};

class UserChild {
 public:
  UserChild(UserChild&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {
    stack_ = std::move(other.stack_);
  }
  ~UserChild() {
    if (pid_ < 0) return;
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, __WALL) < 0 && errno == EINTR) continue;
  }
  UserChild(const UserChild&) = delete;

  pid_t pid() const { return pid_; }

  // Called on a throwaway thread, which has all signals blocked: the child inherits that, else a
  // handler of Node's could run in it, in our memory.
  static Result<UserChild> start(int flags, const UserMaps& maps) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return failed("pipe2");
    Descriptor reading(ends[0]), writing(ends[1]);
    UserChild child;
    Setting setting{flags, getpid(), writing.get()};
    // 0x80 is CLONE_NEWTIME for unshare and part of the exit signal for clone. No exit signal: a
    // SIGCHLD would make others look for a child of theirs.
    int cloned = (flags & ~CLONE_NEWTIME) | CLONE_VM;
    child.pid_ = clone(live, child.stack_.get() + stackBytes, cloned, &setting);
    if (child.pid_ < 0) return failed("clone");
    writing = Descriptor();
    int error = EPIPE;
    while (read(reading.get(), &error, sizeof error) < 0 && errno == EINTR) continue;
    if (error != 0) return Failure{"unshare", error, "in the new user namespace"};
    if (auto outcome = child.map(maps)) return *outcome;
    return child;
  }

 private:
  static constexpr size_t stackBytes = 64 * 1024;
  struct Setting {
    int flags;
    pid_t parent;
    int done;
  };

  UserChild() = default;

  static int live(void* data) {
    Setting setting = *static_cast<Setting*>(data);
    int error = 0;
    // If the parent's thread ends without killing us, for instance by kill -9, so do we.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!(setting.flags & CLONE_NEWPID) && getppid() != setting.parent) _exit(1);
    if ((setting.flags & CLONE_NEWTIME) && unshare(CLONE_NEWTIME) < 0) error = errno;
    if ((setting.flags & CLONE_NEWNS) && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr))
      error = errno;
    if (write(setting.done, &error, sizeof error) < 0) _exit(1);
    for (;;) pause();
  }

  Outcome map(const UserMaps& maps) const {
    std::string process = "/proc/" + std::to_string(pid_);
    if (!maps.setgroups.empty()) {
      if (auto outcome = writeFile(process + "/setgroups", maps.setgroups)) return outcome;
    }
    if (auto outcome = writeFile(process + "/gid_map", maps.gids)) return outcome;
    return writeFile(process + "/uid_map", maps.uids);
  }

  pid_t pid_ = -1;
  std::unique_ptr<char[]> stack_{new char[stackBytes]};
};

}  // namespace keelson::addon
