// The main DICOM tags: what the index keeps of every patient, study, series and instance.
#pragma once

#include <hilum/dicom/charset.h>
#include <hilum/dicom/tag.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

class DcmItem;

namespace hilum::dicom {

enum class Level : uint8_t { Patient = 0, Study = 1, Series = 2, Instance = 3 };

const char* level_name(Level level);  // "Patient"...

// A value as the index stores it.
struct TagValue {
  Tag tag = 0;
  std::string value;     // UTF-8 text; of a sequence: JSON, see extract()
  bool is_json = false;  // a sequence

  friend bool operator==(const TagValue& a, const TagValue& b) {
    return a.tag == b.tag && a.value == b.value && a.is_json == b.is_json;
  }
};

// The table of main tags per level. Build it at start-up, then only read it: const use is thread-safe.
class MainTags {
 public:
  MainTags();  // the default set

  // Adds a tag to a level. Throws Error: HILUM_E_MAIN_TAGS_TWICE if it is there already, HILUM_E_OUT_OF_RANGE
  // for private tags.
  void add(Level level, Tag tag);

  const std::vector<Tag>& tags(Level level) const { return tags_[static_cast<size_t>(level)]; }  // ascending
  bool contains(Level level, Tag tag) const;
  // Highest level that has the tag as its own (Patient before Study...), or nothing.
  std::optional<Level> level_of(Tag tag) const;
  // `gggg,eeee` sorted and joined by ';'.
  std::string signature(Level level) const;

  // The level's tags that are in the data set, ascending. Present but empty: "". Absent, binary, null or over
  // 256 bytes: left out. Multiple values are joined by '\'. A non-empty sequence is its array of items in the
  // Full JSON format with `is_json`, so that full, short and simplified can all be made of it; an empty
  // sequence is left out.
  std::vector<TagValue> extract(DcmItem& data_set, Level level, const Charset& charset) const;

 private:
  std::array<std::vector<Tag>, 4> tags_;
};

}  // namespace hilum::dicom
