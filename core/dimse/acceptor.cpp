#include "core/dimse/acceptor.h"

#include <fcntl.h>
#include <hilum/cpp/error.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/dimse/listening.h"

namespace hilum::dimse {
namespace {

constexpr size_t kHeader = 6;
constexpr uint8_t kAssociateRequest = 0x01;
constexpr size_t kRecordHeader = 5;
constexpr uint8_t kHandshakeRecord = 0x16, kTlsMajorVersion = 3;
constexpr size_t kMaximumRecord = kRecordHeader + (16 << 10);
// The kernel lets this much pile up unread; a larger request needs a larger receive buffer.
constexpr size_t kSmallPdu = 32 * 1024;
constexpr auto kTick = std::chrono::milliseconds(200);

void watch(int epoll, int socket, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = socket;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) != 0) {
    throw Error(HILUM_E_SYSTEM, "epoll_ctl");
  }
}

// How many bytes lie in the kernel, up to `size`. -1: nothing yet; 0: the peer has closed.
ssize_t peek(int socket, void* buffer, size_t size) {
  ssize_t count;
  do {
    count = recv(socket, buffer, size, MSG_PEEK | MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  return count < 0 && errno != EAGAIN && errno != EWOULDBLOCK ? 0 : count;
}

}  // namespace

size_t first_pdu_size(std::string_view header) {
  return header.size() < kHeader ? 0 : kHeader + size_t{load_be<uint32_t>(header.data() + 2)};
}

FirstPdu judge_first_pdu(std::string_view header, size_t available) {
  if (!header.empty() && static_cast<uint8_t>(header[0]) != kAssociateRequest) {
    return FirstPdu::kInvalid;
  }
  const size_t size = first_pdu_size(header);
  if (size > kMaximumFirstPdu) {
    return FirstPdu::kInvalid;
  }
  return size == 0 || available < size ? FirstPdu::kIncomplete : FirstPdu::kComplete;
}

size_t first_record_size(std::string_view header) {
  return header.size() < kRecordHeader ? 0 : kRecordHeader + size_t{load_be<uint16_t>(header.data() + 3)};
}

FirstPdu judge_first_record(std::string_view header, size_t available) {
  const bool is_handshake = header.empty() || static_cast<uint8_t>(header[0]) == kHandshakeRecord;
  const bool is_tls = header.size() < 2 || static_cast<uint8_t>(header[1]) == kTlsMajorVersion;
  const size_t size = first_record_size(header);
  if (!is_handshake || !is_tls || size > kMaximumRecord) {
    return FirstPdu::kInvalid;
  }
  return size == 0 || available < size ? FirstPdu::kIncomplete : FirstPdu::kComplete;
}

Acceptor::Acceptor(const std::string& bind_address, uint16_t port, AcceptorLimits limits)
    : limits_(limits), listener_(listen_on(bind_address, port)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) {
    throw Error(HILUM_E_SYSTEM, "epoll_create1");
  }
  watch(epoll_.get(), listener_.get(), EPOLLIN);
}

uint16_t Acceptor::port() const { return local_port(listener_.get()); }

void Acceptor::run(int stop_fd, const std::function<void(Ready&&)>& on_ready,
                   const std::function<void()>& on_tick) {
  watch(epoll_.get(), stop_fd, EPOLLIN);
  auto next_tick = std::chrono::steady_clock::now() + kTick;
  for (;;) {
    std::array<epoll_event, 64> events;
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(kTick.count()));
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd == stop_fd) {
        listener_.reset();
        return;
      }
      if (fd == listener_.get()) {
        accept_all();
        continue;
      }
      const auto found = by_socket_.find(fd);
      if (found != by_socket_.end()) {
        look_at(found->second,
                (events[static_cast<size_t>(i)].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0, on_ready);
      }
    }
    if (std::chrono::steady_clock::now() >= next_tick) {
      next_tick = std::chrono::steady_clock::now() + kTick;
      drop_late();
      on_tick();
    }
  }
}

void Acceptor::accept_all() {
  // Bounded, so that a flood of connections does not keep complete requests waiting.
  for (int i = 0; i < 64; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    UniqueFd socket(accept4(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC));
    if (socket) {
      add(std::move(socket), address_text(address));
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      if (!silent_.empty()) {
        drop(silent_.begin(), "too many open files");
        continue;
      }
      log_error(LogCategory::kDicom, "no connection can be accepted: too many open files");
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      return;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    }
    // ECONNABORTED and the like concern one connection only.
  }
}

