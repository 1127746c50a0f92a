// The calls that change files, as a seam: tests make the n-th of them fail.
#pragma once

#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstdint>
#include <string>

namespace hilum::storage {

// Each function is the system call of its name: -1 and errno on failure. Thread-safe. Reading goes to the
// system directly.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual int open(const std::string& path, int flags, mode_t mode);
  virtual ssize_t pwritev(int fd, const iovec* pieces, int count, off_t offset);
  virtual int fdatasync(int fd);
  virtual int fsync(int fd);
  virtual int syncfs(int fd);
  virtual int link(int fd, const std::string& path);  // gives an O_TMPFILE a name
  virtual int unlink(const std::string& path);
  virtual int ftruncate(int fd, off_t size);
  virtual int mkdir(const std::string& path, mode_t mode);
  virtual int statvfs(const std::string& path, struct statvfs* facts);

  static FileSystem& system();
};

// Throws HILUM_E_FULL_STORAGE (no space, quota) or HILUM_E_CANNOT_WRITE for the present errno.
[[noreturn]] void fail_write(const std::string& what);

// Writes all pieces, however many and whatever the system takes at a time; changes the array. Throws as
// fail_write().
void write_pieces(FileSystem& files, int fd, iovec* pieces, size_t count, uint64_t offset,
                  const std::string& what);
// Flushes a folder's entries.
void flush_folder(FileSystem& files, const std::string& path);
// Creates a folder (mode 0700) unless it is there; says whether it did.
bool make_folder(FileSystem& files, const std::string& path);

}  // namespace hilum::storage
