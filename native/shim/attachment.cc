#include "attachment.hh"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

#include "client.hh"
#include "log.hh"
#include "loop.hh"
#include "output.hh"
#include "request.hh"

namespace keelson::shim {

static constexpr size_t maximumAttachments = 64;
// Where the runtime does not say how long; one from before an upgrade.
static constexpr uint64_t usualPatienceMs = 1000;
// What comes while a client takes nothing is at most one chunk, and at a program's end the rest of
// its pipe, which holds a megabyte at most.
static constexpr size_t maximumPending = 2 * 1024 * 1024;
// A terminal takes no more than this at once; what is typed while it is full is offered again.
static constexpr size_t inputBytes = 4096;
static constexpr int64_t inputRetryNs = 20000000;
static constexpr unsigned inputPart = 2;

// One of a client's pipes, and what it has not taken yet.
struct Pipe {
  int fd = -1;
  char* pending = nullptr;
  size_t size = 0;
  int64_t slowSinceNs = 0;
  // Nothing comes after what is pending.
  bool last = false;
};

struct Attachment {
  uint64_t number;
  // Null when it is forgotten, and a client still takes what came before.
  Process* process;
  int64_t patienceNs;
  Pipe pipes[2];
  // What a client types, on its way to the terminal. A program without a terminal has its stdin's
  // pipe in common with the client, and needs no hand in between.
  int input = -1;
  size_t inputSize = 0;
  char inputBuffer[inputBytes];
};

static Attachment* table[maximumAttachments];
static uint64_t lastNumber = 0;

static void resumeUnlessSlow(Process* process, unsigned part) {
  if (!process) return;
  for (Attachment* other : table) {
    if (other && other->process == process && other->pipes[part].size > 0) return;
  }
  resumeOutput(*process, part);
}

static void closePipe(Attachment& attachment, unsigned part) {
  Pipe& pipe = attachment.pipes[part];
  if (pipe.fd < 0) return;
  unwatch(pipe.fd);
  closeOnce(pipe.fd);
  free(pipe.pending);
  bool wasSlow = pipe.size > 0;
  pipe = Pipe();
  if (wasSlow) resumeUnlessSlow(attachment.process, part);
}

static void closeInput(Attachment& attachment) {
  if (attachment.inputSize == 0 && attachment.input >= 0) unwatch(attachment.input);
  closeOnce(attachment.input);
}

static void detach(size_t index) {
  Attachment* attachment = table[index];
  for (unsigned part = 0; part < 2; part++) closePipe(*attachment, part);
  closeInput(*attachment);
  table[index] = nullptr;
  free(attachment);
}

// A client that wants no output any more, or that there is none left for, is gone.
static void closePart(size_t index, unsigned part) {
  closePipe(*table[index], part);
  if (table[index]->pipes[0].fd < 0 && table[index]->pipes[1].fd < 0) detach(index);
}

// detached NUMBER: it took nothing for too long, so its output is not whole
static void drop(size_t index) {
  RecordWriter<64> event;
  event.number(0).text("detached").number(static_cast<int64_t>(table[index]->number));
  broadcast(event.data(), event.size());
  detach(index);
}

static bool keep(Pipe& pipe, const char* data, size_t size) {
  if (pipe.size + size > maximumPending) return false;
  void* memory = realloc(pipe.pending, pipe.size + size);
  if (!memory) return false;
  pipe.pending = static_cast<char*>(memory);
  memcpy(pipe.pending + pipe.size, data, size);
  pipe.size += size;
  return true;
}

static void offer(size_t index, unsigned part, const char* data, size_t size) {
  Attachment& attachment = *table[index];
  Pipe& pipe = attachment.pipes[part];
  bool waits = pipe.size > 0;
  ssize_t written = waits ? 0 : write(pipe.fd, data, size);
  if (written < 0 && errno != EAGAIN) return closePart(index, part);
  size_t taken = written < 0 ? 0 : static_cast<size_t>(written);
  if (taken == size) return;
  if (!keep(pipe, data + taken, size - taken)) return drop(index);
  if (waits) return;
  pipe.slowSinceNs = nowNs();
  pauseOutput(*attachment.process, part);
  rewatch(pipe.fd, EPOLLOUT, Source::attachment, static_cast<uint32_t>(index), part);
}

// False while the terminal takes no more.
static bool flushInput(Attachment& attachment) {
  int terminal = attachment.process ? attachment.process->terminal : -1;
  ssize_t written = write(terminal, attachment.inputBuffer, attachment.inputSize);
  if (written < 0 && errno == EAGAIN) return false;
  size_t taken = written < 0 ? attachment.inputSize : static_cast<size_t>(written);
  attachment.inputSize -= taken;
  memmove(attachment.inputBuffer, attachment.inputBuffer + taken, attachment.inputSize);
  return attachment.inputSize == 0;
}

static void watchInput(size_t i) {
  watch(table[i]->input, EPOLLIN, Source::attachment, static_cast<uint32_t>(i), inputPart);
}

static void readInput(size_t index) {
  Attachment& attachment = *table[index];
  ssize_t size = read(attachment.input, attachment.inputBuffer, inputBytes);
  if (size < 0 && errno == EAGAIN) return;
  if (size <= 0) return closeInput(attachment);
  attachment.inputSize = static_cast<size_t>(size);
  if (!flushInput(attachment)) unwatch(attachment.input);
}

void forward(Process& process, unsigned part, const char* data, size_t size) {
  for (size_t i = 0; i < maximumAttachments; i++) {
    if (table[i] && table[i]->process == &process && table[i]->pipes[part].fd >= 0) {
      offer(i, part, data, size);
    }
  }
}

// With nothing to write, the event says that the reader is gone; or it is of an earlier pipe.
static bool isBroken(int fd) {
  pollfd state = {fd, 0, 0};
  return poll(&state, 1, 0) > 0 && (state.revents & POLLERR) != 0;
}

static void writePending(size_t index, unsigned part) {
  Attachment& attachment = *table[index];
  Pipe& pipe = attachment.pipes[part];
  ssize_t written = write(pipe.fd, pipe.pending, pipe.size);
  if (written < 0 && errno == EAGAIN) return;
  if (written < 0) return closePart(index, part);
  size_t taken = static_cast<size_t>(written);
  pipe.size -= taken;
  memmove(pipe.pending, pipe.pending + taken, pipe.size);
  pipe.slowSinceNs = nowNs();
  if (pipe.size > 0) return;
  if (pipe.last) return closePart(index, part);
  free(pipe.pending);
  pipe.pending = nullptr;
  rewatch(pipe.fd, 0, Source::attachment, static_cast<uint32_t>(index), part);
  resumeUnlessSlow(attachment.process, part);
}

void continueAttachment(uint32_t index, unsigned part) {
  Attachment* attachment = index < maximumAttachments ? table[index] : nullptr;
  if (!attachment) return;
  if (part == inputPart) return attachment->input >= 0 ? readInput(index) : void();
  const Pipe& pipe = attachment->pipes[part];
  if (pipe.fd < 0) return;
  if (pipe.size > 0) writePending(index, part);
  else if (isBroken(pipe.fd)) closePart(index, part);
}

// Milliseconds until the client of one pipe has been slow for too long.
static int64_t expirePart(size_t index, unsigned part) {
  const Pipe& pipe = table[index]->pipes[part];
  if (pipe.size == 0) return -1;
  int64_t left = pipe.slowSinceNs + table[index]->patienceNs - nowNs();
  if (left > 0) return left;
  drop(index);
  return -1;
}

int expireAttachments() {
  int64_t next = -1;
  for (size_t i = 0; i < maximumAttachments; i++) {
    if (table[i] && table[i]->inputSize > 0) {
      if (flushInput(*table[i])) watchInput(i);
      else next = inputRetryNs;
    }
    for (unsigned part = 0; part < 2 && table[i]; part++) {
      int64_t left = expirePart(i, part);
      if (left > 0 && (next < 0 || left < next)) next = left;
    }
  }
  return next < 0 ? -1 : static_cast<int>(next / 1000000) + 1;
}

static void endPart(size_t index, unsigned part) {
  Pipe& pipe = table[index]->pipes[part];
  if (pipe.size > 0) pipe.last = true;
  else if (pipe.fd >= 0) closePart(index, part);
}

void detachAll(Process* process) {
  for (size_t i = 0; i < maximumAttachments; i++) {
    if (!table[i] || table[i]->process != process) continue;
    table[i]->process = nullptr;
    table[i]->inputSize = 0;
    closeOnce(table[i]->input);
    for (unsigned part = 0; part < 2 && table[i]; part++) endPart(i, part);
  }
}

void endStream(Process& process, unsigned part) {
  for (size_t i = 0; i < maximumAttachments; i++) {
    if (table[i] && table[i]->process == &process) endPart(i, part);
  }
}

// Watched for nothing at first: that its reader is gone is told anyway.
static bool openPipes(size_t index, unsigned parts, int* theirs) {
  for (unsigned part = 0; part < parts; part++) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return false;
    theirs[part] = ends[0];
    table[index]->pipes[part].fd = ends[1];
    if (!watch(ends[1], 0, Source::attachment, static_cast<uint32_t>(index), part)) return false;
  }
  return true;
}

