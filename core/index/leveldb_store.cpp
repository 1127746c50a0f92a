#include "core/index/leveldb_store.h"

#include <fmt/format.h>
#include <hilum/cpp/error.h>
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>

#include "core/index/schema.h"

namespace hilum::index {

namespace {

leveldb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const leveldb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

void check(const leveldb::Status& status, std::string_view doing) {
  if (status.ok()) {
    return;
  }
  if (status.IsCorruption()) {
    throw Error(HILUM_E_DATABASE,
                fmt::format("the index is damaged, found when {}: {}; `hilum index rebuild` "
                            "makes it anew from the storage",
                            doing, status.ToString()));
  }
  throw Error(HILUM_E_DATABASE, fmt::format("the index failed when {}: {}", doing, status.ToString()));
}

bool get_from(leveldb::DB& db, const leveldb::ReadOptions& options, std::string_view key,
              std::string* value) {
  std::string found;
  const leveldb::Status status = db.Get(options, slice(key), &found);
  if (status.IsNotFound()) {
    return false;
  }
  check(status, "reading a key");
  *value = std::move(found);
  return true;
}

class Iterator final : public KvIterator {
 public:
  Iterator(leveldb::DB& db, const leveldb::ReadOptions& options) : it_(db.NewIterator(options)) {}

  void seek(std::string_view key) override {
    it_->Seek(slice(key));
    check_end();
  }
  void seek_for_previous(std::string_view key) override {
    it_->Seek(slice(key));
    check_end();
    if (it_->Valid()) {
      it_->Prev();
    } else {
      it_->SeekToLast();
    }
    check_end();
  }
  bool valid() const override { return it_->Valid(); }
  void next() override {
    it_->Next();
    check_end();
  }
  void previous() override {
    it_->Prev();
    check_end();
  }
  std::string_view key() const override { return view(it_->key()); }
  std::string_view value() const override { return view(it_->value()); }

 private:
  // An iterator that cannot read on looks like one at the end.
  void check_end() const {
    if (!it_->Valid()) {
      check(it_->status(), "scanning");
    }
  }

  std::unique_ptr<leveldb::Iterator> it_;
};

class DbSnapshot final : public KvSnapshot {
 public:
  explicit DbSnapshot(std::shared_ptr<leveldb::DB> db) : db_(std::move(db)) {
    options_.snapshot = db_->GetSnapshot();
    options_.verify_checksums = true;
  }
  ~DbSnapshot() override { db_->ReleaseSnapshot(options_.snapshot); }
  DbSnapshot(const DbSnapshot&) = delete;
  DbSnapshot& operator=(const DbSnapshot&) = delete;

  bool get(std::string_view key, std::string* value) const override {
    return get_from(*db_, options_, key, value);
  }
  std::unique_ptr<KvIterator> iterate() const override { return std::make_unique<Iterator>(*db_, options_); }

 private:
  std::shared_ptr<leveldb::DB> db_;
  leveldb::ReadOptions options_;
};

}  // namespace

// Members are destroyed in reverse order: the database before what it uses.
class LevelDbStore::Impl {
 public:
  std::unique_ptr<const leveldb::FilterPolicy> filter;
  std::unique_ptr<leveldb::Cache> cache;
  std::unique_ptr<leveldb::DB> db;
};

std::unique_ptr<LevelDbStore> LevelDbStore::open(const std::string& path, const LevelDbOptions& options) {
  auto impl = std::make_shared<Impl>();
  impl->filter.reset(leveldb::NewBloomFilterPolicy(10));
  impl->cache.reset(leveldb::NewLRUCache(options.block_cache_size));
  leveldb::Options db_options;
  db_options.create_if_missing = true;
  db_options.filter_policy = impl->filter.get();
  db_options.block_cache = impl->cache.get();
  db_options.write_buffer_size = options.write_buffer_size;
  db_options.max_file_size = 8u << 20;
  db_options.compression = leveldb::kSnappyCompression;
  leveldb::DB* db = nullptr;
  const leveldb::Status status = leveldb::DB::Open(db_options, path, &db);
  if (status.IsIOError() && status.ToString().find("lock ") != std::string::npos) {
    throw Error(HILUM_E_DATABASE,
                fmt::format("another server uses this index: {} is locked ({}); stop it, or name another "
                            "folder",
                            path, status.ToString()));
  }
  check(status, fmt::format("opening {}", path));
  impl->db.reset(db);
  std::unique_ptr<LevelDbStore> store(new LevelDbStore(std::move(impl)));
  ensure_format(*store);
  return store;
}

LevelDbStore::LevelDbStore(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
LevelDbStore::~LevelDbStore() = default;

bool LevelDbStore::get(std::string_view key, std::string* value) const {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  return get_from(*impl_->db, options, key, value);
}

std::shared_ptr<const KvSnapshot> LevelDbStore::snapshot() const {
  return std::make_shared<DbSnapshot>(std::shared_ptr<leveldb::DB>(impl_, impl_->db.get()));
}

void LevelDbStore::write(const KvBatch& batch, bool sync) {
  leveldb::WriteBatch changes;
  for (const KvBatch::Change& change : batch.changes()) {
    if (change.erase) {
      changes.Delete(slice(change.key));
    } else {
      changes.Put(slice(change.key), slice(change.value));
    }
  }
  leveldb::WriteOptions options;
  options.sync = sync;
  check(impl_->db->Write(options, &changes), "writing");
}

void LevelDbStore::compact() { impl_->db->CompactRange(nullptr, nullptr); }

uint64_t LevelDbStore::approximate_size() const {
  const std::string first, last(32, '\xff');
  const leveldb::Range all(first, last);
  uint64_t size = 0;
  impl_->db->GetApproximateSizes(&all, 1, &size);
  return size;
}

}  // namespace hilum::index
