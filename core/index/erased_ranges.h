// Where keys have been erased. LevelDB keeps a mark for every erased key until it rewrites the table, and every scan that
// comes by walks over all of them: after the deletion of 10,000 instances, each look at the metadata of a neighbour did.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace hilum::index {

// One range for each type of keys that are scanned. Not thread-safe.
class ErasedRanges {
 public:
  struct Range {
    uint64_t count = 0;
    std::string first, last;
  };

  void note(std::string_view key);
  // Types with so many erased keys that a scan would feel them.
  bool is_due() const { return is_due_; }
  // Takes the ranges that are worth rewriting: `size` tells the bytes between two keys. The others go on gathering.
  template <typename Size, typename Rewrite>
  void take(Size&& size, Rewrite&& rewrite);

 private:
  static constexpr uint64_t kMany = 2000;
  // Rewriting so many bytes for each erased key costs less than what made and erased it.
  static constexpr uint64_t kBytesPerKey = 2000;

  std::map<char, Range> ranges_;
  bool is_due_ = false;
};

template <typename Size, typename Rewrite>
void ErasedRanges::take(Size&& size, Rewrite&& rewrite) {
  is_due_ = false;
  for (auto it = ranges_.begin(); it != ranges_.end();) {
    const Range& range = it->second;
    if (range.count >= kMany && size(range) <= range.count * kBytesPerKey) {
      rewrite(range);
      it = ranges_.erase(it);
    } else {
      ++it;
    }
  }
}

}  // namespace hilum::index
