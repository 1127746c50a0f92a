#include "core/http/transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <exception>

#include "core/base/log.h"
#include "core/base/thread_priority.h"

namespace hilum::http {
namespace {

using Pistache::Polling::NotifyOn;
namespace Polling = Pistache::Polling;

constexpr long kTickNanoseconds = 500'000'000;

void clear_counter(int fd) {
  uint64_t count = 0;
  if (::read(fd, &count, sizeof count) < 0) return;  // somebody else's wake-up took it
}

std::string address_of(const Pistache::Tcp::Peer& peer) {
  std::string host = peer.address().host();
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  if (host.compare(0, 7, "::ffff:") == 0 && host.find('.') != std::string::npos) host.erase(0, 7);
  return host;
}

}  // namespace

void TransportList::add(HttpTransport* transport) {
  std::lock_guard<std::mutex> lock(mutex_);
  transports_.push_back(transport);
}

std::vector<HttpTransport*> TransportList::all() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return transports_;
}

HttpTransport::HttpTransport(const std::shared_ptr<Pistache::Tcp::Handler>& handler, ServerContext& context,
                             TransportList& list)
    : Pistache::Tcp::Transport(handler), handler_(handler), context_(context), list_(list) {}

HttpTransport::~HttpTransport() {
  if (wake_fd_ >= 0) ::close(wake_fd_);
  if (timer_fd_ >= 0) ::close(timer_fd_);
}

std::shared_ptr<Pistache::Aio::Handler> HttpTransport::clone() const {
  return std::make_shared<HttpTransport>(handler_->clone(), context_, list_);
}

void HttpTransport::registerPoller(Polling::Epoll& poller) {
  Pistache::Tcp::Transport::registerPoller(poller);
  wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  timer_fd_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (wake_fd_ < 0 || timer_fd_ < 0)
    throw Error(HILUM_E_SYSTEM, "no file descriptors left for the HTTP server");
  const itimerspec every{{0, kTickNanoseconds}, {0, kTickNanoseconds}};
  ::timerfd_settime(timer_fd_, 0, &every, nullptr);
  for (int fd : {wake_fd_, timer_fd_}) {
    poller.addFd(fd, Pistache::Flags<NotifyOn>(NotifyOn::Read), Polling::Tag(static_cast<uint64_t>(fd)));
  }
  list_.add(this);
}

void HttpTransport::post(ConnectionJob job) {
  bool first = false;
  {
    std::lock_guard<std::mutex> lock(jobs_mutex_);
    first = jobs_.empty();
    jobs_.push_back(std::move(job));
  }
  const uint64_t one = 1;
  if (first && ::write(wake_fd_, &one, sizeof one) < 0) {
    log_error(LogCategory::kHttp, "cannot wake an HTTP I/O thread");
  }
}

void HttpTransport::run(ConnectionJob& job) {
  switch (job.kind) {
    case ConnectionJob::Kind::kOutput:
      return job.connection->output(std::move(job.piece), job.last, job.keep_alive);
    case ConnectionJob::Kind::kRead:
      return job.connection->on_ready();
    case ConnectionJob::Kind::kDrop:
      return drop(*job.connection);
    case ConnectionJob::Kind::kDropAll:
      while (!connections_.empty()) {
        const auto connection = connections_.begin()->second;
        drop(*connection);
      }
  }
}

void HttpTransport::run_jobs() {
  clear_counter(wake_fd_);
  {
    std::lock_guard<std::mutex> lock(jobs_mutex_);
    running_.swap(jobs_);
  }
  for (ConnectionJob& job : running_) {
    try {
      run(job);
    } catch (const std::exception& error) {
      log_error(LogCategory::kHttp, "a connection failed: {}", error.what());
      if (job.connection) drop(*job.connection);
    }
  }
  running_.clear();
}

