#include "core/dimse/scu/transport.h"

#include <fmt/format.h>
#include <hilum/cpp/error.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "core/dimse/listening.h"

namespace hilum::dimse {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kAskAgain{200};

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

std::unique_ptr<addrinfo, FreeAddresses> resolve(const Target& target) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(target.modality.port);
  int error = getaddrinfo(target.modality.host.c_str(), port.c_str(), &hints, &list);
  if (error != 0) {  // a machine without any address but the loopback's
    hints.ai_flags = 0;
    error = getaddrinfo(target.modality.host.c_str(), port.c_str(), &hints, &list);
  }
  if (error != 0) {
    throw ConnectionError(fmt::format("{}: the host is unknown ({})", target.where(), gai_strerror(error)));
  }
  return std::unique_ptr<addrinfo, FreeAddresses>(list);
}

// Empty if it was not connected; `why` says why.
UniqueFd connect_one(const Target& target, const addrinfo& address, std::string* why) {
  UniqueFd socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) {
    *why = std::strerror(errno);
    return {};
  }
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  int error = ::connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINPROGRESS || error == EINTR) {
    wait_for(target, socket.get(), POLLOUT, "no connection");
    socklen_t size = sizeof error;
    if (getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  }
  if (error != 0) {
    *why = std::strerror(error);
    return {};
  }
  return socket;
}

std::unique_ptr<TlsSession> negotiate_tls(const Target& target, const TlsContext& context, int socket) {
  auto session = std::make_unique<TlsSession>(context, socket);
  const Clock::time_point begun = Clock::now();
  for (;;) {
    if (!target.is_wanted()) throw Error(HILUM_E_CANCELED_JOB, target.where() + ": the call was given up");
    if (target.timeout.count() > 0 && Clock::now() - begun > target.timeout) {
      throw ConnectionError(target.where() + ": the TLS handshake takes too long");
    }
    std::string why;
    switch (session->handshake(&why)) {
      case TlsSession::Handshake::kDone:
        return session;
      case TlsSession::Handshake::kWantsRead:
        wait_for(target, socket, POLLIN, "no answer to the TLS handshake");
        break;
      case TlsSession::Handshake::kWantsWrite:
        wait_for(target, socket, POLLOUT, "the TLS handshake is not taken");
        break;
      case TlsSession::Handshake::kFailed:
        throw ConnectionError(fmt::format("{}: TLS handshake failed: {}", target.where(), why));
    }
  }
}

void drop_front(std::vector<iovec>& parts, size_t* first, size_t count) {
  while (count > 0) {
    iovec& part = parts[*first];
    const size_t taken = std::min(count, part.iov_len);
    part.iov_base = static_cast<char*>(part.iov_base) + taken;
    part.iov_len -= taken;
    count -= taken;
    if (part.iov_len == 0) ++*first;
  }
}

}  // namespace

void wait_for(const Target& target, int socket, short events, const char* what) {
  const Clock::time_point deadline = Clock::now() + target.timeout;
  for (;;) {
    std::chrono::milliseconds slice = target.still_wanted ? kAskAgain : std::chrono::milliseconds(60000);
    if (target.timeout.count() > 0) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
      if (left.count() <= 0) {
        throw ConnectionError(
            fmt::format("{}: {} within {} s", target.where(), what,
                        std::chrono::duration_cast<std::chrono::seconds>(target.timeout).count()));
      }
      slice = std::min(slice, left + std::chrono::milliseconds(1));
    }
    pollfd fd{socket, events, 0};
    const int ready = poll(&fd, 1, static_cast<int>(slice.count()));
    if (ready > 0) return;
    if (ready < 0 && errno != EINTR) {
      throw ConnectionError(fmt::format("{}: {}", target.where(), std::strerror(errno)));
    }
    if (!target.is_wanted()) {
      throw Error(HILUM_E_CANCELED_JOB, target.where() + ": the call was given up");
    }
  }
}

size_t Transport::receive(const Target& target, void* to, size_t size) {
  for (;;) {
    const ssize_t count = stream_.receive(to, size);
    if (count >= 0) return static_cast<size_t>(count);
    wait_for(target, socket_.get(), POLLIN, "no answer");
  }
}

// Bytes sent; 0: none at the moment.
size_t Transport::send_plain(const Target& target, iovec* parts, size_t count) {
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = std::min<size_t>(count, IOV_MAX);
  const ssize_t sent = sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return static_cast<size_t>(sent);
  if (errno == EAGAIN || errno == EINTR) return 0;
  throw ConnectionError(fmt::format("{}: the connection is lost ({})", target.where(), std::strerror(errno)));
}

size_t Transport::send_over_tls(const Target& target, const iovec& part) {
  const ssize_t sent = stream_.tls()->send({static_cast<const char*>(part.iov_base), part.iov_len});
  if (sent == 0) throw ConnectionError(target.where() + ": the connection is lost");
  return sent < 0 ? 0 : static_cast<size_t>(sent);
}

void Transport::send(const Target& target, std::vector<iovec> parts) {
  size_t first = 0;
  while (first < parts.size()) {
    if (parts[first].iov_len == 0) {
      ++first;
      continue;
    }
    const size_t count = stream_.tls() != nullptr ? send_over_tls(target, parts[first])
                                                  : send_plain(target, &parts[first], parts.size() - first);
    if (count > 0) {
      drop_front(parts, &first, count);
    } else {
      wait_for(target, socket_.get(), POLLOUT, "the peer takes no data");
    }
  }
}

void Transport::send(const Target& target, std::string_view bytes) {
  send(target, {iovec{const_cast<char*>(bytes.data()), bytes.size()}});
}

bool Transport::say(std::string_view bytes) { return stream_.send(bytes, std::chrono::milliseconds(200)); }

bool Transport::wait_readable(std::chrono::milliseconds patience) {
  if (stream_.is_readable()) return true;
  pollfd fd{socket_.get(), POLLIN, 0};
  return poll(&fd, 1, static_cast<int>(patience.count())) > 0;
}

std::string Transport::peer_address() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  return getpeername(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0 ? address_text(address)
                                                                                       : "";
}

std::unique_ptr<Transport> connect_to(const Target& target, const ClientTls& tls) {
  const std::shared_ptr<const TlsContext> context = target.modality.use_tls ? tls.context() : nullptr;
  const auto addresses = resolve(target);
  std::string why = "no address";
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    UniqueFd socket;
    try {
      socket = connect_one(target, *address, &why);
    } catch (const ConnectionError& error) {  // no answer in time
      if (address->ai_next == nullptr) throw;
      why = error.details();
    }
    if (socket) {
      std::unique_ptr<TlsSession> session = context ? negotiate_tls(target, *context, socket.get()) : nullptr;
      return std::make_unique<Transport>(std::move(socket), std::move(session));
    }
  }
  throw ConnectionError(fmt::format("{}: cannot connect ({})", target.where(), why));
}

}  // namespace hilum::dimse
