// Small pieces over the file system calls: an owned descriptor, whole-file reads and writes, durability.
// All errors are Error with the path and the system's reason; no function keeps state, all may be called at
// once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace hilum {

// Owns a file descriptor and closes it.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { reset(); }
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      reset(std::exchange(other.fd_, -1));
    }
    return *this;
  }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  explicit operator bool() const { return valid(); }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

// Opens with O_CLOEXEC. Throws HILUM_E_INEXISTENT_FILE (no such file), HILUM_E_CANNOT_WRITE (opened for
// writing), or HILUM_E_SYSTEM.
UniqueFd open_file(const std::string& path, int flags, unsigned mode = 0644);

// The whole file. Throws HILUM_E_INEXISTENT_FILE, HILUM_E_TOO_LARGE (more than `max_size` bytes; the file is
// not read further), HILUM_E_SYSTEM.
std::string read_file(const std::string& path, uint64_t max_size);
// Creates or replaces the file in place, without making it durable. Throws HILUM_E_CANNOT_WRITE,
// HILUM_E_FULL_STORAGE.
void write_file(const std::string& path, std::string_view content);
// Replaces the file so that after a crash either the old or the new content is there, whole; durable on
// return.
void replace_file(const std::string& path, std::string_view content);

// Writes all bytes (at `offset`: without moving the file position); repeats after short writes and signals.
// Throws HILUM_E_FULL_STORAGE (no space, quota), HILUM_E_CANNOT_WRITE.
void write_all(int fd, std::string_view bytes, const std::string& path_for_errors);
void write_all_at(int fd, std::string_view bytes, uint64_t offset, const std::string& path_for_errors);
// Reads exactly `size` bytes at `offset`. Throws HILUM_E_CORRUPTED when the file ends before.
void read_all_at(int fd, void* target, uint64_t size, uint64_t offset, const std::string& path_for_errors);
uint64_t file_size(int fd, const std::string& path_for_errors);

// Makes the names in a folder durable (a created, renamed or removed file). Throws HILUM_E_CANNOT_WRITE.
void sync_directory(const std::string& path);
// Creates the folder and its missing parents. Throws HILUM_E_DIRECTORY_EXPECTED when something else has the
// name, or HILUM_E_CANNOT_WRITE.
void create_directories(const std::string& path);

}  // namespace hilum
