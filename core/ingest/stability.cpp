#include "core/ingest/stability.h"

#include <algorithm>
#include <tuple>

#include "core/base/log.h"
#include "core/base/log_setup.h"

namespace hilum::ingest {

Stability::Stability(int age_seconds) : age_(age_seconds > 0 ? age_seconds : 60) {}

Stability::~Stability() { stop(); }

void Stability::start(OnStable on_stable) {
  on_stable_ = std::move(on_stable);
  thread_ = std::thread([this] {
    set_thread_name("stable");
    run();
  });
}

void Stability::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Stability::touch(const std::vector<Touched>& resources) {
  const Clock::time_point due = Clock::now() + age_;
  const std::lock_guard lock(mutex_);
  const bool was_empty = queue_.empty();
  for (const Touched& resource : resources) {
    const auto [entry, is_new] = unstable_.try_emplace(resource.id, Entry{resource, due});
    if (is_new) {
      queue_.emplace(due, resource.id);
    } else {
      entry->second.due = due;
    }
  }
  if (was_empty) {
    wake_.notify_all();
  }
}

bool Stability::is_stable(index::ResourceId id) const {
  const std::lock_guard lock(mutex_);
  return unstable_.count(id) == 0;
}

std::vector<Stability::Entry> Stability::take_due(Clock::time_point now) {
  std::vector<Entry> due;
  while (!queue_.empty() && queue_.begin()->first <= now) {
    const index::ResourceId id = queue_.begin()->second;
    queue_.erase(queue_.begin());
    const auto entry = unstable_.find(id);
    if (entry == unstable_.end()) {
      continue;
    }
    if (entry->second.due > now) {
      queue_.emplace(entry->second.due, id);  // touched meanwhile
    } else {
      due.push_back(entry->second);
    }
  }
  std::stable_sort(due.begin(), due.end(), [](const Entry& a, const Entry& b) {
    return std::tuple(a.due, b.resource.level) < std::tuple(b.due, a.resource.level);
  });
  return due;
}

void Stability::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (queue_.empty()) {
      wake_.wait(lock);
      continue;
    }
    const Clock::time_point next = queue_.begin()->first;
    if (next > Clock::now()) {
      wake_.wait_until(lock, next);
      continue;
    }
    const std::vector<Entry> due = take_due(Clock::now());
    std::vector<Touched> resources;
    for (const Entry& entry : due) {
      resources.push_back(entry.resource);
    }
    if (resources.empty()) {
      continue;
    }
    lock.unlock();
    try {
      on_stable_(resources);
    } catch (const std::exception& error) {
      log_error(LogCategory::kIndex, "stable resources could not be announced: {}", error.what());
    }
    lock.lock();
    for (const Entry& entry : due) {
      const auto now = unstable_.find(entry.resource.id);
      if (now != unstable_.end() && now->second.due == entry.due) {
        unstable_.erase(now);
      } else if (now != unstable_.end()) {
        queue_.emplace(now->second.due, entry.resource.id);  // touched while it was announced
      }
    }
  }
}

}  // namespace hilum::ingest
