#include "shim-log.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "log.hh"

namespace keelson::shim {

static const char* podName = nullptr;

int openShimLog(int folder) {
  int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
  return openat(folder, "shim.log", flags, 0600);
}

void beginShimLog(const char* pod) {
  podName = pod;
  lseek(2, 0, SEEK_END);
}

// One line, cut where it does not fit.
class Line {
 public:
  void add(const char* text) {
    while (*text && size_ < sizeof buffer_ - 2) buffer_[size_++] = *text++;
  }

  void field(const char* key, const char* value) {
    begin(key);
    add("\"");
    for (; *value && size_ < sizeof buffer_ - 16; value++) escape(*value);
    add("\"");
  }

  void field(const char* key, int64_t value) {
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", static_cast<long long>(value));
    begin(key);
    add(digits);
  }

  void end() {
    add("}");
    buffer_[size_++] = '\n';
    (void)!write(2, buffer_, size_);
  }

 private:
  void begin(const char* key) {
    add(size_ == 0 ? "{\"" : ",\"");
    add(key);
    add("\":");
  }

  void escape(char letter) {
    char text[8] = {letter};
    auto code = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') snprintf(text, sizeof text, "\\%c", letter);
    else if (code < 0x20 || code > 0x7e) snprintf(text, sizeof text, "\\u%04x", code);
    add(text);
  }

  char buffer_[4096];
  size_t size_ = 0;
};

// Keeps the newer half, from the beginning of a line on.
static void compact(long size) {
  char block[4096];
  long from = size / 2;
  ssize_t count = pread(2, block, sizeof block, from);
  const void* end = count > 0 ? memchr(block, '\n', static_cast<size_t>(count)) : nullptr;
  if (end) from += static_cast<const char*>(end) - block + 1;
  long to = 0;
  while ((count = pread(2, block, sizeof block, from)) > 0) {
    (void)!pwrite(2, block, static_cast<size_t>(count), to);
    from += count;
    to += count;
  }
  (void)!ftruncate(2, to);
  lseek(2, to, SEEK_SET);
}

static bool beginLine(Line& line, int level, const char* origin) {
  if (!podName) return false;
  struct stat file;
  if (fstat(2, &file) < 0 || !S_ISREG(file.st_mode)) return false;
  if (file.st_size > logBytes) compact(file.st_size);
  line.field("level", level);
  line.field("time", nowNs() / 1000000);
  line.field("name", "shim");
  line.field("pid", getpid());
  line.field("pod", podName);
  if (origin[0]) line.field("request", origin);
  return true;
}

static void addDetail(Line& line, const Detail& detail) {
  if (detail.key) line.field(detail.key, detail.number);
  if (!detail.call) return;
  const char* name = strerrorname_np(detail.error);
  line.field("call", detail.call);
  line.field("code", name ? name : "unknown");
  if (detail.path && detail.path[0]) line.field("path", detail.path);
}

void logOperation(const char* words, const char* origin, const Process* process,
                  const Detail& detail) {
  Line line;
  int level = detail.call ? 40 : 30;
  if (!beginLine(line, level, origin)) return;
  if (process) line.field("container", process->container);
  if (process && process->name[0]) line.field("process", process->name);
  if (process && process->pid > 0) line.field("child", process->pid);
  line.field("msg", words);
  addDetail(line, detail);
  line.end();
}

void logRefusal(const Request& request, const char* container, const Detail& detail) {
  Line line;
  if (!beginLine(line, 40, request.origin)) return;
  line.field("container", container);
  line.field("msg", "refused");
  addDetail(line, detail);
  line.end();
}

void readOrigin(const Fields& fields, char* id) {
  static constexpr char mark[] = "request=";
  Fields rest = fields;
  while (rest.left() > 1) rest.bytes();
  Field last = rest.bytes();
  id[0] = '\0';
  bool marked = last.size > sizeof mark - 1 && memcmp(last.data, mark, sizeof mark - 1) == 0;
  if (!marked || last.size - (sizeof mark - 1) >= originBytes) return;
  memcpy(id, last.data + sizeof mark - 1, last.size - (sizeof mark - 1) + 1);
}

}  // namespace keelson::shim
