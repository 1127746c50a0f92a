#include "core/dimse/listening.h"

#include <arpa/inet.h>
#include <hilum/cpp/error.h>

#include <cerrno>
#include <cstring>

namespace hilum::dimse {
namespace {

constexpr int kBacklog = 1024;

// The socket address for an IPv4 or IPv6 literal.
bool parse_address(const std::string& text, uint16_t port, sockaddr_storage* address, socklen_t* size) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(address);
  *address = {};
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    *size = sizeof(sockaddr_in);
    return true;
  }
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  const std::string bare = bracketed ? text.substr(1, text.size() - 2) : text;
  if (inet_pton(AF_INET6, bare.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    *size = sizeof(sockaddr_in6);
    return true;
  }
  return false;
}

// -1 with errno set if it cannot listen there.
int try_listen(const sockaddr_storage& address, socklen_t size, bool both_families) {
  UniqueFd socket(::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) {
    return -1;
  }
  const int on = 1;
  const int v6_only = both_families ? 0 : 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.ss_family == AF_INET6) {
    setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
  }
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      listen(socket.get(), kBacklog) != 0) {
    return -1;
  }
  return socket.release();
}

}  // namespace

UniqueFd listen_on(const std::string& address, uint16_t port) {
  sockaddr_storage where;
  socklen_t size = 0;
  if (!parse_address(address.empty() ? "::" : address, port, &where, &size)) {
    throw Error(HILUM_E_OUT_OF_RANGE,
                "cannot listen for DICOM on \"" + address + "\": it is no numeric IPv4 or IPv6 address");
  }
  int socket = try_listen(where, size, address.empty());
  if (socket < 0 && address.empty() && errno != EADDRINUSE && errno != EACCES) {  // a system without IPv6
    parse_address("0.0.0.0", port, &where, &size);
    socket = try_listen(where, size, false);
  }
  if (socket < 0) {
    const int32_t code =
        errno == EADDRINUSE || errno == EACCES ? HILUM_E_DICOM_PORT_IN_USE : HILUM_E_OUT_OF_RANGE;
    throw Error(code, "cannot listen for DICOM on " + (address.empty() ? "all addresses" : address) +
                          ", port " + std::to_string(port) + ": " + std::strerror(errno));
  }
  return UniqueFd(socket);
}

uint16_t local_port(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return 0;
  }
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                             : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

std::string address_text(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      inet_ntop(AF_INET, v6.sin6_addr.s6_addr + 12, text, sizeof text);
    } else {
      inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    }
  } else {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
  }
  return text;
}

}  // namespace hilum::dimse
