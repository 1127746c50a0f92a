#include "core/dimse/stream.h"

#include <fcntl.h>
#include <hilum/cpp/error.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <poll.h>

#include <algorithm>
#include <climits>
#include <cstring>

#include "core/base/log.h"

namespace hilum::dimse {

TlsSession::TlsSession(const TlsContext& context, int socket)
    : ssl_(SSL_new(context.get())), socket_(socket) {
  const int flags = fcntl(socket, F_GETFL);
  // OpenSSL reads and writes the socket itself: a flag per call is not to be had.
  if (!ssl_ || SSL_set_fd(ssl_.get(), socket) != 1 || flags < 0 ||
      fcntl(socket, F_SETFL, flags | O_NONBLOCK) != 0) {
    throw Error(HILUM_E_NO_MEMORY, "TLS connection (" + take_openssl_reason("no reason given") + ")");
  }
  if (context.role() == TlsRole::kServer) {
    SSL_set_accept_state(ssl_.get());
  } else {
    SSL_set_connect_state(ssl_.get());
  }
}

TlsSession::Handshake TlsSession::handshake(std::string* why) {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    return Handshake::kDone;
  }
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Handshake::kWantsRead;
    case SSL_ERROR_WANT_WRITE:
      return Handshake::kWantsWrite;
    case SSL_ERROR_SSL: {
      const long verified = SSL_get_verify_result(ssl_.get());
      *why = take_openssl_reason("protocol error");
      if (verified != X509_V_OK) {
        *why += std::string(": ") + X509_verify_cert_error_string(verified);
      }
      return Handshake::kFailed;
    }
    default:
      ERR_clear_error();
      *why = "the other side has closed the connection";
      return Handshake::kFailed;
  }
}

ssize_t TlsSession::judge(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return -1;
    case SSL_ERROR_SSL:
      // With TLS 1.3 this is where a client learns that the server does not like its certificate. An end without TLS's own
      // farewell is usual.
      if (ERR_GET_REASON(ERR_peek_error()) != SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        log_warning(LogCategory::kDicom, "TLS connection ended: {}", take_openssl_reason("protocol error"));
      }
      ERR_clear_error();
      return 0;
    default:
      ERR_clear_error();
      return 0;
  }
}

ssize_t TlsSession::receive(void* to, size_t size) {
  if (ahead_at_ < ahead_.size()) {
    const size_t count = std::min(size, ahead_.size() - ahead_at_);
    std::memcpy(to, ahead_.data() + ahead_at_, count);
    ahead_at_ += count;
    if (ahead_at_ == ahead_.size()) {
      ahead_ = {};
      ahead_at_ = 0;
    }
    return static_cast<ssize_t>(count);
  }
  ERR_clear_error();
  const int result = SSL_read(ssl_.get(), to, static_cast<int>(std::min<size_t>(size, INT_MAX)));
  return result > 0 ? result : judge(result);
}

ssize_t TlsSession::send(std::string_view bytes) {
  ERR_clear_error();
  const int result =
      SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX)));
  return result > 0 ? result : judge(result);
}

void TlsSession::unread(std::string bytes) {
  ahead_ = std::move(bytes);
  ahead_at_ = 0;
}

bool TlsSession::has_buffered() const {
  // Not SSL_has_pending(), which also counts half a record. Without reading ahead there is no whole one that is unknown.
  return ahead_at_ < ahead_.size() || SSL_pending(ssl_.get()) > 0;
}

bool TlsSession::is_readable() {
  if (ahead_at_ < ahead_.size()) {
    return true;
  }
  // A readable socket may hold no more than half a record, or a message of TLS itself.
  char byte;
  ERR_clear_error();
  const int result = SSL_peek(ssl_.get(), &byte, 1);
  return result > 0 || judge(result) == 0;
}

bool Stream::is_readable() {
  if (tls_) {
    return tls_->is_readable();
  }
  pollfd fd{socket_, POLLIN, 0};
  return poll(&fd, 1, 0) > 0;
}

// As TlsSession::send().
ssize_t Stream::send_some(std::string_view bytes) {
  if (tls_) {
    return tls_->send(bytes);
  }
  for (;;) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0 || errno != EINTR) {
      return count >= 0 ? count : errno == EAGAIN ? -1 : 0;
    }
  }
}

bool Stream::send(std::string_view bytes, std::chrono::milliseconds patience) {
  while (!bytes.empty()) {
    const ssize_t count = send_some(bytes);
    if (count > 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
      continue;
    }
    pollfd fd{socket_, POLLOUT, 0};
    if (count == 0 || poll(&fd, 1, static_cast<int>(patience.count())) <= 0) {
      return false;
    }
  }
  return true;
}

}  // namespace hilum::dimse
