#include "process.hh"

#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <new>

#include "attachment.hh"

namespace keelson::shim {

static Process* table[maximumProcesses];
// All from here on are empty, so that a search does not walk the whole table.
static uint32_t used = 0;

Process* findProcess(const char* container, const char* name) {
  for (uint32_t i = 0; i < used; i++) {
    if (table[i] && strcmp(table[i]->container, container) == 0 &&
        strcmp(table[i]->name, name) == 0) {
      return table[i];
    }
  }
  return nullptr;
}

Process* findByPid(pid_t pid) {
  for (uint32_t i = 0; i < used; i++) {
    if (table[i] && (table[i]->pid == pid || table[i]->relay == pid)) return table[i];
  }
  return nullptr;
}

Process* processAt(uint32_t index) { return index < used ? table[index] : nullptr; }

uint32_t indexOf(const Process* process) {
  uint32_t index = 0;
  while (table[index] != process) index++;
  return index;
}

Process* addProcess() {
  uint32_t index = 0;
  while (index < maximumProcesses && table[index]) index++;
  if (index == maximumProcesses) return nullptr;
  void* memory = malloc(sizeof(Process));
  if (!memory) return nullptr;
  table[index] = new (memory) Process();
  if (index >= used) used = index + 1;
  return table[index];
}

void forgetProcess(Process* process) {
  detachAll(process);
  for (int* fd : {&process->pidfd, &process->status, &process->cgroup, &process->parentCgroup,
                  &process->input, &process->terminal, &process->log}) {
    closeOnce(*fd);
  }
  for (int& fd : process->passing) closeOnce(fd);
  for (Stream& stream : process->streams) {
    closeOnce(stream.fd);
    free(stream.partial);
  }
  free(process->failure);
  table[indexOf(process)] = nullptr;
  while (used > 0 && !table[used - 1]) used--;
  free(process);
}

bool anyAlive() {
  for (uint32_t i = 0; i < used; i++) {
    if (table[i] && table[i]->state != State::exited) return true;
  }
  return false;
}

}  // namespace keelson::shim
