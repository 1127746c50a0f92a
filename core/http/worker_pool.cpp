#include "core/http/worker_pool.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

#include "core/base/log.h"
#include "core/base/log_setup.h"
#include "core/base/thread_priority.h"

namespace hilum::http {
namespace {

// A thread that was started in place of a blocked one leaves when it has had nothing to do for this long.
constexpr std::chrono::seconds kSurplusPatience{2};

}  // namespace

struct WorkerPool::State {
  const size_t threads;
  const size_t queue_length;
  const size_t max_blocked;

  std::mutex mutex;
  std::condition_variable work_came;
  std::condition_variable thread_left;
  std::deque<Task> queue;
  size_t total = 0;
  size_t idle = 0;
  size_t blocked = 0;
  bool stopping = false;

  State(size_t t, size_t q, size_t b) : threads(std::max<size_t>(t, 1)), queue_length(q), max_blocked(b) {}
  bool surplus() const { return total - std::min(total, blocked) > threads; }
};

WorkerPool::WorkerPool(size_t threads, size_t queue_length, size_t max_blocked)
    : state_(std::make_shared<State>(threads, queue_length, max_blocked)) {}

WorkerPool::~WorkerPool() { stop(); }

// With the mutex held.
void WorkerPool::start_thread_if_needed(const std::shared_ptr<State>& state) {
  const size_t active = state->total - std::min(state->total, state->blocked);
  if (state->queue.size() <= state->idle || active >= state->threads || state->stopping) return;
  if (state->total >= state->threads + state->max_blocked) return;
  try {
    std::thread([state] { work(state); }).detach();
    ++state->total;
  } catch (const std::system_error& error) {
    // Whatever runs already will come to the task; without any thread the caller's queue limit answers.
    log_warning(LogCategory::kHttp, "cannot start an HTTP worker thread: {}", error.what());
  }
}

bool WorkerPool::submit(Task task) {
  {
    std::lock_guard<std::mutex> lock(state_->mutex);
    // Idle threads and room for new ones count: a limit of 0 means "no waiting".
    const size_t busy =
        state_->total - state_->idle - std::min(state_->total - state_->idle, state_->blocked);
    const size_t free = state_->threads - std::min(state_->threads, busy);
    if (state_->stopping || state_->queue.size() >= state_->queue_length + free) return false;
    state_->queue.push_back(std::move(task));
    start_thread_if_needed(state_);
    if (state_->idle == 0) return true;
  }
  state_->work_came.notify_one();
  return true;
}

void WorkerPool::work(const std::shared_ptr<State>& state) {
  set_thread_name("http");
  ::pthread_setname_np(::pthread_self(), "http-worker");
  lower_thread_priority();
  std::unique_lock<std::mutex> lock(state->mutex);
  while (true) {
    if (state->queue.empty()) {
      if (state->stopping) break;
      ++state->idle;
      const auto awake = [&] { return state->stopping || !state->queue.empty(); };
      if (state->surplus()) {
        state->work_came.wait_for(lock, kSurplusPatience, awake);
      } else {
        state->work_came.wait(lock, awake);
      }
      --state->idle;
      if (state->queue.empty() && (state->stopping || state->surplus())) break;
      continue;
    }
    Task task = std::move(state->queue.front());
    state->queue.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
  --state->total;
  state->thread_left.notify_all();
}

void WorkerPool::stop() {
  std::deque<Task> dropped;  // destroyed without the mutex
  std::unique_lock<std::mutex> lock(state_->mutex);
  state_->stopping = true;
  dropped.swap(state_->queue);
  state_->work_came.notify_all();
  state_->thread_left.wait(lock, [&] { return state_->total == 0; });
}

bool WorkerPool::may_block() const {
  std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->blocked < state_->max_blocked;
}

WorkerPool::Blocked::Blocked(WorkerPool& pool) : pool_(pool) {
  std::lock_guard<std::mutex> lock(pool_.state_->mutex);
  ++pool_.state_->blocked;
  start_thread_if_needed(pool_.state_);
}

WorkerPool::Blocked::~Blocked() {
  std::lock_guard<std::mutex> lock(pool_.state_->mutex);
  --pool_.state_->blocked;
}

}  // namespace hilum::http
