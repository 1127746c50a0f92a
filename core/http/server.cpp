#include "core/http/server.h"

#include <arpa/inet.h>
#include <pistache/listener.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "core/base/log.h"
#include "core/http/server_context.h"
#include "core/http/transport.h"

namespace hilum::http {
namespace {

constexpr int kBacklog = 1024;
constexpr size_t kReservedFiles = 200;  // for everything that is no connection
constexpr std::chrono::milliseconds kPoll{5};
constexpr std::chrono::seconds kDropPatience{5};

// Literals only: Pistache takes names too, but resolves them while it binds.
std::string checked_address(std::string address) {
  if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
    address = address.substr(1, address.size() - 2);
  }
  in_addr v4{};
  in6_addr v6{};
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return address;
  if (::inet_pton(AF_INET6, address.c_str(), &v6) == 1) return "[" + address + "]";
  throw Error(HILUM_E_OUT_OF_RANGE, "not an IPv4 or IPv6 address to listen on: \"" + address + "\"");
}

// Raises the soft limit of open files to the hard one; how many connections fit. A connection that uploads
// has a spool file too.
size_t connections_within_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 400;
  if (limit.rlim_cur < limit.rlim_max) {
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  const size_t files = static_cast<size_t>(std::min<rlim_t>(limit.rlim_cur, 1'000'000));
  return std::max<size_t>((files - std::min(files, kReservedFiles)) / 2, 16);
}

}  // namespace

class Server::Impl {
 public:
  Impl(ServerOptions options, Dispatcher& dispatcher) : context_(std::move(options), dispatcher) {}
  ~Impl() { stop(); }

  void start();
  void stop();
  bool wait_idle(std::chrono::milliseconds patience) const;
  uint16_t port() const { return port_; }
  ServerContext& context() { return context_; }

 private:
  void listen(const std::string& address);
  void drop_connections();

  ServerContext context_;
  TransportList transports_;
  std::vector<std::unique_ptr<Pistache::Tcp::Listener>> listeners_;
  uint16_t port_ = 0;
};

void Server::Impl::listen(const std::string& address) {
  namespace Tcp = Pistache::Tcp;
  auto listener =
      std::make_unique<Tcp::Listener>(Pistache::Address(checked_address(address), Pistache::Port(port_)));
  listener->init(std::max<size_t>(context_.options.io_threads, 1),
                 Pistache::Flags<Tcp::Options>(Tcp::Options::ReuseAddr) | Tcp::Options::CloseOnExec,
                 "http-io", kBacklog);
  const auto handler = std::make_shared<HttpHandler>();
  listener->setTransportFactory(
      [this, handler] { return std::make_shared<HttpTransport>(handler, context_, transports_); });
  listener->setHandler(handler);
  try {
    listener->bind();
    listener->runThreaded();
  } catch (const std::exception& error) {
    throw Error(HILUM_E_HTTP_PORT_IN_USE,
                "cannot listen on " + address + " port " + std::to_string(port_) + ": " + error.what());
  }
  port_ = static_cast<uint16_t>(listener->getPort());
  listeners_.push_back(std::move(listener));
}

void Server::Impl::start() {
  const ServerOptions& options = context_.options;
  if (!listeners_.empty()) throw Error(HILUM_E_BAD_SEQUENCE, "the HTTP server runs already");
  if (options.port == 0 && (!options.allow_port_zero || options.bind_addresses.size() != 1)) {
    throw Error(HILUM_E_OUT_OF_RANGE, "HttpPort must be between 1 and 65535");
  }
  if (options.bind_addresses.empty()) throw Error(HILUM_E_OUT_OF_RANGE, "no address to listen on");
  for (const std::string& address : options.bind_addresses) checked_address(address);
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  const size_t fitting = connections_within_file_limit();
  context_.max_connections =
      options.max_connections > 0 ? std::min(options.max_connections, fitting) : fitting;
  if (options.tls.enabled) context_.tls = std::make_unique<TlsContext>(options.tls);
  port_ = options.port;
  for (const std::string& address : options.bind_addresses) {
    listen(address);
    log_info(LogCategory::kHttp, "HTTP{} server listens on {} port {}", context_.tls ? "S" : "", address,
             port_);
  }
}

bool Server::Impl::wait_idle(std::chrono::milliseconds patience) const {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (context_.busy.load(std::memory_order_acquire) > 0) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kPoll);
  }
  return true;
}

// Wakes the handlers that wait for clients, so that the pool can be joined.
void Server::Impl::drop_connections() {
  context_.closing = true;
  const auto deadline = std::chrono::steady_clock::now() + kDropPatience;
  do {
    for (HttpTransport* transport : transports_.all()) {
      transport->post({nullptr, {}, false, false, ConnectionJob::Kind::kDropAll});
    }
    std::this_thread::sleep_for(kPoll);
  } while (context_.connections > 0 && std::chrono::steady_clock::now() < deadline);
}

void Server::Impl::stop() {
  if (listeners_.empty()) {
    context_.pool.stop();
    return;
  }
  context_.draining = true;
  drop_connections();
  context_.pool.stop();  // its tasks refer to connections and transports
  for (const auto& listener : listeners_) listener->shutdown();
  listeners_.clear();
}

Server::Server(ServerOptions options, Dispatcher& dispatcher)
    : impl_(std::make_unique<Impl>(std::move(options), dispatcher)) {}

Server::~Server() = default;

void Server::start() { impl_->start(); }
uint16_t Server::port() const { return impl_->port(); }
bool Server::secure() const { return impl_->context().options.tls.enabled; }

bool Server::drain(std::chrono::milliseconds patience) {
  impl_->context().draining = true;
  return impl_->wait_idle(patience);
}

void Server::stop() { impl_->stop(); }

Server::Counters Server::counters() const {
  const ServerContext& context = impl_->context();
  return {context.connections, context.connections_total, context.requests,
          context.busy,        context.rejected,          context.options.threads};
}

}  // namespace hilum::http
