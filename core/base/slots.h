// So many at once; others wait.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>

namespace hilum {

// Thread-safe. Who holds one must not ask for another one.
class Slots {
 public:
  // 0: as many as there are processors.
  explicit Slots(size_t count)
      : free_(count > 0 ? count : std::max<size_t>(1, std::thread::hardware_concurrency())) {}
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  void take() {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] { return free_ > 0; });
    --free_;
  }
  void give_back() {
    {
      const std::lock_guard lock(mutex_);
      ++free_;
    }
    freed_.notify_one();
  }

  // Holds one until the end of its life.
  class Holder {
   public:
    explicit Holder(Slots& slots) : slots_(slots) { slots_.take(); }
    ~Holder() { slots_.give_back(); }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;

   private:
    Slots& slots_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  size_t free_;
};

}  // namespace hilum
