#include "core/index/leveldb_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <hilum/cpp/error.h>
#include <hilum/cpp/nameless_file.h>
#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/filter_policy.h>
#include <leveldb/write_batch.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include "core/base/files.h"
#include "core/base/log.h"
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
  // LevelDB gives the system's error as text only.
  const std::string text = status.ToString();
  const bool is_full = text.find(std::generic_category().message(ENOSPC)) != std::string::npos ||
                       text.find(std::generic_category().message(EDQUOT)) != std::string::npos;
  throw Error(is_full ? HILUM_E_FULL_STORAGE : HILUM_E_DATABASE,
              fmt::format("the index failed when {}: {}", doing, text));
}

[[noreturn]] void fail_system(const std::string& what) {
  const int error = errno;
  throw Error(error == ENOSPC || error == EDQUOT ? HILUM_E_FULL_STORAGE : HILUM_E_DATABASE,
              fmt::format("{}: {}", what, std::generic_category().message(error)));
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

// The iterator of a snapshot that nobody uses at the moment. Making one looks at every table of the database, and
// answering one request takes several: so the last one is kept.
struct IdleIterator {
  std::shared_ptr<leveldb::DB> db;  // iterators may outlive their snapshot
  std::mutex mutex;
  std::unique_ptr<leveldb::Iterator> iterator;  // guarded by mutex

  std::unique_ptr<leveldb::Iterator> take(const leveldb::ReadOptions& options) {
    {
      const std::lock_guard lock(mutex);
      if (iterator) {
        return std::move(iterator);
      }
    }
    return std::unique_ptr<leveldb::Iterator>(db->NewIterator(options));
  }
  // One that has met an error is not used again.
  void give_back(std::unique_ptr<leveldb::Iterator> used) {
    if (used->status().ok()) {
      const std::lock_guard lock(mutex);
      iterator.swap(used);
    }
  }
};

class Iterator final : public KvIterator {
 public:
  Iterator(std::shared_ptr<IdleIterator> idle, const leveldb::ReadOptions& options)
      : idle_(std::move(idle)), it_(idle_->take(options)) {}
  ~Iterator() override { idle_->give_back(std::move(it_)); }
  Iterator(const Iterator&) = delete;
  Iterator& operator=(const Iterator&) = delete;

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

  const std::shared_ptr<IdleIterator> idle_;
  std::unique_ptr<leveldb::Iterator> it_;
};

class DbSnapshot final : public KvSnapshot {
 public:
  DbSnapshot(std::shared_ptr<leveldb::DB> db, std::shared_ptr<const int> epoch)
      : epoch_(std::move(epoch)), db_(std::move(db)) {
    idle_->db = db_;
    options_.snapshot = db_->GetSnapshot();
    options_.verify_checksums = true;
  }
  ~DbSnapshot() override { db_->ReleaseSnapshot(options_.snapshot); }
  DbSnapshot(const DbSnapshot&) = delete;
  DbSnapshot& operator=(const DbSnapshot&) = delete;

  bool get(std::string_view key, std::string* value) const override {
    return get_from(*db_, options_, key, value);
  }
  std::unique_ptr<KvIterator> iterate() const override { return std::make_unique<Iterator>(idle_, options_); }

 private:
  const std::shared_ptr<const int> epoch_;
  std::shared_ptr<leveldb::DB> db_;
  leveldb::ReadOptions options_;
  const std::shared_ptr<IdleIterator> idle_ = std::make_shared<IdleIterator>();
};

}  // namespace

// Members are destroyed in reverse order: the database before what it uses.
class LevelDbStore::Impl {
 public:
  std::unique_ptr<const leveldb::FilterPolicy> filter;
  std::unique_ptr<leveldb::Cache> cache;
  std::unique_ptr<leveldb::DB> db;
};

LevelDbStore::LevelDbStore(std::string path, const LevelDbOptions& options)
    : path_(std::move(path)), options_(options), impl_(open_database()) {}

