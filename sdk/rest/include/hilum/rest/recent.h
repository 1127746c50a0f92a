// What is kept only while there is room for it: the least recently used goes first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hilum::rest {

// Values by id, at most `capacity` of them (0: one) and at most `most_bytes` by their own account; one that is larger alone is
// kept until the next comes. Any thread. A value that somebody still holds lives on outside.
template <typename Value>
class Recent {
 public:
  explicit Recent(size_t capacity, uint64_t most_bytes = UINT64_MAX)
      : capacity_(capacity == 0 ? 1 : capacity), most_bytes_(most_bytes) {}

  void put(const std::string& id, std::shared_ptr<Value> value, uint64_t bytes = 0) {
    std::vector<std::shared_ptr<Value>> gone;  // destroyed without the lock
    const std::lock_guard<std::mutex> lock(mutex_);
    if (const auto known = by_id_.find(id); known != by_id_.end()) gone.push_back(take(known));
    order_.push_front(Entry{id, std::move(value), bytes});
    by_id_[id] = order_.begin();
    bytes_ += bytes;
    while (order_.size() > 1 && (order_.size() > capacity_ || bytes_ > most_bytes_)) {
      gone.push_back(take(by_id_.find(order_.back().id)));
    }
  }
  // Null if it is not (or no longer) there. Who is looked at stays longer.
  std::shared_ptr<Value> find(std::string_view id) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto known = by_id_.find(id);
    if (known == by_id_.end()) return nullptr;
    order_.splice(order_.begin(), order_, known->second);
    return known->second->value;
  }
  bool remove(std::string_view id) {
    std::shared_ptr<Value> gone;
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto known = by_id_.find(id);
    if (known == by_id_.end()) return false;
    gone = take(known);
    return true;
  }
  std::vector<std::string> ids() const {  // sorted
    std::vector<std::string> ids;
    const std::lock_guard<std::mutex> lock(mutex_);
    ids.reserve(by_id_.size());
    for (const auto& [id, entry] : by_id_) ids.push_back(id);
    return ids;
  }

 private:
  struct Entry {
    std::string id;
    std::shared_ptr<Value> value;
    uint64_t bytes;
  };
  using Order = std::list<Entry>;  // the most recent first
  using ById = std::map<std::string, typename Order::iterator, std::less<>>;

  std::shared_ptr<Value> take(typename ById::iterator known) {
    const typename Order::iterator entry = known->second;
    std::shared_ptr<Value> value = std::move(entry->value);
    bytes_ -= entry->bytes;
    by_id_.erase(known);
    order_.erase(entry);
    return value;
  }

  const size_t capacity_;
  const uint64_t most_bytes_;
  mutable std::mutex mutex_;
  Order order_;
  ById by_id_;
  uint64_t bytes_ = 0;
};

}  // namespace hilum::rest
