// When each step of a plan was done, for who asks with `trace`; nothing otherwise but a comparison.
#pragma once

#include "context.hh"

namespace keelson::stage {

// A step of this name is done; several of one name in a row are one mark.
void markStep(Context& context, const char* name);
// Tells the supervisor what has been marked since it was told last.
void reportMarks(Context& context);

}  // namespace keelson::stage
