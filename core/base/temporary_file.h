// Files for what does not fit into memory.
#pragma once

#include <string>

#include "core/base/files.h"

namespace hilum {

// A file of `folder` without a name, for reading and writing (see <hilum/cpp/nameless_file.h>). Throws
// HILUM_E_FULL_STORAGE or HILUM_E_CANNOT_WRITE. Any thread.
UniqueFd make_temporary_file(const std::string& folder);

}  // namespace hilum
