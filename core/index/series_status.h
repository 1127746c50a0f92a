// Is a series complete? The rules of the REST API over ExpectedNumberOfInstances and IndexInSeries.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "core/index/types.h"

namespace hilum::index {

class Snapshot;

enum class SeriesStatus { kUnknown, kMissing, kInconsistent, kComplete };
const char* series_status_name(SeriesStatus status);  // "Unknown"...

// A decimal integer with spaces around it and perhaps a sign, as DICOM's IS has it; nothing for other texts.
std::optional<int64_t> parse_integer(std::string_view text);

// Value of the metadata ExpectedNumberOfInstances: a positive integer, else there is none.
std::optional<int64_t> parse_expected_instances(std::string_view text);

// How many instances the series should have, by its main tags: ImagesInAcquisition x
// NumberOfTemporalPositions, else NumberOfSlices x NumberOfTimeSlices, else CardiacNumberOfImages.
std::optional<int64_t> expected_instances(const TagValues& series_tags);

// Collects the IndexInSeries of the instances of a series, in any order. Its memory grows with the number of
// instances, never with the expected number.
class SeriesProgress {
 public:
  explicit SeriesProgress(std::optional<int64_t> expected) : expected_(expected) {}
  // The metadata IndexInSeries of one more instance, if it has one.
  void add(std::optional<std::string_view> index_in_series);
  SeriesStatus status() const;
  bool is_final() const;  // no further instance can change the status

 private:
  std::optional<int64_t> expected_;
  bool unknown_ = false;
  bool inconsistent_ = false;
  std::unordered_set<int64_t> seen_;
};

SeriesStatus series_status(const Snapshot& snapshot, const Resource& series);

}  // namespace hilum::index
