// Counts who is inside a plugin and closes the door.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace hilum::plugins {

// Everything that calls into a plugin enters and leaves; after close() nobody enters any more, and wait()
// tells when all have left. Thread-safe. Entering costs two atomic operations.
class CallGate {
 public:
  // False once it is closed: then do not leave().
  bool enter();
  void leave();
  void close();
  // After close(): true if nobody is inside any more within `patience`.
  bool wait(std::chrono::milliseconds patience);

 private:
  std::atomic<int64_t> inside_{0};
  std::atomic<bool> closed_{false};
  std::mutex mutex_;
  std::condition_variable left_;
};

}  // namespace hilum::plugins
