// Deflate (RFC 1951) and CRC-32, by ISA-L.
#pragma once

#include <isa-l/igzip_lib.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace hilum::archives {

inline constexpr int kHighestLevel = 3;

// CRC-32 of a piece, after the CRC of what was before it (0 at the beginning).
uint32_t crc32(uint32_t before, std::string_view bytes);

// The state of a compressor: 300 KB. One thread at a time; keep one per thread.
class Deflater {
 public:
  explicit Deflater(int level);  // 1 to kHighestLevel

  // Compresses all into one stream; nothing, if that would not be smaller.
  bool whole(std::string_view bytes, std::string& out);
  // Compresses a piece of a stream, which does not refer to what is before it: pieces that were made by different threads, one
  // after the other, are one stream. `last` ends it.
  void piece(std::string_view bytes, bool last, std::string& out);

 private:
  void begin(std::string_view bytes, bool last);

  int level_;
  std::unique_ptr<uint8_t[]> buffer_;
  isal_zstream stream_;
};

}  // namespace hilum::archives
