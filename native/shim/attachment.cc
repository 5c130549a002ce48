#include "attachment.hh"

#include <fcntl.h>
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
static constexpr int64_t patienceNs = 1000000000;
// A terminal takes no more than this at once; what is typed while it is full is offered again.
static constexpr size_t inputBytes = 4096;
static constexpr int64_t inputRetryNs = 20000000;
static constexpr unsigned inputPart = 2;

struct Attachment {
  Process* process;
  int out[2] = {-1, -1};
  // What a client has not taken of the last chunk.
  char* pending[2] = {nullptr, nullptr};
  size_t pendingSize[2] = {0, 0};
  int64_t slowSinceNs[2] = {0, 0};
  // What a client types, on its way to the terminal. A program without a terminal has its stdin's
  // pipe in common with the client, and needs no hand in between.
  int input = -1;
  size_t inputSize = 0;
  char inputBuffer[inputBytes];
};

static Attachment* table[maximumAttachments];

static void resumeUnlessSlow(Process& process, unsigned part) {
  for (Attachment* other : table) {
    if (other && other->process == &process && other->pendingSize[part] > 0) return;
  }
  resumeOutput(process, part);
}

static void closePart(Attachment& attachment, unsigned part) {
  if (attachment.out[part] < 0) return;
  unwatch(attachment.out[part]);
  closeOnce(attachment.out[part]);
  free(attachment.pending[part]);
  attachment.pending[part] = nullptr;
  bool wasSlow = attachment.pendingSize[part] > 0;
  attachment.pendingSize[part] = 0;
  if (wasSlow) resumeUnlessSlow(*attachment.process, part);
}

static void detach(size_t index) {
  Attachment* attachment = table[index];
  closePart(*attachment, 0);
  closePart(*attachment, 1);
  closeOnce(attachment->input);
  table[index] = nullptr;
  free(attachment);
}

static void offer(size_t index, unsigned part, const char* data, size_t size) {
  Attachment& attachment = *table[index];
  ssize_t written = write(attachment.out[part], data, size);
  if (written < 0 && errno != EAGAIN) return closePart(attachment, part);
  size_t taken = written < 0 ? 0 : static_cast<size_t>(written);
  if (taken == size) return;
  attachment.pending[part] = static_cast<char*>(malloc(size - taken));
  if (!attachment.pending[part]) return closePart(attachment, part);
  memcpy(attachment.pending[part], data + taken, size - taken);
  attachment.pendingSize[part] = size - taken;
  attachment.slowSinceNs[part] = nowNs();
  pauseOutput(*attachment.process, part);
  watch(attachment.out[part], EPOLLOUT, Source::attachment, static_cast<uint32_t>(index), part);
}

static void closeInput(Attachment& attachment) {
  if (attachment.inputSize == 0) unwatch(attachment.input);
  closeOnce(attachment.input);
}

// False while the terminal takes no more.
static bool flushInput(Attachment& attachment) {
  ssize_t written =
      write(attachment.process->terminal, attachment.inputBuffer, attachment.inputSize);
  if (written < 0 && errno == EAGAIN) return false;
  size_t taken = written < 0 ? attachment.inputSize : static_cast<size_t>(written);
  attachment.inputSize -= taken;
  memmove(attachment.inputBuffer, attachment.inputBuffer + taken, attachment.inputSize);
  return attachment.inputSize == 0;
}

static void watchInput(size_t index) {
  watch(table[index]->input, EPOLLIN, Source::attachment, static_cast<uint32_t>(index), inputPart);
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
    if (table[i] && table[i]->process == &process && table[i]->out[part] >= 0) {
      offer(i, part, data, size);
    }
  }
}

void continueAttachment(uint32_t index, unsigned part) {
  Attachment* attachment = index < maximumAttachments ? table[index] : nullptr;
  if (attachment && part == inputPart && attachment->input >= 0) return readInput(index);
  if (part == inputPart) return;
  if (!attachment || attachment->out[part] < 0) return;
  ssize_t written =
      write(attachment->out[part], attachment->pending[part], attachment->pendingSize[part]);
  if (written < 0 && errno == EAGAIN) return;
  if (written < 0) return closePart(*attachment, part);
  size_t taken = static_cast<size_t>(written);
  attachment->pendingSize[part] -= taken;
  memmove(attachment->pending[part], attachment->pending[part] + taken,
          attachment->pendingSize[part]);
  attachment->slowSinceNs[part] = nowNs();
  if (attachment->pendingSize[part] > 0) return;
  unwatch(attachment->out[part]);
  free(attachment->pending[part]);
  attachment->pending[part] = nullptr;
  resumeUnlessSlow(*attachment->process, part);
}

int expireAttachments() {
  int64_t next = -1;
  for (size_t i = 0; i < maximumAttachments; i++) {
    if (table[i] && table[i]->inputSize > 0) {
      if (flushInput(*table[i])) watchInput(i);
      else next = inputRetryNs;
    }
    for (unsigned part = 0; part < 2 && table[i]; part++) {
      if (table[i]->pendingSize[part] == 0) continue;
      int64_t left = table[i]->slowSinceNs[part] + patienceNs - nowNs();
      if (left <= 0) detach(i);
      else if (next < 0 || left < next) next = left;
    }
  }
  return next < 0 ? -1 : static_cast<int>(next / 1000000) + 1;
}

void detachAll(Process* process) {
  for (size_t i = 0; i < maximumAttachments; i++) {
    if (table[i] && table[i]->process == process) detach(i);
  }
}

void endStream(Process& process, unsigned part) {
  for (Attachment* attachment : table) {
    if (attachment && attachment->process == &process) closePart(*attachment, part);
  }
}

static bool openPipes(Attachment& attachment, int parts, int* theirs) {
  for (int part = 0; part < parts; part++) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return false;
    theirs[part] = ends[0];
    attachment.out[part] = ends[1];
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

static bool isPlace(size_t index) { return index < maximumAttachments; }

// attach CONTAINER: answers `ok` with the reading ends of stdout and stderr (a terminal has only
// the first), then the writing end of stdin where it is open
void attach(Request& request) {
  const char* container = request.fields.text();
  Process* process = findProcess(container, "");
  if (!process || process->state == State::exited) {
    return answerFailure(request.client, request.id, "find", ESRCH, container);
  }
  size_t index = 0;
  while (isPlace(index) && table[index]) index++;
  void* memory = isPlace(index) ? malloc(sizeof(Attachment)) : nullptr;
  if (!memory) return answerFailure(request.client, request.id, "attach", EMFILE, container);
  auto* attachment = new (memory) Attachment{process};
  table[index] = attachment;
  int theirs[3] = {-1, -1, -1};
  int parts = process->terminal >= 0 ? 1 : 2;
  if (openPipes(*attachment, parts, theirs)) {
    int count = parts + (openInput(index, theirs[parts]) ? 1 : 0);
    RecordWriter<64> reply;
    reply.number(static_cast<int64_t>(request.id)).text("ok");
    answer(request.client, reply.data(), reply.size(), theirs, count);
  } else {
    answerFailure(request.client, request.id, "pipe2", errno);
    detach(index);
  }
  for (int& fd : theirs) closeOnce(fd);
}

}  // namespace keelson::shim
