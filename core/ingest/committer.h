// Group commit: one thread takes all that waits, makes it durable with one flush, acknowledges all.
//
// Which thread that is changes: who waits while nobody commits does it, so a single client pays for no change of
// threads. What has queued up meanwhile is left to a thread of the committer's own, which goes on while there is any:
// so many clients do not wait for one of them to wake up. That thread also serves those who do not wait at once, and
// keeps house.
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

// A change on its way. Made by one thread, applied by the leading one.
struct Operation {
  std::vector<std::unique_ptr<storage::StagedBlob>> blobs;
  std::function<Applied(index::Transaction&)> apply;

 private:
  friend class Committer;
  Applied applied_;
  std::exception_ptr error_;
  bool done_ = false;  // guarded by the committer's mutex
  std::condition_variable wake_;
};

// Owned by Ingest; thread-safe.
class Committer {
 public:
  using OnTouched = std::function<void(const std::vector<Touched>&)>;

  // `last_group` is what BlobStore::replay() said. `on_touched` runs on the leading thread, after the
  // commit and before the acknowledgement; so does the publishing of events, which keeps their order.
  Committer(index::KvStore& store, storage::BlobStore& blobs, events::EventBus& events, uint64_t last_group,
            size_t queue_limit, OnTouched on_touched);
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  enum class Next { kWait, kOtherWork };  // what the caller does after submit()

  // HILUM_E_BUSY if the queue is full (not with `always`), HILUM_E_UNAVAILABLE after stop(). With Next::kWait the
  // caller must come to wait() soon: it may be the one to commit.
  void submit(const std::shared_ptr<Operation>& operation, bool always, Next next);
  // Returns when the operation is durable; throws what went wrong with it.
  void wait(const std::shared_ptr<Operation>& operation);
  void run(const std::shared_ptr<Operation>& operation, bool always = false) {
    submit(operation, always, Next::kWait);
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
  Operations take_group();
  void lead(std::unique_lock<std::mutex>& lock) noexcept;
  void hand_over();
  void commit(const Operations& operations);
  void apply(const Operations& operations, Group& group);
  void write(const Group& group);
  void keep_house();
  bool is_upkeep_owed() const;
  bool is_upkeep_due(const Group& group);

  index::KvStore& store_;
  storage::BlobStore& blobs_;
  events::EventBus& events_;
  const size_t queue_limit_;
  const OnTouched on_touched_;

  // Of the leading thread.
  index::Transaction transaction_;
  uint64_t group_;
  uint64_t groups_since_upkeep_ = 0, bytes_since_upkeep_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable work_;                  // for the thread
  std::deque<std::shared_ptr<Operation>> queue_;  // all below are guarded by mutex_
  bool is_led_ = false;                           // some thread commits or keeps house
  bool upkeep_due_ = true;
  bool tidy_later_ = false;
  uint64_t groups_since_step_ = 0;  // of upkeep
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace hilum::ingest
