// Temporary files without a name, on every file system.
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace hilum {

// Opens a new file of `folder` for reading and writing. It has no name and goes with its last descriptor. -1 and errno
// on failure. Any thread.
//
// NFS, FAT, FUSE and old overlayfs have no O_TMPFILE; the errors are those of open(2). There the file is made with a
// name that is removed at once. Unlike the other kind it can never be given a name again: link(2) says ENOENT.
// `open` is a parameter for tests.
inline int open_nameless_file(const std::string& folder, int (*open)(const char*, int, ...) = ::open) {
  int file;
  do {
    file = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  } while (file < 0 && errno == EINTR);
  if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)) {
    return file;
  }
  std::string path = folder + "/hilum-XXXXXX";
  file = ::mkostemp(path.data(), O_CLOEXEC);
  if (file >= 0) {
    ::unlink(path.c_str());
  }
  return file;
}

}  // namespace hilum
