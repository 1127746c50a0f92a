// What stands beside every blob in the storage, so that the index can be made again from the storage alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/index/types.h"

namespace hilum::ingest {

struct Description {
  index::Attachment attachment;  // without UUID and stored size, which the storage knows
  std::optional<std::pair<index::Level, index::PublicId>> owner;
  // Of DICOM files (type 1) only.
  std::vector<index::Metadata> instance_metadata;
  std::vector<index::Metadata> series_metadata;
  int64_t reception_ms = 0;
};

std::string encode(const Description& description);
std::optional<Description> decode_description(std::string_view bytes);

}  // namespace hilum::ingest
