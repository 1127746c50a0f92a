#include "listeners.h"

#include <hilum/cpp/host.h>

#include <algorithm>
#include <utility>

namespace hilum::jobs {

void Listeners::add(Owner owner, hilum_on_job on_job, void* context) {
  const std::lock_guard<std::mutex> lock(mutex_);
  entries_.push_back({owner, on_job, context});
  if (!thread_.joinable()) {
    thread_ = std::thread([this] { run(); });
  }
}

void Listeners::remove(Owner owner) {
  std::unique_lock<std::mutex> lock(mutex_);
  entries_.erase(std::remove_if(entries_.begin(), entries_.end(),
                                [&](const Entry& entry) { return entry.owner == owner; }),
                 entries_.end());
  idle_.wait(lock, [&] { return calling_ != owner; });
}

void Listeners::tell(hilum_job_event event, const JobFacts& facts) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (entries_.empty() || ends_) {
    return;
  }
  queue_.emplace_back(event, facts);
  if (queue_.size() > kQueueLimit) {
    queue_.pop_front();
    if (!std::exchange(has_lost_, true)) {
      lost_();
    }
  }
  queued_.notify_one();
}

void Listeners::stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ends_ = true;
    queued_.notify_one();
  }
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Listeners::run() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    queued_.wait(lock, [&] { return ends_ || !queue_.empty(); });
    if (queue_.empty()) {
      return;
    }
    const auto [event, facts] = std::move(queue_.front());
    queue_.pop_front();
    for (size_t i = 0; i < entries_.size(); ++i) {
      const Entry entry = entries_[i];
      calling_ = entry.owner;
      lock.unlock();
      try {
        const hilum_job_info info = info_of(facts);
        entry.on_job(entry.context, event, &info);
      } catch (...) {  // no exception may cross the boundary; this thread must not end of one that does
      }
      lock.lock();
      calling_ = nullptr;
      idle_.notify_all();
    }
  }
}

hilum_job_info info_of(const JobFacts& facts) {
  hilum_job_info info{};
  info.size = sizeof info;
  info.state = facts.state;
  info.error_code = facts.failure.code;
  info.progress = facts.progress;
  info.id = to_text(facts.id);
  info.type = to_text(facts.type);
  info.content = to_text(facts.content);
  info.error_message = to_text(facts.failure.message);
  info.error_details = to_text(facts.failure.details);
  return info;
}

}  // namespace hilum::jobs
