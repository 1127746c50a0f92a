#include "core/index/series_status.h"

#include <gtest/gtest.h>

#include <vector>

namespace hilum::index {
namespace {

SeriesStatus status_of(std::optional<int64_t> expected,
                       const std::vector<std::optional<std::string_view>>& indexes) {
  SeriesProgress progress(expected);
  for (const auto& index : indexes) {
    progress.add(index);
  }
  return progress.status();
}

TEST(SeriesStatus, Rules) {
  EXPECT_EQ(status_of(std::nullopt, {"1"}), SeriesStatus::kUnknown);
  EXPECT_EQ(status_of(2, {}), SeriesStatus::kMissing);
  EXPECT_EQ(status_of(2, {"1"}), SeriesStatus::kMissing);
  EXPECT_EQ(status_of(2, {"2", " 1 "}), SeriesStatus::kComplete);
  EXPECT_EQ(status_of(2, {"2", "1", std::nullopt}), SeriesStatus::kComplete);
  EXPECT_EQ(status_of(2, {"2", "2"}), SeriesStatus::kInconsistent);
  EXPECT_EQ(status_of(2, {"0"}), SeriesStatus::kInconsistent);
  EXPECT_EQ(status_of(2, {"3"}), SeriesStatus::kInconsistent);
  EXPECT_EQ(status_of(2, {"1", "x"}), SeriesStatus::kUnknown);
  EXPECT_EQ(status_of(2, {""}), SeriesStatus::kUnknown);
}

TEST(SeriesStatus, Integers) {
  EXPECT_EQ(parse_integer(" 12 "), 12);
  EXPECT_EQ(parse_integer("+3"), 3);
  EXPECT_EQ(parse_integer("-3"), -3);
  for (const char* text : {"", " ", "1.0", "+-3", "1 2", "99999999999999999999"}) {
    EXPECT_EQ(parse_integer(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_expected_instances("0"), std::nullopt);
}

TEST(SeriesStatus, ExpectedNumber) {
  const dicom::TagValue acquired{0x00201002, "3", false}, positions{0x00200105, "4", false};
  const dicom::TagValue slices{0x00540081, "5", false}, times{0x00540101, "2", false};
  const dicom::TagValue cardiac{0x00181090, "7", false};
  EXPECT_EQ(expected_instances({acquired}), std::nullopt);
  EXPECT_EQ(expected_instances({acquired, positions, slices, times, cardiac}), 12);
  EXPECT_EQ(expected_instances({acquired, slices, times, cardiac}), 10);
  EXPECT_EQ(expected_instances({cardiac}), 7);
  const dicom::TagValue useless{0x00200105, "x", false};
  EXPECT_EQ(expected_instances({acquired, useless, cardiac}), std::nullopt);
  const dicom::TagValue huge{0x00201002, "9000000000000000000", false};
  EXPECT_EQ(expected_instances({huge, positions}), std::nullopt);
}

}  // namespace
}  // namespace hilum::index
