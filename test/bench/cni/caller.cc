// Calls a CNI plugin's binary as a container runtime does, and tells how long each call took. It is
// small and static, and starts programs by vfork: with a shell, let alone Node, the copy of the
// parent's page tables would be measured, which is as long for a plugin that takes 30 ms as for
// one that takes 1 ms.
//
//   caller PROGRAM CONFIG OUTPUT NETNS-PREFIX VERB[,VERB] COUNT CONCURRENCY
//
// Worker w of CONCURRENCY does all verbs for pods w, w + CONCURRENCY, ... Prints a line
// "VERB MICROSECONDS" a call, and "all MICROSECONDS". Stops at the first call that fails.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

static int64_t nowMicros() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000 + now.tv_nsec / 1000;
}

struct Worker {
  int pod;
  size_t verb;
  pid_t pid;
  int64_t startedAt;
};

struct Task {
  std::string program, config, output, netns;
  std::vector<std::string> verbs;
  int count, concurrency;
};

static std::vector<std::string> environmentOf(const Task& task, const Worker& worker) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry; entry++) all.emplace_back(*entry);
  std::string pod = std::to_string(worker.pod);
  all.push_back("CNI_COMMAND=" + task.verbs[worker.verb]);
  all.push_back("CNI_CONTAINERID=pod" + pod);
  all.push_back("CNI_IFNAME=eth0");
  all.push_back("CNI_NETNS=" + task.netns + pod);
  return all;
}

static std::string outputOf(const Task& task, const Worker& worker) {
  return task.output + "/" + std::to_string(worker.pod);
}

static void start(const Task& task, Worker& worker) {
  std::vector<std::string> texts = environmentOf(task, worker);
  std::vector<char*> environment;
  for (std::string& text : texts) environment.push_back(text.data());
  environment.push_back(nullptr);
  std::string output = outputOf(task, worker);
  int in = open(task.config.c_str(), O_RDONLY | O_CLOEXEC);
  int out = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const char* arguments[] = {task.program.c_str(), nullptr};
  worker.startedAt = nowMicros();
  worker.pid = vfork();
  if (worker.pid == 0) {
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    execve(arguments[0], const_cast<char**>(arguments), environment.data());
    _exit(127);
  }
  close(in);
  close(out);
}

static void printFile(const std::string& path) {
  char text[4096];
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text);
  if (size > 0 && write(STDERR_FILENO, text, static_cast<size_t>(size)) < 0) return;
}

// True while the worker has something to do.
static bool advance(const Task& task, Worker& worker) {
  if (++worker.verb < task.verbs.size()) return true;
  worker.verb = 0;
  worker.pod += task.concurrency;
  return worker.pod < task.count;
}

static int run(const Task& task) {
  std::vector<Worker> workers;
  std::string lines;
  int64_t begin = nowMicros();
  for (int i = 0; i < task.concurrency && i < task.count; i++) workers.push_back({i, 0, 0, 0});
  for (Worker& worker : workers) start(task, worker);
  for (;;) {
    int status = 0;
    pid_t ended = wait(&status);
    int64_t now = nowMicros();
    if (ended < 0) break;
    for (Worker& worker : workers) {
      if (worker.pid != ended) continue;
      if (status != 0) {
        printFile(outputOf(task, worker));
        return 1;
      }
      lines += task.verbs[worker.verb] + " " + std::to_string(now - worker.startedAt) + "\n";
      worker.pid = 0;
      if (advance(task, worker)) start(task, worker);
    }
  }
  lines += "all " + std::to_string(nowMicros() - begin) + "\n";
  fputs(lines.c_str(), stdout);
  return 0;
}

static std::vector<std::string> split(const char* text) {
  std::vector<std::string> parts(1);
  for (; *text; text++) {
    if (*text == ',') parts.emplace_back();
    else parts.back() += *text;
  }
  return parts;
}

int main(int argc, char** argv) {
  if (argc != 8) return 2;
  return run({argv[1], argv[2], argv[3], argv[4], split(argv[5]), atoi(argv[6]), atoi(argv[7])});
}
