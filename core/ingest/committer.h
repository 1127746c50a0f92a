// The committing thread: takes all that waits, makes it durable with one flush, acknowledges all.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/events/events.h"
#include "core/index/transaction.h"
#include "core/storage/blob_store.h"

namespace hilum::ingest {

// A resource that has got an instance.
struct Touched {
  index::ResourceId id = 0;
  index::Level level = index::Level::kPatient;
  index::PublicId public_id;
};

// What an operation did, besides its changes in the transaction.
struct Applied {
  bool keep_blobs = true;                // false: its staged blobs are not needed
  std::vector<index::BlobUuid> removed;  // blobs that nothing refers to any more
  std::vector<Touched> touched;          // resources that are not stable any more
};

// A change on its way. Made by one thread, applied by the committing thread.
struct Operation {
  std::vector<std::unique_ptr<storage::StagedBlob>> blobs;
  std::function<Applied(index::Transaction&)> apply;

 private:
  friend class Committer;
  Applied applied_;
  std::exception_ptr error_;
  bool done_ = false;
  std::condition_variable wake_;
};

// Owned by Ingest; thread-safe.
class Committer {
 public:
  using OnTouched = std::function<void(const std::vector<Touched>&)>;

  // `last_group` is what BlobStore::replay() said. `on_touched` runs on the committing thread, after the
  // commit and before the acknowledgement.
  Committer(index::KvStore& store, storage::BlobStore& blobs, events::EventBus& events, uint64_t last_group,
            size_t queue_limit, OnTouched on_touched);
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // HILUM_E_BUSY if the queue is full (not with `always`), HILUM_E_UNAVAILABLE after stop().
  void submit(const std::shared_ptr<Operation>& operation, bool always = false);
  // Returns when the operation is durable; throws what went wrong with it.
  void wait(const std::shared_ptr<Operation>& operation);
  void run(const std::shared_ptr<Operation>& operation, bool always = false) {
    submit(operation, always);
    wait(operation);
  }
  size_t waiting() const;  // operations that are queued
  // Commits what is queued and ends the thread.
  void stop();

 private:
  using Operations = std::vector<std::shared_ptr<Operation>>;
  struct Group {
    std::vector<std::unique_ptr<storage::StagedBlob>> blobs;
    std::vector<index::BlobUuid> removed;
  };

  void run_thread();
  Operations next_group();
  void commit(const Operations& operations);
  void apply(const Operations& operations, Group& group);
  void write(const Group& group);
  void acknowledge(const Operations& operations);
  void keep_house();

  index::KvStore& store_;
  storage::BlobStore& blobs_;
  events::EventBus& events_;
  const size_t queue_limit_;
  const OnTouched on_touched_;

  // Of the committing thread.
  index::Transaction transaction_;
  uint64_t group_;
  bool more_upkeep_ = true;

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::deque<std::shared_ptr<Operation>> queue_;  // guarded by mutex_
  bool stopping_ = false;                         // guarded by mutex_
  std::thread thread_;
};

}  // namespace hilum::ingest
