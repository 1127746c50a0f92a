// Layout: version 1 (1 byte), flags (1: compressed, 2: content MD5, 4: stored MD5, 8: owner), type (varint),
// content size (varint), the MD5s (16 each), owner (level 1, public id 20), reception (8), then the two lists
// of metadata: count (varint), and each as key (varint), value (sized).
#include "core/ingest/description.h"

#include <algorithm>

#include "core/base/bytes.h"

namespace hilum::ingest {
namespace {

constexpr uint8_t kVersion = 1;

void append_list(std::string& out, const std::vector<index::Metadata>& list) {
  append_varint(out, list.size());
  for (const index::Metadata& metadata : list) {
    append_varint(out, static_cast<uint64_t>(metadata.key));
    append_sized(out, metadata.value);
  }
}

bool take_list(ByteReader& reader, std::vector<index::Metadata>& list) {
  const auto count = reader.take_varint();
  if (!count) {
    return false;
  }
  for (uint64_t i = 0; i < *count; ++i) {
    const auto key = reader.take_varint();
    const auto value = reader.take_sized();
    if (!key || !value || *key > INT32_MAX) {
      return false;
    }
    list.push_back({static_cast<int32_t>(*key), 0, std::string(*value)});
  }
  return true;
}

template <size_t N>
bool take_array(ByteReader& reader, std::array<uint8_t, N>& out) {
  const auto bytes = reader.take_bytes(N);
  if (bytes) {
    std::copy(bytes->begin(), bytes->end(), out.begin());
  }
  return bytes.has_value();
}

template <size_t N>
void append_array(std::string& out, const std::array<uint8_t, N>& bytes) {
  out.append(reinterpret_cast<const char*>(bytes.data()), N);
}

}  // namespace

std::string encode(const Description& description) {
  const index::Attachment& attachment = description.attachment;
  std::string out;
  out.push_back(static_cast<char>(kVersion));
  out.push_back(static_cast<char>((attachment.compressed ? 1 : 0) | (attachment.content_md5 ? 2 : 0) |
                                  (attachment.stored_md5 ? 4 : 0) | (description.owner ? 8 : 0)));
  append_varint(out, static_cast<uint64_t>(attachment.type));
  append_varint(out, attachment.content_size);
  if (attachment.content_md5) {
    append_array(out, *attachment.content_md5);
  }
  if (attachment.stored_md5) {
    append_array(out, *attachment.stored_md5);
  }
  if (description.owner) {
    out.push_back(static_cast<char>(description.owner->first));
    append_array(out, description.owner->second.bytes);
  }
  append_le(out, static_cast<uint64_t>(description.reception_ms));
  append_list(out, description.instance_metadata);
  append_list(out, description.series_metadata);
  return out;
}

std::optional<Description> decode_description(std::string_view bytes) {
  ByteReader reader(bytes);
  Description description;
  const auto version = reader.take_le<uint8_t>();
  const auto flags = reader.take_le<uint8_t>();
  const auto type = reader.take_varint();
  const auto size = reader.take_varint();
  if (!size || *version != kVersion || *type > INT32_MAX) {
    return std::nullopt;
  }
  index::Attachment& attachment = description.attachment;
  attachment.type = static_cast<int32_t>(*type);
  attachment.content_size = *size;
  attachment.compressed = (*flags & 1) != 0;
  if ((*flags & 2) != 0 && !take_array(reader, attachment.content_md5.emplace())) {
    return std::nullopt;
  }
  if ((*flags & 4) != 0 && !take_array(reader, attachment.stored_md5.emplace())) {
    return std::nullopt;
  }
  if ((*flags & 8) != 0) {
    const auto level = reader.take_le<uint8_t>();
    index::PublicId id;
    if (!level || *level < 1 || *level > 4 || !take_array(reader, id.bytes)) {
      return std::nullopt;
    }
    description.owner.emplace(static_cast<index::Level>(*level), id);
  }
  const auto reception = reader.take_le<uint64_t>();
  if (!reception || !take_list(reader, description.instance_metadata) ||
      !take_list(reader, description.series_metadata) || !reader.empty()) {
    return std::nullopt;
  }
  description.reception_ms = static_cast<int64_t>(*reception);
  return description;
}

}  // namespace hilum::ingest
