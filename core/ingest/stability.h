// Which resources still get instances, and when they have become stable.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/ingest/committer.h"

namespace hilum::ingest {

// In memory only: after a restart everything counts as stable, and what was waiting is never announced.
// Thread-safe.
class Stability {
 public:
  // Called on a thread of its own with resources that became due, series before studies before patients.
  // They stay unstable until it returns.
  using OnStable = std::function<void(const std::vector<Touched>&)>;

  explicit Stability(int age_seconds);
  ~Stability();
  Stability(const Stability&) = delete;
  Stability& operator=(const Stability&) = delete;

  void start(OnStable on_stable);
  void stop();
  void touch(const std::vector<Touched>& resources);
  bool is_stable(index::ResourceId id) const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    Touched resource;
    Clock::time_point due;
  };

  void run();
  std::vector<Entry> take_due(Clock::time_point now);

  const std::chrono::seconds age_;
  OnStable on_stable_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::unordered_map<index::ResourceId, Entry> unstable_;  // guarded by mutex_
  // One item per resource of `unstable_`; its time may be earlier than the resource's (guarded by mutex_).
  std::multimap<Clock::time_point, index::ResourceId> queue_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace hilum::ingest
