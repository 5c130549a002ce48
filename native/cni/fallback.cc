#include "fallback.hh"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "output.hh"

// The folder that keelson was built in, with Node and the plugins' sources.
#ifndef KEELSON_FOLDER
#error "scripts/build-native gives the folder"
#endif

namespace keelson::cni {

// Stdin was read already: the plugin gets a copy.
static bool giveInput(const Call& call) {
  int file = memfd_create("cni-input", 0);
  if (file < 0 || !writeAll(file, call.input, call.inputSize)) return false;
  if (lseek(file, 0, SEEK_SET) < 0 || dup2(file, STDIN_FILENO) < 0) return false;
  if (file != STDIN_FILENO) close(file);
  return true;
}

static int runNode(const char* type, const char* argument) {
  static const char node[] = KEELSON_FOLDER "/node_modules/node/bin/node";
  static const char program[] = KEELSON_FOLDER "/cni-plugins/main.ts";
  // Compiled code is kept, as bin/keelson does: a plugin's start takes half the time.
  setenv("NODE_COMPILE_CACHE", "/var/cache/keelson", 0);
  const char* arguments[] = {
      node, "--disable-warning=ExperimentalWarning", "--", program, type, argument, nullptr};
  execve(node, const_cast<char**>(arguments), environ);
  int error = errno;
  writeAll(STDERR_FILENO, node, sizeof node - 1);
  writeAll(STDERR_FILENO, "\n", 1);
  return printError(999, "No keelson runtime answers, and Node cannot be run", strerror(error));
}

int runPlugin(const Call& call) {
  if (!giveInput(call)) return printError(5, "Cannot hand the configuration on", strerror(errno));
  return runNode(call.type, nullptr);
}

int runDaemon(const char* type) { return runNode(type, "daemon"); }

}  // namespace keelson::cni
