// A client that sees a container's output as it comes. It gets the ends of pipes; what it does not
// take holds the container up for a second at most, then it is detached, and never the log.
#pragma once

#include "process.hh"

namespace keelson::shim {

// Hands a chunk, already logged, to every client of the process; a slow one pauses the stream.
void forward(Process& process, unsigned part, const char* data, size_t size);
// A client's pipe takes data again, or is closed.
void continueAttachment(uint32_t index, unsigned part);
// Detaches who has been slow for too long; milliseconds until the next such moment, -1 for none.
int expireAttachments();
void detachAll(Process* process);
// The stream has ended: what a slow client has not taken is lost to it, the log has it.
void endStream(Process& process, unsigned part);

}  // namespace keelson::shim
