// The bytes of one connection, plain or TLS, without ever waiting for the peer longer than it is said.
#pragma once

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "core/dimse/tls.h"

namespace hilum::dimse {

// TLS on a socket that it does not own and makes non-blocking. Belongs to one thread at a time.
class TlsSession {
 public:
  TlsSession(const TlsContext& context, int socket);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  enum class Handshake { kDone, kWantsRead, kWantsWrite, kFailed };
  // Goes on as far as it can without waiting. `why` of kFailed says who did not like what.
  Handshake handshake(std::string* why);

  // Bytes received: their number; 0: the connection has ended, -1: none at the moment.
  ssize_t receive(void* to, size_t size);
  // The same for bytes sent.
  ssize_t send(std::string_view bytes);
  // What was received and is to be received again.
  void unread(std::string bytes);
  std::string_view unread_bytes() const { return std::string_view(ahead_).substr(ahead_at_); }
  // Would receive() return something else than -1? Looks at what the socket has, too.
  bool is_readable();
  // Has it decrypted bytes, which poll() does not know of?
  bool has_buffered() const;

 private:
  ssize_t judge(int result);

  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::unique_ptr<SSL, Free> ssl_;
  int socket_;
  std::string ahead_;
  size_t ahead_at_ = 0;
};

// Does not own the socket. Belongs to one thread.
class Stream {
 public:
  // `tls` null: plain.
  explicit Stream(int socket, std::unique_ptr<TlsSession> tls = nullptr)
      : socket_(socket), tls_(std::move(tls)) {}

  int socket() const { return socket_; }
  TlsSession* tls() const { return tls_.get(); }
  // Bytes received: their number; 0: the connection has ended, -1: none at the moment. One system call if it is plain.
  ssize_t receive(void* to, size_t size) {
    if (tls_) {
      return tls_->receive(to, size);
    }
    for (;;) {
      const ssize_t count = ::recv(socket_, to, size, MSG_DONTWAIT);
      if (count >= 0 || errno != EINTR) {
        return count >= 0 ? count : errno == EAGAIN ? -1 : 0;
      }
    }
  }
  // Sends all; waits up to `patience` whenever the peer does not take it. False: the connection has ended.
  bool send(std::string_view bytes, std::chrono::milliseconds patience);
  bool is_readable();
  bool has_buffered() const { return tls_ && tls_->has_buffered(); }

 private:
  ssize_t send_some(std::string_view bytes);

  int socket_;
  std::unique_ptr<TlsSession> tls_;
};

}  // namespace hilum::dimse
