// The listening side: sockets, TLS, connections, threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/http/dispatcher.h"

namespace hilum::http {

struct TlsOptions {
  bool enabled = false;
  std::string certificate_file;      // PEM: chain and private key in one file
  int minimum_protocol = 4;          // 4: TLS 1.2, 5: TLS 1.3
  std::vector<std::string> ciphers;  // OpenSSL names, TLS 1.2 and below; empty: OpenSSL's own choice
  bool verify_peers = false;
  std::string trusted_client_certificates;  // PEM
};

struct ServerOptions {
  std::vector<std::string> bind_addresses = {"0.0.0.0"};  // IPv4 or IPv6 literals ("::1" or "[::1]")
  uint16_t port = 8042;
  bool allow_port_zero = false;  // tests: the system chooses; only with one address
  size_t threads = 50;           // HttpThreadsCount: handlers that run at once
  size_t io_threads = 2;
  size_t queue_length = 1000;  // requests that wait for a thread; more get 503
  size_t max_streams = 256;    // streams that may wait for slow clients at once; more get 503
  TlsOptions tls;
  bool keep_alive = true;
  bool tcp_no_delay = true;
  std::chrono::milliseconds head_timeout{10000};
  std::chrono::milliseconds keep_alive_timeout{1000};
  std::chrono::milliseconds body_timeout{30000};  // silence while a body comes (HttpRequestTimeout)
  uint64_t minimum_body_rate = 512;               // bytes per second on average, after the first body_timeout
  std::chrono::milliseconds write_timeout{60000};
  size_t max_head_size = 64 * 1024;
  size_t max_header_fields = 200;
  size_t max_connections = 0;  // 0: from the limit of open files
};

// Owns the listeners, the I/O threads and the worker pool. start(), drain() and stop() from one thread.
class Server {
 public:
  Server(ServerOptions options, Dispatcher& dispatcher);
  ~Server();  // stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and listens. Throws HILUM_E_HTTP_PORT_IN_USE or HILUM_E_OUT_OF_RANGE (bad address, certificate,
  // ...).
  void start();
  uint16_t port() const;
  bool secure() const;
  // New requests get 503, running ones may finish. True: nothing runs any more.
  bool drain(std::chrono::milliseconds patience);
  // Ends everything. Handlers that still run see their client gone; stop() waits for them to return.
  void stop();

  struct Counters {
    uint64_t connections_open, connections_total, requests, requests_running, rejected, threads;
  };
  Counters counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hilum::http
