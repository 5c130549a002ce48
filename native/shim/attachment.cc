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

struct Attachment {
  Process* process;
  int out[2] = {-1, -1};
  // What a client has not taken of the last chunk.
  char* pending[2] = {nullptr, nullptr};
  size_t pendingSize[2] = {0, 0};
  int64_t slowSinceNs[2] = {0, 0};
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

void forward(Process& process, unsigned part, const char* data, size_t size) {
  for (size_t i = 0; i < maximumAttachments; i++) {
    if (table[i] && table[i]->process == &process && table[i]->out[part] >= 0) {
      offer(i, part, data, size);
    }
  }
}

void continueAttachment(uint32_t index, unsigned part) {
  Attachment* attachment = index < maximumAttachments ? table[index] : nullptr;
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
    int input = process->terminal >= 0 ? process->terminal : process->input;
    if (input >= 0) theirs[parts] = input;
    RecordWriter<64> reply;
    reply.number(static_cast<int64_t>(request.id)).text("ok");
    answer(request.client, reply.data(), reply.size(), theirs, parts + (input >= 0 ? 1 : 0));
  } else {
    answerFailure(request.client, request.id, "pipe2", errno);
    detach(index);
  }
  for (int part = 0; part < parts; part++) closeOnce(theirs[part]);
}

}  // namespace keelson::shim
