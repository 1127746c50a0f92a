// A hole in a lock.
#pragma once

#include <mutex>

namespace hilum::jobs {

// Gives a lock up for its own life. On the stack of the thread that holds the lock.
class Unlocked {
 public:
  explicit Unlocked(std::unique_lock<std::mutex>& lock) : lock_(lock) { lock_.unlock(); }
  ~Unlocked() { lock_.lock(); }
  Unlocked(const Unlocked&) = delete;
  Unlocked& operator=(const Unlocked&) = delete;

 private:
  std::unique_lock<std::mutex>& lock_;
};

}  // namespace hilum::jobs
