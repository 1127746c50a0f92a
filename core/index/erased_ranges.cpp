#include "core/index/erased_ranges.h"

#include "core/index/schema.h"

namespace hilum::index {
namespace {

// The others are only asked for one by one.
constexpr char kScanned[] = {key::kOrder,    key::kChild,    key::kMetadata,  key::kLabelOf,
                             key::kLabelled, key::kChangeOf, key::kRecycling, key::kIdentifier};

}  // namespace

void ErasedRanges::note(std::string_view key) {
  if (key.empty() || std::string_view(kScanned, sizeof kScanned).find(key[0]) == std::string_view::npos) {
    return;
  }
  Range& range = ranges_[key[0]];
  if (range.count == 0 || key < range.first) {
    range.first = key;
  }
  if (range.count == 0 || key > range.last) {
    range.last = key;
  }
  ++range.count;
  is_due_ = is_due_ || range.count % kMany == 0;
}

}  // namespace hilum::index
