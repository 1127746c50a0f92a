#include "core/http/channel.h"

#include <hilum/cpp/error.h>
#include <openssl/err.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace hilum::http {
namespace {

constexpr size_t kTlsFilePiece = 64 * 1024;

std::string openssl_reason() {
  char text[256] = "unknown";
  if (const unsigned long code = ERR_get_error()) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

[[noreturn]] void refuse(const std::string& what) {
  throw Error(HILUM_E_OUT_OF_RANGE, what + " (OpenSSL: " + openssl_reason() + ")");
}

IoResult system_result(ssize_t result, size_t& n) {
  if (result >= 0) {
    n = static_cast<size_t>(result);
    return IoResult::kDone;
  }
  return errno == EAGAIN || errno == EWOULDBLOCK ? IoResult::kAgain : IoResult::kError;
}

}  // namespace

TlsContext::TlsContext(const TlsOptions& options) : context_(SSL_CTX_new(TLS_server_method())) {
  SSL_CTX* context = context_.get();
  if (!context) refuse("cannot set up TLS");
  const std::string& file = options.certificate_file;
  if (SSL_CTX_use_certificate_chain_file(context, file.c_str()) != 1) {
    refuse("SslCertificate: no PEM certificate in \"" + file + "\"");
  }
  if (SSL_CTX_use_PrivateKey_file(context, file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    refuse("SslCertificate: no PEM private key that belongs to the certificate in \"" + file + "\"");
  }
  if (options.minimum_protocol != 4 && options.minimum_protocol != 5) {
    throw Error(HILUM_E_OUT_OF_RANGE, "SslMinimumProtocolVersion: must be 4 (TLS 1.2) or 5 (TLS 1.3), not " +
                                          std::to_string(options.minimum_protocol));
  }
  SSL_CTX_set_min_proto_version(context, options.minimum_protocol == 5 ? TLS1_3_VERSION : TLS1_2_VERSION);
  std::string ciphers;
  for (const std::string& name : options.ciphers) ciphers += (ciphers.empty() ? "" : ":") + name;
  if (!ciphers.empty() && SSL_CTX_set_cipher_list(context, ciphers.c_str()) != 1) {
    refuse("SslCiphersAccepted: OpenSSL knows none of " + ciphers);
  }
  if (options.verify_peers) {
    const std::string& trusted = options.trusted_client_certificates;
    if (SSL_CTX_load_verify_locations(context, trusted.c_str(), nullptr) != 1) {
      refuse("SslTrustedClientCertificates: no PEM certificates in \"" + trusted + "\"");
    }
    SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(trusted.c_str()));
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  static constexpr unsigned char kSessions[] = "hilum-http";
  SSL_CTX_set_session_id_context(context, kSessions, sizeof kSessions - 1);
  SSL_CTX_set_options(context,
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Idle connections keep no 16 KB buffers; an interrupted write may go on from another address.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

Channel::Channel(int fd, const TlsContext* tls) : fd_(fd) {
  if (!tls) return;
  ssl_.reset(SSL_new(tls->get()));
  if (!ssl_ || SSL_set_fd(ssl_.get(), fd) != 1) throw Error(HILUM_E_NO_MEMORY, "TLS connection");
  SSL_set_accept_state(ssl_.get());  // the handshake happens inside the first reads
}

IoResult Channel::tls_result(int result) const {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return IoResult::kAgain;
    case SSL_ERROR_ZERO_RETURN:
      return IoResult::kEnd;
    default:
      return IoResult::kError;
  }
}

IoResult Channel::receive(char* buffer, size_t size, size_t& n) {
  n = 0;
  if (ssl_) {
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), buffer, size, &n);
    return result > 0 ? IoResult::kDone : tls_result(result);
  }
  ssize_t result;
  do {
    result = ::recv(fd_, buffer, size, 0);
  } while (result < 0 && errno == EINTR);
  return result == 0 ? IoResult::kEnd : system_result(result, n);
}

IoResult Channel::send(const iovec* pieces, size_t count, size_t& n, bool more) {
  n = 0;
  if (ssl_) {
    ERR_clear_error();
    const int result = SSL_write_ex(ssl_.get(), pieces->iov_base, pieces->iov_len, &n);
    return result > 0 ? IoResult::kDone : tls_result(result);
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces);
  message.msg_iovlen = count;
  ssize_t result;
  do {
    result = ::sendmsg(fd_, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
  } while (result < 0 && errno == EINTR);
  return system_result(result, n);
}

IoResult Channel::send_file(int fd, uint64_t offset, uint64_t size, size_t& n) {
  n = 0;
  ssize_t result;
  if (!ssl_) {
    off_t at = static_cast<off_t>(offset);
    do {
      result = ::sendfile(fd_, fd, &at, static_cast<size_t>(std::min<uint64_t>(size, 1 << 20)));
    } while (result < 0 && errno == EINTR);
    if (result == 0) return IoResult::kError;  // the file is shorter than it was
    return system_result(result, n);
  }
  // As an array it would cost every thread of the process its size.
  thread_local const auto piece = std::make_unique<char[]>(kTlsFilePiece);
  do {
    result = ::pread(fd, piece.get(), static_cast<size_t>(std::min<uint64_t>(size, kTlsFilePiece)),
                     static_cast<off_t>(offset));
  } while (result < 0 && errno == EINTR);
  if (result <= 0) return IoResult::kError;
  const iovec vector{piece.get(), static_cast<size_t>(result)};
  return send(&vector, 1, n, false);
}

void Channel::shut_down() {
  if (ssl_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  ::shutdown(fd_, SHUT_WR);
}

bool Channel::delivering() const {
  int bytes = 0;
  return ::ioctl(fd_, TIOCOUTQ, &bytes) == 0 && bytes > 0;
}

bool Channel::failed() const {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0;
}

}  // namespace hilum::http
