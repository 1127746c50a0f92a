// The threads that associations run on, and the short queue in front of them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/base/files.h"
#include "core/dimse/stream.h"

namespace hilum::dimse {

// A connection whose A-ASSOCIATE-RQ lies complete in the kernel; with TLS, in the session.
struct Ready {
  UniqueFd socket;
  std::string address;
  std::unique_ptr<TlsSession> tls = nullptr;
};

// Owned by the server. Threads are started when they are needed, up to the limit, and kept. Thread-safe.
class AssociationPool {
 public:
  using Serve = std::function<void(Ready&)>;
  AssociationPool(size_t threads, size_t maximum_waiting, std::chrono::milliseconds waiting_timeout,
                  Serve serve);
  ~AssociationPool();

  // Gives the connection back if the queue is full or the pool stops.
  std::optional<Ready> submit(Ready&& ready);
  // Connections that have waited too long.
  std::vector<Ready> take_expired();
  size_t running() const;

  // Lets associations end until `patience` is over, then cuts their connections and joins the threads.
  // Returns those that were still waiting.
  std::vector<Ready> stop(std::chrono::milliseconds patience);

 private:
  struct Waiting {
    Ready ready;
    std::chrono::steady_clock::time_point deadline;
  };
  void work();

  const size_t maximum_threads_, maximum_waiting_;
  const std::chrono::milliseconds waiting_timeout_;
  const Serve serve_;

  mutable std::mutex mutex_;
  std::condition_variable work_, ended_;
  std::deque<Waiting> waiting_;
  std::vector<std::thread> threads_;
  std::set<int> sockets_;  // of the associations that run
  size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace hilum::dimse
