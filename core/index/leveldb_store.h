// The index inside the process: an ordered key-value store on LevelDB.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/index/kv_store.h"

namespace hilum::index {

struct LevelDbOptions {
  size_t block_cache_size = 64u << 20;   // uncompressed blocks kept in memory
  size_t write_buffer_size = 32u << 20;  // LevelDB holds up to two of them
};

// Owned by main; thread-safe. A snapshot that outlives the store keeps the database open.
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

  // Gives the space of what was erased back to the file system. Long; others read and write meanwhile.
  void compact();
  // Bytes on the disk, about; what is still in the write buffer is not counted.
  uint64_t approximate_size() const;

 private:
  class Impl;
  explicit LevelDbStore(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace hilum::index
