#include "core/storage/file_system.h"

#include <fcntl.h>
#include <hilum/cpp/error.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/base/files.h"

namespace hilum::storage {

int FileSystem::open(const std::string& path, int flags, mode_t mode) {
  return ::open(path.c_str(), flags | O_CLOEXEC, mode);
}
ssize_t FileSystem::pwritev(int fd, const iovec* pieces, int count, off_t offset) {
  return ::pwritev(fd, pieces, count, offset);
}
int FileSystem::fdatasync(int fd) { return ::fdatasync(fd); }
int FileSystem::fsync(int fd) { return ::fsync(fd); }
int FileSystem::syncfs(int fd) { return ::syncfs(fd); }
int FileSystem::link(int fd, const std::string& path) {
  // AT_EMPTY_PATH would need a capability; the way over /proc needs none (open(2), O_TMPFILE).
  const std::string source = "/proc/self/fd/" + std::to_string(fd);
  return ::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW);
}
int FileSystem::unlink(const std::string& path) { return ::unlink(path.c_str()); }
int FileSystem::ftruncate(int fd, off_t size) { return ::ftruncate(fd, size); }
int FileSystem::mkdir(const std::string& path, mode_t mode) { return ::mkdir(path.c_str(), mode); }
int FileSystem::statvfs(const std::string& path, struct statvfs* facts) {
  return ::statvfs(path.c_str(), facts);
}

FileSystem& FileSystem::system() {
  static FileSystem instance;
  return instance;
}

void fail_write(const std::string& what) {
  const int error = errno;
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  throw Error(full ? HILUM_E_FULL_STORAGE : HILUM_E_CANNOT_WRITE,
              what + ": " + std::generic_category().message(error));
}

void write_pieces(FileSystem& files, int fd, iovec* pieces, size_t count, uint64_t offset,
                  const std::string& what) {
  while (count > 0) {
    const ssize_t written = files.pwritev(fd, pieces, static_cast<int>(std::min<size_t>(count, IOV_MAX)),
                                          static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      fail_write(what);
    }
    auto left = static_cast<size_t>(written);
    offset += left;
    while (count > 0 && left >= pieces->iov_len) {
      left -= pieces->iov_len;
      ++pieces;
      --count;
    }
    if (left > 0) {
      pieces->iov_base = static_cast<char*>(pieces->iov_base) + left;
      pieces->iov_len -= left;
    }
  }
}

void flush_folder(FileSystem& files, const std::string& path) {
  const UniqueFd folder(files.open(path, O_RDONLY | O_DIRECTORY, 0));
  if (!folder || files.fsync(folder.get()) != 0) {
    fail_write("folder " + path);
  }
}

bool make_folder(FileSystem& files, const std::string& path) {
  if (files.mkdir(path, 0700) == 0) {
    return true;
  }
  if (errno != EEXIST) {
    fail_write("folder " + path);
  }
  return false;
}

}  // namespace hilum::storage
