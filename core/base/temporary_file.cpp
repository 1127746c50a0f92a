#include "core/base/temporary_file.h"

#include <hilum/cpp/error.h>
#include <hilum/cpp/nameless_file.h>

#include <cerrno>
#include <system_error>

namespace hilum {

UniqueFd make_temporary_file(const std::string& folder) {
  const int file = open_nameless_file(folder);
  if (file < 0) {
    const int error = errno;
    const bool full = error == ENOSPC || error == EDQUOT;
    throw Error(full ? HILUM_E_FULL_STORAGE : HILUM_E_CANNOT_WRITE,
                "temporary file in " + folder + ": " + std::generic_category().message(error));
  }
  return UniqueFd(file);
}

}  // namespace hilum
