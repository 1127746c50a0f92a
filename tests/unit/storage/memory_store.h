// A KvStore in memory, with copies of earlier moments: what LevelDB may be after a power failure.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/index/kv_store.h"

namespace hilum::storage::testing {

using Entries = std::map<std::string, std::string, std::less<>>;

class MemoryIterator final : public index::KvIterator {
 public:
  explicit MemoryIterator(std::shared_ptr<const Entries> entries)
      : entries_(std::move(entries)), at_(entries_->end()) {}
  void seek(std::string_view key) override { at_ = entries_->lower_bound(key); }
  void seek_for_previous(std::string_view key) override {
    at_ = entries_->lower_bound(key);
    previous();
  }
  bool valid() const override { return at_ != entries_->end(); }
  void next() override { ++at_; }
  void previous() override { at_ = at_ == entries_->begin() ? entries_->end() : std::prev(at_); }
  std::string_view key() const override { return at_->first; }
  std::string_view value() const override { return at_->second; }

 private:
  std::shared_ptr<const Entries> entries_;
  Entries::const_iterator at_;
};

class MemorySnapshot final : public index::KvSnapshot {
 public:
  explicit MemorySnapshot(std::shared_ptr<const Entries> entries) : entries_(std::move(entries)) {}
  bool get(std::string_view key, std::string* value) const override {
    const auto found = entries_->find(key);
    if (found != entries_->end()) {
      *value = found->second;
    }
    return found != entries_->end();
  }
  std::unique_ptr<index::KvIterator> iterate() const override {
    return std::make_unique<MemoryIterator>(entries_);
  }

 private:
  std::shared_ptr<const Entries> entries_;
};

class MemoryStore final : public index::KvStore {
 public:
  MemoryStore() = default;
  explicit MemoryStore(Entries entries) : entries_(std::move(entries)) {}

  bool get(std::string_view key, std::string* value) const override {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      *value = found->second;
    }
    return found != entries_.end();
  }
  std::shared_ptr<const index::KvSnapshot> snapshot() const override {
    return std::make_shared<MemorySnapshot>(std::make_shared<const Entries>(entries()));
  }
  void write(const index::KvBatch& batch, bool) override {
    const std::lock_guard lock(mutex_);
    for (const auto& change : batch.changes()) {
      if (change.erase) {
        entries_.erase(change.key);
      } else {
        entries_[change.key] = change.value;
      }
    }
  }
  Entries entries() const {
    const std::lock_guard lock(mutex_);
    return entries_;
  }

 private:
  mutable std::mutex mutex_;
  Entries entries_;
};

}  // namespace hilum::storage::testing
