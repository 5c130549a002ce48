#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../shim/sealed.hh"
#include "connection.hh"
#include "foreground.hh"
#include "launch.hh"

namespace keelson::oci {

// Neither a code nor an answer: the planner is gone, or lives elsewhere.
static constexpr int unanswered = -1;

static char buffer[256 * 1024];

struct Session {
  int planner;
  const Invocation& invocation;
  Launched launched = {};
};

static bool writeOut(Fields& fields) {
  int fd = fields.number() == 2 ? 2 : 1;
  Field text = fields.bytes();
  for (uint32_t at = 0; at < text.size;) {
    ssize_t written = write(fd, text.data + at, text.size - at);
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) at += static_cast<uint32_t>(written);
  }
  return true;
}

// As much of stdin as a message holds; no document that a runtime reads there is longer.
static bool readInput(Session& session) {
  static char text[64 * 1024];
  size_t size = 0;
  for (;;) {
    ssize_t part = read(0, text + size, sizeof text - size);
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) return false;
    size += static_cast<size_t>(part);
    if (part == 0 || size == sizeof text) break;
  }
  static RecordWriter<sizeof text + 64> reply;
  if (size == sizeof text) reply.text("input-too-long");
  else reply.text("input").bytes(text, size);
  return sendMessage(session.planner, reply.data(), reply.size(), -1);
}

static bool tell(Session& session) {
  RecordWriter<6144> reply;
  Reached reached = follow(session.launched, reply);
  pid_t pid = session.launched.pid;
  if (reached == Reached::failed) abandon(session.launched);
  else reply.text(reached == Reached::held ? "held" : "launched").number(pid);
  return sendMessage(session.planner, reply.data(), reply.size(), -1);
}

static bool begin(Session& session, Fields& fields, Received& received) {
  const char* call = "seal";
  holdSignals();
  errno = EPERM;
  if (shim::sealedProgram() >= 0 &&
      launch(session.launched, fields, received, session.invocation.inherited, &call)) {
    return tell(session);
  }
  RecordWriter<256> reply;
  reply.text("failed").text(call).number(errno).text("").number(0).text("");
  return sendMessage(session.planner, reply.data(), reply.size(), -1);
}

static bool goOn(Session& session) {
  char byte = 1;
  return write(session.launched.status, &byte, 1) == 1 && tell(session);
}

static int stay(Session& session, Fields& fields) {
  char* cleanup[64];
  int count = 0;
  while (fields.left() > 0 && count < 64) cleanup[count++] = strdup(fields.text());
  close(session.planner);
  session.planner = -1;
  int code = foreground(session.launched);
  if (count > 0) run({count, cleanup, 0});
  return code;
}

// Does what the planner says until it says how this ends.
static int converse(Session& session) {
  for (;;) {
    Received received = receiveMessage(session.planner, buffer, sizeof buffer);
    if (received.size <= 0) return unanswered;
    Records records(buffer, static_cast<size_t>(received.size));
    Fields fields;
    if (!records.next(fields)) fields = Fields();
    Field word = fields.bytes();
    bool good = true;
    if (word.is("exit")) return static_cast<int>(fields.number());
    if (word.is("foreground")) return stay(session, fields);
    if (word.is("write")) good = writeOut(fields);
    else if (word.is("input")) good = readInput(session);
    else if (word.is("launch")) good = begin(session, fields, received);
    else if (word.is("go-on")) good = goOn(session);
    else good = false;
    closeReceived(received);
    if (!good) return unanswered;
  }
}

static int ask(int planner, const Invocation& invocation) {
  Session session = {planner, invocation};
  int code = sendRequest(planner, invocation) ? converse(session) : unanswered;
  if (session.planner >= 0) close(session.planner);
  // Half made, and nobody knows of it.
  if (code == unanswered && session.launched.pid > 0) abandon(session.launched);
  return code;
}

int run(const Invocation& invocation) {
  int resident = getenv("KEELSON_OCI_ALONE") ? -1 : connectResident();
  if (resident >= 0) {
    int code = ask(resident, invocation);
    if (code != unanswered) return code;
  }
  pid_t planner = 0;
  int own = startPlanner(planner);
  int code = own >= 0 ? ask(own, invocation) : unanswered;
  if (planner > 0) waitpid(planner, nullptr, 0);
  if (code != unanswered) return code;
  dprintf(2, "keelson-oci: cannot start Node from %s\n",
          getenv("KEELSON_HOME") ? getenv("KEELSON_HOME") : "an unknown place");
  return 1;
}

}  // namespace keelson::oci
