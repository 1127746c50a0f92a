// The one reader of compressed attachments.
#pragma once

#include <zlib.h>

#include <array>
#include <cstdint>

#include "core/storage/blob_store.h"

namespace hilum::ingest {

// The stored form of a compressed attachment begins with the content size, little-endian, in so many bytes; behind it
// comes a zlib stream (RFC 1950).
constexpr uint64_t kCompressedHeadSize = 8;

// Unpacks the zlib stream of a blob, which must live longer, from its start to its end. One thread.
class BlobInflater {
 public:
  explicit BlobInflater(const storage::BlobReader& blob);  // HILUM_E_NO_MEMORY
  ~BlobInflater();
  BlobInflater(const BlobInflater&) = delete;
  BlobInflater& operator=(const BlobInflater&) = delete;

  // The next bytes: fewer than `capacity` only at the end of the stream. HILUM_E_CORRUPTED if it is no zlib stream or
  // ends too early.
  size_t read(char* buffer, size_t capacity);

 private:
  size_t step(char* buffer, size_t capacity);

  const storage::BlobReader& blob_;
  z_stream stream_{};
  uint64_t offset_ = kCompressedHeadSize;
  bool ended_ = false;
  std::array<char, 64 * 1024> input_;
};

}  // namespace hilum::ingest
