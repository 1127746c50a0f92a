// Small numbers that many operations of a group change and that are written once per group. Inside the room
// only.
#pragma once

#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hilum::index {

// A cache of values that knows which ones must be written, and undoes changes. Not thread-safe.
template <typename Key, typename Value>
class Cells {
 public:
  explicit Cells(size_t limit) : limit_(limit) {}

  // The value, from `load()` if it is not in memory. Valid until the next call of anything.
  template <typename Load>
  const Value& get(const Key& key, const Load& load) {
    auto it = cells_.find(key);
    if (it == cells_.end()) {
      it = cells_.emplace(key, Cell{load(), false}).first;
    }
    return it->second.value;
  }

  void set(const Key& key, Value value) {
    const auto [it, made] = cells_.try_emplace(key);
    undo_.push_back({key, made ? std::nullopt : std::optional<Cell>(it->second)});
    it->second = {std::move(value), true};
    changed_.push_back(key);
  }

  void forget(const Key& key) {
    if (const auto it = cells_.find(key); it != cells_.end()) {
      undo_.push_back({key, std::move(it->second)});
      cells_.erase(it);
    }
  }

  size_t savepoint() const { return undo_.size(); }
  void roll_back(size_t savepoint) {
    while (undo_.size() > savepoint) {
      auto& [key, before] = undo_.back();
      if (before) {
        cells_[key] = *std::move(before);
      } else {
        cells_.erase(key);
      }
      undo_.pop_back();
    }
  }

  // Calls write(key, value) for every changed value. Values stay in memory, unless they are too many.
  template <typename Write>
  void take(const Write& write) {
    for (const Key& key : changed_) {
      const auto it = cells_.find(key);
      if (it != cells_.end() && it->second.changed) {
        write(key, it->second.value);
        it->second.changed = false;
      }
    }
    changed_.clear();
    undo_.clear();
    if (cells_.size() > limit_) {
      cells_.clear();
    }
  }

  void reset() {
    cells_.clear();
    undo_.clear();
    changed_.clear();
  }

 private:
  struct Cell {
    Value value{};
    bool changed = false;
  };

  size_t limit_;
  std::unordered_map<Key, Cell> cells_;
  std::vector<std::pair<Key, std::optional<Cell>>> undo_;
  std::vector<Key> changed_;
};

}  // namespace hilum::index
