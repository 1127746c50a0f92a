#include "client_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace bench {
namespace {

constexpr size_t kBuffer = 256 * 1024;
constexpr size_t kVectors = 512;

}  // namespace

Socket::Socket(const std::string& host, int port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)), buffer_(kBuffer) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  if (fd_ < 0 || ::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1 ||
      ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect to " + host + ":" + std::to_string(port));
  }
  const int one = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

void Socket::send(std::vector<iovec> pieces) {
  for (size_t i = 0; i < pieces.size();) {
    const ssize_t sent =
        ::writev(fd_, &pieces[i], static_cast<int>(std::min<size_t>(pieces.size() - i, kVectors)));
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) throw std::runtime_error(std::string("cannot send: ") + std::strerror(errno));
    size_t rest = static_cast<size_t>(sent);
    while (i < pieces.size() && rest >= pieces[i].iov_len) rest -= pieces[i++].iov_len;
    if (rest > 0) {
      pieces[i].iov_base = static_cast<char*>(pieces[i].iov_base) + rest;
      pieces[i].iov_len -= rest;
    }
  }
}

// Until the buffer holds `wanted` bytes.
void Socket::fill(size_t wanted) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (begin_ + wanted > buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (wanted > buffer_.size()) buffer_.resize(wanted);
  }
  while (end_ - begin_ < wanted) {
    const ssize_t got = ::read(fd_, buffer_.data() + end_, buffer_.size() - end_);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw std::runtime_error("the connection was closed by the peer");
    end_ += static_cast<size_t>(got);
  }
}

std::string_view Socket::take(size_t size) {
  fill(size);
  const std::string_view bytes(buffer_.data() + begin_, size);
  begin_ += size;
  return bytes;
}

void Socket::skip(size_t size) {
  while (size > 0) {
    if (begin_ == end_) fill(1);
    const size_t step = std::min(size, end_ - begin_);
    begin_ += step;
    size -= step;
  }
}

std::string_view Socket::line() {
  for (size_t looked = 0;;) {
    const std::string_view held(buffer_.data() + begin_, end_ - begin_);
    const size_t at = held.find("\r\n", looked > 0 ? looked - 1 : 0);
    if (at != std::string_view::npos) {
      begin_ += at + 2;
      return held.substr(0, at);
    }
    looked = held.size();
    fill(held.size() + 1);
  }
}

}  // namespace bench
