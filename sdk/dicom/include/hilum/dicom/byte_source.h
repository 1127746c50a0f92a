// Random access to bytes in memory, in a range of a file or behind a function, without owning any of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace hilum::dicom {

// Copies up to `count` bytes from `offset`, fewer only at the end; returns how many. Throws what reading throws.
using ReadAt = std::function<size_t(uint64_t offset, void* to, size_t count)>;

// Where an instance's bytes lie: a buffer, or `size` bytes of a file from `offset` (read with pread, so that
// threads may share the descriptor), or the first `size` bytes that a function gives (an attachment). A view:
// the buffer, descriptor or function must outlive it. Copying is cheap; const use is thread-safe, behind a
// function as far as that is.
class ByteSource {
 public:
  ByteSource(const void* data, uint64_t size) : data_(static_cast<const uint8_t*>(data)), size_(size) {}
  ByteSource(int fd, uint64_t offset, uint64_t size) : fd_(fd), offset_(offset), size_(size) {}
  ByteSource(const ReadAt& function, uint64_t size) : function_(&function), size_(size) {}
  ByteSource(ReadAt&& temporary, uint64_t size) = delete;

  // A file whose first bytes have been read already, so that they needn't be read again.
  ByteSource(int fd, uint64_t offset, uint64_t size, std::string_view head)
      : fd_(fd), offset_(offset), size_(size), head_(head) {}

  uint64_t size() const { return size_; }
  const uint8_t* memory() const { return data_; }  // null for a file or a function
  int fd() const { return fd_; }                   // -1 for memory or a function
  uint64_t file_offset() const { return offset_; }

  // Copies up to `count` bytes from `position`; returns how many there were. Throws Error(HILUM_E_SYSTEM) if
  // the file cannot be read.
  size_t read(uint64_t position, void* to, size_t count) const;
  // The bytes [position, position + count) as a string, shorter at the end of the source.
  std::string copy(uint64_t position, uint64_t count) const;
  // The bytes from `position` on, at most `count`, as a source of its own.
  ByteSource part(uint64_t position, uint64_t count = UINT64_MAX) const;

 private:
  const uint8_t* data_ = nullptr;
  const ReadAt* function_ = nullptr;
  int fd_ = -1;
  uint64_t offset_ = 0;
  uint64_t size_ = 0;
  std::string_view head_;
};

}  // namespace hilum::dicom
