// Paths to tags inside sequences: `SEQUENCE[index].SEQUENCE[*].TAG`.
#pragma once

#include <hilum/dicom/tag.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

class DcmItem;

namespace hilum::dicom {

struct PathStep {
  Tag sequence = 0;
  std::optional<uint32_t> index;  // from 0; nothing: every item
};

// A tag at the top level (no steps), or in items of sequences.
struct TagPath {
  std::vector<PathStep> steps;
  Tag tag = 0;

  bool is_top_level() const { return steps.empty(); }
};

// Reads a path; tags in any form of tag.h, also in parentheses, spaces around the parts. Throws Error: HILUM_E_UNKNOWN_TAG with
// the HTTP status 400 (a name that is no tag), HILUM_E_OUT_OF_RANGE (an index is missing or is none, too many steps).
TagPath parse_tag_path(std::string_view text);

// A single tag as a client has written it: as above, without steps.
Tag parse_client_tag(std::string_view text);

// Calls visit(item) for each item that the steps lead to; the data set itself if there are none. What does not exist is passed
// over. The visitor may change the item, but not remove it.
void for_each_item(DcmItem& data_set, const TagPath& path, const std::function<void(DcmItem&)>& visit);

}  // namespace hilum::dicom
