// How many frames are decoded at the same time.
#pragma once

#include <condition_variable>
#include <mutex>

namespace hilum::images {

// A semaphore. Whoever works on decoded pixels holds a slot, so that memory is bounded by the number of slots and
// not by that of the requests. Nobody waits for a client while holding one, or keeps the pixels after it. Thread-safe.
class Slots {
 public:
  // One for each processor, at least four: a slot also waits for disks.
  Slots();

  // Holds a slot until the end of its life. One thread at a time. Throws Error(HILUM_E_BUSY) if none gets
  // free in time, or if others wait already: threads that wait here are missing elsewhere.
  class Holder {
   public:
    explicit Holder(Slots& slots);
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;
    ~Holder();

   private:
    Slots& slots_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  unsigned free_;
  unsigned waiting_ = 0;
};

}  // namespace hilum::images
