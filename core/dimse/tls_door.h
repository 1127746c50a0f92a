// TLS handshakes of those who call us, on a thread of their own: neither the acceptor nor an association waits for one.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/base/files.h"
#include "core/dimse/association_pool.h"
#include "core/dimse/stream.h"

namespace hilum::dimse {

// Owned by the server. Takes connections whose first TLS record lies complete in the kernel, and gives those back that have
// said over TLS what the A-ASSOCIATE-RQ is. Whoever does not get that far within the time is dropped, and the oldest when
// there are too many.
class TlsDoor {
 public:
  // Runs until `stop_fd` becomes readable; `on_ready` is called on the thread of the door.
  TlsDoor(std::shared_ptr<const TlsContext> context, size_t maximum, std::chrono::milliseconds timeout,
          int stop_fd, std::function<void(Ready&&)> on_ready);
  ~TlsDoor();  // joins: `stop_fd` must be readable
  TlsDoor(const TlsDoor&) = delete;
  TlsDoor& operator=(const TlsDoor&) = delete;

  // From any thread.
  void admit(Ready&& ready);

 private:
  struct Entering {
    Ready ready;  // with its session
    std::chrono::steady_clock::time_point deadline;
    bool is_shaken = false;
    std::string request;  // as far as it has come
  };
  using Position = std::list<Entering>::iterator;

  void run();
  void go_round();
  void take_admitted();
  void advance(Position entering);
  bool shake(Position entering);
  void read_request(Position entering);
  void expect(Position entering, uint32_t events);
  void drop(Position entering, const std::string& why);
  Ready forget(Position entering);
  void drop_late();

  const std::shared_ptr<const TlsContext> context_;
  const size_t maximum_;
  const std::chrono::milliseconds timeout_;
  const int stop_fd_;
  const std::function<void(Ready&&)> on_ready_;

  std::mutex mutex_;
  std::vector<Ready> admitted_;  // guarded by mutex_
  UniqueFd wake_, epoll_;

  // Of the thread.
  std::list<Entering> entering_;  // oldest first
  std::unordered_map<int, Position> by_socket_;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace hilum::dimse
