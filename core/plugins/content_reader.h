// The content of an attachment, whichever form it is stored in.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/index/types.h"
#include "core/ingest/blob_inflater.h"
#include "core/storage/blob_store.h"

namespace hilum::plugins {

// Reads content at any offset: directly if it is stored as it is; else by unpacking it,
// forward from where the last read ended, or from the start again. Owned by
// whoever opened the attachment; one thread at a time.
class ContentReader {
 public:
  ContentReader(std::shared_ptr<const storage::BlobReader> blob, const index::Attachment& attachment);
  ~ContentReader();
  ContentReader(const ContentReader&) = delete;
  ContentReader& operator=(const ContentReader&) = delete;

  uint64_t size() const { return size_; }
  // Up to `capacity` bytes, fewer only at the end. Throws HILUM_E_CORRUPTED if the stored form cannot be
  // inflated.
  size_t read(uint64_t offset, void* buffer, size_t capacity);
  // Where the content lies as it is, or nothing.
  std::optional<storage::BlobReader::FileRange> file_range() const;
  const std::shared_ptr<const storage::BlobReader>& blob() const { return blob_; }

 private:
  void read_exactly(char* buffer, size_t count);
  void skip(uint64_t count);

  std::shared_ptr<const storage::BlobReader> blob_;
  bool compressed_;
  uint64_t size_;
  std::unique_ptr<ingest::BlobInflater> inflater_;  // its position is position_
  uint64_t position_ = 0;
};

}  // namespace hilum::plugins