void HttpTransport::adopt(const std::shared_ptr<Pistache::Tcp::Peer>& peer) {
  const int fd = peer->fd();
  if (context_.options.tcp_no_delay) {
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }
  auto connection = std::make_shared<Connection>(context_, *this, peer, address_of(*peer));
  connection_fds_.insert(fd);
  connections_[fd] = connection;
  context_.connections_total.fetch_add(1, std::memory_order_relaxed);
  const bool crowded = context_.connections.load(std::memory_order_relaxed) > context_.max_connections;
  if (crowded) context_.rejected.fetch_add(1, std::memory_order_relaxed);
  // The socket is registered with the reactor only after this, so it cannot be dropped at once.
  if (crowded || context_.closing) post({connection, {}, false, false, ConnectionJob::Kind::kDrop});
}

void HttpTransport::drop(Connection& connection) {
  const auto peer = connection.die();
  if (!peer) return;
  connections_.erase(connection.fd());
  removePeer(peer);  // deregisters and closes the socket
}

void HttpTransport::arm_once(Connection& connection) {
  if (connection.armed) return;
  connection.armed = true;
  // Changing the registration reports readiness again, so no edge is lost.
  reactor()->modifyFd(key(), connection.fd(), NotifyOn::Read | NotifyOn::Write | NotifyOn::Shutdown,
                      Polling::Mode::Edge);
}

void HttpTransport::tick() {
  clear_counter(timer_fd_);
  const auto now = Connection::Clock::now();
  std::vector<std::shared_ptr<Connection>> all;  // on_tick() may drop
  all.reserve(connections_.size());
  for (const auto& [fd, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all) {
    if (!connection->dead()) connection->on_tick(now);
  }
}

void HttpTransport::onReady(const Pistache::Aio::FdSet& fds) {
  lower_thread_priority();
  std::vector<Polling::Event> rest;
  for (size_t i = 0; i < fds.size(); ++i) {
    const auto& event = fds.at(i);
    const int fd = static_cast<int>(event.getTag().value());
    if (fd == wake_fd_) {
      run_jobs();
      continue;
    }
    if (fd == timer_fd_) {
      tick();
      continue;
    }
    const auto found = connections_.find(fd);
    if (found == connections_.end()) {
      // An earlier event of this batch may have dropped the connection. Pistache must not see what is left of
      // it: it would end the process, or read from a newcomer that has got the same number.
      if (connection_fds_.count(fd) != 0) continue;
      // New peers and so on: Pistache's business.
      Polling::Event copy(event.getTag());
      if (event.isReadable()) copy.flags.setFlag(NotifyOn::Read);
      if (event.isWritable()) copy.flags.setFlag(NotifyOn::Write);
      if (event.isHangup()) copy.flags.setFlag(NotifyOn::Hangup);
      rest.push_back(copy);
      continue;
    }
    const auto connection = found->second;  // a drop may erase it
    try {
      arm_once(*connection);
      connection->on_ready();
    } catch (const std::exception& error) {
      log_error(LogCategory::kHttp, "a connection failed: {}", error.what());
      drop(*connection);
    }
  }
  if (!rest.empty()) on_base_events(std::move(rest));
}

void HttpTransport::on_base_events(std::vector<Polling::Event> events) {
  try {
    Pistache::Tcp::Transport::onReady(Pistache::Aio::FdSet(std::move(events)));
  } catch (const std::exception& error) {  // would end the I/O thread, and with it the process
    log_error(LogCategory::kHttp, "a new connection failed: {}", error.what());
  }
}

void HttpHandler::onConnection(const std::shared_ptr<Pistache::Tcp::Peer>& peer) {
  try {
    static_cast<HttpTransport*>(transport())->adopt(peer);
  } catch (const std::exception& error) {
    log_error(LogCategory::kHttp, "a new connection failed: {}", error.what());
    ::shutdown(peer->fd(), SHUT_RDWR);  // Pistache closes it at the next event
  }
}

// Never reached: HttpTransport reads the sockets itself.
void HttpHandler::onInput(const char*, size_t, const std::shared_ptr<Pistache::Tcp::Peer>&) {}

}  // namespace hilum::http
