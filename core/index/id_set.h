// A set of resource numbers that is walked in ascending order, which is the order of creation.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/index/types.h"

namespace hilum::index {

// Few numbers are a list, many are bits in pages: its memory never exceeds half a megabyte plus one bit for
// every number up to the greatest one. Belongs to one search; not thread-safe.
class IdSet {
 public:
  void insert(ResourceId id);
  // Visits every number from `from` on, once, ascending. `visit` returns false to stop.
  void walk(ResourceId from, const std::function<bool(ResourceId)>& visit);

 private:
  static constexpr size_t kListed = 1 << 16;
  static constexpr unsigned kPageShift = 15;  // numbers of a page: 4 KB
  using Page = std::array<uint64_t, (1u << kPageShift) / 64>;

  void insert_bit(ResourceId id);
  bool walk_list(ResourceId from, const std::function<bool(ResourceId)>& visit);

  std::vector<ResourceId> list_;
  std::vector<std::unique_ptr<Page>> pages_;  // not empty: all numbers are here
};

}  // namespace hilum::index
