// The body of a request or of one part of a form: in memory while it is small, else in an unlinked file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/write_behind.h"

namespace hilum::http {

// How big bodies may become and where the big ones go. One truth for uploads, unpacked gzip bodies and form
// parts.
struct BodyLimits {
  uint64_t max_size = 0;             // 0: no limit (MaximumRequestBodySizeMB)
  size_t memory_size = 1024 * 1024;  // longer bodies are spooled
  std::string spool_directory =
      "/tmp";  // files without a name are made here; put it on the storage's file system
};

// A complete body. Movable, not copyable; owns its file. Reading is safe from several threads at once.
class Body {
 public:
  Body() = default;
  explicit Body(std::string bytes) : memory_(std::move(bytes)), size_(memory_.size()) {}
  // Takes over `fd`, which holds `size` bytes from offset 0 on.
  Body(int fd, uint64_t size) : fd_(fd), size_(size) {}
  Body(Body&& other) noexcept;
  Body& operator=(Body&& other) noexcept;
  ~Body();

  uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Copies up to `n` bytes from `offset` on; returns how many (fewer only at the end). Throws Error if the
  // spool fails.
  size_t read(uint64_t offset, void* buffer, size_t n) const;
  // The bytes if they are in memory, nullptr if they are spooled.
  const std::string* in_memory() const { return fd_ < 0 ? &memory_ : nullptr; }
  // The spool file, or -1. It stays the body's own.
  int fd() const { return fd_; }
  // Hands the spool file over (-1 if the body is in memory): the caller closes it. It is a file without a name;
  // most file systems can give it one: linkat("/proc/self/fd/N", AT_SYMLINK_FOLLOW). The body is empty afterwards.
  int take_spool_fd();
  // Moves the bytes out of memory; a spooled body is read whole. Throws HILUM_E_TOO_LARGE over `limit`.
  std::string take_text(size_t limit = size_t{64} << 20);
  // A copy of everything. Throws HILUM_E_TOO_LARGE over `limit`.
  std::string text(size_t limit = size_t{64} << 20) const;

 private:
  std::string memory_;
  int fd_ = -1;
  uint64_t size_ = 0;
};

// Collects a body piece by piece. One thread at a time.
class BodyWriter {
 public:
  explicit BodyWriter(const BodyLimits& limits) : limits_(&limits) {}
  BodyWriter(BodyWriter&& other) noexcept;
  BodyWriter& operator=(BodyWriter&& other) noexcept;
  ~BodyWriter();

  // Throws HILUM_E_TOO_LARGE over the limit, HILUM_E_FULL_STORAGE (507) if the spool directory fails.
  void append(const char* data, size_t n);
  void append(std::string_view piece) { append(piece.data(), piece.size()); }
  // Announces the size to come, so that memory is taken once.
  void expect(uint64_t size);
  uint64_t size() const { return size_; }
  // The collected body; the writer is empty again.
  Body finish();

 private:
  void spool(const char* data, size_t n);

  const BodyLimits* limits_;
  std::string memory_;
  int fd_ = -1;
  uint64_t size_ = 0;
  WriteBehind write_behind_;
};

}  // namespace hilum::http
