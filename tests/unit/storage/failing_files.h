// A file system of which one call fails.
#pragma once

#include <atomic>
#include <cerrno>

#include "core/storage/file_system.h"

namespace hilum::storage::testing {

// Lets the n-th call fail, each with an error of its kind.
class FailingFiles final : public FileSystem {
 public:
  explicit FailingFiles(int fail_at) : left_(fail_at) {}
  bool has_failed() const { return failed_; }

  int open(const std::string& path, int flags, mode_t mode) override {
    return fails(EMFILE) ? -1 : FileSystem::open(path, flags, mode);
  }
  ssize_t pwritev(int fd, const iovec* pieces, int count, off_t offset) override {
    if (fails(ENOSPC)) {
      // As disks do: some of it arrives.
      const iovec half{pieces->iov_base, pieces->iov_len / 2};
      return half.iov_len > 0 && FileSystem::pwritev(fd, &half, 1, offset) < 0 ? -1 : (errno = ENOSPC, -1);
    }
    return FileSystem::pwritev(fd, pieces, count, offset);
  }
  // The flushes themselves are left out: what a killed process leaves does not depend on them.
  int fdatasync(int) override { return fails(EIO) ? -1 : 0; }
  int fsync(int) override { return fails(EIO) ? -1 : 0; }
  int syncfs(int) override { return fails(EIO) ? -1 : 0; }
  int link(int fd, const std::string& path) override { return fails(EIO) ? -1 : FileSystem::link(fd, path); }
  int unlink(const std::string& path) override { return fails(EIO) ? -1 : FileSystem::unlink(path); }
  int ftruncate(int fd, off_t size) override { return fails(EIO) ? -1 : FileSystem::ftruncate(fd, size); }
  int mkdir(const std::string& path, mode_t mode) override {
    return fails(ENOSPC) ? -1 : FileSystem::mkdir(path, mode);
  }

 private:
  bool fails(int error) {
    if (left_-- != 0) {
      return false;
    }
    failed_ = true;
    errno = error;
    return true;
  }
  std::atomic<int> left_;
  std::atomic<bool> failed_{false};
};

}  // namespace hilum::storage::testing
