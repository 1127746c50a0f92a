// The threads that read, transcode and compress for all archives.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace hilum::archives {

// One thread per processor, first come, first served. Each archive has a few pieces of work in it at a time, so that
// archives share the processors and none holds the others up. Thread-safe. The destructor waits for what was begun; what
// waits then is dropped (its future throws std::future_error).
class Pool {
 public:
  Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  size_t size() const { return threads_.size(); }

  template <typename Function>
  std::future<std::invoke_result_t<Function>> submit(Function function) {
    // std::function wants copies; a packaged task cannot be copied.
    auto task = std::make_shared<std::packaged_task<std::invoke_result_t<Function>()>>(std::move(function));
    std::future<std::invoke_result_t<Function>> result = task->get_future();
    add([task] { (*task)(); });
    return result;
  }

 private:
  void add(std::function<void()> work);
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace hilum::archives