LevelDbStore::~LevelDbStore() {
  // What is in memory only goes into a table now (nothing else lies in this range): else the next start would
  // have to do that first, out of the log, which takes longer.
  if (impl_ && !failed_) {
    const leveldb::Slice behind_all("\xff\xff\xff\xff");
    impl_->db->CompactRange(&behind_all, &behind_all);
  }
}

std::unique_ptr<LevelDbStore> LevelDbStore::open(const std::string& path, const LevelDbOptions& options) {
  std::unique_ptr<LevelDbStore> store(new LevelDbStore(path, options));
  ensure_format(*store);
  return store;
}

std::shared_ptr<LevelDbStore::Impl> LevelDbStore::open_database() const {
  auto impl = std::make_shared<Impl>();
  impl->filter.reset(leveldb::NewBloomFilterPolicy(10));
  impl->cache.reset(leveldb::NewLRUCache(options_.block_cache_size));
  leveldb::Options db_options;
  db_options.create_if_missing = true;
  db_options.filter_policy = impl->filter.get();
  db_options.block_cache = impl->cache.get();
  db_options.write_buffer_size = options_.write_buffer_size;
  db_options.max_file_size = 8u << 20;
  db_options.compression = leveldb::kSnappyCompression;
  if (options_.env != nullptr) {
    db_options.env = options_.env;
  }
  leveldb::DB* db = nullptr;
  const leveldb::Status status = leveldb::DB::Open(db_options, path_, &db);
  if (status.IsIOError() && status.ToString().find("lock ") != std::string::npos) {
    throw Error(HILUM_E_DATABASE,
                fmt::format("another server uses this index: {} is locked ({}); stop it, or name another "
                            "folder",
                            path_, status.ToString()));
  }
  check(status, fmt::format("opening {}", path_));
  impl->db.reset(db);
  return impl;
}

std::shared_ptr<LevelDbStore::Impl> LevelDbStore::current() const {
  const std::lock_guard lock(mutex_);
  if (!impl_) {
    impl_ = open_database();
  }
  return impl_;
}

std::shared_ptr<LevelDbStore::Impl> LevelDbStore::writable() {
  const std::lock_guard lock(mutex_);
  if (failed_) {
    reopen();
  }
  if (!impl_) {
    impl_ = open_database();
  }
  return impl_;
}

void LevelDbStore::reopen() {
  // Opening writes the content of the logs to tables: without room for them nobody could read any more.
  uint64_t needed = 1u << 20;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path_, ignored)) {
    if (entry.path().extension() == ".log") {
      const uint64_t size = entry.file_size(ignored);
      needed += ignored ? 0 : size;
    }
  }
  {
    const UniqueFd room(open_nameless_file(path_));
    const int error = room ? posix_fallocate(room.get(), 0, static_cast<off_t>(needed)) : errno;
    if (error != 0) {
      errno = error;
      fail_system(fmt::format("the index in {} cannot be written since an earlier failure", path_));
    }
  }
  const std::string probe = path_ + "/probe";
  leveldb::Env& env = options_.env != nullptr ? *options_.env : *leveldb::Env::Default();
  check(leveldb::WriteStringToFile(&env, "can it be written?", probe), "trying to write again");
  env.RemoveFile(probe);
  // Snapshots are short; no new ones are made meanwhile.
  constexpr auto kPatience = std::chrono::seconds(5);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (impl_ && impl_.use_count() > 1) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw Error(HILUM_E_BUSY, "the index must be opened anew after a failure, but is being read");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  impl_.reset();
  impl_ = open_database();
  failed_ = false;
  log_warning(LogCategory::kIndex, "the index was opened anew after a failed write");
}

bool LevelDbStore::get(std::string_view key, std::string* value) const {
  leveldb::ReadOptions options;
  options.verify_checksums = true;
  return get_from(*current()->db, options, key, value);
}

