#include "resident.hh"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "../linux/descriptor.hh"
#include "../linux/message.hh"
#include "../linux/record.hh"
#include "output.hh"

namespace keelson::cni {

// A runtime that runs takes a call at once; one that is stopped (SIGSTOP), or starves, never does.
static constexpr int beginMs = 1000;
// A little more than the runtime allows itself (limits.cniCallMs), which then says why.
static constexpr int answerMs = 100'000;
// What the kernel takes in one message by default (net.core.wmem_default); more goes by memfd.
static constexpr size_t inlineBytes = 96 * 1024;
static constexpr size_t messageBytes = 160 * 1024;

static int connectTo(const char* folder) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  int length = snprintf(address.sun_path, sizeof address.sun_path, "%s/cni.sock", folder);
  if (length < 0 || static_cast<size_t>(length) >= sizeof address.sun_path) return -1;
  // Not blocking: with a hanging runtime and a full backlog connect would wait for ever.
  Descriptor fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return -1;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (connect(fd.get(), generic, sizeof address) < 0) return -1;
  ucred peer = {};
  socklen_t size = sizeof peer;
  bool known = getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  return known && peer.uid == geteuid() ? fd.release() : -1;
}

// What this process sees, for the runtime to compare with what it sees itself: in another network
// namespace, or with other state folders, it would do the right thing in the wrong place.
static void describeView(char* text, size_t size) {
  const char* paths[] = {"/proc/self/ns/net", "/", "/run", "/var/lib/cni"};
  size_t at = 0;
  text[0] = '\0';
  for (const char* path : paths) {
    struct stat found = {};
    stat(path, &found);
    int length = snprintf(text + at, size - at, "%llu:%llu ",
                          static_cast<unsigned long long>(found.st_dev),
                          static_cast<unsigned long long>(found.st_ino));
    at += static_cast<size_t>(length);
  }
}

static bool isPassedOn(const char* entry) {
  return strncmp(entry, "CNI_", 4) == 0 || strncmp(entry, "TRACE", 5) == 0 ||
         strncmp(entry, "BAGGAGE=", 8) == 0;
}

static int memoryFile(const char* data, size_t size) {
  Descriptor file(memfd_create("cni-input", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.valid() || !writeAll(file.get(), data, size)) return -1;
  fcntl(file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
  return file.release();
}

// Where the runtime says that it begins. Nobody waits there, so that saying it wakes nobody: to
// wake a process on an idle processor takes as long as all that the client does.
struct Token {
  Descriptor ours, theirs;

  static Token make() {
    int pair[2] = {-1, -1};
    int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;
    if (socketpair(AF_UNIX, type, 0, pair) < 0) return {};
    return {Descriptor(pair[0]), Descriptor(pair[1])};
  }

  bool begun() const {
    char word[8];
    return recv(ours.get(), word, sizeof word, MSG_DONTWAIT | MSG_PEEK) > 0;
  }

  // After this the runtime cannot begin; whether it has is the answer.
  bool withdrawUnlessBegun() const {
    shutdown(ours.get(), SHUT_RDWR);
    return !begun();
  }
};

static bool sendCall(int socket, const Call& call, const Token& token) {
  static RecordWriter<messageBytes> record;
  char view[256], passed[8] = "b";
  int fds[3] = {token.theirs.get()}, count = 1;
  describeView(view, sizeof view);
  bool inlined = call.inputSize <= inlineBytes;
  Descriptor file(inlined ? -1 : memoryFile(call.input, call.inputSize));
  if (!inlined && !file.valid()) return false;
  if (call.netns >= 0) {
    fds[count++] = call.netns;
    strcat(passed, "n");
  }
  if (!inlined) {
    fds[count++] = file.get();
    strcat(passed, "i");
  }
  record.text("2").text(call.type).text(view).text(passed);
  record.bytes(call.input, inlined ? call.inputSize : 0);
  for (char** entry = call.environment; *entry; entry++) {
    if (isPassedOn(*entry)) record.text(*entry);
  }
  return record.good() && sendMessage(socket, record.data(), record.size(), fds, count);
}

// False when the time is over or the other end is gone without a word.
static bool awaitMessage(int socket, int64_t deadline) {
  for (;;) {
    int64_t left = deadline - nowMs();
    if (left <= 0) return false;
    pollfd waiting{socket, POLLIN, 0};
    int ready = poll(&waiting, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

static bool printFile(int fd) {
  static char part[64 * 1024];
  for (off_t at = 0;;) {
    ssize_t got = pread(fd, part, sizeof part, at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0;
    if (!writeAll(STDOUT_FILENO, part, static_cast<size_t>(got))) return false;
    at += got;
  }
}

static char buffer[messageBytes];

// "answer" with exit code, stdout and stderr; a long stdout comes as a file.
static Answer readAnswer(int socket, const Token& token) {
  Received received = receiveMessage(socket, buffer, sizeof buffer, MSG_DONTWAIT);
  if (received.size <= 0) return {token.begun() ? Outcome::abandoned : Outcome::nobody, 1};
  Records records(buffer, static_cast<size_t>(received.size));
  Fields fields;
  bool good = records.next(fields) && fields.bytes().is("answer");
  int exitCode = static_cast<int>(fields.number());
  Field out = fields.bytes(), err = fields.bytes();
  if (!good || !fields.good()) {
    closeReceived(received);
    return {Outcome::abandoned, 1};
  }
  if (received.count == 1) printFile(received.fds[0]);
  else writeAll(STDOUT_FILENO, out.data, out.size);
  writeAll(STDERR_FILENO, err.data, err.size);
  closeReceived(received);
  return {Outcome::answered, exitCode};
}

Answer askResident(const Call& call) {
  const char* folder = variable(call, "KEELSON_STATE");
  Descriptor socket(connectTo(*folder ? folder : "/run/keelson"));
  Token token = socket.valid() ? Token::make() : Token{};
  int64_t start = nowMs();
  if (!token.ours.valid() || !sendCall(socket.get(), call, token)) return {Outcome::nobody, 1};
  token.theirs = Descriptor();
  if (!awaitMessage(socket.get(), start + beginMs)) {
    if (token.withdrawUnlessBegun()) return {Outcome::nobody, 1};
    if (!awaitMessage(socket.get(), start + answerMs)) return {Outcome::late, 1};
  }
  return readAnswer(socket.get(), token);
}

}  // namespace keelson::cni
