#include "core/ingest/committer.h"

#include <hilum/cpp/error.h>

#include <algorithm>
#include <chrono>

#include "core/base/log.h"
#include "core/base/log_setup.h"
#include "core/base/metrics.h"

namespace hilum::ingest {
namespace {

// Limits of one group, so that the first in it does not wait for long and memory stays bounded.
constexpr size_t kGroupOperations = 1024;
constexpr uint64_t kGroupBytes = 32ull << 20;
// When the storage is asked whether it has something to tidy up; after deletions always.
constexpr uint64_t kUpkeepGroups = 64;
constexpr uint64_t kUpkeepBytes = 8ull << 20;
// After so many groups a step of upkeep that is due goes first, however many changes wait: else space would not be given
// back while clients never rest.
constexpr uint64_t kGroupsPerStep = 8;
// When the index is asked to tidy up again that had to wait for its readers.
constexpr std::chrono::seconds kTidyAgain{1};

}  // namespace

Committer::Committer(index::KvStore& store, storage::BlobStore& blobs, events::EventBus& events,
                     uint64_t last_group, size_t queue_limit, OnTouched on_touched)
    : store_(store),
      blobs_(blobs),
      events_(events),
      queue_limit_(queue_limit),
      on_touched_(std::move(on_touched)),
      transaction_(store),
      group_(last_group),
      thread_([this] {
        set_thread_name("commit");
        run_thread();
      }) {}

Committer::~Committer() { stop(); }

void Committer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  work_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Committer::submit(const std::shared_ptr<Operation>& operation, bool always, Next next) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      throw Error(HILUM_E_UNAVAILABLE, "the server is stopping");
    }
    if (!always && queue_.size() >= queue_limit_) {
      throw Error(HILUM_E_BUSY, "more than " + std::to_string(queue_limit_) + " changes wait to be stored");
    }
    queue_.push_back(operation);
  }
  if (next == Next::kOtherWork) {
    work_.notify_one();
  }
}

void Committer::wait(const std::shared_ptr<Operation>& operation) {
  {
    std::unique_lock lock(mutex_);
    while (!operation->done_) {
      if (is_led_ || is_upkeep_owed()) {
        operation->wake_.wait(lock);
      } else {
        lead(lock);
      }
    }
  }
  if (operation->error_) {
    std::rethrow_exception(operation->error_);
  }
}

size_t Committer::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

Committer::Operations Committer::take_group() {
  Operations operations;
  uint64_t bytes = 0;
  while (!queue_.empty() && operations.size() < kGroupOperations && bytes < kGroupBytes) {
    for (const auto& blob : queue_.front()->blobs) {
      bytes += blob->size();
    }
    operations.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return operations;
}

// Commits one group. `lock` is held before and after. Without memory for the list of a group nobody could be told:
// that ends the process, and the log has what was acknowledged.
void Committer::lead(std::unique_lock<std::mutex>& lock) noexcept {
  is_led_ = true;
  ++groups_since_step_;
  const Operations operations = take_group();
  lock.unlock();
  commit(operations);
  lock.lock();
  for (const auto& operation : operations) {
    operation->done_ = true;
  }
  is_led_ = false;
  hand_over();
  lock.unlock();
  for (const auto& operation : operations) {
    operation->wake_.notify_all();
  }
  lock.lock();
}

void Committer::hand_over() {
  if (!queue_.empty() || upkeep_due_ || stopping_) {
    work_.notify_one();
  }
}

void Committer::run_thread() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto has_work = [this] { return !is_led_ && (!queue_.empty() || upkeep_due_ || stopping_); };
    if (!tidy_later_) {
      work_.wait(lock, has_work);
    } else if (!work_.wait_for(lock, kTidyAgain, has_work)) {
      upkeep_due_ = true;
      continue;
    }
    if (!queue_.empty() && !is_upkeep_owed()) {
      lead(lock);
    } else if (upkeep_due_ && !stopping_) {
      is_led_ = true;
      upkeep_due_ = false;
      groups_since_step_ = 0;
      lock.unlock();
      keep_house();
      lock.lock();
      is_led_ = false;
      hand_over();
    }
    if (stopping_ && queue_.empty() && !is_led_) {
      return;
    }
  }
}

bool Committer::is_upkeep_owed() const {
  return upkeep_due_ && !stopping_ && groups_since_step_ >= kGroupsPerStep;
}

void Committer::keep_house() {
  const bool tidy_later = store_.tidy();
  const auto done = blobs_.upkeep(group_ + 1);
  group_ += done.used_group ? 1 : 0;
  groups_since_upkeep_ = bytes_since_upkeep_ = 0;
  const std::lock_guard lock(mutex_);
  upkeep_due_ = upkeep_due_ || done.more;
  tidy_later_ = tidy_later;
}

bool Committer::is_upkeep_due(const Group& group) {
  ++groups_since_upkeep_;
  for (const auto& blob : group.blobs) {
    bytes_since_upkeep_ += blob->size();
  }
  return !group.removed.empty() || groups_since_upkeep_ >= kUpkeepGroups ||
         bytes_since_upkeep_ >= kUpkeepBytes;
}

void Committer::commit(const Operations& operations) {
  try {
    static Timer& timer = metrics().timer("hilum_commit_duration_ms");
    static Counter& count = metrics().counter("hilum_commit_changes");
    const ScopedTimer measured(timer);
    count.add(static_cast<int64_t>(operations.size()));
    Group group;
    apply(operations, group);
    write(group);
    if (is_upkeep_due(group)) {
      const std::lock_guard lock(mutex_);
      upkeep_due_ = true;
    }
    const std::vector<index::Change> events = transaction_.take_events();
    for (const auto& operation : operations) {
      if (!operation->error_ && !operation->applied_.touched.empty()) {
        on_touched_(operation->applied_.touched);
      }
    }
    if (!events.empty()) {
      events_.publish(events);
    }
  } catch (const std::exception& error) {
    log_error(LogCategory::kIndex, "{} changes could not be stored: {}", operations.size(), error.what());
    for (const auto& operation : operations) {
      operation->error_ = operation->error_ ? operation->error_ : std::current_exception();
    }
    try {
      transaction_.reset();
    } catch (const std::exception& again) {
      log_error(LogCategory::kIndex, "the index cannot be read: {}", again.what());
    }
  }
}

void Committer::apply(const Operations& operations, Group& group) {
  for (const auto& operation : operations) {
    const size_t before = transaction_.savepoint();
    try {
      operation->applied_ = operation->apply(transaction_);
    } catch (...) {
      operation->error_ = std::current_exception();
      transaction_.roll_back(before);
      continue;
    }
    if (operation->applied_.keep_blobs) {
      std::move(operation->blobs.begin(), operation->blobs.end(), std::back_inserter(group.blobs));
    }
    const auto& removed = operation->applied_.removed;
    group.removed.insert(group.removed.end(), removed.begin(), removed.end());
  }
}

void Committer::write(const Group& group) {
  index::KvBatch batch = transaction_.take();
  if (batch.empty() && group.blobs.empty() && group.removed.empty()) {
    return;  // nothing but instances that are there already, and refusals
  }
  ++group_;  // never used twice, whatever happens
  blobs_.commit(group_, group.blobs, group.removed, &batch);
  try {
    static Timer& timer = metrics().timer("hilum_index_write_duration_ms");
    const ScopedTimer measured(timer);
    store_.write(batch, false);
  } catch (...) {
    blobs_.abandon(group_);
    throw;
  }
  blobs_.remove_committed(group.removed);
}

}  // namespace hilum::ingest
