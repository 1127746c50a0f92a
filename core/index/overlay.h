// The pending changes of a transaction over the store: reads see both. Inside the room only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/index/kv_store.h"
#include "core/index/reader.h"

namespace hilum::index {

// Owned by a Transaction; not thread-safe. Nobody else may write to the store while there are changes.
class Overlay final : public Reader {
 public:
  explicit Overlay(KvStore& store) : store_(store) {}

  bool get(std::string_view key, std::string* value) const override;
  void scan(std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& visit) const override;

  void put(std::string key, std::string value) { change(std::move(key), std::move(value), false, false); }
  // For keys that the store has not for sure: erased again before they reach it, they leave no trace.
  void put_new(std::string key, std::string value = {}) {
    change(std::move(key), std::move(value), false, true);
  }
  void erase(std::string key) { change(std::move(key), {}, true, false); }

  size_t savepoint() const { return undo_.size(); }
  void roll_back(size_t savepoint);
  // Moves the last change of each key to `batch` and forgets everything.
  void take(KvBatch* batch);
  void reset();

 private:
  struct Entry {
    std::string value;
    bool erased = false;
    bool fresh = false;  // not in the store
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  struct Undo {
    Entries::iterator at;
    std::optional<Entry> before;  // nothing: the entry was made
  };

  void change(std::string key, std::string value, bool erased, bool fresh);

  KvStore& store_;
  Entries entries_;
  std::vector<Undo> undo_;
  // One scan's iterator kept for the next one, for making one costs more than a short scan. Never kept over
  // take(): it would not see what is written then.
  mutable std::unique_ptr<KvIterator> idle_iterator_;
};

}  // namespace hilum::index
