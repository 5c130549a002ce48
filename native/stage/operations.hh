// Every operation of a plan, by subject. The plan's own documentation is src/kernel/operation.ts.
#pragma once

#include "context.hh"

namespace keelson::stage {

// namespace.cc
bool unshareNamespaces(Context&, Fields&);
bool joinNamespace(Context&, Fields&);
bool makeUserNamespace(Context&, Fields&);
bool setTimeOffsets(Context&, Fields&);
bool forkInto(Context&, Fields&);
bool pinNamespace(Context&, Fields&);
bool bringLoopbackUp(Context&, Fields&);

// descriptor.cc
bool openPath(Context&, Fields&);
bool closeSlot(Context&, Fields&);
bool preserveDescriptors(Context&, Fields&);

// mount.cc, overlay.cc
bool setPropagation(Context&, Fields&);
bool openTree(Context&, Fields&);
bool makeFilesystem(Context&, Fields&);
bool makeOverlay(Context&, Fields&);
bool setMountAttributes(Context&, Fields&);
bool attachMount(Context&, Fields&);
bool unmountPath(Context&, Fields&);

// copy-up.cc
bool copyUp(Context&, Fields&);
bool inheritMode(Context&, Fields&);

// root.cc
bool enterRoot(Context&, Fields&);
bool useRoot(Context&, Fields&);
bool leaveChroot(Context&, Fields&);
bool pivotRoot(Context&, Fields&);
bool changeRoot(Context&, Fields&);

// inside.cc
bool makeDirectory(Context&, Fields&);
bool makeNode(Context&, Fields&);
bool makeSymlink(Context&, Fields&);

// mask.cc
bool maskPath(Context&, Fields&);
bool makeReadonly(Context&, Fields&);

// setting.cc
bool setHostname(Context&, Fields&);
bool setDomainname(Context&, Fields&);
bool setSysctl(Context&, Fields&);
bool setOomScoreAdj(Context&, Fields&);
bool setLimit(Context&, Fields&);
bool setUmask(Context&, Fields&);
bool setPersonality(Context&, Fields&);
bool setScheduler(Context&, Fields&);
bool setIoPriority(Context&, Fields&);
bool setMemoryPolicy(Context&, Fields&);
bool setAffinity(Context&, Fields&);
bool joinKeyring(Context&, Fields&);

// identity.cc
bool dropBounding(Context&, Fields&);
bool setIdentity(Context&, Fields&);
bool setCapabilities(Context&, Fields&);
bool setNoNewPrivileges(Context&, Fields&);
bool loadSeccomp(Context&, Fields&);

// listener.cc
bool rememberPid(Context&, Fields&);
bool connectSocket(Context&, Fields&);
bool loadListenedSeccomp(Context&, Fields&);

// terminal.cc
bool openTerminal(Context&, Fields&);
bool openTerminalPair(Context&, Fields&);
bool takeTerminal(Context&, Fields&);
bool attachConsole(Context&, Fields&);

// hook.cc
bool runHook(Context&, Fields&);

// trace.cc
bool traceSteps(Context&, Fields&);

// runtime.cc
bool runRuntime(Context&, Fields&);

// program.cc
bool changeDirectory(Context&, Fields&);
bool holdForHooks(Context&, Fields&);
bool waitForStart(Context&, Fields&);
bool awaitStart(Context&, Fields&);
bool findProgram(Context&, Fields&);
bool startInit(Context&, Fields&);
bool executeProgram(Context&, Fields&);
bool pauseForever(Context&, Fields&);
bool finish(Context&, Fields&);

}  // namespace keelson::stage
