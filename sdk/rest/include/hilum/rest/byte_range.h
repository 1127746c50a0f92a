// The HTTP header Range (RFC 7233).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace hilum::rest {

struct ByteRange {
  uint64_t offset = 0;
  uint64_t length = 0;  // 0: the range cannot be satisfied
};

// The one range of `bytes=a-b`, `bytes=a-` or `bytes=-n` within `size` bytes. Nothing for all else, several
// ranges included: RFC 7233 section 3.1 lets a server ignore the header, and answer with the whole.
std::optional<ByteRange> parse_byte_range(std::string_view header, uint64_t size);

}  // namespace hilum::rest
