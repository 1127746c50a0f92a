#include "core/ingest/committer.h"

#include <hilum/cpp/error.h>

#include <algorithm>

#include "core/base/log.h"
#include "core/base/log_setup.h"
#include "core/base/metrics.h"

namespace hilum::ingest {
namespace {

// Limits of one group, so that the first in it does not wait for long and memory stays bounded.
constexpr size_t kGroupOperations = 1024;
constexpr uint64_t kGroupBytes = 32ull << 20;

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

void Committer::submit(const std::shared_ptr<Operation>& operation, bool always) {
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
  work_.notify_one();
}

void Committer::wait(const std::shared_ptr<Operation>& operation) {
  {
    std::unique_lock lock(mutex_);
    operation->wake_.wait(lock, [&] { return operation->done_; });
  }
  if (operation->error_) {
    std::rethrow_exception(operation->error_);
  }
}

size_t Committer::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

Committer::Operations Committer::next_group() {
  Operations operations;
  std::unique_lock lock(mutex_);
  work_.wait(lock, [this] { return !queue_.empty() || stopping_ || more_upkeep_; });
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

void Committer::run_thread() {
  for (;;) {
    const Operations operations = next_group();
    if (!operations.empty()) {
      commit(operations);
    }
    keep_house();
    const std::lock_guard lock(mutex_);
    if (stopping_ && queue_.empty()) {
      return;
    }
  }
}

void Committer::keep_house() {
  const auto done = blobs_.upkeep(group_ + 1);
  group_ += done.used_group ? 1 : 0;
  more_upkeep_ = done.more;
}

void Committer::commit(const Operations& operations) {
  std::vector<index::Change> events;
  try {
    static Timer& timer = metrics().timer("hilum_commit_duration_ms");
    static Counter& count = metrics().counter("hilum_commit_changes");
    const ScopedTimer measured(timer);
    count.add(static_cast<int64_t>(operations.size()));
    Group group;
    apply(operations, group);
    write(group);
    events = transaction_.take_events();
    for (const auto& operation : operations) {
      if (!operation->error_ && !operation->applied_.touched.empty()) {
        on_touched_(operation->applied_.touched);
      }
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
  acknowledge(operations);
  if (!events.empty()) {
    events_.publish(events);
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

void Committer::acknowledge(const Operations& operations) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& operation : operations) {
      operation->done_ = true;
    }
  }
  for (const auto& operation : operations) {
    operation->wake_.notify_all();
  }
}

}  // namespace hilum::ingest
