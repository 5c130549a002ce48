// Paths inside the container, which its image wrote: they are resolved by the kernel within the new
// root, once, and everything after works on the descriptor (CVE-2021-30465, CVE-2024-45310).
#pragma once

#include "context.hh"

namespace keelson::stage {

// An O_PATH descriptor of an existing path; symbolic links are followed within the root unless
// `strict`, which refuses each of them. -1 with errno set.
int openInside(Context& context, const char* path, bool strict);

enum class Missing { directory, file };

// The same, and what is missing is made: parents as folders, the last as asked.
int ensureInside(Context& context, const char* path, Missing kind, bool strict);

// The folder that holds `path`, made if missing; `name` is its last component.
int ensureParent(Context& context, const char* path, const char** name);

}  // namespace keelson::stage
