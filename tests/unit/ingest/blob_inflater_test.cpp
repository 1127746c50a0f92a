// Compressed attachments: whole, cut and broken.
#include "core/ingest/blob_inflater.h"

#include <gtest/gtest.h>
#include <hilum/cpp/error.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

namespace hilum::ingest {
namespace {

class MemoryBlob final : public storage::BlobReader {
 public:
  explicit MemoryBlob(std::string bytes) : bytes_(std::move(bytes)) {}
  uint64_t size() const override { return bytes_.size(); }
  size_t read(uint64_t offset, void* buffer, size_t capacity) const override {
    const size_t at = std::min<size_t>(static_cast<size_t>(offset), bytes_.size());
    const size_t some = std::min(capacity, bytes_.size() - at);
    std::memcpy(buffer, bytes_.data() + at, some);
    return some;
  }
  std::optional<FileRange> file_range() const override { return std::nullopt; }

 private:
  const std::string bytes_;
};

std::string content() {
  std::string bytes;
  for (int i = 0; bytes.size() < 300000; ++i) {
    bytes += std::to_string(i * 7919 % 10007);
  }
  return bytes;
}

std::string compressed(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string result(kCompressedHeadSize + size, '\0');
  EXPECT_EQ(compress(reinterpret_cast<Bytef*>(result.data() + kCompressedHeadSize), &size,
                     reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()),
            Z_OK);
  result.resize(kCompressedHeadSize + size);
  return result;
}

// All that comes out, in pieces.
std::string unpacked(const std::string& blob, size_t piece) {
  const MemoryBlob reader(blob);
  BlobInflater inflater(reader);
  std::string result, buffer(piece, '\0');
  while (const size_t some = inflater.read(buffer.data(), piece)) {
    result.append(buffer, 0, some);
  }
  EXPECT_EQ(inflater.read(buffer.data(), piece), 0u);  // the end stays the end
  return result;
}

int32_t error_of(const std::string& blob) {
  try {
    unpacked(blob, 1000);
  } catch (const Error& error) {
    return error.code();
  }
  return HILUM_OK;
}

TEST(BlobInflater, PiecesOfAnySize) {
  const std::string whole = content();
  for (const size_t piece : {1u, 999u, 65536u, 1000000u}) {
    EXPECT_EQ(unpacked(compressed(whole), piece), whole) << piece;
  }
  EXPECT_EQ(unpacked(compressed(""), 10), "");
}

TEST(BlobInflater, WhatIsBrokenIsTold) {
  const std::string good = compressed(content());
  EXPECT_EQ(error_of(good), HILUM_OK);
  EXPECT_EQ(error_of(good + "more behind it"), HILUM_OK);
  EXPECT_EQ(error_of(""), HILUM_E_CORRUPTED);
  EXPECT_EQ(error_of(good.substr(0, kCompressedHeadSize)), HILUM_E_CORRUPTED);
  EXPECT_EQ(error_of(good.substr(0, good.size() / 2)), HILUM_E_CORRUPTED);
  EXPECT_EQ(error_of(good.substr(0, good.size() - 1)), HILUM_E_CORRUPTED);  // within the checksum
  std::string changed = good;
  changed[good.size() / 2] = static_cast<char>(changed[good.size() / 2] ^ 1);
  EXPECT_EQ(error_of(changed), HILUM_E_CORRUPTED);
}

}  // namespace
}  // namespace hilum::ingest
