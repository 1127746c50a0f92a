#include <hilum/rest/blob_answer.h>
#include <hilum/rest/byte_range.h>

#include <algorithm>

namespace hilum::rest {

// The name in plain characters for all, and as it is for those who can read it.
std::string content_disposition(std::string_view name) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string plain;
  std::string encoded;
  for (char character : name) {
    auto byte = static_cast<unsigned char>(character);
    bool letter =
        (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
    if (letter || byte == '-' || byte == '.' || byte == '_' || byte == '~') {
      encoded += character;
    } else {
      encoded += '%';
      encoded += kDigits[byte >> 4];
      encoded += kDigits[byte & 15];
    }
    if (byte == '"' || byte == '\\') plain += '\\';
    plain += byte < 0x20 || byte >= 0x7f ? '_' : character;
  }
  std::string value = "filename=\"" + plain + "\"";
  bool is_plain = std::all_of(name.begin(), name.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  return is_plain ? value : value + "; filename*=UTF-8''" + encoded;
}

void answer_blob(Call& call, std::string_view content_type, const Blob& blob, std::string_view etag) {
  const uint64_t size = blob.info().content_size;
  call.answer.header("Accept-Ranges", "bytes");
  std::optional<std::string_view> header = call.request.header("range");
  std::optional<std::string_view> only_of = call.request.header("if-range");
  std::optional<ByteRange> range;
  if (header && (!only_of || (*only_of == etag && !etag.empty()))) range = parse_byte_range(*header, size);
  if (!range) return call.answer.blob(content_type, blob);
  if (range->length == 0) {
    throw Error(HILUM_E_BAD_RANGE, "the content has " + std::to_string(size) + " bytes");
  }
  call.answer.status(206);
  call.answer.header("Content-Range", "bytes " + std::to_string(range->offset) + "-" +
                                          std::to_string(range->offset + range->length - 1) + "/" +
                                          std::to_string(size));
  call.answer.blob_range(content_type, blob, range->offset, range->length);
}

}  // namespace hilum::rest
