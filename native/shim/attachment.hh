// A client that sees a container's output as it comes. It gets the ends of pipes. What it does not
// take holds the container up, so that nothing is gathered here, until it has taken nothing for the
// time that it was granted; then it is detached. The log has everything before any client.
#pragma once

#include "process.hh"

namespace keelson::shim {

// Hands a chunk, already logged, to every client of the process; a slow one pauses the stream.
void forward(Process& process, unsigned part, const char* data, size_t size);
// A client's pipe takes data again, or is closed.
void continueAttachment(uint32_t index, unsigned part);
// Detaches who has been slow for too long; milliseconds until the next such moment, -1 for none.
int expireAttachments();
// It is forgotten: its clients may still take what came before.
void detachAll(Process* process);
// The stream has ended, for a slow client after what it has not taken yet.
void endStream(Process& process, unsigned part);

}  // namespace keelson::shim
