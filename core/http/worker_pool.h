// The threads that run handlers.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace hilum::http {

// A bounded pool with a bounded queue. A worker that waits for a slow client says so with a Blocked object;
// as long as it waits, another thread takes its place (at most `max_blocked` of them), so that slow readers
// do not starve everyone else. Threads start when they are needed. All functions may be called from every
// thread. Owned by the server.
class WorkerPool {
 public:
  using Task = std::function<void()>;  // must not throw

  WorkerPool(size_t threads, size_t queue_length, size_t max_blocked);
  ~WorkerPool();  // stop()
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False: the queue is full or the pool is stopping; the task is not taken.
  bool submit(Task task);
  // Waits for running tasks and drops the ones that have not begun.
  void stop();
  // May one more worker wait for its client?
  bool may_block() const;

  class Blocked {
   public:
    explicit Blocked(WorkerPool& pool);
    ~Blocked();
    Blocked(const Blocked&) = delete;
    Blocked& operator=(const Blocked&) = delete;

   private:
    WorkerPool& pool_;
  };

 private:
  struct State;
  static void work(const std::shared_ptr<State>& state);
  static void start_thread_if_needed(const std::shared_ptr<State>& state);
  std::shared_ptr<State> state_;  // shared with the threads, which are detached
};

}  // namespace hilum::http
