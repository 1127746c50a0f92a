// `hilum index check` and `hilum index rebuild`, for when no server runs on the archive.
#pragma once

#include "core/config/command_line.h"

namespace hilum {

// Writes its report to standard output. Returns the exit code: 0 if all is well, 1 if the check found
// problems. Throws if the archive cannot be worked on (it is in use, a folder is missing).
int run_index_command(const config::CommandLine& command_line);

}  // namespace hilum
