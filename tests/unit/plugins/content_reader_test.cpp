#include "core/plugins/content_reader.h"

#include <gtest/gtest.h>
#include <hilum/cpp/error.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "core/base/bytes.h"

namespace hilum::plugins {
namespace {

class MemoryBlob : public storage::BlobReader {
 public:
  explicit MemoryBlob(std::string bytes) : bytes_(std::move(bytes)) {}
  uint64_t size() const override { return bytes_.size(); }
  size_t read(uint64_t offset, void* buffer, size_t capacity) const override {
    if (offset >= bytes_.size()) {
      return 0;
    }
    const size_t count = std::min<size_t>(capacity, bytes_.size() - static_cast<size_t>(offset));
    std::memcpy(buffer, bytes_.data() + offset, count);
    return count;
  }
  std::optional<FileRange> file_range() const override { return FileRange{7, 100}; }

 private:
  std::string bytes_;
};

std::string content() {
  std::string text;
  for (int i = 0; i < 60000; ++i) {
    text += std::to_string(i * 7919 % 10007) + ',';
  }
  return text;
}

std::string stored_form(const std::string& text) {
  uLongf size = compressBound(text.size());
  std::string compressed(size, '\0');
  EXPECT_EQ(compress(reinterpret_cast<Bytef*>(compressed.data()), &size,
                     reinterpret_cast<const Bytef*>(text.data()), text.size()),
            Z_OK);
  compressed.resize(size);
  std::string result;
  append_le<uint64_t>(result, text.size());
  return result + compressed;
}

index::Attachment facts(const std::string& text, bool compressed) {
  index::Attachment attachment;
  attachment.content_size = text.size();
  attachment.compressed = compressed;
  return attachment;
}

std::string read(ContentReader& reader, uint64_t offset, size_t count) {
  std::string bytes(count, '\0');
  bytes.resize(reader.read(offset, bytes.data(), count));
  return bytes;
}

TEST(ContentReaderTest, PlainBytesAreReadWhereTheyLie) {
  const std::string text = content();
  ContentReader reader(std::make_shared<MemoryBlob>(text), facts(text, false));
  EXPECT_EQ(read(reader, 1000, 50), text.substr(1000, 50));
  ASSERT_TRUE(reader.file_range());
  EXPECT_EQ(reader.file_range()->offset, 100u);
}

TEST(ContentReaderTest, CompressedBytesAtAnyOffset) {
  const std::string text = content();
  ContentReader reader(std::make_shared<MemoryBlob>(stored_form(text)), facts(text, true));
  EXPECT_FALSE(reader.file_range());
  EXPECT_EQ(reader.size(), text.size());
  EXPECT_EQ(read(reader, 0, 10), text.substr(0, 10));
  EXPECT_EQ(read(reader, 10, 100000), text.substr(10, 100000));  // forward
  EXPECT_EQ(read(reader, 200000, 33), text.substr(200000, 33));  // with a gap
  EXPECT_EQ(read(reader, 5, 20), text.substr(5, 20));            // back to the start
  EXPECT_EQ(read(reader, text.size() - 3, 100), text.substr(text.size() - 3));
  EXPECT_EQ(read(reader, text.size(), 100), "");
  EXPECT_EQ(read(reader, 1u << 30, 100), "");
  EXPECT_EQ(read(reader, 0, text.size() + 10), text);
}

TEST(ContentReaderTest, DamagedStreamIsCorruptedEveryTime) {
  const std::string text = content();
  const std::string whole = stored_form(text);
  ContentReader cut(std::make_shared<MemoryBlob>(whole.substr(0, whole.size() / 2)), facts(text, true));
  EXPECT_EQ(read(cut, 0, 100), text.substr(0, 100));
  EXPECT_THROW(read(cut, text.size() - 10, 10), Error);
  EXPECT_THROW(read(cut, text.size() - 10, 10), Error);
  EXPECT_EQ(read(cut, 0, 100), text.substr(0, 100));
  std::string damaged = whole;
  std::fill(damaged.begin() + 1000, damaged.begin() + 1200, 'x');
  ContentReader reader(std::make_shared<MemoryBlob>(damaged), facts(text, true));
  EXPECT_THROW(read(reader, 0, text.size()), Error);
  std::string longer = text + "more";  // the index says more than the stream holds
  ContentReader liar(std::make_shared<MemoryBlob>(whole), facts(longer, true));
  EXPECT_THROW(read(liar, 0, longer.size()), Error);
}

}  // namespace
}  // namespace hilum::plugins
