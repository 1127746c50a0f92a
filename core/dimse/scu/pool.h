// Associations that nobody uses at the moment, kept for who calls the same system next.
#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "core/dimse/scu/connection.h"

namespace hilum::dimse {

// Owned by the Scu; thread-safe. Each is closed `close_delay` after it was given back, by a thread that exists once there has been
// one to keep.
class ConnectionPool {
 public:
  explicit ConnectionPool(std::chrono::milliseconds close_delay) : close_delay_(close_delay) {}
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  // One to this target that `fits`, the one used last if there are several; null if there is none. Those that the peer has ended
  // are dropped on the way.
  std::unique_ptr<Connection> take(const Target& target, const std::function<bool(const Connection&)>& fits);
  // Releases what is idle with the same host and port: to be called before a new association is opened. Many systems serve one
  // association at a time, and would let the new one wait for the idle one.
  void make_room(const Target& target);
  // Keeps it, or releases it at once without a delay.
  void give_back(const Target& target, std::unique_ptr<Connection> connection);
  void close_all();
  size_t size() const;

 private:
  struct Idle {
    std::string key, endpoint;
    std::unique_ptr<Connection> connection;
    std::chrono::steady_clock::time_point until;
  };
  void start_closer();  // with the lock
  void close_late();

  static constexpr size_t kMost = 64;
  const std::chrono::milliseconds close_delay_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Idle> idle_;  // the one given back first comes first
  std::thread closer_;
  bool stopping_ = false;
};

}  // namespace hilum::dimse