// The writing end of what the program reads; false when that is nothing.
static bool openInput(size_t index, int& theirs) {
  Process& process = *table[index]->process;
  if (process.terminal < 0) {
    theirs = process.input < 0 ? -1 : fcntl(process.input, F_DUPFD_CLOEXEC, 3);
    return theirs >= 0;
  }
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return false;
  table[index]->input = ends[0];
  theirs = ends[1];
  watchInput(index);
  return true;
}

// attach CONTAINER PATIENCE-MS: answers `ok NUMBER` with the reading ends of stdout and stderr (a
// terminal has only the first), then the writing end of stdin where it is open
void attach(Request& request) {
  const char* container = request.fields.text();
  uint64_t patienceMs = request.fields.left() > 0 ? request.fields.number() : usualPatienceMs;
  Process* process = findProcess(container, "");
  if (!process || process->state == State::exited) {
    return answerFailure(request.client, request.id, "find", ESRCH, container);
  }
  size_t index = 0;
  while (index < maximumAttachments && table[index]) index++;
  void* memory = index < maximumAttachments ? malloc(sizeof(Attachment)) : nullptr;
  if (!memory) return answerFailure(request.client, request.id, "attach", EMFILE, container);
  int64_t patienceNs = static_cast<int64_t>(patienceMs) * 1000000;
  table[index] = new (memory) Attachment{++lastNumber, process, patienceNs};
  int theirs[3] = {-1, -1, -1};
  unsigned parts = process->terminal >= 0 ? 1 : 2;
  if (openPipes(index, parts, theirs)) {
    unsigned count = parts + (openInput(index, theirs[parts]) ? 1 : 0);
    RecordWriter<64> reply;
    reply.number(static_cast<int64_t>(request.id)).text("ok");
    reply.number(static_cast<int64_t>(lastNumber));
    answer(request.client, reply.data(), reply.size(), theirs, static_cast<int>(count));
  } else {
    answerFailure(request.client, request.id, "pipe2", errno);
    detach(index);
  }
  for (int& fd : theirs) closeOnce(fd);
}

}  // namespace keelson::shim
