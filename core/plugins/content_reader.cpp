#include "core/plugins/content_reader.h"

#include <hilum/cpp/error.h>

#include <algorithm>
#include <array>
#include <optional>

namespace hilum::plugins {

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
    inflater_ = std::make_unique<ingest::BlobInflater>(*blob_);
    position_ = 0;
  }
  try {
    skip(offset - position_);
    read_exactly(static_cast<char*>(buffer), count);
  } catch (...) {
    inflater_.reset();  // it stands nobody knows where
    throw;
  }
  position_ = offset + count;
  return count;
}

void ContentReader::read_exactly(char* buffer, size_t count) {
  if (inflater_->read(buffer, count) < count) {
    throw Error(HILUM_E_CORRUPTED, "a compressed attachment unpacks to fewer bytes than the index says");
  }
}

void ContentReader::skip(uint64_t count) {
  std::array<char, 16 * 1024> scratch;
  while (count > 0) {
    const auto piece = static_cast<size_t>(std::min<uint64_t>(count, scratch.size()));
    read_exactly(scratch.data(), piece);
    count -= piece;
  }
}

std::optional<storage::BlobReader::FileRange> ContentReader::file_range() const {
  return compressed_ ? std::nullopt : blob_->file_range();
}

}  // namespace hilum::plugins
