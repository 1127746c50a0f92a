#include "core/index/series_status.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/index/schema.h"
#include "core/index/snapshot.h"

namespace hilum::index {

const char* series_status_name(SeriesStatus status) {
  switch (status) {
    case SeriesStatus::kMissing:
      return "Missing";
    case SeriesStatus::kInconsistent:
      return "Inconsistent";
    case SeriesStatus::kComplete:
      return "Complete";
    case SeriesStatus::kUnknown:
      break;
  }
  return "Unknown";
}

std::optional<int64_t> parse_integer(std::string_view text) {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) {
    text.remove_suffix(1);
  }
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') {
    text.remove_prefix(1);
  }
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<int64_t> parse_expected_instances(std::string_view text) {
  const std::optional<int64_t> value = parse_integer(text);
  return value && *value > 0 ? value : std::nullopt;
}

std::optional<int64_t> expected_instances(const TagValues& series_tags) {
  constexpr Tag kImagesInAcquisition = 0x00201002, kTemporalPositions = 0x00200105;
  constexpr Tag kSlices = 0x00540081, kTimeSlices = 0x00540101, kCardiacImages = 0x00181090;
  const auto text = [&](Tag tag) -> const std::string* {
    const auto it = std::find_if(series_tags.begin(), series_tags.end(),
                                 [&](const dicom::TagValue& value) { return value.tag == tag; });
    return it == series_tags.end() ? nullptr : &it->value;
  };
  // The first pair that is present decides, even if it is of no use.
  for (const auto& [first, second] :
       {std::pair(kImagesInAcquisition, kTemporalPositions), std::pair(kSlices, kTimeSlices)}) {
    const std::string* a = text(first);
    const std::string* b = text(second);
    if (a && b) {
      const std::optional<int64_t> x = parse_expected_instances(*a), y = parse_expected_instances(*b);
      return x && y && *x <= std::numeric_limits<int64_t>::max() / *y ? std::optional<int64_t>(*x * *y)
                                                                      : std::nullopt;
    }
  }
  const std::string* cardiac = text(kCardiacImages);
  return cardiac ? parse_expected_instances(*cardiac) : std::nullopt;
}

void SeriesProgress::add(std::optional<std::string_view> index_in_series) {
  if (!expected_ || is_final() || !index_in_series) {
    return;
  }
  const std::optional<int64_t> index = parse_integer(*index_in_series);
  if (!index) {
    unknown_ = true;
  } else if (*index < 1 || *index > *expected_ || !seen_.insert(*index).second) {
    inconsistent_ = true;
  }
  if (is_final()) {
    seen_ = {};
  }
}

SeriesStatus SeriesProgress::status() const {
  if (!expected_ || unknown_) {
    return SeriesStatus::kUnknown;
  }
  if (inconsistent_) {
    return SeriesStatus::kInconsistent;
  }
  return static_cast<int64_t>(seen_.size()) == *expected_ ? SeriesStatus::kComplete : SeriesStatus::kMissing;
}

bool SeriesProgress::is_final() const { return !expected_ || unknown_ || inconsistent_; }

SeriesStatus series_status(const Snapshot& snapshot, const Resource& series) {
  const std::optional<Metadata> expected = snapshot.metadata(series, kExpectedInstances);
  SeriesProgress progress(expected ? parse_expected_instances(expected->value) : std::nullopt);
  if (progress.is_final()) {
    return progress.status();
  }
  snapshot.children(series.id, [&](ResourceId id) {
    if (const std::optional<Resource> instance = snapshot.get(id)) {
      const std::optional<Metadata> index = snapshot.metadata(*instance, kIndexInSeries);
      progress.add(index ? std::optional<std::string_view>(index->value) : std::nullopt);
    }
    return !progress.is_final();
  });
  return progress.status();
}

}  // namespace hilum::index
