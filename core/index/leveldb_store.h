// The index inside the process: an ordered key-value store on LevelDB.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/index/erased_ranges.h"
#include "core/index/kv_store.h"

namespace leveldb {
class Env;
}

namespace hilum::index {

struct LevelDbOptions {
  size_t block_cache_size = 64u << 20;   // uncompressed blocks kept in memory
  size_t write_buffer_size = 32u << 20;  // LevelDB holds up to two of them
  leveldb::Env* env = nullptr;           // for tests; null: the system's files
};

// Owned by main; thread-safe. A snapshot that outlives the store keeps the database open.
//
// LevelDB refuses all writes for good after one that failed (a full disk, say), and its log is then not to be
// trusted behind the failure. So the first write after a failure opens the database anew, as soon as the
// folder has room for what that needs; readers wait while it opens.
class LevelDbStore final : public KvStore {
 public:
  // Opens the folder `path`, or makes it (its parent must exist), and checks or stamps the format version.
  // Errors: HILUM_E_DATABASE (another process holds it; it is damaged; the folder cannot be used),
  // HILUM_E_INCOMPATIBLE_DATABASE.
  static std::unique_ptr<LevelDbStore> open(const std::string& path, const LevelDbOptions& options = {});
  ~LevelDbStore() override;
  LevelDbStore(const LevelDbStore&) = delete;
  LevelDbStore& operator=(const LevelDbStore&) = delete;

  bool get(std::string_view key, std::string* value) const override;
  std::shared_ptr<const KvSnapshot> snapshot() const override;
  void write(const KvBatch& batch, bool sync) override;
  bool tidy() override;

  // Gives the space of what was erased back to the file system. Long; others read and write meanwhile.
  void compact();
  // Bytes on the disk, about; what is still in the write buffer is not counted.
  uint64_t approximate_size() const;

 private:
  class Impl;
  LevelDbStore(std::string path, const LevelDbOptions& options);
  std::shared_ptr<Impl> open_database() const;
  std::shared_ptr<Impl> current() const;
  std::shared_ptr<Impl> writable();
  void reopen();
  bool touch(const ErasedRanges::Range& range);
  void flush_logs() const;

  const std::string path_;
  const LevelDbOptions options_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<Impl> impl_;  // guarded by mutex_; null: could not be opened anew
  bool failed_ = false;                 // guarded by mutex_; a write has failed since it was opened
  ErasedRanges erased_;                 // guarded by mutex_
  // Held by the snapshots that were opened since the last erasure; those from before it keep what was erased alive.
  mutable std::shared_ptr<const int> epoch_ =
      std::make_shared<const int>();  // guarded by mutex_, as the next
  std::vector<std::weak_ptr<const int>> past_epochs_;
};

}  // namespace hilum::index