std::shared_ptr<const KvSnapshot> LevelDbStore::snapshot() const {
  std::shared_ptr<const int> epoch;
  {
    const std::lock_guard lock(mutex_);
    epoch = epoch_;
  }
  const auto impl = current();
  return std::make_shared<DbSnapshot>(std::shared_ptr<leveldb::DB>(impl, impl->db.get()), std::move(epoch));
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
  const auto impl = writable();
  leveldb::WriteOptions options;
  options.sync = sync;
  try {
    check(impl->db->Write(options, &changes), "writing");
    if (sync) {
      flush_logs();
    }
  } catch (const Error&) {
    const std::lock_guard lock(mutex_);
    failed_ = true;
    throw;
  }
  const std::lock_guard lock(mutex_);
  const bool was_due = erased_.is_due();
  for (const KvBatch::Change& change : batch.changes()) {
    if (change.erase) {
      erased_.note(change.key);
    }
  }
  if (erased_.is_due() && !was_due) {
    past_epochs_.push_back(epoch_);
    epoch_ = std::make_shared<const int>();
  }
}

// Writes the ends of a range again as they are. On the writing thread.
bool LevelDbStore::touch(const ErasedRanges::Range& range) {
  KvBatch ends;
  try {
    for (const std::string& key : {range.first, range.last}) {
      std::string value;
      if (get(key, &value)) {
        ends.put(key, std::move(value));
      } else {
        ends.erase(key);
      }
    }
    write(ends, false);
    return true;
  } catch (const Error& error) {
    log_warning(LogCategory::kIndex, "what was erased still slows scans down: {}", error.what());
    return false;
  }
}

bool LevelDbStore::tidy() {
  ErasedRanges erased;
  {
    const std::lock_guard lock(mutex_);
    if (!erased_.is_due() || failed_ || !impl_) {
      return false;
    }
    const auto is_gone = [](const std::weak_ptr<const int>& epoch) { return epoch.expired(); };
    past_epochs_.erase(std::remove_if(past_epochs_.begin(), past_epochs_.end(), is_gone), past_epochs_.end());
    if (!past_epochs_.empty()) {
      return true;
    }
    erased = std::exchange(erased_, {});
  }
  const auto impl = current();
  const auto size = [&](const ErasedRanges::Range& range) {
    const leveldb::Range whole(range.first, range.last);
    uint64_t bytes = 0;
    impl->db->GetApproximateSizes(&whole, 1, &bytes);
    return bytes;
  };
  erased.take(size, [&](const ErasedRanges::Range& range) {
    const leveldb::Slice first(range.first), last(range.last);
    impl->db->CompactRange(&first, &last);
    // What has just left the memory may lie lower than LevelDB then looked: something above it makes it look again.
    if (touch(range)) {
      impl->db->CompactRange(&first, &last);
    }
  });
  const std::lock_guard lock(mutex_);
  erased_ = std::move(erased);  // only the writing thread notes, and it is here
  return false;
}

void LevelDbStore::flush_logs() const {
  // LevelDB has flushed its current log. The one before it, whose content it may still be writing to a table,
  // and the names of both are left to the caller; tables it flushes itself.
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path_, error)) {
    if (entry.path().extension() != ".log") {
      continue;
    }
    const UniqueFd log(::open(entry.path().c_str(), O_WRONLY | O_CLOEXEC));
    if (!log && errno == ENOENT) {
      continue;  // its table is on the disk now
    }
    if (!log || fdatasync(log.get()) != 0) {
      fail_system("flushing " + entry.path().string());
    }
  }
  const UniqueFd folder(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (error || !folder || fsync(folder.get()) != 0) {
    fail_system("flushing the folder " + path_);
  }
}

void LevelDbStore::compact() { current()->db->CompactRange(nullptr, nullptr); }

uint64_t LevelDbStore::approximate_size() const {
  const std::string first, last(32, '\xff');
  const leveldb::Range all(first, last);
  uint64_t size = 0;
  current()->db->GetApproximateSizes(&all, 1, &size);
  return size;
}

}  // namespace hilum::index
