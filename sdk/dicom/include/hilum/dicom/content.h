// Raw access to single elements, items, fragments and frames of a stored instance, by path.
#pragma once

#include <hilum/dicom/byte_source.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::dicom {

// What a content path leads to.
struct Content {
  enum class Kind : uint8_t {
    List,   // `names`: tags (`gggg-eeee`) of a data set or item, or indexes ("0", "1"...) of a sequence or of
            // pixel data
    Range,  // bytes [offset, offset + length) of the source
    Bytes,  // `bytes`: only for deflated files, where nothing lies in the source as it is
  };
  Kind kind = Kind::List;
  std::vector<std::string> names;
  uint64_t offset = 0;
  uint64_t length = 0;
  std::string bytes;
};

// Follows a path of T, T/i, T/i/T2... (`segments` without empty ones; empty: the data set). Tags in any form
// of tag.h. Nothing: no such tag, index or item. Throws Error: HILUM_E_UNKNOWN_TAG (a name that is no tag),
// HILUM_E_BAD_FORMAT (the source is not DICOM). Reads element headers only; Pixel Data is never loaded.
std::optional<Content> find_content(const ByteSource& file, const std::vector<std::string>& segments);

// A frame or fragment of Pixel Data.
struct Piece {
  uint64_t offset = 0;
  uint64_t length = 0;
};

}  // namespace hilum::dicom
