#pragma once

#include "context.hh"

namespace keelson::stage {

// Loads a compiled filter, struct sock_filter[]. With SECCOMP_FILTER_FLAG_NEW_LISTENER the caller
// owns `listener`.
bool loadFilter(Context& context, unsigned flags, Field program, int* listener);

}  // namespace keelson::stage
