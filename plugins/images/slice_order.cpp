#include "slice_order.h"

#include <hilum/dicom/rendering.h>
#include <hilum/dicom/tag.h>
#include <hilum/rest/arguments.h>

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>
#include <optional>

namespace hilum::images {

namespace {

using Vector = std::array<double, 3>;

constexpr dicom::Tag kPosition = 0x00200032;
constexpr dicom::Tag kOrientation = 0x00200037;
constexpr dicom::Tag kNumberOfFrames = 0x00280008;
// What single-precision arithmetic cannot tell apart.
constexpr double kTolerance = 10.0 * FLT_EPSILON;

struct Candidate {
  Slice slice;
  std::optional<Vector> position;
  std::optional<Vector> normal;
  std::optional<uint64_t> index;
  double distance = 0;  // along the normal of the series
};

double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

template <size_t kCount>
std::optional<std::array<double, kCount>> numbers(std::string_view text) {
  std::array<double, kCount> values{};
  const std::vector<std::string> parts = rest::split(text, '\\');
  if (parts.size() != kCount) return std::nullopt;
  for (size_t i = 0; i < kCount; ++i) {
    const std::optional<double> value = dicom::parse_decimal(parts[i]);
    if (!value) return std::nullopt;
    values[i] = *value;
  }
  return values;
}

std::optional<Vector> normal_of(std::string_view orientation) {
  const auto v = numbers<6>(orientation);
  if (!v) return std::nullopt;
  const auto& c = *v;
  return Vector{c[1] * c[5] - c[2] * c[4], c[2] * c[3] - c[0] * c[5], c[0] * c[4] - c[1] * c[3]};
}

bool parallel_or_opposite(const Vector& a, const Vector& b) {
  const double lengths = std::sqrt(dot(a, a)) * std::sqrt(dot(b, b));
  return lengths > 0 && std::abs(std::abs(dot(a, b) / lengths) - 1) <= kTolerance;
}

Candidate candidate(const Resource& instance) {
  Candidate result;
  result.slice.instance = instance.id();
  instance.tags(HILUM_INSTANCE, [&](hilum_tag tag, bool, std::string_view value) {
    if (tag == kPosition) result.position = numbers<3>(value);
    if (tag == kOrientation) result.normal = normal_of(value);
    if (tag == kNumberOfFrames) {
      const std::optional<int64_t> frames = rest::parse_integer(rest::strip(value));
      if (frames && *frames > 0) result.slice.frames = static_cast<uint64_t>(*frames);
    }
  });
  instance.metadata([&](int32_t key, std::string_view value, int64_t) {
    if (key != HILUM_METADATA_INDEX_IN_SERIES) return;
    // Negative numbers come after all others, as clients know it.
    if (const auto number = rest::parse_integer(rest::strip(value)))
      result.index = static_cast<uint64_t>(*number);
  });
  return result;
}

bool order_by_position(std::vector<Candidate>& candidates, const std::optional<Vector>& normal) {
  if (!normal || candidates.size() < 2) return false;
  for (Candidate& slice : candidates) {
    if (!slice.position || (slice.normal && !parallel_or_opposite(*slice.normal, *normal))) return false;
    slice.distance = dot(*normal, *slice.position);
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.distance < b.distance; });
  const auto same = [](const Candidate& a, const Candidate& b) {
    return std::abs(a.distance - b.distance) <= kTolerance;
  };
  return std::adjacent_find(candidates.begin(), candidates.end(), same) == candidates.end();
}

bool order_by_index(std::vector<Candidate>& candidates) {
  if (candidates.size() > 1 && !std::all_of(candidates.begin(), candidates.end(),
                                            [](const Candidate& c) { return c.index.has_value(); })) {
    return false;
  }
  std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.index.value_or(0) < b.index.value_or(0);
  });
  return true;
}

}  // namespace

SliceOrder slice_order(const Snapshot& snapshot, const Resource& series) {
  std::optional<Vector> normal;
  series.tags(HILUM_SERIES, [&](hilum_tag tag, bool, std::string_view value) {
    if (tag == kOrientation) normal = normal_of(value);
  });
  std::vector<Candidate> candidates;
  series.descendants(HILUM_INSTANCE, [&](std::string_view id) {
    if (std::optional<Resource> instance = snapshot.find(id, HILUM_INSTANCE)) {
      candidates.push_back(candidate(*instance));
    }
  });
  SliceOrder order;
  order.is_volume = order_by_position(candidates, normal);
  if (!order.is_volume && !order_by_index(candidates)) {
    throw Error(HILUM_E_INTERNAL, 500, "Unable to order the slices of the series",
                "neither their positions nor their numbers tell the order");
  }
  for (Candidate& slice : candidates) order.slices.push_back(std::move(slice.slice));
  return order;
}

}  // namespace hilum::images
