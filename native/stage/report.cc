#include "report.hh"

#include <sys/socket.h>
#include <unistd.h>

#include "../linux/message.hh"
#include "trace.hh"

namespace keelson::stage {

void reportReached(Context& context, const char* word) {
  reportMarks(context);
  RecordWriter<32> record;
  record.text(word);
  sendMessage(context.status, record.data(), record.size(), -1);
}

void reportFork(Context& context, pid_t pid) {
  RecordWriter<64> record;
  record.text("forked").number(pid);
  sendMessage(context.status, record.data(), record.size(), -1);
}

bool reportTerminal(Context& context, int master) {
  RecordWriter<32> record;
  record.text("terminal");
  return sendMessage(context.status, record.data(), record.size(), master);
}

void reportFailure(Context& context) {
  int error = errno;
  RecordWriter<5632> record;
  record.text("failed").number(context.index).text(context.call).number(error);
  size_t length = strnlen(context.path, 4096);
  record.bytes(context.path, length).bytes(context.text, strnlen(context.text, 512));
  sendMessage(context.status, record.data(), record.size(), -1);
  _exit(127);
}

}  // namespace keelson::stage
