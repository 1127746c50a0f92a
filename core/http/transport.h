// The I/O side on Pistache's reactor: one transport per I/O thread.
#pragma once

#include <pistache/listener.h>
#include <pistache/peer.h>
#include <pistache/transport.h>

#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/http/connection.h"
#include "core/http/server_context.h"

namespace hilum::http {

// A message to a connection from another thread: output to send, or (no piece, `read`) a request to go on.
struct ConnectionJob {
  std::shared_ptr<Connection> connection;
  OutputPiece piece;
  bool last = false;
  bool keep_alive = false;
  enum class Kind : uint8_t { kOutput, kRead, kDrop, kDropAll } kind = Kind::kOutput;
};

// All transports of a server, for stopping.
class TransportList {
 public:
  void add(class HttpTransport* transport);
  std::vector<class HttpTransport*> all() const;

 private:
  mutable std::mutex mutex_;
  std::vector<class HttpTransport*> transports_;
};

// Owns the connections of its I/O thread. Pistache accepts, polls and closes the sockets; what is read and
// written goes past Pistache's own queues, which know connections by file descriptor only and can mix up
// clients.
class HttpTransport : public Pistache::Tcp::Transport {
 public:
  HttpTransport(const std::shared_ptr<Pistache::Tcp::Handler>& handler, ServerContext& context,
                TransportList& list);
  ~HttpTransport() override;

  // Pistache makes the transports of the I/O threads out of a first one.
  std::shared_ptr<Pistache::Aio::Handler> clone() const override;
  void registerPoller(Pistache::Polling::Epoll& poller) override;
  void onReady(const Pistache::Aio::FdSet& fds) override;

  // Any thread.
  void post(ConnectionJob job);
  // I/O thread.
  void adopt(const std::shared_ptr<Pistache::Tcp::Peer>& peer);
  void drop(Connection& connection);

 private:
  void run_jobs();
  void run(ConnectionJob& job);
  void tick();
  void arm_once(Connection& connection);
  void on_base_events(std::vector<Pistache::Polling::Event> events);

  std::shared_ptr<Pistache::Tcp::Handler> handler_;
  ServerContext& context_;
  TransportList& list_;
  int wake_fd_ = -1;
  int timer_fd_ = -1;
  std::mutex jobs_mutex_;
  std::vector<ConnectionJob> jobs_;
  std::vector<ConnectionJob> running_;  // keeps its memory from turn to turn
  std::unordered_map<int, std::shared_ptr<Connection>> connections_;
  // Every descriptor number that was ever a connection here. Pistache's own descriptors live as long as the
  // transport, so a number is never both: an event of such a number without a connection is stale.
  std::unordered_set<int> connection_fds_;
};

// Pistache's hook for new connections.
class HttpHandler : public Pistache::Tcp::Handler {
 public:
  PROTOTYPE_OF(Pistache::Tcp::Handler, HttpHandler)
  void onConnection(const std::shared_ptr<Pistache::Tcp::Peer>& peer) override;
  void onInput(const char* buffer, size_t size, const std::shared_ptr<Pistache::Tcp::Peer>& peer) override;
};

}  // namespace hilum::http
