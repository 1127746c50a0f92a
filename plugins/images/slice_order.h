// The order of the slices of a series.
#pragma once

#include <hilum/cpp/index.h>

#include <cstdint>
#include <string>
#include <vector>

namespace hilum::images {

struct Slice {
  std::string instance;
  uint64_t frames = 1;
};

struct SliceOrder {
  bool is_volume = false;  // ordered by positions in space; else by the numbers of the instances
  std::vector<Slice> slices;
};

// By the main tags in the index: along the normal of the series if all positions are known, differ and lie on parallel
// slices, else by IndexInSeries. Throws HILUM_E_INTERNAL if neither is possible.
SliceOrder slice_order(const Snapshot& snapshot, const Resource& series);

}  // namespace hilum::images
