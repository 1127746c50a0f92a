// What all connections of a server share.
#pragma once

#include <atomic>
#include <memory>

#include "core/http/channel.h"
#include "core/http/dispatcher.h"
#include "core/http/server.h"
#include "core/http/worker_pool.h"

namespace hilum::http {

// Owned by the server; outlives transports and connections.
struct ServerContext {
  ServerContext(ServerOptions server_options, Dispatcher& front)
      : options(std::move(server_options)),
        dispatcher(front),
        pool(options.threads, options.queue_length, options.max_streams) {}

  const ServerOptions options;
  Dispatcher& dispatcher;
  std::unique_ptr<TlsContext> tls;  // nullptr: plain
  size_t max_connections = 0;
  std::atomic<bool> draining{false};  // new requests get 503
  std::atomic<bool> closing{false};   // new connections are dropped
  std::atomic<size_t> connections{0};
  std::atomic<uint64_t> connections_total{0};
  std::atomic<uint64_t> requests{0};
  std::atomic<uint64_t> rejected{0};  // queue full, too many connections
  std::atomic<size_t> busy{0};  // requests on their way: a handler runs, or its answer has not been sent
  WorkerPool pool;              // last: its threads use the rest
};

}  // namespace hilum::http
