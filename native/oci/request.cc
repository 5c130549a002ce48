#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "../linux/message.hh"
#include "../linux/record.hh"
#include "connection.hh"

namespace keelson::oci {

static constexpr size_t inlineBytes = 64 * 1024;
static constexpr size_t maximumBytes = 4 * 1024 * 1024;

// What of the environment a runtime heeds; the rest is nobody's business.
static constexpr const char* heeded[] = {"LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET",
                                         "XDG_RUNTIME_DIR", "KEELSON_CGROUP_MISSINGCONTROLLERS",
                                         "KEELSON_CGROUP_DRIVER", "KEELSON_STATE"};

// Paths and process numbers mean something else to a planner that lives elsewhere.
static void describeIdentity(char* text, size_t size) {
  static constexpr const char* kinds[] = {"mnt", "pid", "user", "cgroup", "net", "ipc", "uts"};
  size_t at = 0;
  for (const char* kind : kinds) {
    char path[32];
    struct stat state = {};
    snprintf(path, sizeof path, "/proc/self/ns/%s", kind);
    if (stat(path, &state) < 0) state.st_ino = 0;
    at += static_cast<size_t>(snprintf(text + at, size - at, "%llu ",
                                       static_cast<unsigned long long>(state.st_ino)));
  }
  struct stat root = {};
  stat("/", &root);
  snprintf(text + at, size - at, "%llu:%llu", static_cast<unsigned long long>(root.st_dev),
           static_cast<unsigned long long>(root.st_ino));
}

static uint64_t permittedCapabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) < 0) return 0;
  return data[0].permitted | static_cast<uint64_t>(data[1].permitted) << 32;
}

static bool send(int socket, const char* data, size_t size) {
  if (size <= inlineBytes) return sendMessage(socket, data, size, -1);
  int file = memfd_create("request", MFD_CLOEXEC);
  if (file < 0 || write(file, data, size) != static_cast<ssize_t>(size)) return false;
  RecordWriter<64> word;
  word.text("request-in-file");
  bool sent = sendMessage(socket, word.data(), word.size(), file);
  close(file);
  return sent;
}

unsigned countInherited() {
  unsigned count = 0;
  while (count < 48 && fcntl(3 + static_cast<int>(count), F_GETFD) >= 0) count++;
  return count;
}

// request PROTOCOL CWD IDENTITY CAPABILITIES INHERITED PID VARIABLE-COUNT VARIABLE* ARGUMENT*
bool sendRequest(int socket, const Invocation& invocation) {
  char folder[PATH_MAX], identity[256];
  if (!getcwd(folder, sizeof folder)) return false;
  describeIdentity(identity, sizeof identity);
  std::unique_ptr<RecordWriter<maximumBytes>> writer(new (std::nothrow) RecordWriter<maximumBytes>);
  if (!writer) return errno = ENOMEM, false;
  RecordWriter<maximumBytes>& record = *writer;
  record.text("request").number(2).text(folder).text(identity);
  char digits[24];
  snprintf(digits, sizeof digits, "%llu",
           static_cast<unsigned long long>(permittedCapabilities()));
  record.text(digits).number(invocation.inherited).number(getpid());
  const char* variables[sizeof heeded / sizeof *heeded];
  int count = 0;
  for (const char* name : heeded) {
    if (getenv(name)) variables[count++] = name;
  }
  record.number(count);
  for (int i = 0; i < count; i++) {
    char variable[PATH_MAX + 64];
    snprintf(variable, sizeof variable, "%s=%s", variables[i], getenv(variables[i]));
    record.text(variable);
  }
  for (int i = 0; i < invocation.argumentCount; i++) record.text(invocation.arguments[i]);
  if (!record.good()) return errno = E2BIG, false;
  return send(socket, record.data(), record.size());
}

}  // namespace keelson::oci