void Acceptor::add(UniqueFd socket, std::string address) {
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  if (per_address_[address] >= limits_.maximum_silent_per_address) {
    for (auto it = silent_.begin(); it != silent_.end(); ++it) {
      if (it->address == address) {
        drop(it, "too many of this address");
        break;
      }
    }
  }
  if (silent_.size() >= limits_.maximum_silent) {
    drop(silent_.begin(), "too many");
  }
  const int fd = socket.get();
  ++per_address_[address];
  silent_.push_back(
      {std::move(socket), std::move(address), std::chrono::steady_clock::now() + limits_.timeout});
  by_socket_[fd] = std::prev(silent_.end());
  // Edge-triggered: one event for each arrival, although the bytes stay in the kernel.
  watch(epoll_.get(), fd, EPOLLIN | EPOLLRDHUP | EPOLLET);
}

FirstPdu Acceptor::judge(std::string_view header, size_t available) const {
  return limits_.is_tls ? judge_first_record(header, available) : judge_first_pdu(header, available);
}

void Acceptor::look_at(Position silent, bool hung_up, const std::function<void(Ready&&)>& on_ready) {
  const int fd = silent->socket.get();
  char header[kHeader];
  const ssize_t count = peek(fd, header, sizeof header);
  if (count < 0) {
    return;
  }
  if (count == 0) {
    drop(silent, "closed by the peer");
    return;
  }
  const std::string_view begin(header, static_cast<size_t>(count));
  const size_t size = limits_.is_tls ? first_record_size(begin) : first_pdu_size(begin);
  size_t available = begin.size();
  if (judge(begin, available) == FirstPdu::kIncomplete && size > 0) {
    if (size > kSmallPdu && !silent->enlarged) {
      const int bytes = static_cast<int>(kMaximumFirstPdu);
      setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
      silent->enlarged = true;
    }
    int unread = 0;
    available = ioctl(fd, FIONREAD, &unread) == 0 && unread > 0 ? static_cast<size_t>(unread) : 0;
  }
  switch (judge(begin, available)) {
    case FirstPdu::kIncomplete:
      if (hung_up) {
        drop(silent, "closed by the peer");
      }
      return;
    case FirstPdu::kInvalid:
      drop(silent, limits_.is_tls ? "not TLS" : "not an association request");
      return;
    case FirstPdu::kComplete: {
      std::string address = silent->address;
      on_ready({forget(silent), std::move(address)});
      return;
    }
  }
}

UniqueFd Acceptor::forget(Position silent) {
  UniqueFd socket = std::move(silent->socket);
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket.get(), nullptr);
  by_socket_.erase(socket.get());
  const auto count = per_address_.find(silent->address);
  if (count != per_address_.end() && --count->second == 0) {
    per_address_.erase(count);
  }
  silent_.erase(silent);
  return socket;
}

void Acceptor::drop(Position silent, std::string_view why) {
  log_info(LogCategory::kDicom, "connection of {} dropped before its association request was complete: {}",
           silent->address, why);
  dropped_.fetch_add(1, std::memory_order_relaxed);
  forget(silent);
}

void Acceptor::drop_late() {
  const auto now = std::chrono::steady_clock::now();
  while (!silent_.empty() && silent_.front().deadline <= now) {
    drop(silent_.begin(), "timeout");
  }
}

void reject_for_limit(const Ready& ready) {
  static constexpr char kReject[] = {3, 0, 0, 0, 0, 4, 0, 2, 3, 2};
  // Read first: closing a socket with unread bytes resets the connection, and the rejection with it.
  std::array<char, 16 * 1024> bytes;
  for (size_t i = 0; !ready.tls && i < kMaximumFirstPdu / bytes.size() + 1; ++i) {
    if (recv(ready.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) <= 0) {
      break;
    }
  }
  const bool sent = ready.tls
                        ? ready.tls->send({kReject, sizeof kReject}) > 0
                        : send(ready.socket.get(), kReject, sizeof kReject, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
  if (!sent) {
    log_info(LogCategory::kDicom, "{} was gone before it could be rejected", ready.address);
  }
  log_warning(LogCategory::kDicom, "association of {} rejected: too many associations", ready.address);
}

}  // namespace hilum::dimse
