#include <hilum/rest/arguments.h>
#include <hilum/rest/byte_range.h>

#include <algorithm>

namespace hilum::rest {

namespace {

std::optional<uint64_t> parse_position(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  std::optional<int64_t> number = parse_integer(text);
  return number ? std::optional<uint64_t>(static_cast<uint64_t>(*number)) : std::nullopt;
}

}  // namespace

std::optional<ByteRange> parse_byte_range(std::string_view header, uint64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  if (header.substr(0, kUnit.size()) != kUnit) return std::nullopt;
  header = strip(header.substr(kUnit.size()));
  size_t dash = header.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  std::string_view first_text = header.substr(0, dash);
  std::string_view last_text = header.substr(dash + 1);
  std::optional<uint64_t> last = parse_position(last_text);
  if (!last && !last_text.empty()) return std::nullopt;
  if (first_text.empty()) {
    if (!last) return std::nullopt;
    uint64_t length = std::min(*last, size);
    return ByteRange{size - length, length};
  }
  std::optional<uint64_t> first = parse_position(first_text);
  if (!first || (last && *last < *first)) return std::nullopt;
  if (*first >= size) return ByteRange{};
  uint64_t end = last ? std::min(*last, size - 1) + 1 : size;
  return ByteRange{*first, end - *first};
}

}  // namespace hilum::rest
