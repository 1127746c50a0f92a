#include "core/dimse/association_pool.h"

#include <sys/socket.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "core/base/log_setup.h"

namespace hilum::dimse {

AssociationPool::AssociationPool(size_t threads, size_t maximum_waiting,
                                 std::chrono::milliseconds waiting_timeout, Serve serve)
    : maximum_threads_(std::max<size_t>(1, threads)),
      maximum_waiting_(maximum_waiting),
      waiting_timeout_(waiting_timeout),
      serve_(std::move(serve)) {}

AssociationPool::~AssociationPool() { stop(std::chrono::milliseconds(0)); }

std::optional<Ready> AssociationPool::submit(Ready&& ready) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_) {
    return std::move(ready);
  }
  if (idle_ <= waiting_.size() && threads_.size() < maximum_threads_) {
    try {
      threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      // No more threads to be had: those that exist must do.
    }
  }
  const size_t unserved = waiting_.size() + 1;
  const size_t spare =
      idle_ + (threads_.size() - idle_ - sockets_.size());  // idle ones and newly started ones
  if (threads_.empty() || unserved > spare + maximum_waiting_) {
    return std::move(ready);
  }
  waiting_.push_back({std::move(ready), std::chrono::steady_clock::now() + waiting_timeout_});
  work_.notify_one();
  return std::nullopt;
}

std::vector<Ready> AssociationPool::take_expired() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Ready> expired;
  const auto now = std::chrono::steady_clock::now();
  while (!waiting_.empty() && waiting_.front().deadline <= now) {
    expired.push_back(std::move(waiting_.front().ready));
    waiting_.pop_front();
  }
  return expired;
}

size_t AssociationPool::running() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return sockets_.size();
}

void AssociationPool::work() {
  set_thread_name("dicom");
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    ++idle_;
    work_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    --idle_;
    if (stopping_) {
      return;
    }
    Ready ready = std::move(waiting_.front().ready);
    waiting_.pop_front();
    sockets_.insert(ready.socket.get());
    lock.unlock();
    serve_(ready);
    lock.lock();
    sockets_.erase(ready.socket.get());
    ended_.notify_all();
    // `ready` closes the socket here, under the lock: its number cannot be another connection's before it has
    // left the set.
  }
}

std::vector<Ready> AssociationPool::stop(std::chrono::milliseconds patience) {
  std::vector<std::thread> threads;
  std::vector<Ready> rest;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    stopping_ = true;
    for (Waiting& waiting : waiting_) {
      rest.push_back(std::move(waiting.ready));
    }
    waiting_.clear();
    work_.notify_all();
    ended_.wait_for(lock, patience, [this] { return sockets_.empty(); });
    for (const int socket : sockets_) {
      shutdown(socket, SHUT_RDWR);
    }
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  return rest;
}

}  // namespace hilum::dimse
