// Removing a tree on a thread of the pool, in one go. By Node's own, each of its steps is handed to
// a thread and waited for, which keeps the event loop busy long after a container is gone.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <napi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "../linux/descriptor.hh"
#include "../linux/failure.hh"
#include "argument.hh"
#include "error.hh"

namespace keelson::addon {

// Walks by descriptors, never follows a link, and does not enter what is mounted. Trees may be
// deeper than there are descriptors: what lies too deep is moved up to the top and taken there.
class Removal {
 public:
  explicit Removal(std::string path) : path_(std::move(path)) {}

  // What is gone already is a success.
  Outcome run() {
    if (unlink(path_.c_str()) == 0 || errno == ENOENT) return ok;
    if (errno != EISDIR) return failed("unlink", path_);
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    top_ = Descriptor(open(path_.c_str(), flags));
    if (!top_.valid()) return errno == ENOENT ? ok : Outcome(failed("open", path_));
    do {
      moved_ = false;
      if (Outcome problem = empty(top_.get(), 0)) return problem;
    } while (moved_);
    if (rmdir(path_.c_str()) == 0 || errno == ENOENT) return ok;
    return failed("rmdir", path_);
  }

 private:
  static constexpr int deepest = 64;

  // Removed names may make a folder's listing skip others, so it is read until there are none.
  Outcome empty(int folder, int depth) {
    for (bool found = true; found;) {
      found = false;
      if (lseek(folder, 0, SEEK_SET) < 0) return failed("lseek", path_);
      alignas(dirent64) char buffer[4096];
      for (;;) {
        ssize_t length = getdents64(folder, buffer, sizeof buffer);
        if (length < 0) return failed("getdents64", path_);
        if (length == 0) break;
        for (ssize_t at = 0; at < length;) {
          const auto* entry = reinterpret_cast<dirent64*>(buffer + at);
          at += entry->d_reclen;
          if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
          // What was moved up here in this round waits for the next.
          if (depth == 0 && moved_ && isMoved(entry->d_name)) continue;
          found = true;
          if (Outcome problem = removeEntry(folder, *entry, depth)) return problem;
        }
      }
    }
    return ok;
  }

  Outcome removeEntry(int folder, const dirent64& entry, int depth) {
    const char* name = entry.d_name;
    if (entry.d_type != DT_DIR) {
      if (unlinkat(folder, name, 0) == 0 || errno == ENOENT) return ok;
      if (errno != EISDIR) return failed("unlinkat", name);
    }
    if (unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return ok;
    if (errno != ENOTEMPTY && errno != EEXIST) return failed("rmdir", name);
    if (depth == deepest) return moveUp(folder, name);
    open_how how = {};
    how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS;
    Descriptor child(static_cast<int>(syscall(SYS_openat2, folder, name, &how, sizeof how)));
    if (!child.valid()) return errno == ENOENT ? ok : Outcome(failed("openat2", name));
    if (Outcome problem = empty(child.get(), depth + 1)) return problem;
    if (unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return ok;
    return failed("rmdir", name);
  }

  static bool isMoved(const char* name) { return strncmp(name, "moved-up-", 9) == 0; }

  Outcome moveUp(int folder, const char* name) {
    for (;;) {
      char fresh[32];
      snprintf(fresh, sizeof fresh, "moved-up-%u", count_++);
      if (renameat2(folder, name, top_.get(), fresh, RENAME_NOREPLACE) == 0) break;
      if (errno != EEXIST) return failed("renameat2", name);
    }
    moved_ = true;
    return ok;
  }

  std::string path_;
  Descriptor top_;
  bool moved_ = false;
  unsigned count_ = 0;
};

class RemovalWork : public Napi::AsyncWorker {
 public:
  RemovalWork(Napi::Env env, std::string path)
      : AsyncWorker(env), deferred_(env), removal_(std::move(path)) {}
  Napi::Promise promise() { return deferred_.Promise(); }
  void Execute() override { problem_ = removal_.run(); }
  void OnOK() override {
    if (problem_) deferred_.Reject(kernelError(Env(), *problem_));
    else deferred_.Resolve(Env().Undefined());
  }

 private:
  Napi::Promise::Deferred deferred_;
  Removal removal_;
  Outcome problem_ = ok;
};

inline Napi::Value removeTree(const Napi::CallbackInfo& info) {
  std::string path = toPath(info[0]);
  if (isCut(path)) return raise(info.Env(), Failure{"unlink", EINVAL, path.c_str()});
  auto* work = new RemovalWork(info.Env(), std::move(path));
  Napi::Promise promise = work->promise();
  work->Queue();
  return promise;
}

inline void registerRemove(Napi::Env env, Napi::Object exports) {
  exports["removeTree"] = Napi::Function::New(env, removeTree, "removeTree");
}

}  // namespace keelson::addon
