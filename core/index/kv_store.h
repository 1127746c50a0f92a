// The narrow interface between the index and an ordered key-value store: get, snapshot, ordered scan, atomic
// batch. LevelDB inside the process implements it (leveldb_store.h); a shared, distributed store can. Keys
// are ordered bytewise. Every failure of the store is an Error with HILUM_E_DATABASE, or HILUM_E_FULL_STORAGE
// if it has no space.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::index {

// Position in the keys of a snapshot. Not thread-safe. key() and value() are valid until the next move.
class KvIterator {
 public:
  virtual ~KvIterator() = default;
  virtual void seek(std::string_view key) = 0;               // to the first key >= `key`
  virtual void seek_for_previous(std::string_view key) = 0;  // to the last key < `key`
  virtual bool valid() const = 0;
  virtual void next() = 0;
  virtual void previous() = 0;
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
};

// The store as it was at one moment. Thread-safe.
class KvSnapshot {
 public:
  virtual ~KvSnapshot() = default;
  // False if the key is absent; `value` is then unchanged.
  virtual bool get(std::string_view key, std::string* value) const = 0;
  virtual std::unique_ptr<KvIterator> iterate() const = 0;
};

// Changes that are written together. The last change of a key wins.
class KvBatch {
 public:
  struct Change {
    std::string key;
    std::string value;
    bool erase = false;
  };
  void put(std::string key, std::string value) {
    changes_.push_back({std::move(key), std::move(value), false});
  }
  void erase(std::string key) { changes_.push_back({std::move(key), {}, true}); }
  const std::vector<Change>& changes() const { return changes_; }
  bool empty() const { return changes_.empty(); }
  void clear() { changes_.clear(); }

 private:
  std::vector<Change> changes_;
};

// Thread-safe.
class KvStore {
 public:
  virtual ~KvStore() = default;
  virtual bool get(std::string_view key, std::string* value) const = 0;
  virtual std::shared_ptr<const KvSnapshot> snapshot() const = 0;
  // Atomic. With `sync` it is on the disk when the call returns, and so is everything written before.
  virtual void write(const KvBatch& batch, bool sync) = 0;
  // Called by the writing thread when it has time, and after deletions: may put in order what erased keys have left, so
  // that scans do not pay for them. True if that must wait for older snapshots to be gone: ask again later.
  virtual bool tidy() { return false; }
};

}  // namespace hilum::index
