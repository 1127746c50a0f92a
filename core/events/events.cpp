#include "core/events/events.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/log.h"

namespace hilum::events {

namespace {

using Clock = std::chrono::steady_clock;

// The queue of one listener. Shared by the bus and the listener's thread, so that a thread that could not be
// stopped in time still finds it.
class Queue {
 public:
  Queue(std::string owner, EventBus::Listener listener)
      : owner_(std::move(owner)), listener_(std::move(listener)) {}

  const std::string& owner() const { return owner_; }

  void push(const std::vector<index::Change>& events) {
    bool warn = false;
    {
      const std::lock_guard lock(mutex_);
      if (closed_) {
        return;
      }
      events_.insert(events_.end(), events.begin(), events.end());
      while (events_.size() > EventBus::kQueueLimit) {
        events_.pop_front();
        warn = !std::exchange(warned_, true) || warn;
      }
    }
    changed_.notify_all();
    if (warn) {
      log_warning(LogCategory::kPlugins,
                  "{} is too slow for its events: more than {} wait, the oldest are dropped from now on (the "
                  "change log has them all)",
                  owner_, EventBus::kQueueLimit);
    }
  }

  // The listener's thread.
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return closed_ || !events_.empty(); });
      if (events_.empty()) {
        break;
      }
      const index::Change event = events_.front();
      events_.pop_front();
      lock.unlock();
      deliver(event);
      lock.lock();
    }
    finished_ = true;
    lock.unlock();
    changed_.notify_all();
  }

  // No more events; those that wait are still delivered.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  void abandon() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    events_.clear();
    changed_.notify_all();
  }
  bool wait_until(Clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, deadline, [&] { return finished_; });
  }

 private:
  void deliver(const index::Change& event) {
    try {
      listener_(event);
    } catch (const std::exception& error) {
      log_error(LogCategory::kPlugins, "{} failed on an event: {}", owner_, error.what());
    } catch (...) {
      log_error(LogCategory::kPlugins, "{} failed on an event, without saying why", owner_);
    }
  }

  const std::string owner_;
  const EventBus::Listener listener_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<index::Change> events_;  // all below are guarded by mutex_
  bool closed_ = false;
  bool finished_ = false;
  bool warned_ = false;
};

struct Worker {
  std::shared_ptr<Queue> queue;
  std::thread thread;
};

// How long a listener that is in the middle of an event when everything stops may take to end it.
constexpr std::chrono::milliseconds kGrace{1000};

}  // namespace

class EventBus::Impl {
 public:
  std::mutex mutex;
  std::vector<Worker> workers;  // guarded by mutex
  bool stopped = false;         // guarded by mutex
};

EventBus::EventBus() : impl_(std::make_unique<Impl>()) {}
EventBus::~EventBus() { stop(0); }

void EventBus::listen(const std::string& owner, Listener listener) {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->stopped) {
    return;
  }
  auto queue = std::make_shared<Queue>(owner, std::move(listener));
  impl_->workers.push_back({queue, std::thread([queue] { queue->run(); })});
}

void EventBus::remove(const std::string& owner) {
  std::vector<Worker> removed;
  {
    const std::lock_guard lock(impl_->mutex);
    const auto first =
        std::stable_partition(impl_->workers.begin(), impl_->workers.end(),
                              [&](const Worker& worker) { return worker.queue->owner() != owner; });
    std::move(first, impl_->workers.end(), std::back_inserter(removed));
    impl_->workers.erase(first, impl_->workers.end());
  }
  for (Worker& worker : removed) {
    worker.queue->abandon();
  }
  for (Worker& worker : removed) {
    worker.thread.join();
  }
}

void EventBus::publish(const std::vector<index::Change>& events) {
  if (events.empty()) {
    return;
  }
  const std::lock_guard lock(impl_->mutex);
  for (const Worker& worker : impl_->workers) {
    worker.queue->push(events);
  }
}

void EventBus::stop(int timeout_ms) {
  std::vector<Worker> workers;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopped = true;
    workers.swap(impl_->workers);
  }
  const Clock::time_point deadline = Clock::now() + std::chrono::milliseconds(timeout_ms);
  for (const Worker& worker : workers) {
    worker.queue->close();
  }
  for (const Worker& worker : workers) {
    worker.queue->wait_until(deadline);
  }
  for (const Worker& worker : workers) {
    worker.queue->abandon();
  }
  const Clock::time_point last = std::max(deadline, Clock::now()) + kGrace;
  for (Worker& worker : workers) {
    if (worker.queue->wait_until(last)) {
      worker.thread.join();
    } else {
      log_error(LogCategory::kPlugins, "{} does not return from an event; it is left behind",
                worker.queue->owner());
      worker.thread.detach();
    }
  }
}

}  // namespace hilum::events
