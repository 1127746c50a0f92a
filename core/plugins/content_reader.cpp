#include "core/plugins/content_reader.h"

#include <hilum/cpp/error.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

namespace hilum::plugins {

namespace {
constexpr uint64_t kSizePrefix = 8;  // the content size, little-endian, in front of the zlib stream
}

// The zlib stream from its start on.
class ContentReader::Inflater {
 public:
  explicit Inflater(const storage::BlobReader& blob) : blob_(blob) {
    if (inflateInit(&stream_) != Z_OK) {
      throw Error(HILUM_E_NO_MEMORY, "inflating an attachment");
    }
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Exactly `count` bytes, or HILUM_E_CORRUPTED.
  void read(uint8_t* buffer, size_t count) {
    while (count > 0) {
      const auto piece = static_cast<uInt>(std::min<size_t>(count, std::numeric_limits<uInt>::max()));
      stream_.next_out = buffer;
      stream_.avail_out = piece;
      step();
      const size_t made = piece - stream_.avail_out;
      buffer += made;
      count -= made;
    }
  }

 private:
  // Makes at least one byte.
  void step() {
    const uInt wanted = stream_.avail_out;
    while (stream_.avail_out == wanted) {
      if (stream_.avail_in == 0) {
        const size_t size = blob_.read(offset_, input_.data(), input_.size());
        offset_ += size;
        stream_.next_in = input_.data();
        stream_.avail_in = static_cast<uInt>(size);
      }
      const bool at_end = stream_.avail_in == 0;
      const int result = inflate(&stream_, Z_NO_FLUSH);
      const bool made_some = stream_.avail_out < wanted;
      if (!made_some && (at_end || (result != Z_OK && result != Z_BUF_ERROR))) {
        throw Error(HILUM_E_CORRUPTED, "the compressed form of an attachment cannot be inflated");
      }
    }
  }

  const storage::BlobReader& blob_;
  z_stream stream_{};
  uint64_t offset_ = kSizePrefix;
  std::array<uint8_t, 64 * 1024> input_;
};

ContentReader::ContentReader(std::shared_ptr<const storage::BlobReader> blob,
                             const index::Attachment& attachment)
    : blob_(std::move(blob)), compressed_(attachment.compressed), size_(attachment.content_size) {}

ContentReader::~ContentReader() = default;

size_t ContentReader::read(uint64_t offset, void* buffer, size_t capacity) {
  if (!compressed_) {
    return blob_->read(offset, buffer, capacity);
  }
  if (offset >= size_) {
    return 0;
  }
  const auto count = static_cast<size_t>(std::min<uint64_t>(capacity, size_ - offset));
  if (!inflater_ || offset < position_) {
    inflater_ = std::make_unique<Inflater>(*blob_);
    position_ = 0;
  }
  try {
    skip(offset - position_);
    inflater_->read(static_cast<uint8_t*>(buffer), count);
  } catch (...) {
    inflater_.reset();  // it stands nobody knows where
    throw;
  }
  position_ = offset + count;
  return count;
}

void ContentReader::skip(uint64_t count) {
  std::array<uint8_t, 16 * 1024> scratch;
  while (count > 0) {
    const auto piece = static_cast<size_t>(std::min<uint64_t>(count, scratch.size()));
    inflater_->read(scratch.data(), piece);
    count -= piece;
  }
}

std::optional<storage::BlobReader::FileRange> ContentReader::file_range() const {
  return compressed_ ? std::nullopt : blob_->file_range();
}

}  // namespace hilum::plugins
